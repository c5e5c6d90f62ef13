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
            series: per_dimension(epochs),
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

/// One series for each name that any epoch has, in the order of their first appearance.
fn per_dimension(epochs: &[EpochRecord]) -> Vec<Series> {
    let of = |measures: &Measures, name: &str| measures.kl_per_dimension.as_ref()?.get(name);
    let mut names: Vec<&String> = vec![];
    for values in epochs
        .iter()
        .filter_map(|e| e.valid.kl_per_dimension.as_ref())
    {
        for (name, _) in &values.0 {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
        .into_iter()
        .map(|name| Series {
            name: name.clone(),
            values: epochs.iter().map(|e| of(&e.valid, name)).collect(),
        })
        .collect()
}

/// RMSE per channel and KL per dimension on the test split.
pub(super) fn bars(summary: &Summary) -> Vec<String> {
    let names = |values: &NamedValues| values.0.iter().map(|(n, _)| n.clone()).collect::<Vec<_>>();
    let series = |name: &str, of: &[String], values: &NamedValues| Series {
        name: name.to_owned(),
        values: of.iter().map(|n| values.get(n)).collect(),
    };
    let channels = names(&summary.rmse_per_channel);
    let before = summary.rmse_per_channel_physics_only.as_ref();
    let before = before.map(|values| series("physics alone", &channels, values));
    let after = series("reconstruction", &channels, &summary.rmse_per_channel);
    let rmse = Chart {
        title: "RMSE per channel",
        unit: format!("test split, mean latents, {}", summary.channel_unit).into(),
        scale: Scale::Linear,
        series: [after].into_iter().chain(before).collect(),
    };
    let dimensions = names(&summary.kl_per_dimension);
    let kl = Chart {
        title: "KL per dimension",
        unit: "test split, nats per sample".into(),
        scale: Scale::Linear,
        series: vec![
            series("selected epoch", &dimensions, &summary.kl_per_dimension),
            series("last epoch", &dimensions, &summary.kl_per_dimension_last),
        ],
    };
    [rmse.bars(&channels), kl.bars(&dimensions)]
        .into_iter()
        .flatten()
        .collect()
}
