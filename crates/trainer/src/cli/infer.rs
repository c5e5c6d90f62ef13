//! `trainer infer`: its arguments.

use crate::config::{ChannelValues, DigitalNumbers};
use crate::device::Device;
use crate::inference::Written;
use crate::inference::input::{Kept, Source};
use clap::{Args, ValueEnum};
use data::BandNoise;
use std::num::NonZeroUsize;
use std::path::PathBuf;

pub(super) const EXAMPLES: &str = "\
Examples:
  trainer infer models/s2_midlatitude --input scene.tif --output traits.tif --values sentinel2_l2a --angle tts=35
  trainer infer models/s2_midlatitude --input 10m.tif --input 20m.tif --output traits.tif \\
      --values sentinel2_l2a --band B8A=2:4 --mask SCL --mask-keep scl_vegetation --angle tts=sun_zenith
  trainer infer RUN --input plots.csv --output traits.parquet --values reflectance --keep plot --refine 5
  trainer infer RUN --input scene.tif --output traits.tif --values sentinel2_l2a_before_0400 \\
      --write median,sd --parameters LAI,cab --bbox 600000,5320000,610000,5330000 --workers 2

Rasters (.tif, .tiff) come out as a Cloud-Optimized GeoTIFF, tables (.csv, .parquet, .npy) as a table. A raster that was
interrupted goes on where it stopped when the same command is given again. --description FILE.json holds what
--band, --values, --digital-numbers, --angle, --nodata, --mask and --keep say, under the keys columns, values,
digital_numbers, angles, sun, date, nodata, mask and keep; what stands on the command line wins.

Exit codes: 0 done, 2 bad input, 130 stopped with Ctrl-C, 1 anything else.";

/// Arguments of `trainer infer`.
#[derive(Args, Clone, Debug)]
pub struct InferArgs {
    /// Run directory or exported model, such as models/s2_midlatitude
    #[arg(value_name = "RUN")]
    pub run: PathBuf,
    /// GeoTIFF (several of one place: repeat it) or one table: .csv, .parquet, .npy
    #[arg(long, value_name = "FILE", required = true)]
    pub input: Vec<PathBuf>,
    /// What to write: .tif of rasters; .csv, .parquet or .npy of a table
    #[arg(long, value_name = "FILE")]
    pub output: PathBuf,
    /// Description of the input (JSON)
    #[arg(long, value_name = "FILE.json")]
    pub description: Option<PathBuf>,
    /// What the channels hold: reflectance, percent, sentinel2_l2a (baseline 04.00 and later), sentinel2_l2a_before_0400,
    /// digital_numbers (with --digital-numbers), standardized, displacement_mm
    #[arg(long, value_name = "VALUES")]
    pub values: Option<ChannelValues>,
    /// Scale and offset of --values digital_numbers: reflectance = (number + OFFSET) * SCALE
    #[arg(long, value_name = "SCALE,OFFSET", value_parser = parse_digital_numbers, allow_hyphen_values = true)]
    pub digital_numbers: Option<DigitalNumbers>,
    /// Where a channel is: a column's or band's name, a band's number from 1, or FILE:BAND; repeatable
    #[arg(long, value_name = "CHANNEL=COLUMN", value_parser = parse_pair)]
    pub band: Vec<(String, String)>,
    /// An angle in degrees (tts, tto, psi), or the column or band that holds it; repeatable
    #[arg(long, value_name = "NAME=DEGREES|COLUMN", value_parser = parse_angle)]
    pub angle: Vec<(String, Source)>,
    /// Value of the channels that stands for no data, beside those that a file declares
    #[arg(long, value_name = "VALUE", allow_negative_numbers = true)]
    pub nodata: Option<f64>,
    /// Column or band of classes that says what is kept
    #[arg(long, value_name = "COLUMN")]
    pub mask: Option<String>,
    /// Its values that are kept: scl_vegetation (4), scl_land (4, 5), scl_clear (4-7, 11) of Sentinel-2's scene
    /// classification, or a list such as 1,2
    #[arg(long, value_name = "VALUES", requires = "mask")]
    pub mask_keep: Option<Kept>,
    /// Column of a table that is carried along; repeatable
    #[arg(long, value_name = "COLUMN")]
    pub keep: Vec<String>,
    /// Which groups of columns to write; the others need not be computed
    #[arg(long, value_name = "GROUPS", value_enum, value_delimiter = ',', default_values_t = Written::ALL)]
    pub write: Vec<Written>,
    /// The parameters to write median, deviation and interval of [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub parameters: Option<Vec<String>>,
    /// Levenberg-Marquardt steps from the encoder's answer towards each spectrum; 0: none
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub refine: usize,
    /// Noise of each channel that the refinement assumes, A + R times its value [default: that of the training]
    #[arg(long, value_name = "A,R", requires = "refine", value_parser = parse_noise)]
    pub noise: Option<BandNoise>,
    /// Part of a raster: least x, least y, greatest x, greatest y, in units of its CRS
    #[arg(long, value_name = "X,Y,X,Y", value_parser = parse_bbox, allow_hyphen_values = true)]
    pub bbox: Option<Bbox>,
    /// Pixel size of the output in units of the CRS [default: that of the coarsest band up to 20]
    #[arg(long, value_name = "SIZE")]
    pub resolution: Option<f64>,
    /// Where the networks compute: `cpu`, or `cuda:N` in a build with CUDA
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    pub device: Device,
    /// Number of threads; the results do not depend on it [default: one per core]
    #[arg(long, value_name = "N")]
    pub workers: Option<NonZeroUsize>,
    /// Compression of a raster
    #[arg(long, value_name = "HOW", value_enum, default_value_t)]
    pub compress: Compress,
    /// Replace an output that is there
    #[arg(long)]
    pub overwrite: bool,
}

