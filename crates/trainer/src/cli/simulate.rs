//! `trainer simulate`: its arguments.

use crate::config::{InformVariant, Precision, SensorChoice};
use clap::Args;
use std::path::PathBuf;

pub(super) const EXAMPLES: &str = "\
Columns of the parameters of forests, in any order:
  needed    N (-), cab (ug/cm2), cw (cm), cm (g/cm2), LAI (m2/m2), LAIu (m2/m2), fc (-)
  optional  car (ug/cm2), anth (ug/cm2), cbrown (-), psoil (-), hspot (-),
            lidf (uniform, spherical or the average leaf angle in degrees),
            tts, tto, psi (degrees), sd (trees/ha), cd (m), h (m; cd and h follow from fc if absent)
Columns of the bands: B01 to B12 as reflectance (0-1), with all digits of the precision; with
--jacobian also d_<band>_d_<parameter>.
With --stations the parameters are those of Mogi's source: xcen (km), ycen (km), d (km) and dV (1e5 m3
above -1e7 m3); the columns are ux_<station>, uy_<station> and uz_<station> in mm.

Examples:
  trainer simulate --params traits.csv --output spectra.csv
  trainer simulate --params traits.csv --output spectra.csv --sensor s2b --precision f64 --jacobian
  trainer simulate --params sources.csv --output mm.csv --stations configs/stations/akutan.json

Exit codes: 0 done, 2 bad input, 1 anything else.";

/// Arguments of `trainer simulate`.
#[derive(Args, Clone, Debug)]
pub struct SimulateArgs {
    /// Table of parameters (CSV with a header), one row a sample
    #[arg(long, value_name = "IN.csv")]
    pub params: PathBuf,
    /// Table of bands or displacements to write (CSV)
    #[arg(long, value_name = "OUT.csv")]
    pub output: PathBuf,
    /// Variant of INFORM
    #[arg(long, value_name = "VARIANT", value_enum, default_value_t)]
    pub variant: InformVariant,
    /// Sensor: s2a, s2b, or a CSV file of response functions
    #[arg(long, value_name = "SENSOR", default_value = "s2a")]
    pub sensor: SensorChoice,
    /// Folder of spectral tables to use in place of the built-in ones
    #[arg(long, value_name = "DIR")]
    pub tables: Option<PathBuf>,
    /// Number type
    #[arg(long, value_name = "PRECISION", value_enum, default_value_t)]
    pub precision: Precision,
    /// Also write the derivative of each band or displacement by each of the needed parameters
    #[arg(long)]
    pub jacobian: bool,
    /// Stations (JSON) around a volcano: simulate displacements by Mogi's source in place of spectra
    #[arg(long, value_name = "STATIONS.json", conflicts_with_all = ["variant", "sensor", "tables", "precision"])]
    pub stations: Option<PathBuf>,
    /// Poisson's ratio of the half-space, 0 to 0.5
    #[arg(long, value_name = "NU", default_value_t = 0.25, requires = "stations", value_parser = parse_poisson_ratio)]
    pub poisson_ratio: f64,
    /// Replace a table that is there
    #[arg(long)]
    pub overwrite: bool,
}

fn parse_poisson_ratio(text: &str) -> Result<f64, String> {
    let ratio = text.parse().ok().filter(|it| (0.0..=0.5).contains(it));
    ratio.ok_or_else(|| "allowed: a number from 0 to 0.5".to_owned())
}
