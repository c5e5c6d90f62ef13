//! Fits a quadrature: a few wavelengths that give all bands and their Jacobian.
//!
//!     cargo run --release -p physics --example fit_quadrature -- --variant published --output FILE.json
//!     cargo run --release -p physics --example fit_quadrature -- --angles free --nodes 16,28,44,66

#[path = "shared/outcome.rs"]
mod outcome;
#[path = "shared/usual_ranges.rs"]
mod usual_ranges;

use clap::{Parser, ValueEnum};
use outcome::{AnyError, exit_code};
use physics::{
    BandQuadrature, Canopy, LeafVersion, Parameter, QuadratureFit, ReflectanceModel,
    SENTINEL2_TRAINING_BANDS, Sensor, Variant,
};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;
use usual_ranges::USUAL_RANGES;

/// Fits a quadrature: a few wavelengths that give all bands and their Jacobian
#[derive(Debug, Parser)]
#[command(name = "fit_quadrature")]
struct Arguments {
    /// What stands on the soil
    #[arg(long, value_enum, default_value = "published")]
    variant: Stand,
    /// Leaf model: prospect_4, _5, _5b, _d or _pro
    #[arg(long, default_value = "prospect_d")]
    leaf: LeafVersion,
    /// s2a, s2b, l8, l9, or a CSV file of response functions
    #[arg(long, value_name = "NAME|FILE.csv", default_value = "s2a")]
    sensor: String,
    /// Bands of the sensor [default: the 11 training bands of Sentinel-2, all of other sensors]
    #[arg(long, value_delimiter = ',')]
    bands: Vec<String>,
    /// JSON file of the free parameters, `{"cab": {"min": 10, "max": 80}, …}` [default: the usual seven]
    #[arg(long, value_name = "FILE")]
    ranges: Option<PathBuf>,
    /// Sun and view: fixed at --fix or their defaults, or free within --tts, --tto and --psi
    #[arg(long, value_enum, default_value = "fixed")]
    angles: Angles,
    /// Sun zenith of --angles free, degrees
    #[arg(long, value_name = "MIN:MAX", value_parser = range, default_value = "15:75")]
    tts: (f64, f64),
    /// View zenith of --angles free, degrees
    #[arg(long, value_name = "MIN:MAX", value_parser = range, default_value = "0:12")]
    tto: (f64, f64),
    /// Relative azimuth of --angles free, degrees
    #[arg(long, value_name = "MIN:MAX", value_parser = range, default_value = "0:180")]
    psi: (f64, f64),
    /// Values of what is not free
    #[arg(long, value_name = "NAME=VALUE", value_delimiter = ',', value_parser = fixed)]
    fix: Vec<(Parameter, f64)>,
    /// Numbers of nodes; --output takes the last. Whole registers are 16 each
    #[arg(long, value_delimiter = ',', default_value = "48")]
    nodes: Vec<usize>,
    /// Samples whose spectra are fitted
    #[arg(long, default_value_t = 2000)]
    spectra: usize,
    /// Samples whose Jacobians are fitted
    #[arg(long, default_value_t = 400)]
    jacobians: usize,
    /// How often each node may be exchanged for a better one
    #[arg(long, default_value_t = 10)]
    exchanges: usize,
    /// Seed of the samples fitted
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Unseen samples compared with the exact sums
    #[arg(long, default_value_t = 5000)]
    certify: usize,
    /// Seed of these
    #[arg(long, default_value_t = 2)]
    certify_seed: u64,
    /// Where the quadrature goes
    #[arg(long, value_name = "FILE.json")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Stand {
    Sail,
    Published,
    EnmapBox,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum Angles {
    Fixed,
    Free,
}

fn range(text: &str) -> Result<(f64, f64), String> {
    let ends = text.split_once(':');
    let ends = ends.and_then(|(min, max)| Some((min.parse().ok()?, max.parse().ok()?)));
    ends.ok_or_else(|| "expected MIN:MAX, such as 15:75".into())
}

fn fixed(text: &str) -> Result<(Parameter, f64), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    let parameter = name.parse::<Parameter>().map_err(|e| e.to_string())?;
    let value = value
        .parse()
        .map_err(|_| format!("'{value}' is not a number"))?;
    Ok((parameter, value))
}