/// Least x, least y, greatest x, greatest y.
pub type Bbox = [f64; 4];

/// How a raster is compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Compress {
    /// Deflate, level 6
    #[default]
    Deflate,
    /// Deflate, level 1
    Fast,
    /// Not at all: the fastest to write
    None,
}

fn parse_pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => {
            Ok((name.to_owned(), value.to_owned()))
        }
        _ => Err("allowed: NAME=VALUE".to_owned()),
    }
}

fn parse_angle(text: &str) -> Result<(String, Source), String> {
    let (name, value) = parse_pair(text)?;
    Ok((name, value.parse()?))
}

fn numbers<const N: usize>(text: &str) -> Option<[f64; N]> {
    let numbers: Result<Vec<f64>, _> = text.split(',').map(|part| part.trim().parse()).collect();
    let numbers: [f64; N] = numbers.ok()?.try_into().ok()?;
    numbers.iter().all(|v| v.is_finite()).then_some(numbers)
}

pub(super) fn parse_noise(text: &str) -> Result<BandNoise, String> {
    match numbers::<2>(text) {
        Some([absolute, relative]) if absolute > 0.0 && relative >= 0.0 => {
            Ok(BandNoise { absolute, relative })
        }
        _ => Err(
            "allowed: two numbers, the first above 0, the second at least 0, such as 0.005,0.03"
                .to_owned(),
        ),
    }
}

fn parse_digital_numbers(text: &str) -> Result<DigitalNumbers, String> {
    match numbers::<2>(text) {
        Some([scale, offset]) if scale > 0.0 => Ok(DigitalNumbers { scale, offset }),
        _ => Err("allowed: two numbers, the first above 0, such as 0.0001,-1000".to_owned()),
    }
}

fn parse_bbox(text: &str) -> Result<Bbox, String> {
    numbers(text)
        .ok_or_else(|| "allowed: four numbers, such as 600000,5320000,610000,5330000".to_owned())
}
