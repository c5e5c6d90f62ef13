//! The physical parameters of each sample, with how sure the encoder is of them.

use crate::TrainerError;
use crate::squashed_normal::SquashedNormal;
use crate::training::WITHIN_90;
use data::{LabelColumn, Labels};
use latent::logit;
use model::PhysicsLayer;
use ndarray::{Array2, Zip};

/// The estimate of every parameter of every sample, with its posterior where there is one, n × p each, in the parameters'
/// units.
///
/// The encoder gives u ~ N(m, s²); the parameter is min + (max − min)·sigmoid(u).
#[derive(Clone, Debug)]
pub struct InferredParameters {
    /// Name and unit of each parameter.
    pub parameters: Vec<(String, String)>,
    /// Class, `sample_id` and date of the samples, as far as known.
    pub labels: Labels,
    /// At the posterior mean m of u, which is also the parameter's posterior median; what recovery is measured on.
    pub value: Array2<f64>,
    /// How far it may be off; `None` where latents have no spread.
    pub posterior: Option<Spread>,
}

/// The width of the posteriors, n × p each, in the parameters' units.
#[derive(Clone, Debug)]
pub struct Spread {
    /// The posterior standard deviation of the parameter (not of u).
    pub sd: Array2<f64>,
    /// The 5 % and the 95 % quantile of the posterior.
    pub ends_90: [Array2<f64>; 2],
}

impl InferredParameters {
    /// From what an evaluation keeps of n samples.
    ///
    /// * `units`: name and unit of each of the p parameters of `physics`
    /// * `z`: sigmoid(m), n × p
    /// * `z_90`: sigmoid(m ∓ 1.645 s), n × p each; `None` where there is no s
    ///
    /// m and s follow from z and the lower end; from m ≈ 36 on, where z cannot be told from 1, the standard deviation is 0.
    pub fn of(
        physics: &PhysicsLayer,
        units: &[(String, String)],
        z: &Array2<f64>,
        z_90: Option<&[Array2<f64>; 2]>,
        labels: &Labels,
    ) -> Self {
        let p = z.ncols();
        let width = physics.to_physical(Array2::ones((1, p)).view())
            - physics.to_physical(Array2::zeros((1, p)).view());
        let normal = SquashedNormal::default();
        let posterior = z_90.map(|z_90| {
            let mut sd = Array2::zeros(z.raw_dim());
            Zip::from(&mut sd)
                .and(z)
                .and(&z_90[0])
                .for_each(|sd, &z, &low| {
                    let (mean, sd_of_u) = mean_and_sd(z, low);
                    *sd = normal.moments(mean, sd_of_u).1;
                });
            Spread {
                sd: sd * &width,
                ends_90: [0, 1].map(|end| physics.to_physical(z_90[end].view())),
            }
        });
        Self {
            parameters: units.to_owned(),
            labels: labels.clone(),
            value: physics.to_physical(z.view()),
            posterior,
        }
    }

    /// As CSV, one row a sample in the order of the samples: class, `sample_id` and date as far as known, then of each
    /// parameter, in its unit, `<parameter>`, `<parameter>_sd`, `<parameter>_05` and `<parameter>_95`; numbers with
    /// the digits needed to read them back exactly. Without a posterior, `<parameter>` alone.
    ///
    /// # Errors
    /// None that a program meets: memory takes any text.
    pub fn to_csv(&self) -> Result<Vec<u8>, TrainerError> {
        let refused = |error: csv::Error| TrainerError::Internal(error.to_string());
        let labels: Vec<(&str, &LabelColumn)> = [
            ("class", &self.labels.class),
            ("sample_id", &self.labels.sample_id),
            ("date", &self.labels.date),
        ]
        .into_iter()
        .filter_map(|(name, column)| Some((name, column.as_ref()?)))
        .collect();
        let mut csv = csv::Writer::from_writer(vec![]);
        for (name, _) in &labels {
            csv.write_field(name).map_err(refused)?;
        }
        for (name, _) in &self.parameters {
            let all = ["", "_sd", "_05", "_95"];
            let columns = if self.posterior.is_some() { 4 } else { 1 };
            for of in &all[..columns] {
                csv.write_field(format!("{name}{of}")).map_err(refused)?;
            }
        }
        csv.write_record(None::<&[u8]>).map_err(refused)?;
        for row in 0..self.value.nrows() {
            for (_, column) in &labels {
                csv.write_field(column.get(row).unwrap_or_default())
                    .map_err(refused)?;
            }
            for k in 0..self.parameters.len() {
                let spread = self.posterior.iter();
                let spread = spread.flat_map(|it| [&it.sd, &it.ends_90[0], &it.ends_90[1]]);
                for of in std::iter::once(&self.value).chain(spread) {
                    csv.write_field(of[[row, k]].to_string()).map_err(refused)?;
                }
            }
            csv.write_record(None::<&[u8]>).map_err(refused)?;
        }
        csv.into_inner()
            .map_err(|error| TrainerError::Internal(error.to_string()))
    }
}

