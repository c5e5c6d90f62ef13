//! `cargo xtask quadrature`: fits the wavelengths and weights that stand for all wavelengths of a sensor.
//!
//! The fit is the example `fit_quadrature` of the physics crate, released; here it is found and run.

use crate::command_line::CommandLine;
use crate::workspace::Workspace;
use std::process::ExitCode;

/// Arguments of `cargo xtask quadrature`.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub struct Args {
    /// Of the fit, as `--variant published --sensor s2a --ranges FILE --nodes 48 --output FILE`; `--help`
    /// lists them. Without any, all built-in quadratures are fitted anew
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGUMENT"
    )]
    arguments: Vec<String>,
}

const FIT: &str = "cargo run --release -p physics --example fit_quadrature --";

/// Arguments of the built-in quadratures, each followed by where it goes.
const BUILT_IN: &[(&str, &str)] = &[
    ("--variant published", "published_s2a"),
    ("--variant published --angles free", "published_s2a_angles"),
    ("--variant enmap_box", "enmap_box_s2a"),
    ("--variant enmap_box --angles free", "enmap_box_s2a_angles"),
];

/// Common to them.
const SHIPPED: &str = "--certify 100000 --output crates/physics/quadrature";

/// Runs the fit, or all fits.
pub fn run(args: &Args) -> ExitCode {
    let workspace = Workspace::current();
    for line in lines(args) {
        if let Err(problem) = line.and_then(|line| line.run(&workspace)) {
            println!("quadrature: {problem}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// The commands that these arguments stand for.
fn lines(args: &Args) -> Vec<Result<CommandLine, String>> {
    if args.arguments.is_empty() {
        let line = |(choices, name): &(&str, &str)| {
            CommandLine::parse(&format!("{FIT} {choices} {SHIPPED}/{name}.json"))
        };
        return BUILT_IN.iter().map(line).collect();
    }
    // not read again: an argument may hold what `parse` would split
    let line = CommandLine::parse(FIT).map(|mut line| {
        line.words.extend(args.arguments.iter().cloned());
        line
    });
    vec![line]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_handed_on_as_they_are() {
        let args = Args {
            arguments: vec!["--output".into(), "a file.json".into()],
        };
        let lines = lines(&args);
        let words = &lines[0].as_ref().unwrap().words;
        assert_eq!(words[words.len() - 2..], ["--output", "a file.json"]);
        assert_eq!(words[0], "cargo");
    }

    #[test]
    fn without_arguments_every_built_in_file_is_fitted() {
        let args = Args { arguments: vec![] };
        let folder = Workspace::current()
            .root()
            .join("crates/physics/quadrature");
        let files = std::fs::read_dir(folder).unwrap();
        let mut found: Vec<String> = files
            .map(|file| file.unwrap().path().display().to_string())
            .collect();
        found.sort();
        let mut written: Vec<String> = lines(&args)
            .into_iter()
            .map(|line| line.unwrap().words.pop().unwrap())
            .collect();
        written.sort();
        assert_eq!(found.len(), written.len());
        for (found, written) in found.iter().zip(&written) {
            assert!(found.ends_with(written.as_str()), "{found} {written}");
        }
    }
}
