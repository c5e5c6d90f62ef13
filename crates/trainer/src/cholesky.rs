//! Small symmetric systems of equations.

use ndarray::Array2;

/// Solves a symmetric positive definite system by Cholesky's factors; `None` where the matrix is not that.
pub(crate) fn solve(mut matrix: Array2<f64>, mut right: Vec<f64>) -> Option<Vec<f64>> {
    let p = right.len();
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
    for i in 0..p {
        for k in 0..i {
            right[i] -= matrix[[i, k]] * right[k];
        }
        right[i] /= matrix[[i, i]];
    }
    for i in (0..p).rev() {
        for k in i + 1..p {
            right[i] -= matrix[[k, i]] * right[k];
        }
        right[i] /= matrix[[i, i]];
    }
    Some(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cholesky_solves() {
        let matrix = ndarray::array![[4.0, 2.0, 0.6], [2.0, 3.0, 0.4], [0.6, 0.4, 2.0]];
        let x = [1.0, -2.0, 0.5];
        let right = matrix.dot(&ndarray::arr1(&x)).to_vec();
        for (found, expected) in solve(matrix, right).unwrap().iter().zip(x) {
            assert!((found - expected).abs() < 1e-14);
        }
        assert!(solve(ndarray::array![[1.0, 2.0], [2.0, 1.0]], vec![1.0; 2]).is_none());
        assert!(solve(ndarray::array![[f64::NAN]], vec![1.0]).is_none());
    }
}
