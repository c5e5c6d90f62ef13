//! Small symmetric systems of equations.

use ndarray::Array2;

/// Solves a symmetric positive definite system by Cholesky's factors; `None` where the matrix is not that.
pub(crate) fn solve(matrix: Array2<f64>, mut right: Vec<f64>) -> Option<Vec<f64>> {
    let lower = factor(matrix)?;
    substitute(&lower, &mut right);
    Some(right)
}

/// Cholesky's factor in the lower triangle; the upper one is left as it was.
pub(crate) fn factor(mut matrix: Array2<f64>) -> Option<Array2<f64>> {
    let p = matrix.nrows();
    for j in 0..p {
        for k in 0..j {
            let factor = matrix[[j, k]];
            for i in j..p {
                matrix[[i, j]] -= matrix[[i, k]] * factor;
            }
        }
        if matrix[[j, j]].is_nan() || matrix[[j, j]] <= 0.0 {
            return None;
        }
        let pivot = matrix[[j, j]].sqrt();
        for i in j..p {
            matrix[[i, j]] /= pivot;
        }
    }
    Some(matrix)
}

/// Solves L Lᵀ x = right in its place.
fn substitute(lower: &Array2<f64>, right: &mut [f64]) {
    let p = right.len();
    for i in 0..p {
        for k in 0..i {
            right[i] -= lower[[i, k]] * right[k];
        }
        right[i] /= lower[[i, i]];
    }
    for i in (0..p).rev() {
        for k in i + 1..p {
            right[i] -= lower[[k, i]] * right[k];
        }
        right[i] /= lower[[i, i]];
    }
}

/// The inverse of a symmetric positive definite matrix; `None` where it is not that.
pub(crate) fn inverse(matrix: Array2<f64>) -> Option<Array2<f64>> {
    let p = matrix.nrows();
    let lower = factor(matrix)?;
    let mut inverse = Array2::zeros((p, p));
    for k in 0..p {
        let mut right = vec![0.0; p];
        right[k] = 1.0;
        substitute(&lower, &mut right);
        for (i, value) in right.into_iter().enumerate() {
            inverse[[i, k]] = value;
        }
    }
    Some(inverse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cholesky_solves() {
        let matrix = ndarray::array![[4.0, 2.0, 0.6], [2.0, 3.0, 0.4], [0.6, 0.4, 2.0]];
        let x = [1.0, -2.0, 0.5];
        let right = matrix.dot(&ndarray::arr1(&x)).to_vec();
        for (found, expected) in solve(matrix.clone(), right).unwrap().iter().zip(x) {
            assert!((found - expected).abs() < 1e-14);
        }
        let identity = matrix.dot(&inverse(matrix.clone()).unwrap());
        assert!(
            (identity - Array2::<f64>::eye(3))
                .iter()
                .all(|v| v.abs() < 1e-14)
        );
        assert!(solve(ndarray::array![[1.0, 2.0], [2.0, 1.0]], vec![1.0; 2]).is_none());
        assert!(solve(ndarray::array![[f64::NAN]], vec![1.0]).is_none());
    }
}
