//! Training without a configuration file, on any physics: here a volcano (the Mogi source) seen by twelve
//! GNSS stations.
//!
//!     cargo run -p trainer --example own_physics
//!
//! Whatever implements [`ForwardModel`] takes the place of [`Mogi`] here. (For Mogi itself a configuration
//! is enough: configs/mogi_c_akutan.json.)

use data::{
    Labels, NamedColumns, Purpose, Samples, Splits, Standardization, draw_unit_parameters, stream,
};
use losses::Weights;
use model::{Architecture, PhysicsLayer};
use ndarray::{Array2, ArrayView2};
use nn::{AdamConfig, Cpu};
use physics::{ForwardModel, Mogi, Station};
use rand::Rng;
use rand_distr::StandardNormal;
use schedules::ScheduleConfig;
use std::error::Error;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use trainer::evaluation::evaluate;
use trainer::experiment::{CalibrationKind, Experiment, ResidualRamps};
use trainer::metrics::Dimensions;
use trainer::origin::Origin;
use trainer::run_directory::RunDirectory;
use trainer::training::{Silent, Training};

const SEED: u64 = 123;
const NOISE_MM: f64 = 1.0;
/// xcen, ycen and depth in km; dV such that the volume change is dV·1e5 − 1e7 m³.
const RANGES: [(f64, f64); 4] = [(-9.0, 14.0), (-6.0, 8.0), (2.0, 20.0), (0.0, 200.0)];

/// Stations on two rings around the volcano.
fn volcano() -> Mogi {
    let station = |i: u32| {
        let (angle, radius) = (
            f64::from(i) * 0.52,
            if i.is_multiple_of(2) { 4e3 } else { 9e3 },
        );
        Station {
            name: format!("S{i:02}"),
            x_m: radius * angle.cos(),
            y_m: radius * angle.sin(),
        }
    };
    Mogi::new((0..12).map(station).collect(), 0.25).expect("valid stations")
}

/// Displacements (mm) of drawn sources with noise, and the sources.
fn simulate(
    mogi: &Mogi,
    split: u32,
    n: usize,
) -> Result<(Array2<f64>, Array2<f64>), Box<dyn Error>> {
    let mut rng = stream(SEED, Purpose::SyntheticData, split, 0);
    let mut truth = draw_unit_parameters(n, 4, &mut rng);
    for mut row in truth.rows_mut() {
        for (v, (min, max)) in row.iter_mut().zip(RANGES) {
            *v = *v * (max - min) + min;
        }
    }
    let mut signals = Array2::zeros((n, mogi.outputs().len()));
    mogi.evaluate(truth.view(), None, signals.view_mut())?;
    signals.mapv_inplace(|v| v + NOISE_MM * rng.sample::<f64, _>(StandardNormal));
    Ok((signals, truth))
}

fn main() -> Result<(), Box<dyn Error>> {
    let mogi = volcano();
    let names: Vec<String> = mogi.parameters().iter().map(|q| q.name.clone()).collect();
    let units: Vec<_> = mogi
        .parameters()
        .iter()
        .map(|q| (q.name.clone(), q.unit.clone()))
        .collect();
    let channels = mogi.outputs().to_vec();

    let raw: Vec<_> = [2048, 512, 512]
        .iter()
        .zip(0..)
        .map(|(&n, split)| simulate(&mogi, split, n))
        .collect::<Result<_, _>>()?;
    let standardization = Standardization::measure(raw[0].0.view(), &channels)?;
    let samples = |(x, truth): &(Array2<f64>, Array2<f64>)| -> Result<Samples, Box<dyn Error>> {
        let x: ArrayView2<f64> = x.view();
        let truth = NamedColumns::new(names.clone(), truth.clone())?;
        Ok(Samples::new(
            standardization.apply(x)?,
            None,
            Labels::default(),
            Some(truth),
        )?)
    };
    let splits = Splits {
        train: samples(&raw[0])?,
        valid: samples(&raw[1])?,
        test: samples(&raw[2])?,
        standardization: standardization.clone(),
        channels: channels.clone(),
    };

    let (mean, scale) = (
        standardization.mean().to_vec(),
        standardization.scale().to_vec(),
    );
    let experiment = Experiment {
        name: "volcano".to_owned(),
        physics_name: mogi.name().to_owned(),
        seed: SEED,
        architecture: Architecture::new(channels.len(), 4, 2),
        dimensions: Dimensions {
            deterministic: false,
            physical: names,
            auxiliary: vec!["z_aux_0".to_owned(), "z_aux_1".to_owned()],
            channels,
        },
        units,
        channel_unit: mogi.output_unit().to_owned(),
        exact_physics: None,
        physics: Some(PhysicsLayer::new(
            Arc::new(mogi),
            RANGES.to_vec(),
            mean,
            scale,
        )?),
        standardization,
        schedule: ScheduleConfig {
            epochs: 40,
            epochs_pretrain: 20,
            kl_warmup_epochs: 50,
            lr: 1e-3,
            pretrain_lr: None,
            lr_scheduler: schedules::LrScheduler::default(),
        }
        .check()?,
        goal: losses::Goal::default(),
        fixed_noise: None,
        stage_a: trainer::training::StageA::default(),
        weights: Weights {
            beta: 0.0,
            gate: 1e-3,
            residual: 1e-4,
            data_aug: 1.0,
        },
        posterior_is_simulated: false,
        calibration: CalibrationKind::None,
        residual_ramps: ResidualRamps::default(),
        prior_momentum: None,
        deterministic_latents: false,
        kl_is_used: true,
        adam: AdamConfig::default(),
        batch_size: NonZeroUsize::new(256).ok_or("no batch")?,
        spectra_per_epoch: None,
        early_stop: None,
        max_skipped_steps: 20,
    };

    let runs = std::env::temp_dir().join("own_physics");
    let run = RunDirectory::create(&runs, &experiment.name, "{}")?;
    let mut training = Training::<f32, Cpu>::new(
        &experiment,
        &splits,
        &run,
        Cpu::default(),
        Origin::of("no configuration", &splits),
    )?;
    training.run(&mut Silent, &AtomicBool::new(false))?;
    let evaluation = evaluate(&training.learner, &experiment, &splits.test)?;
    println!(
        "test MSE {:.4}, RMSE {:.2} mm",
        evaluation.errors.mse, evaluation.errors.rmse_physical
    );
    for (name, r) in evaluation.recovery.iter().flatten() {
        println!(
            "{name:<5} R² {}, RMSE {:.3} {}",
            r.r2.map_or("undefined".to_owned(), |r2| format!("{r2:.3}")),
            r.rmse,
            r.unit
        );
    }
    std::fs::remove_dir_all(&runs)?;
    Ok(())
}
