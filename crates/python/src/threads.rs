//! How many threads a call takes.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// One thread per core, or as many as were asked for.
pub struct Threads(Option<ThreadPool>);

impl Threads {
    /// # Errors
    /// `ValueError` of none, or of more than the system gives.
    pub fn of(number: Option<usize>) -> PyResult<Self> {
        match number {
            None => Ok(Self(None)),
            Some(0) => Err(PyValueError::new_err("threads is 0; allowed: at least 1")),
            Some(n) => {
                let pool = ThreadPoolBuilder::new().num_threads(n).build();
                let pool = pool.map_err(|error| PyValueError::new_err(error.to_string()))?;
                Ok(Self(Some(pool)))
            }
        }
    }

    /// `work` on them.
    pub fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match &self.0 {
            None => work(),
            Some(pool) => pool.install(work),
        }
    }
}
