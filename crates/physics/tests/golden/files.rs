//! The golden files, read.

use physics::tables::{LeafConstants, SoilAndSky};
use physics::{CanopyParameters, LeafAngleClasses, LeafAngles, Sensor, SpectralTables};
use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

/// Double precision against golden bands and spectra, absolute.
pub const F64_REFLECTANCE: f64 = 1e-10;
/// Double precision against golden Jacobians, of the largest of the column.
pub const F64_JACOBIAN: f64 = 1e-8;

/// A golden file of the workspace; `None`, after saying that the test is skipped, where this crate has been
/// copied out of it.
pub fn golden(name: &str) -> Option<Value> {
    let workspace = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = workspace.join("tests/golden");
    if !folder.is_dir() {
        skipped("tests/golden of the workspace");
        return None;
    }
    let path = folder.join(name);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(serde_json::from_str(&text).unwrap())
}

fn skipped(what: &str) {
    // straight to the stream: the test harness keeps what passing tests print to itself
    let _ = writeln!(std::io::stderr(), "SKIPPED: {what} not found");
}

pub fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

pub fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

pub fn count(value: &Value) -> usize {
    value.as_array().unwrap().len()
}

pub fn wavelengths(value: &Value) -> Vec<u32> {
    numbers(value).into_iter().map(|nm| nm as u32).collect()
}

/// Figures for a message.
pub fn list(figures: &[f64]) -> String {
    let figures: Vec<String> = figures.iter().map(|f| format!("{f:.0e}")).collect();
    figures.join(" ")
}

/// Largest absolute difference.
pub fn worst(found: impl IntoIterator<Item = f64>, expected: &[f64]) -> f64 {
    let found: Vec<f64> = found.into_iter().collect();
    assert_eq!(found.len(), expected.len());
    let differences = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
    // a NaN must not pass
    differences.fold(0.0, |worst, d| if d <= worst { worst } else { d })
}

/// Largest difference of Jacobians (bands × parameters), each column relative to its largest entry.
pub fn worst_of_column(found: &[f64], expected: &[f64], columns: usize) -> Vec<f64> {
    assert_eq!(found.len(), expected.len());
    (0..columns)
        .map(|column| {
            let pick = |all: &[f64]| -> Vec<f64> {
                all.iter().skip(column).step_by(columns).copied().collect()
            };
            let (found, expected) = (pick(found), pick(expected));
            let largest = expected.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
            worst(found, &expected) / largest
        })
        .collect()
}

/// A file that may not be part of the project: beside the workspace, or the test is skipped.
fn shared(name: &str) -> Option<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/golden");
    if !folder.is_dir() {
        skipped("../shared/golden");
        return None;
    }
    let path = folder.join(name);
    Some(std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
}

/// Tables, response functions and leaf angle classes of the reference the golden files were made with.
pub struct Reference {
    pub tables: SpectralTables,
    pub sensor: Sensor,
    /// Rows of the tabulated leaf angle distributions.
    pub leaf_angles: Vec<LeafAngles>,
}

