//! What Stage A trains on: drawn parameters, and conditions taken from the training rows.

use crate::Samples;
use ndarray::{Array2, Axis};
use ndarray_rand::RandomExt;
use rand::Rng;
use rand::distributions::Open01;
use rand_distr::StandardNormal;

/// Unit parameters of Stage A keep this distance from 0 and 1, so that logit z stays within ±9.21.
pub const STAGE_A_MARGIN: f64 = 1e-4;

/// n × p unit parameters z ~ U(0, 1), clamped to \[1e-4, 1 − 1e-4\], drawn row by row.
pub fn draw_unit_parameters(n: usize, p: usize, rng: &mut impl Rng) -> Array2<f64> {
    let mut z: Array2<f64> = Array2::random_using((n, p), Open01, rng);
    z.mapv_inplace(|z| z.clamp(STAGE_A_MARGIN, 1.0 - STAGE_A_MARGIN));
    z
}

/// n × p unit parameters with logit z ~ N(0, 1), the prior of the latents, drawn row by row; kept off the ends as
/// [`draw_unit_parameters`] does.
pub fn draw_unit_parameters_of_the_prior(n: usize, p: usize, rng: &mut impl Rng) -> Array2<f64> {
    let mut z: Array2<f64> = Array2::random_using((n, p), StandardNormal, rng);
    z.mapv_inplace(|u| (1.0 / (1.0 + (-u).exp())).clamp(STAGE_A_MARGIN, 1.0 - STAGE_A_MARGIN));
    z
}

impl Samples {
    /// Conditions of `n` rows drawn uniformly with replacement, n × c; `None` if the samples have no
    /// conditions, for the model's defaults.
    pub fn resample_conditions(&self, n: usize, rng: &mut impl Rng) -> Option<Array2<f64>> {
        let conditions = self.conditions()?;
        // samples have at least one row, so the range is not empty
        let rows: Vec<usize> = (0..n).map(|_| rng.gen_range(0..self.len())).collect();
        Some(conditions.values().select(Axis(0), &rows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Labels, NamedColumns, Purpose, stream};
    use ndarray::array;

    #[test]
    fn unit_parameters_are_uniform_within_the_margin() {
        let z = draw_unit_parameters(20_000, 3, &mut stream(1, Purpose::StageA, 0, 0));
        assert_eq!(z.dim(), (20_000, 3));
        assert!(
            z.iter()
                .all(|z| (STAGE_A_MARGIN..=1.0 - STAGE_A_MARGIN).contains(z))
        );
        // standard error of the mean of 60 000 draws is 0.0012, of the variance 0.0003
        assert!((z.mean().unwrap() - 0.5).abs() < 0.006);
        assert!((z.var(0.0) - 1.0 / 12.0).abs() < 0.0015);
        // 0.01 % of the draws lie beyond each margin: some must have been clamped
        let z = draw_unit_parameters(200_000, 1, &mut stream(1, Purpose::StageA, 0, 1));
        assert!(
            z.iter().any(|&z| z == STAGE_A_MARGIN) && z.iter().any(|&z| z == 1.0 - STAGE_A_MARGIN)
        );
    }

    #[test]
    fn conditions_are_whole_rows_of_the_training_rows() {
        let conditions = NamedColumns::new(
            vec!["tts".into(), "tto".into(), "psi".into()],
            array![[30.0, 1.0, 10.0], [40.0, 2.0, 20.0], [50.0, 3.0, 30.0]],
        )
        .unwrap();
        let samples = Samples::new(
            array![[0.0], [1.0], [2.0]],
            Some(conditions.clone()),
            Labels::default(),
            None,
        )
        .unwrap();
        let drawn = samples
            .resample_conditions(300, &mut stream(1, Purpose::StageAConditions, 0, 0))
            .unwrap();
        assert_eq!(drawn.dim(), (300, 3));
        for row in conditions.values().rows() {
            let times = drawn
                .rows()
                .into_iter()
                .filter(|drawn| drawn == row)
                .count();
            // binomial(300, 1/3): 100 ± 8
            assert!((60..140).contains(&times), "{times}");
        }
        let none = Samples::new(array![[0.0]], None, Labels::default(), None).unwrap();
        assert_eq!(
            none.resample_conditions(3, &mut stream(1, Purpose::StageAConditions, 0, 0)),
            None
        );
    }
}