/// Free parameters with their ranges, in the order of the file.
fn free(arguments: &Arguments) -> Result<Vec<(Parameter, f64, f64)>, AnyError> {
    let Some(path) = &arguments.ranges else {
        return Ok(USUAL_RANGES.to_vec());
    };
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let ranges: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut free = Vec::new();
    for (name, range) in ranges {
        let end = |end: &str| {
            let value = range.get(end).and_then(serde_json::Value::as_f64);
            value.ok_or_else(|| format!("{}: {name} has no number '{end}'", path.display()))
        };
        free.push((name.parse()?, end("min")?, end("max")?));
    }
    Ok(free)
}

fn fit(arguments: &Arguments) -> Result<QuadratureFit, AnyError> {
    let mut builder =
        ReflectanceModel::builder()
            .leaf(arguments.leaf)
            .canopy(match arguments.variant {
                Stand::Sail => Canopy::Sail,
                Stand::Published => Canopy::Inform(Variant::Published),
                Stand::EnmapBox => Canopy::Inform(Variant::EnmapBox),
            });
    let sensor = if Sensor::BUILT_IN.contains(&arguments.sensor.as_str()) {
        Sensor::built_in(&arguments.sensor)?
    } else {
        Sensor::read(&arguments.sensor)?
    };
    if !arguments.bands.is_empty() {
        builder = builder.bands(&arguments.bands);
    } else if ["s2a", "s2b"].contains(&sensor.name()) {
        builder = builder.bands(SENTINEL2_TRAINING_BANDS);
    }
    builder = builder.sensor(sensor);
    for (parameter, value) in &arguments.fix {
        builder = builder.fix(*parameter, *value);
    }
    let free = free(arguments)?;
    for (parameter, min, max) in &free {
        builder = builder.free_within(*parameter, *min..=*max);
    }
    let mut fit = QuadratureFit::new(builder)
        .spectra(arguments.spectra)
        .jacobians(arguments.jacobians)
        .exchanges(arguments.exchanges)
        .seed(arguments.seed)
        .certify(arguments.certify, arguments.certify_seed);
    if arguments.angles == Angles::Free {
        for (parameter, (min, max)) in [
            (Parameter::Tts, arguments.tts),
            (Parameter::Tto, arguments.tto),
            (Parameter::Psi, arguments.psi),
        ] {
            if !free.iter().any(|(free, ..)| *free == parameter) {
                fit = fit.condition(parameter, min..=max);
            }
        }
    }
    Ok(fit)
}

fn run(arguments: &Arguments) -> Result<String, AnyError> {
    let start = Instant::now();
    let drawn = fit(arguments)?.draw()?;
    eprintln!(
        "{:6.1} s  {} spectra and {} Jacobians at {} wavelengths",
        start.elapsed().as_secs_f64(),
        arguments.spectra,
        arguments.jacobians,
        drawn.candidates_nm().len()
    );
    let mut text = String::from(
        "| nodes | largest band error | mean | largest Jacobian error, per unit z | mean | largest sum of |weights| |\n\
         |---|---|---|---|---|---|\n",
    );
    let mut last: Option<BandQuadrature> = None;
    for count in &arguments.nodes {
        let quadrature = drawn.with_nodes(*count)?;
        let c = quadrature.certificate();
        let sums = quadrature
            .weights()
            .iter()
            .map(|row| row.iter().map(|w| w.abs()).sum());
        writeln!(
            text,
            "| {} | {:.1e} | {:.1e} | {:.1e} | {:.1e} | {:.1} |",
            quadrature.nodes_nm().len(),
            c.largest_band_error,
            c.mean_band_error,
            c.largest_jacobian_error,
            c.mean_jacobian_error,
            sums.fold(0.0_f64, f64::max),
        )?;
        eprintln!(
            "{:6.1} s  {count} nodes, compared on {} unseen samples",
            start.elapsed().as_secs_f64(),
            c.samples
        );
        last = Some(quadrature);
    }
    if let (Some(path), Some(quadrature)) = (&arguments.output, last) {
        std::fs::write(path, quadrature.to_json())
            .map_err(|error| format!("{}: {error}", path.display()))?;
        writeln!(text, "\nwritten: {}", path.display())?;
    }
    Ok(text)
}

fn main() -> ExitCode {
    exit_code(run(&Arguments::parse()))
}
