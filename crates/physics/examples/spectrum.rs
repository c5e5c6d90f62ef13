//! The bands, or the spectrum, of one canopy or forest.
//!
//!     cargo run -p physics --example spectrum -- --N 1.5 --cab 40 --LAI 3 --tts 40
//!     cargo run -p physics --example spectrum -- --canopy enmap_box --sensor l8 --jacobian cab,LAI,fc
//!     cargo run -p physics --example spectrum -- --canopy sail --leaf prospect_pro --ALA 57 --wavelengths 400:2500:50

#[path = "shared/outcome.rs"]
mod outcome;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, value_parser};
use outcome::{AnyError, exit_code};
use physics::tables::{FIRST_WAVELENGTH_NM, LAST_WAVELENGTH_NM, LeafConstants, SoilAndSky};
use physics::{
    Canopy, CanopyParameters, ForwardModel, LeafAngles, LeafVersion, Parameter, ReflectanceModel,
    Sensor, SpectralTables, Variant,
};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The bands, or the spectrum, of one canopy or forest
#[derive(Args)]
struct Choices {
    /// What stands on the soil: 4SAIL alone, or INFORM in one of its variants
    #[arg(long, alias = "variant", default_value = "published",
          value_parser = ["sail", "published", "enmap_box"])]
    canopy: String,
    /// Leaf model: prospect_4, _5, _5b, _d or _pro
    #[arg(long, default_value = "prospect_d")]
    leaf: LeafVersion,
    /// s2a, s2b, l8, l9, or a CSV file of response functions
    #[arg(long, value_name = "NAME|FILE.csv", default_value = "s2a")]
    sensor: String,
    /// Instead of bands the spectrum, in nm; the step is 1 unless given
    #[arg(long, value_name = "FIRST:LAST[:STEP]", conflicts_with = "sensor",
          value_parser = wavelengths)]
    wavelengths: Option<Wavelengths>,
    /// Folder with soil_and_sky.csv and the leaf's prospect_5.csv, prospect_d.csv or prospect_pro.csv
    #[arg(long, value_name = "FOLDER")]
    tables: Option<PathBuf>,
    /// uniform, spherical, planophile, erectophile, plagiophile, extremophile, or the average in degrees
    #[arg(long, value_name = "NAME|DEGREES", value_parser = leaf_angles, default_value = "uniform",
          conflicts_with_all = ["ALA", "LIDFa", "LIDFb"])]
    leaf_angles: LeafAngles,
    /// Also the exact derivatives to these parameters
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    jacobian: Vec<Parameter>,
}

#[derive(Clone)]
struct Wavelengths(Vec<u32>);

fn wavelengths(text: &str) -> Result<Wavelengths, String> {
    let wrong = || "expected FIRST:LAST or FIRST:LAST:STEP in whole nm";
    let parts = text.split(':').map(str::parse);
    let parts: Vec<u32> = parts.collect::<Result<_, _>>().map_err(|_| wrong())?;
    let (first, last, step) = match parts[..] {
        [first, last] => (first, last, 1),
        [first, last, step] => (first, last, step),
        _ => return Err(wrong().into()),
    };
    let (least, most) = (FIRST_WAVELENGTH_NM, LAST_WAVELENGTH_NM);
    if step == 0 || first > last || first < least || last > most {
        return Err(format!(
            "expected {least} <= FIRST <= LAST <= {most} and STEP >= 1 nm"
        ));
    }
    Ok(Wavelengths((first..=last).step_by(step as usize).collect()))
}

fn leaf_angles(text: &str) -> Result<LeafAngles, String> {
    if let Ok(degrees) = text.parse() {
        return Ok(LeafAngles::Ellipsoidal(degrees));
    }
    LeafAngles::named(text).map_err(|error| format!("{error}, or the average in degrees"))
}

