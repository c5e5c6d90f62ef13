//! A copy of a matrix that outlives a call.

use crate::tensor::to_host;
use crate::{Backend, Matrix, Scalar};
use std::sync::{Arc, OnceLock};

/// The values of a matrix on the host, copied out when they are first asked for after a change: once for all
/// shards of a batch. Whoever changes the matrix calls [`HostCopy::forget`].
#[derive(Clone, Debug)]
pub struct HostCopy<E>(OnceLock<Arc<Vec<E>>>);

impl<E> Default for HostCopy<E> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}

impl<E: Scalar> HostCopy<E> {
    /// The values of `matrix`, row-major; always the same matrix.
    pub fn of<D: Backend<E>>(&self, matrix: &Matrix<E, D>) -> Arc<Vec<E>> {
        self.0.get_or_init(|| Arc::new(to_host(matrix))).clone()
    }

    /// The matrix may have changed.
    pub fn forget(&mut self) {
        self.0.take();
    }
}
