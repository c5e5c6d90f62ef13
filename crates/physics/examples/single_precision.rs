//! How far single precision is from double precision, for every kind of lane of this processor: bands and
//! Jacobians over the usual ranges, each sample with its own sun and view.
//!
//!     cargo run --release -p physics --example single_precision
//!     cargo run --release -p physics --example single_precision -- --samples 100000 --variant enmap_box

#[path = "shared/even_points.rs"]
mod even_points;
#[path = "shared/outcome.rs"]
mod outcome;
#[path = "shared/usual_ranges.rs"]
mod usual_ranges;

use clap::{Parser, ValueEnum};
use even_points::EvenPoints;
use ndarray::{Array2, Array3, Axis, s};
use outcome::{AnyError, exit_code};
use physics::{
    Canopy, ForwardModel, Lanes, Parameter, Precision, ReflectanceModel, ReflectanceModelBuilder,
    Variant,
};
use std::fmt::Write as _;
use std::process::ExitCode;
use usual_ranges::USUAL_RANGES;

/// How far single precision is from double precision
#[derive(Debug, Parser)]
#[command(name = "single_precision")]
struct Arguments {
    /// Which INFORM
    #[arg(long, value_enum, default_value = "published")]
    variant: Stand,
    /// Samples
    #[arg(long, default_value_t = 10_000)]
    samples: usize,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Stand {
    Published,
    EnmapBox,
}

/// Sun zenith, view zenith and relative azimuth in degrees.
const ANGLES: [(Parameter, f64, f64); 3] = [
    (Parameter::Tts, 15.0, 75.0),
    (Parameter::Tto, 0.0, 12.0),
    (Parameter::Psi, 0.0, 180.0),
];
const AT_A_TIME: usize = 1000;

/// Largest and summed errors of the bands, and of the Jacobian in units of the largest of its column.
#[derive(Clone, Copy, Default)]
struct Errors {
    bands: f64,
    bands_sum: f64,
    jacobian: f64,
    jacobian_sum: f64,
    count: f64,
}

impl Errors {
    fn add(&mut self, exact: &(Array2<f64>, Array3<f64>), found: &(Array2<f64>, Array3<f64>)) {
        for (row, of_sample) in exact.1.outer_iter().enumerate() {
            for (e, f) in exact.0.row(row).iter().zip(found.0.row(row)) {
                self.bands = self.bands.max((e - f).abs());
                self.bands_sum += (e - f).abs();
                self.count += 1.0;
            }
            for (k, column) in of_sample.axis_iter(Axis(1)).enumerate() {
                let top = column.fold(0.0_f64, |top, v| top.max(v.abs()));
                for (e, f) in column.iter().zip(found.1.slice(s![row, .., k])) {
                    let error = (e - f).abs() / top;
                    self.jacobian = self.jacobian.max(error);
                    self.jacobian_sum += error / USUAL_RANGES.len() as f64;
                }
            }
        }
    }
}

fn samples(points: &mut EvenPoints<10>, count: usize) -> (Array2<f64>, Array2<f64>) {
    let mut parameters = Array2::zeros((count, USUAL_RANGES.len()));
    let mut angles = Array2::zeros((count, ANGLES.len()));
    for (i, point) in points.take(count).enumerate() {
        let at = |(_, min, max): &(Parameter, f64, f64), u: f64| min + (max - min) * u;
        for (k, range) in USUAL_RANGES.iter().enumerate() {
            parameters[[i, k]] = at(range, point[k]);
        }
        for (k, range) in ANGLES.iter().enumerate() {
            angles[[i, k]] = at(range, point[USUAL_RANGES.len() + k]);
        }
    }
    (parameters, angles)
}

fn run(arguments: &Arguments) -> Result<String, AnyError> {
    let variant = match arguments.variant {
        Stand::Published => Variant::Published,
        Stand::EnmapBox => Variant::EnmapBox,
    };
    let builder = || -> ReflectanceModelBuilder {
        USUAL_RANGES.iter().fold(
            ReflectanceModel::builder()
                .canopy(Canopy::Inform(variant))
                .per_sample(ANGLES.map(|(parameter, _, _)| parameter)),
            |builder, (parameter, min, max)| builder.free_within(*parameter, *min..=*max),
        )
    };
    let double = builder().precision(Precision::F64).build()?;
    let mut lanes = vec![];
    for kind in Lanes::available() {
        let single = builder().precision(Precision::F32).lanes(kind);
        lanes.push((kind, single.build()?, Errors::default()));
    }
    let mut points = EvenPoints::new();
    let mut left = arguments.samples;
    while left > 0 {
        let count = left.min(AT_A_TIME);
        left -= count;
        let (parameters, angles) = samples(&mut points, count);
        let both = |model: &ReflectanceModel| {
            let (n, d) = (count, model.outputs().len());
            let mut values = Array2::zeros((n, d));
            let mut jacobian = Array3::zeros((n, d, USUAL_RANGES.len()));
            let (v, j) = (values.view_mut(), jacobian.view_mut());
            model.evaluate_with_jacobian(parameters.view(), Some(angles.view()), v, j)?;
            Ok::<_, AnyError>((values, jacobian))
        };
        let exact = both(&double)?;
        for (_, model, errors) in &mut lanes {
            errors.add(&exact, &both(model)?);
        }
    }
    let mut text = format!(
        "{} samples, {variant:?}, against double precision\n\
         lanes        bands: largest      mean    Jacobian, of its column: largest      mean\n",
        arguments.samples
    );
    for (kind, _, errors) in &lanes {
        let mean = |sum: f64| sum / errors.count;
        writeln!(
            text,
            "{:10} {:>17.1e} {:>9.1e} {:>34.1e} {:>9.1e}",
            format!("{kind:?}"),
            errors.bands,
            mean(errors.bands_sum),
            errors.jacobian,
            mean(errors.jacobian_sum)
        )?;
    }
    Ok(text)
}

fn main() -> ExitCode {
    exit_code(run(&Arguments::parse()))
}