impl Reference {
    /// `None`, with a line on the output, where the files are not there.
    pub fn read() -> Option<Self> {
        let (tables, response) = (
            shared("tables_reference.csv")?,
            shared("srf_reference.csv")?,
        );
        let angles = shared("lidf_beta.csv")?;
        let leaf = columns(
            &tables,
            &[
                ("wl_nm", "wavelength_nm"),
                ("PD_refractive", "n"),
                ("PD_k_Cab", "k_cab"),
                ("PD_k_Car", "k_car"),
                ("PD_k_Anth", "k_anth"),
                ("PD_k_Brown", "k_brown"),
                ("PD_k_Cw", "k_w"),
                ("PD_k_Cm", "k_m"),
            ],
        );
        // the first soil is the brighter, dry one
        let soil_and_sky = columns(
            &tables,
            &[
                ("wl_nm", "wavelength_nm"),
                ("Rsoil1", "r_dry"),
                ("Rsoil2", "r_wet"),
                ("Es", "e_direct"),
                ("Ed", "e_diffuse"),
            ],
        );
        let response = every_nm(&response.replacen("wl_nm", "wavelength_nm", 1));
        let rows: Vec<Vec<f64>> = angles
            .lines()
            .skip(1)
            .map(|line| line.split(',').map(|v| v.parse().unwrap()).collect())
            .collect();
        let leaf_angles = (1..=6)
            .map(|column| {
                let weights: Vec<f64> = rows.iter().map(|row| row[column]).collect();
                let weights: [f64; 13] = weights.try_into().unwrap();
                let classes = LeafAngleClasses::standard(&weights).unwrap();
                LeafAngles::Classes(Arc::new(classes))
            })
            .collect();
        Some(Self {
            tables: SpectralTables {
                leaf: LeafConstants::parse("tables_reference.csv", &leaf).unwrap(),
                soil_and_sky: SoilAndSky::parse("tables_reference.csv", &soil_and_sky).unwrap(),
            },
            sensor: Sensor::parse("reference", &response).unwrap(),
            leaf_angles,
        })
    }

    /// Leaf angles by the reference's two types: 1 a row of its table, 2 an average angle.
    pub fn leaf_angles(&self, kind: f64, value: f64) -> LeafAngles {
        if kind == 1.0 {
            self.leaf_angles[value as usize].clone()
        } else {
            LeafAngles::Ellipsoidal(value)
        }
    }

    /// The forests of a golden file's `params`; crown diameter and height as given where `sized`.
    pub fn forests(&self, params: &Value, sized: bool) -> Vec<CanopyParameters> {
        (0..count(&params["N"]))
            .map(|i| {
                let get = |name: &str| number(&params[name][i]);
                CanopyParameters {
                    cd: sized.then(|| get("cd")),
                    h: sized.then(|| get("h")),
                    leaf_angles: self.leaf_angles(get("typeLIDF"), get("LIDF")),
                    ..forest(params, i)
                }
            })
            .collect()
    }
}

/// The numbers of one case that all files have.
pub fn forest(params: &Value, i: usize) -> CanopyParameters {
    let mut forest = CanopyParameters::default();
    for name in [
        "N", "cab", "car", "anth", "cbrown", "cw", "cm", "LAI", "LAIu", "fc", "sd", "hspot",
        "psoil", "tts", "tto", "psi",
    ] {
        forest.set(name, number(&params[name][i])).unwrap();
    }
    forest
}

/// A table of response functions with the wavelengths it leaves out, at which every band is 0. Without
/// them the response would be taken as linear across a short gap.
fn every_nm(text: &str) -> String {
    let mut lines = text.lines();
    let header = lines.next().unwrap();
    let zeros = ",0".repeat(header.split(',').count() - 1);
    let mut table = format!("{header}\n");
    let mut next = None;
    for line in lines {
        let nm: u32 = line.split(',').next().unwrap().parse().unwrap();
        for left_out in next.unwrap_or(nm)..nm {
            table += &(left_out.to_string() + &zeros + "\n");
        }
        table += line;
        table += "\n";
        next = Some(nm + 1);
    }
    table
}

/// Some columns of a table under other names.
fn columns(text: &str, names: &[(&str, &str)]) -> String {
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let places: Vec<usize> = names
        .iter()
        .map(|(old, _)| header.iter().position(|h| h == old).unwrap())
        .collect();
    let new: Vec<&str> = names.iter().map(|(_, new)| *new).collect();
    let mut table = new.join(",") + "\n";
    for line in lines {
        let fields: Vec<&str> = line.split(',').collect();
        let picked: Vec<&str> = places.iter().map(|place| fields[*place]).collect();
        table += &(picked.join(",") + "\n");
    }
    table
}
