//! What the tests of this folder share: the shipped model, an untrained one, spectra that physics and noise make.

use super::{Estimator, FlagCounts, Observations, Request};
use crate::assemble::{Assembled, assemble, check};
use crate::config::{ConfigSource, Overrides, load};
use crate::domain::{Domain, HighErrors};
use crate::trained_model::TrainedModel;
use crate::training::Learner;
use data::{BandNoise, Labels, NamedColumns, Purpose, Samples, draw_unit_parameters, stream};
use ndarray::Array2;
use nn::Cpu;
use rand::Rng as _;
use rand_distr::StandardNormal;
use std::path::{Path, PathBuf};

/// What the shipped model was trained with.
pub(super) const NOISE: BandNoise = BandNoise {
    absolute: 0.005,
    relative: 0.03,
};

/// `models/s2_midlatitude`: it sees the angles and has no residual.
pub(super) fn shipped() -> TrainedModel {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    TrainedModel::open(&models.join("s2_midlatitude"), Cpu::default()).unwrap()
}

/// The built-in experiment with narrow networks and a gated residual, untrained.
pub(super) fn untrained() -> TrainedModel {
    let set = [
        "data.train_samples=300",
        "data.valid_samples=50",
        "data.test_samples=50",
        "phys_vae.num_units_feat=16",
        "phys_vae.hidlayers_feat=[16]",
        "phys_vae.hidlayers_z_phy=[16]",
        "phys_vae.hidlayers_z_aux=[16]",
    ];
    let overrides = Overrides {
        set: set.map(str::to_owned).to_vec(),
        ..Overrides::default()
    };
    let checked = check(&load(&ConfigSource::BuiltIn, &overrides).unwrap()).unwrap();
    let Assembled {
        experiment,
        samples,
        ..
    } = assemble(&checked).unwrap();
    // far below what an untrained model reaches: every error is high
    let high = HighErrors {
        physics: Some(1e-9),
        reconstruction: 1e-9,
    };
    TrainedModel {
        learner: Learner::new(&experiment, Cpu::default()).unwrap(),
        domain: Some(
            Domain::of(&samples.train)
                .unwrap()
                .with_high_errors(Some(high)),
        ),
        weights: PathBuf::new(),
        checked,
        experiment,
    }
}

/// Spectra of a model's physics under angles of their own.
pub(super) struct Spectra {
    /// As an estimator takes them.
    pub(super) channels: Vec<f32>,
    pub(super) conditions: Vec<f32>,
    /// The same, standardised, row by row.
    pub(super) samples: Samples,
}

/// n of them with [`NOISE`].
pub(super) fn spectra(trained: &TrainedModel, n: usize) -> Spectra {
    let physics = trained.learner.model.physics().unwrap();
    let standardization = &trained.experiment.standardization;
    let mut rng = stream(7, Purpose::SyntheticData, 0, 0);
    let z = draw_unit_parameters(n, physics.parameters(), &mut rng);
    // every number is one of f32, so that both ways begin with the same
    let angles = Array2::from_shape_fn((n, 3), |(_, k)| {
        let largest = [60.0_f32, 10.0, 180.0][k];
        f64::from(rng.gen_range(0.3 * largest..largest))
    });
    let x = physics.signals(z.view(), Some(angles.view())).unwrap();
    let mut raw = standardization.invert(x.view()).unwrap();
    raw.mapv_inplace(|v| {
        let noise: f64 = rng.sample(StandardNormal);
        f64::from((v + NOISE.std(v) * noise).max(1e-3) as f32)
    });
    let x = standardization.apply(raw.view()).unwrap();
    let names = physics.forward_model().conditions();
    let names = names.iter().map(|q| q.name.clone()).collect();
    Spectra {
        channels: raw.t().iter().map(|&v| v as f32).collect(),
        conditions: angles.t().iter().map(|&v| v as f32).collect(),
        samples: Samples::new(
            x,
            Some(NamedColumns::new(names, angles).unwrap()),
            Labels::default(),
            None,
        )
        .unwrap(),
    }
}

impl Spectra {
    pub(super) fn rows(&self) -> usize {
        self.samples.len()
    }

    /// Those of these rows, in this order.
    pub(super) fn taken(&self, rows: &[usize]) -> [Vec<f32>; 2] {
        let n = self.rows();
        [&self.channels, &self.conditions].map(|all| {
            let columns = all.chunks_exact(n);
            columns
                .flat_map(|column| rows.iter().map(|&row| column[row]))
                .collect()
        })
    }
}

/// What an estimator writes of n observations, column after column.
pub(super) fn infer(
    estimator: &Estimator,
    [channels, conditions]: [&[f32]; 2],
    masked: Option<&[bool]>,
) -> (Vec<f32>, FlagCounts) {
    let n = channels.len() / estimator.channels().len();
    let mut out = vec![-7.0; n * estimator.columns().len()];
    let seen = Observations {
        channels,
        conditions: Some(conditions),
        masked,
    };
    let counts = estimator.infer(&seen, &mut out).unwrap();
    assert_eq!(counts.all, n as u64);
    (out, counts)
}

pub(super) fn estimator(trained: TrainedModel, request: Request) -> Estimator {
    Estimator::new(trained, request).unwrap()
}

/// The column of a name.
pub(super) fn column<'a>(estimator: &Estimator, out: &'a [f32], name: &str) -> &'a [f32] {
    let names = estimator.columns().iter().position(|c| c.name == name);
    let n = out.len() / estimator.columns().len();
    let at = names.unwrap_or_else(|| panic!("no column {name}"));
    &out[at * n..(at + 1) * n]
}

/// Matrix products round by how many rows go through them at once.
const OF_MATRIX_PRODUCTS: f32 = 2e-5;

/// To the rounding of matrix products; any NaN like any other.
pub(super) fn same(a: f32, b: f32) -> bool {
    (a - b).abs() <= OF_MATRIX_PRODUCTS * (a.abs() + b.abs() + 1e-3) || (a.is_nan() && b.is_nan())
}