/// m and s of u ~ N(m, s²) from sigmoid(m) and sigmoid(m − 1.645 s), the end that has the more digits.
pub(crate) fn mean_and_sd(z: f64, low: f64) -> (f64, f64) {
    let u = |z: f64| logit(z.clamp(f64::MIN_POSITIVE, 1.0 - f64::EPSILON / 2.0));
    let mean = u(z);
    (mean, (mean - u(low)) / WITHIN_90)
}

#[cfg(test)]
mod tests {
    use super::*;
    use latent::sigmoid;
    use ndarray::array;

    #[test]
    fn mean_and_sd_come_back_from_the_quantiles() {
        for m in [-30.0, -8.0, 0.0, 0.5, 8.0, 30.0] {
            for s in [0.011, 1.0, 12.0] {
                let [z, low] = [m, m - WITHIN_90 * s].map(sigmoid);
                let (mean, sd) = mean_and_sd(z, low);
                // 1 − 2⁻⁵³ has lost the digits of u = 30 beyond the third
                let tolerance = if m > 20.0 { 2e-3 } else { 1e-9 };
                assert!((mean - m).abs() < tolerance, "{m} {s}: {mean}");
                assert!((sd - s).abs() < tolerance, "{m} {s}: {sd}");
            }
        }
        // where nothing is left: no NaN, no infinity
        assert_eq!(mean_and_sd(1.0, 1.0).1, 0.0);
        assert_eq!(mean_and_sd(0.0, 0.0).1, 0.0);
    }

    #[test]
    fn a_row_a_sample_as_it_is_written() {
        let inferred = InferredParameters {
            parameters: vec![("d".into(), "km".into()), ("dV".into(), "1e5 m³".into())],
            labels: Labels {
                class: None,
                sample_id: Some(["7", "a, b"].into_iter().collect()),
                date: Some(["2008.07.01", ""].into_iter().collect()),
            },
            value: array![[2.5, 100.0], [3.0, 0.1]],
            posterior: Some(Spread {
                sd: array![[0.5, 1.0], [0.25, 2.0]],
                ends_90: [
                    array![[2.0, 98.0], [2.75, 0.0]],
                    array![[3.5, 102.0], [3.5, 3.0]],
                ],
            }),
        };
        let csv = String::from_utf8(inferred.to_csv().unwrap()).unwrap();
        insta::assert_snapshot!(csv, @r#"
        sample_id,date,d,d_sd,d_05,d_95,dV,dV_sd,dV_05,dV_95
        7,2008.07.01,2.5,0.5,2,3.5,100,1,98,102
        "a, b",,3,0.25,2.75,3.5,0.1,2,0,3
        "#);
        let alone = InferredParameters {
            posterior: None,
            ..inferred
        };
        let csv = String::from_utf8(alone.to_csv().unwrap()).unwrap();
        assert!(
            csv.starts_with("sample_id,date,d,dV\n7,2008.07.01,2.5,100\n"),
            "{csv}"
        );
    }
}
