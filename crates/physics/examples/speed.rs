//! How long a spectrum takes: all bands, without and with the Jacobian, on one thread.
//!
//!     cargo run --release -p physics --example speed
//!     cargo run --release -p physics --example speed -- --nodes 16,32,48 --variant enmap_box --precision f64

#[path = "shared/even_points.rs"]
mod even_points;
#[path = "shared/outcome.rs"]
mod outcome;
#[path = "shared/usual_ranges.rs"]
mod usual_ranges;

use clap::{Parser, ValueEnum};
use even_points::EvenPoints;
use ndarray::{Array2, Array3};
use outcome::{AnyError, exit_code};
use physics::{
    Canopy, ForwardModel, Precision, QuadratureFit, ReflectanceModel, SENTINEL2_TRAINING_BANDS,
    SpectralSampling, Variant,
};
use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use usual_ranges::USUAL_RANGES;

/// How long a spectrum takes: all bands, without and with the Jacobian, on one thread
#[derive(Debug, Parser)]
#[command(name = "speed")]
struct Arguments {
    /// Which INFORM
    #[arg(long, value_enum, default_value = "published")]
    variant: Stand,
    /// Single or double precision
    #[arg(long, value_enum, default_value = "f32")]
    precision: Digits,
    /// Numbers of nodes of quadratures, beside every wavelength
    #[arg(long, value_delimiter = ',', default_value = "32,44,48")]
    nodes: Vec<usize>,
    /// Spectra at a time
    #[arg(long, default_value_t = 256)]
    batch: usize,
    /// Milliseconds for each figure
    #[arg(long, default_value_t = 300)]
    milliseconds: u64,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Stand {
    Published,
    EnmapBox,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Digits {
    F32,
    F64,
}

/// The least of many repetitions, in µs per spectrum: what disturbs only adds.
fn microseconds(
    batch: usize,
    time: Duration,
    mut work: impl FnMut() -> Result<(), AnyError>,
) -> Result<f64, AnyError> {
    let mut least = f64::INFINITY;
    let begin = Instant::now();
    while begin.elapsed() < time || least.is_infinite() {
        let start = Instant::now();
        work()?;
        least = least.min(start.elapsed().as_secs_f64());
    }
    Ok(least * 1e6 / batch as f64)
}

/// Forward and forward with Jacobian; one geometry for the batch, or one for each sample.
fn figures(model: &ReflectanceModel, arguments: &Arguments) -> Result<[f64; 4], AnyError> {
    let batch = arguments.batch;
    let (d, p) = (model.outputs().len(), model.parameters().len());
    let mut parameters = Array2::zeros((batch, p));
    let mut conditions = Array2::zeros((batch, 3));
    for (i, point) in EvenPoints::<10>::new().take(batch).enumerate() {
        for (k, (_, min, max)) in USUAL_RANGES.iter().enumerate() {
            parameters[[i, k]] = min + (max - min) * point[k];
        }
        for (k, (min, max)) in [(15.0, 75.0), (0.0, 12.0), (0.0, 180.0)].iter().enumerate() {
            conditions[[i, k]] = min + (max - min) * point[USUAL_RANGES.len() + k];
        }
    }
    let (mut values, mut jacobian) = (Array2::zeros((batch, d)), Array3::zeros((batch, d, p)));
    let time = Duration::from_millis(arguments.milliseconds);
    let mut figures = [0.0; 4];
    for (i, conditions) in [None, Some(conditions.view())].into_iter().enumerate() {
        figures[2 * i] = microseconds(batch, time, || {
            Ok(model.evaluate(parameters.view(), conditions, values.view_mut())?)
        })?;
        figures[2 * i + 1] = microseconds(batch, time, || {
            let (values, jacobian) = (values.view_mut(), jacobian.view_mut());
            Ok(model.evaluate_with_jacobian(parameters.view(), conditions, values, jacobian)?)
        })?;
    }
    Ok(figures)
}

fn run(arguments: &Arguments) -> Result<String, AnyError> {
    let mut builder = ReflectanceModel::builder()
        .bands(SENTINEL2_TRAINING_BANDS)
        .canopy(Canopy::Inform(match arguments.variant {
            Stand::Published => Variant::Published,
            Stand::EnmapBox => Variant::EnmapBox,
        }))
        .precision(match arguments.precision {
            Digits::F32 => Precision::F32,
            Digits::F64 => Precision::F64,
        });
    for (parameter, min, max) in USUAL_RANGES {
        builder = builder.free_within(parameter, min..=max);
    }
    // few samples: where the nodes lie takes no time
    let fit = QuadratureFit::new(builder.clone())
        .condition(physics::Parameter::Tts, 15.0..=75.0)
        .condition(physics::Parameter::Tto, 0.0..=12.0)
        .condition(physics::Parameter::Psi, 0.0..=180.0)
        .spectra(200)
        .jacobians(20)
        .exchanges(0)
        .certify(1, 2)
        .draw()?;
    let mut models = vec![("all".to_owned(), builder.clone().build()?)];
    for count in &arguments.nodes {
        let quadrature = fit.with_nodes(*count)?;
        let count = quadrature.nodes_nm().len();
        let sampling = SpectralSampling::Fitted(quadrature);
        models.push((
            count.to_string(),
            builder.clone().sampling(sampling).build()?,
        ));
    }
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let mut text = String::from(
        "µs per spectrum            one geometry              each its own\n\
         wavelengths     forward   with Jacobian     forward   with Jacobian\n",
    );
    for (name, model) in &models {
        let [a, b, c, d] = one_thread.install(|| {
            // an error goes out as text, which may cross threads
            figures(model, arguments).map_err(|error| error.to_string())
        })?;
        writeln!(text, "{name:>11}{a:>12.2}{b:>16.2}{c:>12.2}{d:>16.2}")?;
    }
    Ok(text)
}

fn main() -> ExitCode {
    exit_code(run(&Arguments::parse()))
}
