//! Matrix products on slices: a safe face on the `gemm` crate.
#![allow(unsafe_code)] // gemm takes raw pointers; the bounds are checked here, in one place

use crate::Scalar;
use gemm::Parallelism;

/// A view of a matrix inside a slice.
#[derive(Clone, Copy)]
pub(crate) struct View<'a, E> {
    pub values: &'a [E],
    /// Index of element (0, 0).
    pub offset: usize,
    pub row_stride: usize,
    pub column_stride: usize,
}

impl<'a, E> View<'a, E> {
    /// The whole slice as a row-major matrix of `columns` columns.
    pub fn new(values: &'a [E], columns: usize) -> Self {
        Self {
            values,
            offset: 0,
            row_stride: columns,
            column_stride: 1,
        }
    }
    /// The transpose.
    pub fn t(self) -> Self {
        Self {
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }
    /// The part from column `first` on.
    pub fn starting_at_column(self, first: usize) -> Self {
        Self {
            offset: self.offset + first * self.column_stride,
            ..self
        }
    }
    fn holds(&self, rows: usize, columns: usize) -> bool {
        rows == 0
            || columns == 0
            || self.offset + (rows - 1) * self.row_stride + (columns - 1) * self.column_stride
                < self.values.len()
    }
}

/// c (m × n, row-major, row stride `c_stride`, from index `c_offset`) += a (m × k) · b (k × n).
///
/// One thread, so that the result does not depend on the number of cores.
pub(crate) fn add_product<E: Scalar>(
    (m, n, k): (usize, usize, usize),
    c: &mut [E],
    (c_offset, c_stride): (usize, usize),
    a: View<E>,
    b: View<E>,
) {
    if m == 0 || n == 0 || k == 0 {
        return;
    }
    assert!(a.holds(m, k) && b.holds(k, n) && c_offset + (m - 1) * c_stride + n <= c.len());
    // SAFETY: the assertion above keeps every index that gemm can form from these sizes and strides
    // inside the three slices, and `c` is borrowed mutably, so it overlaps neither `a` nor `b`.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            c.as_mut_ptr().add(c_offset),
            1,
            c_stride as isize,
            true,
            a.values.as_ptr().add(a.offset),
            a.column_stride as isize,
            a.row_stride as isize,
            b.values.as_ptr().add(b.offset),
            b.column_stride as isize,
            b.row_stride as isize,
            E::one(),
            E::one(),
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}
