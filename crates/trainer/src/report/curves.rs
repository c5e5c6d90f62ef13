//! Which quantities make which chart.

use super::axis::Scale;
use super::horizontal::Horizontal;
use super::svg::{Chart, Series};
use crate::metrics::{EpochRecord, Measures, NamedValues};
use crate::summary::Summary;

/// Unit of what is measured in standardised channels.
const STANDARDISED: &str = "mean over samples of the sum over channels, standardised units²";

/// The figures over the epochs, and the titles of those that have nothing to show.
pub(super) fn figures(epochs: &[EpochRecord], selected: usize) -> (Vec<String>, Vec<&'static str>) {
    let numbered = epochs.iter().map(|e| (e.epoch, e.phase.to_string()));
    let shared = Horizontal::epochs(numbered, selected);
    let (mut figures, mut absent) = (vec![], vec![]);
    for chart in charts(epochs) {
        match shared.as_ref().and_then(|shared| chart.lines(shared)) {
            Some(figure) => figures.push(figure),
            None => absent.push(chart.title),
        }
    }
    (figures, absent)
}

fn charts(epochs: &[EpochRecord]) -> Vec<Chart<'static>> {
    let each = |name: &str, value: &dyn Fn(&EpochRecord) -> Option<f64>| Series {
        name: name.to_owned(),
        values: epochs.iter().map(value).collect(),
    };
    vec![
        Chart {
            title: "Total loss",
            unit: "what is minimised: in pretraining the synthetic loss with its weight, then all terms".into(),
            scale: Scale::Automatic,
            series: vec![
                each("training, sampled latents", &|e| e.train.loss),
                each("validation, mean latents", &|e| e.valid.loss),
            ],
        },
        Chart {
            title: "Reconstruction",
            unit: STANDARDISED.into(),
            scale: Scale::Automatic,
            series: vec![
                each("training, sampled latents", &|e| e.train.rec),
                each("validation, mean latents", &|e| e.valid.rec),
            ],
        },
        Chart {
            title: "Reconstruction by the physics alone",
            unit: STANDARDISED.into(),
            scale: Scale::Automatic,
            series: vec![
                each("training, sampled latents", &|e| e.train.physics_rec),
                each("validation, mean latents", &|e| e.valid.physics_rec),
            ],
        },
        Chart {
            title: "Synthetic loss",
            unit: "mean over draws of the sum over parameters, (û − logit z)²".into(),
            scale: Scale::Automatic,
            series: vec![each("pretraining", &|e| e.train.synthetic)],
        },
        Chart {
            title: "KL weight β",
            unit: "factor".into(),
            scale: Scale::Linear,
            series: vec![each("β", &|e| Some(e.beta))],
        },
        Chart {
            title: "Learning rate",
            unit: "per step".into(),
            scale: Scale::Linear,
            series: vec![each("learning rate", &|e| Some(e.lr))],
        },
        Chart {
            title: "KL",
            unit: "nats per sample, plain sum over dimensions".into(),
            scale: Scale::Linear,
            series: vec![
                each("training", &|e| e.train.kl),
                each("validation", &|e| e.valid.kl),
                each("validation, physical", &|e| e.valid.kl_phy),
                each("validation, auxiliary", &|e| e.valid.kl_aux),
            ],
        },
        Chart {
            title: "KL per dimension",
            unit: "nats per sample, validation".into(),
            scale: Scale::Linear,
            series: by_name(epochs, |measures| measures.kl_per_dimension.as_ref()),
        },
        Chart {
            title: "Posterior means of u",
            unit: "mean over samples, validation; z = sigmoid(u), 0 is the middle of a range".into(),
            scale: Scale::Linear,
            series: by_name(epochs, |measures| measures.u_mean.as_ref()),
        },
        Chart {
            title: "Spread of the posterior means of u",
            unit: "standard deviation over samples, validation".into(),
            scale: Scale::Linear,
            series: by_name(epochs, |measures| measures.u_sd.as_ref()),
        },
        Chart {
            title: "Gate and relative correction",
            unit: "fraction".into(),
            scale: Scale::Linear,
            series: vec![
                each("mean gate, training", &|e| e.train.gate),
                each("mean gate, validation", &|e| e.valid.gate),
                each("‖x_PB − x_P‖/‖x_P‖, validation", &|e| {
                    e.valid.relative_difference
                }),
            ],
        },
        Chart {
            title: "Gate per channel",
            unit: "mean over samples, validation, fraction".into(),
            scale: Scale::Linear,
            series: by_name(epochs, |measures| measures.gate_per_channel.as_ref()),
        },
        Chart {
            title: "Residual",
            unit: STANDARDISED.into(),
            scale: Scale::Automatic,
            series: vec![
                each("gated, training", &|e| e.train.residual),
                each("gated, validation", &|e| e.valid.residual),
                each("before the gate, training", &|e| e.train.pre_gate_residual),
                each("before the gate, validation", &|e| {
                    e.valid.pre_gate_residual
                }),
            ],
        },
        Chart {
            title: "Gradient norm",
            unit: "before clipping, mean over steps".into(),
            scale: Scale::Automatic,
            series: vec![each("training", &|e| e.train.gradient_norm)],
        },
    ]
}

/// One series for each name that the validation of any epoch has, in the order of their first appearance.
fn by_name(
    epochs: &[EpochRecord],
    values: impl Fn(&Measures) -> Option<&NamedValues>,
) -> Vec<Series> {
    let mut names: Vec<&String> = vec![];
    for values in epochs.iter().filter_map(|e| values(&e.valid)) {
        for (name, _) in &values.0 {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let series = |name: &String| Series {
        name: name.clone(),
        values: (epochs.iter())
            .map(|e| values(&e.valid)?.get(name))
            .collect(),
    };
    names.into_iter().map(series).collect()
}

/// RMSE per channel on the test split, before and after the residual.
pub(super) fn rmse(summary: &Summary) -> Option<String> {
    let channels = names(&summary.rmse_per_channel);
    let before = summary.rmse_per_channel_physics_only.as_ref();
    let before = before.map(|values| bars("physics alone", &channels, values));
    let after = bars("reconstruction", &channels, &summary.rmse_per_channel);
    let chart = Chart {
        title: "RMSE per channel",
        unit: format!("test split, mean latents, {}", summary.channel_unit).into(),
        scale: Scale::Linear,
        series: [after].into_iter().chain(before).collect(),
    };
    chart.bars(&channels)
}

/// KL per dimension on the test split.
pub(super) fn kl(summary: &Summary) -> Option<String> {
    let dimensions = names(&summary.kl_per_dimension);
    let chart = Chart {
        title: "KL per dimension",
        unit: "test split, nats per sample".into(),
        scale: Scale::Linear,
        series: vec![
            bars("selected epoch", &dimensions, &summary.kl_per_dimension),
            bars("last epoch", &dimensions, &summary.kl_per_dimension_last),
        ],
    };
    chart.bars(&dimensions)
}

fn names(values: &NamedValues) -> Vec<String> {
    values.0.iter().map(|(name, _)| name.clone()).collect()
}

fn bars(name: &str, of: &[String], values: &NamedValues) -> Series {
    Series {
        name: name.to_owned(),
        values: of.iter().map(|n| values.get(n)).collect(),
    }
}
