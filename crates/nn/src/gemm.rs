//! Matrix products on slices: a safe face on the `gemm` crate.
#![allow(unsafe_code)] // gemm takes raw pointers; the bounds are checked here, in one place

use crate::Scalar;
use gemm::Parallelism;

/// A view of a matrix inside a slice.
#[derive(Clone, Copy, Debug)]
pub struct View<'a, E> {
    values: &'a [E],
    /// Index of element (0, 0).
    offset: usize,
    row_stride: usize,
    column_stride: usize,
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
    #[must_use]
    pub fn t(self) -> Self {
        Self {
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }
    /// The part from column `first` on.
    #[must_use]
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
///
/// # Panics
/// A slice is too short for the sizes and strides.
pub fn add_product<E: Scalar>(
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

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};

    /// Sums of up to 70 products below 1, in another order.
    const ROUNDING: f64 = 1e-13;
    const ROUNDING_F32: f64 = 1e-4;

    fn naive<E: Scalar>(
        (m, n, k): (usize, usize, usize),
        c: &[E],
        (offset, stride): (usize, usize),
        a: View<E>,
        b: View<E>,
    ) -> Vec<f64> {
        let at = |v: View<E>, i: usize, j: usize| {
            v.values[v.offset + i * v.row_stride + j * v.column_stride].wide()
        };
        let mut sum: Vec<f64> = c.iter().map(|v| v.wide()).collect();
        for i in 0..m {
            for j in 0..n {
                for l in 0..k {
                    sum[offset + i * stride + j] += at(a, i, l) * at(b, l, j);
                }
            }
        }
        sum
    }

    fn check<E: Scalar>(tolerance: f64) {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(5);
        let sizes = [1, 2, 3, 5, 8, 17, 33, 70];
        for _ in 0..400 {
            let mut size = || sizes[rng.gen_range(0..sizes.len())];
            let (m, n, k) = (size(), size(), size());
            let k = if rng.gen_bool(0.05) { 0 } else { k };
            let (front_a, front_b, front_c) = (
                rng.gen_range(0..4),
                rng.gen_range(0..4),
                rng.gen_range(0..4),
            );
            let back = rng.gen_range(0..3);
            let mut draw = |len: usize| -> Vec<E> {
                (0..len).map(|_| E::of(rng.gen_range(-1.0..1.0))).collect()
            };
            // a and b plain or transposed, inside wider matrices, from a column on
            let (wide_a, tall_a) = (front_a + k + back, front_a + m + back);
            let (wide_b, tall_b) = (front_b + n + back, front_b + k + back);
            let (a_rows, a_columns) = (draw(m * wide_a), draw(k * tall_a));
            let (b_rows, b_columns) = (draw(k * wide_b), draw(n * tall_b));
            let stride = front_c + n + back;
            let c = draw(m * stride);
            for a in [
                View::new(&a_rows, wide_a).starting_at_column(front_a),
                View::new(&a_columns, tall_a)
                    .starting_at_column(front_a)
                    .t(),
            ] {
                for b in [
                    View::new(&b_rows, wide_b).starting_at_column(front_b),
                    View::new(&b_columns, tall_b)
                        .starting_at_column(front_b)
                        .t(),
                ] {
                    let place = (front_c, stride);
                    let expected = naive((m, n, k), &c, place, a, b);
                    let mut found = c.clone();
                    add_product((m, n, k), &mut found, place, a, b);
                    for (f, e) in found.iter().zip(&expected) {
                        assert!((f.wide() - e).abs() < tolerance, "{m} {n} {k}: {f:?} {e}");
                    }
                }
            }
        }
    }

    #[test]
    fn products_are_the_naive_ones_for_all_strides() {
        check::<f64>(ROUNDING);
        check::<f32>(ROUNDING_F32);
    }

    #[test]
    fn an_empty_product_leaves_the_sum_alone() {
        let mut c = [1.0, 2.0];
        let empty = View::new(&[], 0);
        add_product((1, 2, 0), &mut c, (0, 2), empty, empty);
        add_product((0, 2, 3), &mut c, (0, 2), empty, empty);
        assert_eq!(c, [1.0, 2.0]);
    }

    #[test]
    fn a_literal_product_with_a_transpose_is_added() {
        let (a, b) = ([1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]);
        let mut c = [1.0, 1.0, 1.0, 1.0];
        let (a, b) = (View::new(&a, 2), View::new(&b, 2));
        add_product((2, 2, 2), &mut c, (0, 2), a, b.t());
        assert_eq!(c, [18.0, 24.0, 40.0, 54.0]);
    }

    #[test]
    #[should_panic(expected = "assertion failed")]
    fn a_view_too_small_is_refused() {
        let (a, b) = ([1.0; 4], [1.0; 3]);
        let mut c = [0.0; 4];
        add_product(
            (2, 2, 2),
            &mut c,
            (0, 2),
            View::new(&a, 2),
            View::new(&b, 2),
        );
    }

    #[test]
    #[should_panic(expected = "assertion failed")]
    fn a_target_too_small_is_refused() {
        let a = [1.0; 4];
        let mut c = [0.0; 4];
        add_product(
            (2, 2, 2),
            &mut c,
            (1, 2),
            View::new(&a, 2),
            View::new(&a, 2),
        );
    }
}
