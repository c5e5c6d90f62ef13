//! What is parsed, refused and explained.

use super::*;
use crate::config::{ConfigSource, InformVariant, Overrides, Precision, SensorChoice};
use crate::device::Device;
use clap::CommandFactory as _;
use std::num::NonZeroUsize;
use std::path::PathBuf;

fn parse(line: &str) -> Result<Command, clap::Error> {
    Cli::try_parse_from(line.split(' ')).map(Cli::into_command)
}

fn rejection(line: &str) -> String {
    parse(line).unwrap_err().to_string()
}

#[test]
fn definitions_are_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn nothing_means_training_the_built_in_experiment() {
    let (Ok(Command::Train(nothing)), Ok(Command::Train(train))) =
        (parse("trainer"), parse("trainer train"))
    else {
        panic!("both train");
    };
    assert_eq!(format!("{nothing:?}"), format!("{train:?}"));
    assert_eq!(nothing.config.source(), ConfigSource::BuiltIn);
    assert_eq!(nothing.overrides(), Overrides::default());
    assert_eq!(nothing.runs_dir, PathBuf::from("runs"));
}

#[test]
fn train_takes_all_its_arguments() {
    let line = "trainer train --config a.json --data-dir d --set a.b=1 --set c=x=y --seed 7 \
                --epochs 3 --resume r --runs-dir out --device cuda:1 --threads 2";
    let Ok(Command::Train(train)) = parse(line) else {
        panic!("{line}")
    };
    assert_eq!(train.config.source(), ConfigSource::File("a.json".into()));
    assert_eq!(
        train.overrides(),
        Overrides {
            set: vec!["a.b=1".into(), "c=x=y".into()],
            seed: Some(7),
            epochs: Some(3),
            data_dir: Some("d".into()),
        }
    );
    assert_eq!(train.resume, Some("r".into()));
    assert_eq!(train.device, Device::Cuda(1));
    assert_eq!(train.threads, NonZeroUsize::new(2));
}

#[test]
fn simulate_and_config_take_their_arguments() {
    let line = "trainer simulate --params a.csv --output b.csv --variant enmap_box --sensor x.csv \
                --tables t --precision f64 --jacobian";
    let Ok(Command::Simulate(simulate)) = parse(line) else {
        panic!("{line}")
    };
    assert_eq!(simulate.variant, InformVariant::EnmapBox);
    assert_eq!(simulate.sensor, SensorChoice::Csv("x.csv".into()));
    assert_eq!(simulate.precision, Precision::F64);
    assert!(simulate.jacobian);
    let line = "trainer config check --config a.json --data --data-dir d";
    let Ok(Command::Config(ConfigCommand::Check(check))) = parse(line) else {
        panic!("{line}")
    };
    assert!(check.data && check.config.data_dir == Some("d".into()));
    assert!(matches!(
        parse("trainer config schema"),
        Ok(Command::Config(ConfigCommand::Schema))
    ));
    assert!(matches!(
        parse("trainer config show"),
        Ok(Command::Config(ConfigCommand::Show(_)))
    ));
    assert!(matches!(
        parse("trainer eval run --data f.csv"),
        Ok(Command::Eval(_))
    ));
}

#[test]
#[cfg(not(feature = "cuda"))]
fn a_gpu_needs_a_build_with_cuda() {
    let cuda = "cuda:0".parse::<Device>().unwrap().check();
    insta::assert_snapshot!(cuda.unwrap_err(), @"device cuda:0 is not available: this build has no CUDA support; allowed: cpu (or build with `cargo xtask cuda-build`)");
    assert_eq!(Device::Cpu.check().unwrap(), Device::Cpu);
}

#[test]
fn bad_arguments_say_what_is_allowed() {
    insta::assert_snapshot!(rejection("trainer train --device gpu"), @r"
    error: invalid value 'gpu' for '--device <DEVICE>': allowed: cpu, or cuda:N with the number of a GPU

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(rejection("trainer train --threads 0"), @r"
    error: invalid value '0' for '--threads <N>': allowed: a whole number from 1 to 1024

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(
        rejection("trainer simulate --params a.csv --output b.csv --sensor S2A"), @r#"
    error: invalid value 'S2A' for '--sensor <SENSOR>': allowed: "s2a", "s2b", "l8", "l9" or the path of a CSV file of response functions (*.csv)

    For more information, try '--help'.
    "#);
    insta::assert_snapshot!(
        rejection("trainer simulate --params a.csv --output b.csv --stations s.json --poisson-ratio 0.7"), @r"
    error: invalid value '0.7' for '--poisson-ratio <NU>': allowed: a number from 0 to 0.5

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(
        rejection("trainer simulate --params a.csv --output b.csv --variant enmap"), @r"
    error: invalid value 'enmap' for '--variant <VARIANT>'
      [possible values: published, enmap_box]

      tip: a similar value exists: 'enmap_box'

    For more information, try '--help'.
    ");
}

#[test]
fn event_files_are_written_unless_they_are_turned_off() {
    let written = |line: &str| match parse(line) {
        Ok(Command::Train(train)) => train.tensorboard,
        other => panic!("{line}: {other:?}"),
    };
    assert!(written("trainer train"));
    assert!(written("trainer train --tensorboard --seed 1"));
    assert!(written("trainer train --tensorboard true"));
    assert!(!written("trainer train --tensorboard false"));
    assert!(!written("trainer train --tensorboard=false"));
    let error = rejection("trainer train --tensorboard off");
    assert!(error.contains("[possible values: true, false]"), "{error}");
}

#[test]
fn every_command_has_examples_and_exit_codes() {
    fn look_at(command: &clap::Command, of: &str) {
        let name = format!("{of} {}", command.get_name());
        let after = command.get_after_help().map(ToString::to_string);
        let after = after.unwrap_or_else(|| panic!("nothing follows the options of{name}"));
        assert!(after.contains("Examples:\n  trainer"), "{name}: {after}");
        assert!(after.contains("\n\nExit codes: 0 "), "{name}: {after}");
        command
            .get_subcommands()
            .for_each(|inner| look_at(inner, &name));
    }
    look_at(&Cli::command(), "");
}

#[test]
fn help_texts() {
    let help = |line: &str| rejection(line);
    insta::assert_snapshot!("help", help("trainer --help"));
    insta::assert_snapshot!("help_train", help("trainer train --help"));
    insta::assert_snapshot!("help_eval", help("trainer eval --help"));
    insta::assert_snapshot!("help_replay", help("trainer replay --help"));
    insta::assert_snapshot!("help_report", help("trainer report --help"));
    insta::assert_snapshot!("help_simulate", help("trainer simulate --help"));
    insta::assert_snapshot!("help_config", help("trainer config --help"));
    insta::assert_snapshot!("help_config_check", help("trainer config check --help"));
}