/// The options of [`Choices`], and one option per parameter.
fn command() -> Command {
    let parameters = Parameter::ALL.map(|parameter| {
        let q = parameter.quantity();
        let default = match parameter {
            Parameter::Cd => "from fc and sd",
            Parameter::H => "from cd",
            Parameter::Skyl => "from tts",
            Parameter::Ala | Parameter::LidfA | Parameter::LidfB => "see --leaf-angles",
            _ => &q.default.to_string(),
        };
        let unit = if q.unit == "1" {
            String::new()
        } else {
            format!(" {}", q.unit)
        };
        let arg = Arg::new(parameter.symbol())
            .long(parameter.symbol())
            .value_name("NUMBER")
            .help(format!("{} to {}{unit} [default: {default}]", q.min, q.max))
            .help_heading("Parameters")
            .allow_negative_numbers(true)
            .value_parser(value_parser!(f64));
        match parameter {
            Parameter::Ala => arg.conflicts_with_all(["LIDFa", "LIDFb"]),
            _ => arg,
        }
    });
    Choices::augment_args(Command::new("spectrum")).args(parameters)
}

fn tables(folder: &Path, leaf: LeafVersion) -> Result<SpectralTables, AnyError> {
    let constants = match leaf {
        LeafVersion::Prospect4 | LeafVersion::Prospect5 | LeafVersion::Prospect5B => "prospect_5",
        LeafVersion::ProspectD => "prospect_d",
        LeafVersion::ProspectPro => "prospect_pro",
    };
    Ok(SpectralTables {
        leaf: LeafConstants::read(folder.join(constants).with_extension("csv"))?,
        soil_and_sky: SoilAndSky::read(folder.join("soil_and_sky.csv"))?,
    })
}

fn run(matches: &ArgMatches) -> Result<String, AnyError> {
    let choices = Choices::from_arg_matches(matches)?;
    let mut sample = CanopyParameters {
        leaf_angles: choices.leaf_angles,
        ..Default::default()
    };
    let mut given = Vec::new();
    for parameter in Parameter::ALL {
        if let Some(value) = matches.get_one::<f64>(parameter.symbol()) {
            sample.set(parameter.symbol(), *value)?;
            given.push(parameter);
        }
    }
    for parameter in &choices.jacobian {
        if sample.get(*parameter).is_none() {
            let message = format!("--jacobian {parameter} needs a value: give --{parameter} too");
            return Err(message.into());
        }
    }

    let mut builder = ReflectanceModel::builder()
        .leaf(choices.leaf)
        .canopy(match choices.canopy.as_str() {
            "sail" => Canopy::Sail,
            "enmap_box" => Canopy::Inform(Variant::EnmapBox),
            _ => Canopy::Inform(Variant::Published),
        })
        .fixed(sample.clone());
    if let Some(folder) = &choices.tables {
        builder = builder.tables(tables(folder, choices.leaf)?);
    }
    builder = builder.sensor(match &choices.wavelengths {
        Some(Wavelengths(nm)) => Sensor::hyperspectral(nm)?,
        None if Sensor::BUILT_IN.contains(&choices.sensor.as_str()) => {
            Sensor::built_in(&choices.sensor)?
        }
        None => Sensor::read(&choices.sensor)?,
    });
    // a parameter that this model does not have could not be free: an error, rather than no effect
    builder.clone().free(given).build()?;
    let model = builder.free(choices.jacobian).build()?;
    let samples = [sample];
    let (bands, jacobian) = model.bands_with_jacobian(&samples)?;

    let mut text = String::new();
    writeln!(text, "{}, {}", model.name(), model.leaf())?;
    if let Canopy::Inform(_) = model.canopy() {
        writeln!(
            text,
            "crown diameter {:.2} m, height {:.2} m, crown cover seen {:.3}",
            samples[0].crown_diameter_m(),
            samples[0].tree_height_m(),
            model.crown_cover(&samples[0])?.co,
        )?;
    }
    write!(text, "{:<7}{:>9}{:>13}", "band", "mean nm", "reflectance")?;
    for parameter in model.free() {
        write!(text, "{:>12}", format!("d/d{parameter}"))?;
    }
    writeln!(text)?;
    for (j, band) in model.sensor().bands().iter().enumerate() {
        let mean = band.mean_wavelength_nm();
        write!(text, "{:<7}{mean:>9.1}{:>13.6}", band.name(), bands[[0, j]])?;
        for k in 0..model.free().len() {
            write!(text, "{:>12.3e}", jacobian[[0, j, k]])?;
        }
        writeln!(text)?;
    }
    Ok(text)
}

fn main() -> ExitCode {
    exit_code(run(&command().get_matches()))
}
