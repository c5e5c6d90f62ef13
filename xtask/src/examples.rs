//! Every example of every crate, run with arguments that a reader would type.

use crate::command_line::CommandLine;
use crate::workspace::Workspace;

/// Crate, example, arguments. A new example gets its line here; one example may have several.
const EXAMPLES: &[(&str, &str, &str)] = &[
    ("physics", "spectrum", "--N 1.5 --LAI 3"),
    (
        "physics",
        "spectrum",
        "--canopy enmap_box --sensor l8 --jacobian cab,LAI,fc",
    ),
    (
        "physics",
        "spectrum",
        "--canopy sail --leaf prospect_pro --ALA 57 --wavelengths 400:2500:50 --jacobian ALA,cp",
    ),
    ("physics", "leaf", "--jacobian cab,N"),
    ("physics", "lookup_table", "--count 10000"),
    ("physics", "sensitivity", ""),
    ("physics", "fit", ""),
    ("physics", "own_model", ""),
    ("physics", "device_source", "rtm"),
    (
        "physics",
        "fit_quadrature",
        "--nodes 16 --spectra 300 --jacobians 30 --certify 100",
    ),
    ("physics", "speed", "--milliseconds 10"),
    ("physics", "single_precision", "--samples 2000"),
    ("raster", "raster_info", "samples/forest.tif"),
    ("raster", "raster_speed", ". 300"),
    ("tabular", "rows_per_second", "2000"),
    ("trainer", "own_physics", ""),
    ("trainer", "step_cost", ""),
    ("trainer", "sample_raster", "target/tmp/forest.tif"),
];

/// Runs all of [`EXAMPLES`]; returns what went wrong, and the number of runs.
pub fn run(workspace: &Workspace) -> Result<(Vec<String>, usize), String> {
    let found: Vec<(String, String)> = workspace
        .metadata()?
        .workspace_packages()
        .into_iter()
        .flat_map(|package| {
            let examples = package.targets.iter().filter(|target| target.is_example());
            examples.map(|target| (package.name.clone(), target.name.clone()))
        })
        .collect();
    let mut problems = mismatches(&found, EXAMPLES);
    let runnable: Vec<String> = EXAMPLES
        .iter()
        .filter(|(package, example, _)| {
            found.iter().any(|(found_package, found_example)| {
                found_package == package && found_example == example
            })
        })
        .map(|(package, example, arguments)| line(package, example, arguments))
        .collect();
    for line in &runnable {
        let result = CommandLine::parse(line).and_then(|line| line.run(workspace));
        problems.extend(result.err());
    }
    Ok((problems, runnable.len()))
}

fn line(package: &str, example: &str, arguments: &str) -> String {
    let separator = if arguments.is_empty() { "" } else { " -- " };
    format!("cargo run -p {package} --example {example}{separator}{arguments}")
}

/// Examples that the table leaves out, and lines of the table without an example.
fn mismatches(found: &[(String, String)], table: &[(&str, &str, &str)]) -> Vec<String> {
    let untested = found
        .iter()
        .filter(|(package, example)| {
            !table
                .iter()
                .any(|(listed_package, listed, _)| listed_package == package && listed == example)
        })
        .map(|(package, example)| {
            format!(
                "example `{example}` of `{package}` has no line in EXAMPLES of xtask/src/examples.rs"
            )
        });
    let absent = table
        .iter()
        .filter(|(package, example, _)| {
            !found
                .iter()
                .any(|(found_package, name)| found_package == package && name == example)
        })
        .map(|(package, example, _)| {
            format!(
                "`{package}` has no example `{example}`, but EXAMPLES of xtask/src/examples.rs does"
            )
        });
    untested.chain(absent).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(examples: &[(&str, &str)]) -> Vec<(String, String)> {
        examples
            .iter()
            .map(|(package, example)| ((*package).to_owned(), (*example).to_owned()))
            .collect()
    }

    #[test]
    fn table_and_folder_must_name_the_same_examples() {
        let table = [
            ("physics", "spectrum", "--N 2"),
            ("physics", "spectrum", ""),
        ];
        assert_eq!(
            mismatches(&found(&[("physics", "spectrum")]), &table),
            [""; 0]
        );
        assert_eq!(
            mismatches(&found(&[("physics", "spectrum"), ("nn", "new")]), &table),
            ["example `new` of `nn` has no line in EXAMPLES of xtask/src/examples.rs"]
        );
        assert_eq!(
            mismatches(&found(&[]), &table[..1]),
            ["`physics` has no example `spectrum`, but EXAMPLES of xtask/src/examples.rs does"]
        );
    }

    #[test]
    fn lines_read_as_typed() {
        assert_eq!(line("a", "b", ""), "cargo run -p a --example b");
        for (package, example, arguments) in EXAMPLES {
            let line = line(package, example, arguments);
            assert_eq!(CommandLine::parse(&line).unwrap().to_string(), line);
        }
    }
}
