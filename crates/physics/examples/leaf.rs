//! Reflectance, transmittance and absorptance of one leaf by every version of PROSPECT, side by side.
//!
//!     cargo run -p physics --example leaf
//!     cargo run -p physics --example leaf -- --N 1.2 --anth 8 --wavelengths 450,550,680,800 --jacobian cab,N

#[path = "shared/outcome.rs"]
mod outcome;

use clap::Parser;
use outcome::{AnyError, exit_code};
use physics::{LeafJacobian, LeafOptics, LeafParameters, LeafVersion, PhysicsError, Prospect};
use std::fmt::Write;
use std::process::ExitCode;
use std::sync::LazyLock;

/// Width of a column.
const CELL: usize = 11;

static DEFAULT: LazyLock<LeafParameters> = LazyLock::new(LeafParameters::default);

/// One leaf by several versions of PROSPECT; a version ignores the contents it does not know
#[derive(Parser)]
struct Request {
    /// Structure, number of layers, 1 to 4
    #[arg(long = "N", default_value_t = DEFAULT.n)]
    n: f64,
    /// Chlorophyll a and b, ug/cm2
    #[arg(long, default_value_t = DEFAULT.cab)]
    cab: f64,
    /// Carotenoids, ug/cm2
    #[arg(long, default_value_t = DEFAULT.car)]
    car: f64,
    /// Anthocyanins, ug/cm2
    #[arg(long, default_value_t = DEFAULT.anth)]
    anth: f64,
    /// Brown pigments, arbitrary units, 0 to 1
    #[arg(long, default_value_t = DEFAULT.cbrown)]
    cbrown: f64,
    /// Equivalent water thickness, cm
    #[arg(long, default_value_t = DEFAULT.cw)]
    cw: f64,
    /// Dry matter, g/cm2
    #[arg(long, default_value_t = DEFAULT.cm)]
    cm: f64,
    /// Proteins, g/cm2
    #[arg(long, default_value_t = DEFAULT.cp)]
    cp: f64,
    /// Carbon-based constituents, g/cm2
    #[arg(long, default_value_t = DEFAULT.cbc)]
    cbc: f64,
    /// Versions
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_values_t = LeafVersion::ALL)]
    leaf: Vec<LeafVersion>,
    /// Wavelengths, nm
    #[arg(long, value_name = "LIST", value_delimiter = ',',
          default_values_t = (400..=2500).step_by(100))]
    wavelengths: Vec<u32>,
    /// Also the derivatives to these parameters
    #[arg(long, value_name = "LIST", value_delimiter = ',',
          value_parser = ["N", "cab", "car", "anth", "cbrown", "cw", "cm", "cp", "cbc"])]
    jacobian: Vec<String>,
}

/// A leaf as one version sees it.
struct Seen {
    version: LeafVersion,
    optics: Vec<LeafOptics>,
    jacobian: LeafJacobian,
}

/// A table with one row per wavelength and, for each of ρ, τ and 1 − ρ − τ, one column per version.
/// `cell` gives the three at a row.
fn table(
    wavelengths: &[u32],
    seen: &[&Seen],
    titles: [String; 3],
    cell: impl Fn(&Seen, usize) -> [String; 3],
) -> Result<String, AnyError> {
    let width = seen.len() * CELL;
    let titles = titles.map(|title| format!("  {title:<width$}")).concat();
    let mut names = String::new();
    for seen in seen {
        let name = seen.version.name().trim_start_matches("prospect_");
        write!(names, "{name:>CELL$}")?;
    }
    let mut text = format!("{:<5}{}\n", "", titles.trim_end());
    writeln!(text, "{:<5}{}", "nm", format!("  {names}").repeat(3))?;
    for (row, nm) in wavelengths.iter().enumerate() {
        let cells: Vec<[String; 3]> = seen.iter().map(|s| cell(s, row)).collect();
        write!(text, "{nm:<5}")?;
        for quantity in 0..3 {
            write!(text, "  ")?;
            for cell in &cells {
                write!(text, "{:>CELL$}", cell[quantity])?;
            }
        }
        writeln!(text)?;
    }
    Ok(text)
}

fn run(request: &Request) -> Result<String, AnyError> {
    let leaf = LeafParameters {
        n: request.n,
        cab: request.cab,
        car: request.car,
        anth: request.anth,
        cbrown: request.cbrown,
        cw: request.cw,
        cm: request.cm,
        cp: request.cp,
        cbc: request.cbc,
    };
    let see = |version: &LeafVersion| {
        let prospect = Prospect::new(*version);
        let (optics, jacobian) = prospect.leaf_with_jacobian(&leaf, &request.wavelengths)?;
        Ok(Seen {
            version: *version,
            optics,
            jacobian,
        })
    };
    let seen: Vec<Seen> = request
        .leaf
        .iter()
        .map(see)
        .collect::<Result<_, PhysicsError>>()?;
    let all: Vec<&Seen> = seen.iter().collect();
    let quantities = ["reflectance", "transmittance", "absorptance"];

    let titles = quantities.map(String::from);
    let mut text = table(&request.wavelengths, &all, titles, |seen, row| {
        let o = seen.optics[row];
        [o.reflectance, o.transmittance, o.absorptance].map(|v| format!("{v:.6}"))
    })?;
    for name in &request.jacobian {
        let with_it: Vec<&Seen> = seen
            .iter()
            .filter(|s| s.jacobian.column(name).is_ok())
            .collect();
        if with_it.is_empty() {
            return Err(format!("--jacobian {name}: no version of --leaf has {name}").into());
        }
        let titles = quantities.map(|quantity| format!("d {quantity} / d {name}"));
        text.push('\n');
        text += &table(&request.wavelengths, &with_it, titles, |seen, row| {
            let j = &seen.jacobian;
            let slopes = [&j.reflectance, &j.transmittance, &j.absorptance];
            slopes.map(|slopes| match j.column(name) {
                Ok(column) => format!("{:.3e}", slopes[[row, column]] + 0.0), // no -0
                Err(_) => String::new(),
            })
        })?;
    }
    Ok(text)
}

fn main() -> ExitCode {
    exit_code(run(&Request::parse()))
}
