//! How well the parameters whose truth is known were recovered.

use data::NamedColumns;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// How well a parameter with known truth was recovered, in its unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recovery {
    /// 1 − Σ(inferred − truth)² / Σ(truth − mean truth)²; null where the truth is the same in all samples.
    pub r2: Option<f64>,
    /// Root mean square error.
    pub rmse: f64,
    /// Mean of inferred − truth.
    pub bias: f64,
    /// Share of the samples whose truth lies in the central 90 % of the posterior; null where there is none.
    #[serde(default)]
    pub coverage_90: Option<f64>,
    /// Samples whose truth is known: what all of these are of. Null in what earlier versions wrote.
    #[serde(default)]
    pub samples: Option<usize>,
    /// Unit.
    pub unit: String,
}

/// 1 − Σ(inferred − truth)² / Σ(truth − mean truth)² of pairs; `None` where the truth does not vary.
pub(crate) fn r_squared(pairs: impl Iterator<Item = (f64, f64)> + Clone) -> Option<f64> {
    let n = pairs.clone().count() as f64;
    let mean = pairs.clone().map(|(_, truth)| truth).sum::<f64>() / n;
    let error: f64 = pairs.clone().map(|(a, b)| (a - b).powi(2)).sum();
    let spread: f64 = pairs.map(|(_, truth)| (truth - mean).powi(2)).sum();
    (spread > 0.0).then(|| 1.0 - error / spread)
}

/// R², RMSE and bias per parameter whose truth is known, each of the samples of which it is known; a parameter without
/// any is left out.
///
/// `inferred`: n × p in the order of `units`, which pairs names and units; `ends_90`: lower and upper ends of the
/// central 90 % of each posterior, n × p each; `truth`: n × some of them, NaN where it is not known.
pub fn recover(
    inferred: &Array2<f64>,
    ends_90: Option<&[Array2<f64>; 2]>,
    truth: &NamedColumns,
    units: &[(String, String)],
) -> Vec<(String, Recovery)> {
    let mut recovered = vec![];
    for (k, (name, unit)) in units.iter().enumerate() {
        let Some(index) = truth.names().iter().position(|n| n == name) else {
            continue;
        };
        let known = truth.values();
        let (inferred, truth) = (inferred.column(k), known.column(index));
        let all = inferred.iter().copied().zip(truth.iter().copied());
        let pairs = all.filter(|(_, truth)| !truth.is_nan());
        let samples = pairs.clone().count();
        if samples == 0 {
            continue;
        }
        let n = samples as f64;
        let error: f64 = pairs.clone().map(|(a, b)| (a - b).powi(2)).sum();
        let (inferred_sum, truth_sum) =
            pairs.clone().fold((0.0, 0.0), |(a, b), (inferred, truth)| {
                (a + inferred, b + truth)
            });
        let recovery = Recovery {
            r2: r_squared(pairs),
            rmse: (error / n).sqrt(),
            bias: (inferred_sum - truth_sum) / n,
            coverage_90: ends_90.map(|[low, high]| {
                let ends = low.column(k).into_iter().zip(high.column(k));
                // no interval holds an unknown truth
                let inside = ends
                    .zip(truth)
                    .filter(|((low, high), t)| low <= t && t <= high);
                inside.count() as f64 / n
            }),
            samples: Some(samples),
            unit: unit.clone(),
        };
        recovered.push((name.clone(), recovery));
    }
    recovered
}

/// The mean R² of parameters, those without one left out; `None` where none has one.
pub fn mean_r2<'a>(recovered: impl Iterator<Item = &'a Recovery>) -> Option<f64> {
    let all: Vec<f64> = recovered.filter_map(|r| r.r2).collect();
    (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn units() -> Vec<(String, String)> {
        ["a", "b", "c"]
            .map(|name| (name.to_owned(), "1".to_owned()))
            .to_vec()
    }

    /// Rows without a truth make no difference: the figures are those of the rows with one.
    #[test]
    fn unknown_truth_is_left_out_of_its_own_parameter_alone() {
        let inferred = array![
            [1.0, 5.0, 0.0],
            [2.0, 6.0, 0.0],
            [4.0, 7.0, 0.0],
            [9.0, 9.0, 0.0]
        ];
        let low = &inferred - 0.6;
        let ends = [low, &inferred + 0.6];
        let nan = f64::NAN;
        let gaps = array![
            [1.5, nan, nan],
            [nan, 5.0, nan],
            [3.0, 5.0, nan],
            [nan, 5.0, nan]
        ];
        let names = ["a", "b", "c"].map(str::to_owned).to_vec();
        let truth = NamedColumns::with_gaps(names, gaps).unwrap();
        let found = recover(&inferred, Some(&ends), &truth, &units());
        // c is known nowhere
        assert_eq!(found.len(), 2);
        let (a, b) = (&found[0].1, &found[1].1);
        assert_eq!((a.samples, b.samples), (Some(2), Some(3)));
        // errors −0.5 and 1: squares 0.25 + 1, truths 1.5 and 3 around 2.25
        assert!((a.rmse - (1.25_f64 / 2.0).sqrt()).abs() < 1e-15);
        assert_eq!(a.bias, 0.25);
        assert!((a.r2.unwrap() - (1.0 - 1.25 / 1.125)).abs() < 1e-15);
        assert_eq!(a.coverage_90, Some(0.5));
        // a truth that does not vary has no R², and no infinity is written
        assert_eq!((b.r2, b.coverage_90), (None, Some(0.0)));
        assert_eq!(mean_r2(found.iter().map(|(_, r)| r)), a.r2);
        let text = serde_json::to_string(b).unwrap();
        assert_eq!(serde_json::from_str::<Recovery>(&text).unwrap(), *b);
    }
}
