//! What lies between the physics and the channels of an instrument for all samples alike.

use dfdx::prelude::{HasShape, TryAdd, TryMul};
use ndarray::{Array2, ArrayView2, Axis};
use nn::{Backend, Matrix, NnError, Scalar, Tape, from_rows};
use serde::{Deserialize, Serialize};

/// a ⊙ x + b per channel, in standardised units.
///
/// It is found by moments: the physics' outputs over its prior, seen through it, have the mean (and the standard
/// deviation) of the observations. That is right as far as the parameters of the observed samples are spread as the
/// prior is; where they are not, the difference of the two goes into a and b.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    gain: Vec<f64>,
    offset: Vec<f64>,
}

/// Least and largest gain: beyond, the moments speak of something else than an instrument.
const GAINS: (f64, f64) = (0.1, 10.0);

impl Calibration {
    /// From the physics' outputs for draws of its prior (m × d) and the observations (n × d), both standardised.
    /// `gain`: whether there is one, or an offset alone.
    pub fn by_moments(outputs: ArrayView2<f64>, observed: ArrayView2<f64>, gain: bool) -> Self {
        let moments = |rows: ArrayView2<f64>| {
            let mean = rows.mean_axis(Axis(0)).unwrap_or_default();
            (mean, rows.std_axis(Axis(0), 0.0))
        };
        let ((own, own_sd), (other, other_sd)) = (moments(outputs), moments(observed));
        let gain: Vec<f64> = own_sd
            .iter()
            .zip(&other_sd)
            .map(|(own, other)| {
                if gain && *own > 0.0 {
                    (other / own).clamp(GAINS.0, GAINS.1)
                } else {
                    1.0
                }
            })
            .collect();
        let offset = own.iter().zip(&other).zip(&gain);
        let offset = offset.map(|((own, other), gain)| other - gain * own);
        Self {
            offset: offset.collect(),
            gain,
        }
    }

    /// a, d.
    pub fn gain(&self) -> &[f64] {
        &self.gain
    }

    /// b, d.
    pub fn offset(&self) -> &[f64] {
        &self.offset
    }

    /// a ⊙ x + b of each row, n × d.
    pub fn apply_in_place(&self, x: &mut Array2<f64>) {
        for mut row in x.rows_mut() {
            for ((v, a), b) in row.iter_mut().zip(&self.gain).zip(&self.offset) {
                *v = a * *v + b;
            }
        }
    }

    /// The same, differentiable in x (n × d).
    ///
    /// # Errors
    /// The device refuses.
    pub fn apply<E: Scalar, D: Backend<E>, T: Tape<E, D>>(
        &self,
        x: Matrix<E, D, T>,
    ) -> Result<Matrix<E, D, T>, NnError> {
        let (n, d) = *x.shape();
        let rows = |of: &[f64]| {
            let values = (0..n).flat_map(|_| of.iter().copied());
            from_rows(x.device(), n, d, values)
        };
        let (gain, offset) = (rows(&self.gain)?, rows(&self.offset)?);
        x.try_mul(gain)
            .and_then(|x| x.try_add(offset))
            .map_err(|e| NnError::device(&e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn moments_agree_afterwards() {
        let mut outputs = array![[1.0, 0.0, 3.0], [3.0, 4.0, 3.0]];
        // mean and sd: 0 and 2, 5 and 1, −1 and 2
        let observed = array![[-2.0, 4.0, -3.0], [2.0, 6.0, 1.0]];
        let found = Calibration::by_moments(outputs.view(), observed.view(), true);
        // the last channel of the physics is constant: it has no spread to be matched
        assert_eq!(found.gain(), [2.0, 0.5, 1.0]);
        assert_eq!(found.offset(), [-4.0, 4.0, -4.0]);
        let shifted = Calibration::by_moments(outputs.view(), observed.view(), false);
        assert_eq!(
            (shifted.gain(), shifted.offset()),
            (&[1.0; 3][..], &[-2.0, 3.0, -4.0][..])
        );
        found.apply_in_place(&mut outputs);
        assert_eq!(outputs, array![[-2.0, 4.0, -1.0], [2.0, 6.0, -1.0]]);
    }

    #[test]
    fn gains_stay_within_their_limits() {
        let outputs = array![[0.0, 0.0], [1.0, 1000.0]];
        let observed = array![[0.0, 0.0], [1000.0, 1.0]];
        let found = Calibration::by_moments(outputs.view(), observed.view(), true);
        assert_eq!(found.gain(), [10.0, 0.1]);
    }
}
