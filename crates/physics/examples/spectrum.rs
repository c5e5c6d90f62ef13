//! The bands of one canopy or forest.
//!
//!     cargo run -p physics --example spectrum -- --N 1.5 --cab 40 --LAI 3 --tts 40 --variant enmap_box

use physics::{
    CanopyParameters, ForwardModel, LeafAngles, ReflectanceModel, ReflectanceModelBuilder, Sensor,
    SpectralTables, Variant,
};
use std::process::ExitCode;

type AnyError = Box<dyn std::error::Error>;

fn help() -> String {
    let mut text = String::from(
        "The bands of a forest by INFORM (PROSPECT-D, 4SAIL)\n\n\
         usage: spectrum [--PARAMETER VALUE]... [OPTION VALUE]...\n\n\
         options:\n\
         \x20 --variant published|enmap_box   [published]\n\
         \x20 --sensor s2a|s2b|FILE.csv       response functions [s2a]\n\
         \x20 --tables FOLDER                 with prospect_d.csv and soil_and_sky.csv [built in]\n\
         \x20 --leaf-angles uniform|spherical|DEGREES   [uniform]\n\
         \x20 --jacobian yes|no               also the derivatives to N, cab, cw, cm, LAI, LAIu, fc [no]\n\n\
         parameters:\n",
    );
    for q in CanopyParameters::quantities() {
        let default = match q.name.as_str() {
            "cd" => "from fc and sd".to_owned(),
            "h" => "from cd".to_owned(),
            _ => q.default.to_string(),
        };
        let (name, unit, min, max) = (q.name, q.unit, q.min, q.max);
        let line = format!("  --{name:<7}{min} to {max} {unit} [{default}]\n");
        text.push_str(&line);
    }
    text
}

/// Everything the command line says.
struct Request {
    builder: ReflectanceModelBuilder,
    forest: CanopyParameters,
    jacobian: bool,
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Option<Request>, AnyError> {
    let mut request = Request {
        builder: ReflectanceModel::builder(),
        forest: CanopyParameters::default(),
        jacobian: false,
    };
    while let Some(argument) = arguments.next() {
        if argument == "--help" || argument == "-h" {
            return Ok(None);
        }
        let name = argument
            .strip_prefix("--")
            .ok_or_else(|| format!("'{argument}' is not an option; see --help"))?;
        let value = arguments
            .next()
            .ok_or_else(|| format!("--{name} needs a value"))?;
        match name {
            "variant" => {
                let variant = match value.as_str() {
                    "published" => Variant::Published,
                    "enmap_box" => Variant::EnmapBox,
                    _ => {
                        return Err(
                            format!("--variant {value}: expected published or enmap_box").into(),
                        );
                    }
                };
                request.builder = request.builder.variant(variant);
            }
            "sensor" => {
                let sensor = if Sensor::BUILT_IN.contains(&value.as_str()) {
                    Sensor::built_in(&value)?
                } else {
                    Sensor::read(&value)?
                };
                request.builder = request.builder.sensor(sensor);
            }
            "tables" => request.builder = request.builder.tables(SpectralTables::read(value)?),
            "leaf-angles" => {
                request.forest.leaf_angles = match value.as_str() {
                    "uniform" => LeafAngles::Uniform,
                    "spherical" => LeafAngles::Spherical,
                    angle => LeafAngles::Ellipsoidal(angle.parse().map_err(|_| {
                        format!("--leaf-angles {angle}: expected uniform, spherical or degrees")
                    })?),
                }
            }
            "jacobian" => {
                request.jacobian = match value.as_str() {
                    "yes" => true,
                    "no" => false,
                    _ => return Err(format!("--jacobian {value}: expected yes or no").into()),
                }
            }
            parameter => {
                let number = value
                    .parse()
                    .map_err(|_| format!("--{parameter} {value}: not a number"))?;
                request.forest.set(parameter, number)?;
            }
        }
    }
    Ok(Some(request))
}

fn run(request: Request) -> Result<(), AnyError> {
    let inform = request.builder.build()?;
    let forests = [request.forest];
    let (bands, jacobian) = inform.bands_with_jacobian(&forests)?;
    let cover = inform.crown_cover(&forests[0])?;
    println!(
        "{:?}, {}; crown diameter {:.2} m, height {:.2} m, cover seen {:.3}",
        inform.canopy(),
        inform.sensor().name(),
        forests[0].crown_diameter_m(),
        forests[0].tree_height_m(),
        cover.co,
    );
    print!("{:<6}{:>9}{:>13}", "band", "mean nm", "reflectance");
    let free = inform.parameters();
    if request.jacobian {
        for q in free {
            print!("{:>12}", format!("d/d{}", q.name));
        }
    }
    println!();
    for (j, band) in inform.sensor().bands().iter().enumerate() {
        print!(
            "{:<6}{:>9.1}{:>13.6}",
            band.name(),
            band.mean_wavelength_nm(),
            bands[[0, j]]
        );
        if request.jacobian {
            for k in 0..free.len() {
                print!("{:>12.3e}", jacobian[[0, j, k]]);
            }
        }
        println!();
    }
    Ok(())
}

fn main() -> ExitCode {
    let done = parse(std::env::args().skip(1)).and_then(|request| {
        request.map_or_else(
            || {
                print!("{}", help());
                Ok(())
            },
            run,
        )
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprint!("error: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprint!(": {error}");
                cause = error.source();
            }
            eprintln!();
            ExitCode::FAILURE
        }
    }
}
