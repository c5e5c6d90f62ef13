//! What to type after an error: the library says what is wrong, the command line how to go on.

use super::Cli;
use crate::TrainerError;
use crate::config::ConfigError;
use crate::inference::input::Role;
use clap::CommandFactory as _;
use std::error::Error;

/// What the user can type to get over an error; `None` where its message says everything.
pub fn advice(error: &TrainerError) -> Option<String> {
    use TrainerError as E;
    Some(match error {
        E::Config(error) => return config_advice(error),
        E::TooManyDropped { .. } => {
            "trainer config check --data --dropped-rows FILE lists them all".to_owned()
        }
        E::Quadrature { wanted, .. } => {
            format!("cargo xtask quadrature --nodes {wanted} makes one")
        }
        E::DiskRefused { run, .. } => format!(
            "when that is mended, continue with: trainer train --resume {}",
            run.display()
        ),
        E::NoSamples { run, .. } => format!(
            "to make it of what the run's folder alone holds: trainer report {} --without-samples",
            run.display()
        ),
        E::ChangedData { .. } => "or go on with these: --allow-changed-data".to_owned(),
        E::OtherConfiguration { .. } => "or go on with it: --allow-changed-config".to_owned(),
        E::ChangedConfiguration { .. } => {
            "to go on with this one: --allow-changed-config".to_owned()
        }
        E::Diverged { run, .. } => {
            format!("to look at them: trainer replay {}", run.display())
        }
        E::Interrupted { run } => {
            format!("continue with: trainer train --resume {}", run.display())
        }
        E::Stopped { .. } => {
            "the same command goes on with a raster, and begins a table anew".to_owned()
        }
        E::NoNoise => "give one with --noise A,R".to_owned(),
        E::NotFound {
            role, by_number, ..
        } => naming(role, *by_number),
        E::Implausible { what, .. } => return declaring(&what.cure),
        E::Argument { name, .. } => return option_named(name),
        _ => return None,
    })
}

fn config_advice(error: &ConfigError) -> Option<String> {
    Some(match error {
        ConfigError::MalformedOverride { .. } => {
            "type it as --set path.to.key=value; trainer config schema lists all keys".to_owned()
        }
        ConfigError::NoDataDirectory { .. } => "give it with --data-dir DIR".to_owned(),
        _ => return None,
    })
}

/// How a column or band is named.
fn naming(role: &Role, by_number: bool) -> String {
    let option = match role {
        Role::Channel(name) => format!("--band {name}="),
        Role::Angle(name) => format!("--angle {name}="),
        Role::Mask => "--mask ".to_owned(),
    };
    if by_number {
        format!("say {option}NAME or {option}NUMBER")
    } else {
        format!("say {option}NAME")
    }
}

/// How what is declared as keys of a configuration is declared to `trainer infer`.
fn declaring(cure: &str) -> Option<String> {
    if let Some(values) = cure.strip_prefix("declare values: ") {
        return Some(format!("say --values {values}"));
    }
    if let Some(nodata) = cure.strip_prefix("declare nodata: ") {
        return Some(format!("say --nodata {nodata}"));
    }
    let own = if cure.contains("digital_numbers with scale 1 and offset 0") {
        "1,0"
    } else if cure.contains("digital_numbers with digital_numbers") {
        "SCALE,OFFSET"
    } else {
        return None;
    };
    Some(format!(
        "say --values digital_numbers --digital-numbers {own}"
    ))
}

/// The option of `trainer infer` by which a setting of that name is given.
fn option_named(name: &str) -> Option<String> {
    let program = Cli::command();
    let infer = program.find_subcommand("infer")?;
    let option = infer.get_arguments().find(|it| it.get_id() == name)?;
    let value = option.get_value_names()?.first()?;
    Some(format!("option --{} {value}", option.get_long()?))
}

/// The message of an error as the program prints it: what is wrong, what to type, then each cause that the message
/// does not tell already on a line of its own.
pub fn message(error: &TrainerError) -> String {
    let mut text = error.to_string();
    if let Some(advice) = advice(error) {
        text += "; ";
        text += &advice;
    }
    let mut cause = error.source();
    while let Some(inner) = cause {
        let told = inner.to_string();
        if !text.contains(&told) {
            text += "\n  because ";
            text += &told;
        }
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::path::Path;

    fn full() -> TrainerError {
        let error = io::Error::from(io::ErrorKind::StorageFull);
        TrainerError::io(Path::new("last.safetensors"), error)
    }

    #[test]
    fn the_cause_is_kept_and_told_once() {
        let error = full();
        let cause = error.source().and_then(|it| it.downcast_ref::<io::Error>());
        assert_eq!(cause.unwrap().kind(), io::ErrorKind::StorageFull);
        insta::assert_snapshot!(message(&error), @"last.safetensors: no storage space");
        let error = error.resumable(Path::new("runs/a"));
        insta::assert_snapshot!(message(&error), @"last.safetensors: no storage space; what was on disk before is whole; when that is mended, continue with: trainer train --resume runs/a");
        assert!(error.source().unwrap().source().unwrap().is::<io::Error>());
    }

    #[test]
    fn a_cause_that_the_message_leaves_out_follows_it() {
        let source = io::Error::from(io::ErrorKind::PermissionDenied);
        let path = "a.csv".into();
        let error = TrainerError::Tabular(tabular::TabularError::Read { path, source });
        insta::assert_snapshot!(message(&error), @r"
        cannot read a.csv
          because permission denied
        ");
    }

    #[test]
    fn what_to_type_is_the_command_lines() {
        let run = || "runs/a".into();
        let interrupted = TrainerError::Interrupted { run: run() };
        insta::assert_snapshot!(message(&interrupted), @"interrupted; its state is saved in runs/a; continue with: trainer train --resume runs/a");
        let gone = TrainerError::NoSamples {
            error: Box::new(full()),
            run: run(),
        };
        insta::assert_snapshot!(message(&gone), @"last.safetensors: no storage space; a report evaluates the run's samples again; to make it of what the run's folder alone holds: trainer report runs/a --without-samples");
        let values = TrainerError::argument("values", "not given", "reflectance, percent");
        insta::assert_snapshot!(message(&values), @"values not given is not allowed: reflectance, percent; option --values VALUES");
        let angle = TrainerError::argument("angle", "tts = 99", "0 to 89 degrees");
        insta::assert_snapshot!(message(&angle), @"angle tts = 99 is not allowed: 0 to 89 degrees; option --angle NAME=DEGREES|COLUMN");
        assert_eq!(advice(&TrainerError::NoPhysics), None);
    }
}
