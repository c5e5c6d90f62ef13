//! What is logged: records of steps and epochs. They hold nothing that configuration, data and seed do not
//! determine.

use losses::Averages;
use schedules::Phase;
use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Numbers by name, in a fixed order; a JSON object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NamedValues(pub Vec<(String, f64)>);

impl NamedValues {
    /// Pairs names and values.
    pub fn new(names: &[String], values: &[f64]) -> Self {
        Self(names.iter().cloned().zip(values.iter().copied()).collect())
    }
    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| *v)
    }
    /// Plain sum of the values.
    pub fn sum(&self) -> f64 {
        self.0.iter().map(|(_, v)| v).sum()
    }
}

impl Serialize for NamedValues {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for NamedValues {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = NamedValues;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of numbers")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<NamedValues, M::Error> {
                let mut values = vec![];
                while let Some((name, value)) = map.next_entry::<String, Option<f64>>()? {
                    // JSON has no NaN; it is written as null
                    values.push((name, value.unwrap_or(f64::NAN)));
                }
                Ok(NamedValues(values))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

/// Quantities of a batch or of a pass over a split; absent ones have no meaning there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Measures {
    /// The minimised total.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<f64>,
    /// Mean over rows of Σ (x_PB − x)².
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rec: Option<f64>,
    /// KL, plain sum over dimensions, nats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kl: Option<f64>,
    /// What it costs in the minimised total, its weight included; of a step alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kl_cost: Option<f64>,
    /// Share of the physical dimensions in it, nats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kl_phy: Option<f64>,
    /// Share of the auxiliary dimensions in it, nats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kl_aux: Option<f64>,
    /// KL of each dimension, nats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kl_per_dimension: Option<NamedValues>,
    /// Synthetic loss of Stage A.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synthetic: Option<f64>,
    /// Mean gate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gate: Option<f64>,
    /// Gated correction, mean over rows of Σ (x_PB − x_P)².
    #[serde(skip_serializing_if = "Option::is_none")]
    pub residual: Option<f64>,
    /// Mean over rows of Σ δ².
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pre_gate_residual: Option<f64>,
    /// Mean over rows of ‖x_PB − x_P‖/‖x_P‖ in physical units, capped at 1 (100 %).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relative_difference: Option<f64>,
    /// Mean over rows of Σ (x_P − x)².
    #[serde(skip_serializing_if = "Option::is_none")]
    pub physics_rec: Option<f64>,
    /// Mean of the posterior means of u per physical dimension.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub u_mean: Option<NamedValues>,
    /// Their standard deviation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub u_sd: Option<NamedValues>,
    /// Mean gate per channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gate_per_channel: Option<NamedValues>,
    /// Norm of the gradient before clipping (mean over steps).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gradient_norm: Option<f64>,
    /// Non-finite gradient elements set to 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub non_finite_gradients: Option<usize>,
    /// Steps left out because the loss was not finite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped_steps: Option<usize>,
}

/// Names of the dimensions that [`Measures`] speaks of.
#[derive(Clone, Debug)]
pub struct Dimensions {
    /// Physical parameters, in the order of the latents.
    pub physical: Vec<String>,
    /// Auxiliary latents.
    pub auxiliary: Vec<String>,
    /// Channels.
    pub channels: Vec<String>,
}

impl Dimensions {
    /// KL of each latent dimension by name, physical ones first, nats.
    pub fn kl(&self, averages: &Averages) -> NamedValues {
        let names = self.physical.iter().chain(&self.auxiliary).cloned();
        let values = averages.kl_phy.iter().chain(&averages.kl_aux).copied();
        NamedValues(names.zip(values).collect())
    }
}

impl Measures {
    /// The measures that averages hold.
    pub fn of(averages: &Averages, names: &Dimensions) -> Self {
        let physics = !averages.kl_phy.is_empty();
        Self {
            loss: None,
            rec: Some(averages.rec),
            kl: Some(averages.kl()),
            kl_phy: physics.then(|| averages.kl_phy.iter().sum()),
            kl_aux: (!averages.kl_aux.is_empty()).then(|| averages.kl_aux.iter().sum()),
            kl_per_dimension: Some(names.kl(averages)),
            synthetic: None,
            gate: averages.mean_gate(),
            residual: averages.correction,
            pre_gate_residual: averages.pre_gate,
            relative_difference: averages.relative_correction,
            physics_rec: averages.physics_rec,
            u_mean: physics.then(|| NamedValues::new(&names.physical, &averages.u_mean)),
            u_sd: physics.then(|| NamedValues::new(&names.physical, &averages.u_sd)),
            gate_per_channel: (!averages.gate.is_empty())
                .then(|| NamedValues::new(&names.channels, &averages.gate)),
            ..Self::default()
        }
    }
}

/// One line of `metrics.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Record {
    /// A training step.
    Step(Box<StepRecord>),
    /// An epoch.
    Epoch(Box<EpochRecord>),
}

/// A training step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// Epoch, from 0.
    pub epoch: usize,
    /// Batch within the epoch, from 0.
    pub batch: usize,
    /// Phase.
    pub phase: Phase,
    /// KL weight.
    pub beta: f64,
    /// Learning rate.
    pub lr: f64,
    /// What was measured on the batch, before the update.
    pub train: Measures,
}

/// An epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Epoch, from 0.
    pub epoch: usize,
    /// Phase.
    pub phase: Phase,
    /// KL weight.
    pub beta: f64,
    /// Learning rate.
    pub lr: f64,
    /// Whether this epoch is the best so far.
    pub best: bool,
    /// Averages over the training rows, sampled latents.
    pub train: Measures,
    /// Averages over the validation rows, mean latents.
    pub valid: Measures,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_none_is_null_and_comes_back() {
        let values = NamedValues(vec![("a".into(), f64::NAN), ("b".into(), 2.0)]);
        let text = serde_json::to_string(&values).unwrap();
        assert_eq!(text, r#"{"a":null,"b":2.0}"#);
        let back: NamedValues = serde_json::from_str(&text).unwrap();
        assert!(back.get("a").unwrap().is_nan());
        assert_eq!(back.get("b"), Some(2.0));
    }
}
