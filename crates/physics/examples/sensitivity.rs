//! What each band of a forest tells of each parameter, in both variants of INFORM.
//!
//!     cargo run -p physics --example sensitivity
//!
//! The mean over many forests of |∂R/∂p|·(max − min), R a band's reflectance and min to max the usual range
//! of p: by how much the band would change over that range if it kept its slope. In `enmap_box` crown
//! transmittances are computed as reflectances, and a band hardly knows the leaf area of the crowns (LAI).

#[path = "shared/even_points.rs"]
mod even_points;
#[path = "shared/outcome.rs"]
mod outcome;
#[path = "shared/usual_ranges.rs"]
mod usual_ranges;

use clap::Parser;
use even_points::EvenPoints;
use ndarray::{Array2, Axis};
use outcome::{AnyError, exit_code};
use physics::{CanopyParameters, Parameter, ReflectanceModel, SENTINEL2_TRAINING_BANDS, Variant};
use std::fmt::Write;
use std::process::ExitCode;
use usual_ranges::USUAL_RANGES;

/// LAI counts for less in `enmap_box` than this share of what it does in `published`; it is about a tenth, from
/// crowns so thin that the understorey shows through.
const LARGEST_SHARE_OF_LAI: f64 = 0.15;

/// What each band of a forest tells of each parameter, in both variants of INFORM
#[derive(Parser)]
struct Request {
    /// Forests averaged over, spread evenly over the usual ranges
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    count: u32,
}

/// Forests spread evenly over the usual ranges.
fn forests(count: u32) -> Vec<CanopyParameters> {
    EvenPoints::<{ USUAL_RANGES.len() }>::new()
        .take(count as usize)
        .map(|point| {
            let mut forest = CanopyParameters::default();
            for ((parameter, min, max), u) in USUAL_RANGES.into_iter().zip(point) {
                forest.put(parameter, min + u * (max - min));
            }
            forest
        })
        .collect()
}

/// Mean |∂R/∂p|·(max − min), bands × parameters.
fn sensitivity(variant: Variant, forests: &[CanopyParameters]) -> Result<Array2<f64>, AnyError> {
    let model = ReflectanceModel::builder()
        .variant(variant)
        .bands(SENTINEL2_TRAINING_BANDS)
        .free(USUAL_RANGES.map(|(parameter, ..)| parameter))
        .build()?;
    let (bands, parameters) = (SENTINEL2_TRAINING_BANDS.len(), USUAL_RANGES.len());
    let mut mean = Array2::<f64>::zeros((bands, parameters));
    // a thousand at a time: memory does not grow with the number of forests
    for some in forests.chunks(1000) {
        let (_, jacobian) = model.bands_with_jacobian(some)?;
        mean += &jacobian.mapv(f64::abs).sum_axis(Axis(0));
    }
    for (k, (_, min, max)) in USUAL_RANGES.into_iter().enumerate() {
        let scale = (max - min) / forests.len() as f64;
        mean.column_mut(k).mapv_inplace(|sum| sum * scale);
    }
    Ok(mean)
}

fn table(variant: &str, sensitivity: &Array2<f64>) -> Result<String, AnyError> {
    let mut text = format!("{variant:<10}");
    for (parameter, ..) in USUAL_RANGES {
        write!(text, "{:>9}", parameter.symbol())?;
    }
    let mean = sensitivity.mean_axis(Axis(0)).ok_or("no band")?;
    let rows = sensitivity.rows().into_iter().chain([mean.view()]);
    for (name, row) in SENTINEL2_TRAINING_BANDS
        .into_iter()
        .chain(["mean"])
        .zip(rows)
    {
        write!(text, "\n{name:<10}")?;
        for value in row {
            write!(text, "{value:>9.4}")?;
        }
    }
    text.push('\n');
    Ok(text)
}

fn run(request: &Request) -> Result<String, AnyError> {
    let forests = forests(request.count);
    let published = sensitivity(Variant::Published, &forests)?;
    let enmap_box = sensitivity(Variant::EnmapBox, &forests)?;
    let lai = USUAL_RANGES.iter().position(|(p, ..)| *p == Parameter::Lai);
    let lai = lai.ok_or("LAI has no usual range")?;
    let of_lai = |sensitivity: &Array2<f64>| sensitivity.column(lai).mean().unwrap_or(f64::NAN);
    let share = of_lai(&enmap_box) / of_lai(&published);
    let small = share < LARGEST_SHARE_OF_LAI;
    if !small {
        let message = format!(
            "LAI counts for {share:.3} of what it does in the published model, expected less than \
             {LARGEST_SHARE_OF_LAI}"
        );
        return Err(message.into());
    }
    Ok(format!(
        "mean |dR/dp| (max - min) over {} forests\n\n{}\n{}\n\
         LAI: {:.4} in published, {:.4} in enmap_box, {share:.3} of it\n",
        forests.len(),
        table("published", &published)?,
        table("enmap_box", &enmap_box)?,
        of_lai(&published),
        of_lai(&enmap_box),
    ))
}

fn main() -> ExitCode {
    exit_code(run(&Request::parse()))
}
