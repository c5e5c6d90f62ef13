//! `cargo xtask verify`: runs the steps and sums them up.

use crate::steps::{Outcome, STEPS, Step};
use crate::workspace::Workspace;
use clap::builder::PossibleValuesParser;
use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Arguments of `cargo xtask verify`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Leave out the slow steps
    #[arg(long)]
    quick: bool,
    /// Run only these steps, in their usual order; repeatable or separated by commas
    #[arg(long, value_name = "STEP", value_delimiter = ',', conflicts_with = "quick",
          value_parser = PossibleValuesParser::new(STEPS.iter().map(|step| step.name)))]
    only: Vec<String>,
    /// List the steps
    #[arg(long)]
    list: bool,
}

/// A line of the closing table.
struct Row {
    name: &'static str,
    result: Ran,
}

enum Ran {
    Yes(Outcome, Duration),
    LeftOut,
}

/// Runs the steps chosen, all of them whatever fails, and prints the closing table.
pub fn run(args: &Args) -> ExitCode {
    if args.list {
        print!("{}", list());
        return ExitCode::SUCCESS;
    }
    let workspace = Workspace::current();
    let mut rows = Vec::new();
    for step in STEPS {
        if args.only.is_empty() || args.only.iter().any(|name| name == step.name) {
            let result = if args.quick && step.slow {
                Ran::LeftOut
            } else {
                run_step(step, &workspace)
            };
            rows.push(Row {
                name: step.name,
                result,
            });
        }
    }
    println!("\n{}", closing_table(&rows));
    if rows.iter().any(Row::failed) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

fn run_step(step: &Step, workspace: &Workspace) -> Ran {
    println!("\n=== {}: {}", step.name, step.about);
    let start = Instant::now();
    let outcome = step.run(workspace);
    for problem in &outcome.problems {
        println!("{}: {problem}", step.name);
    }
    Ran::Yes(outcome, start.elapsed())
}

fn list() -> String {
    let width = name_width(STEPS.iter().map(|step| step.name));
    let mut list = String::new();
    for step in STEPS {
        let slow = if step.slow { " (slow)" } else { "" };
        let _ = writeln!(list, "{:width$}  {}{slow}", step.name, step.about);
    }
    list
}

impl Row {
    fn failed(&self) -> bool {
        matches!(&self.result, Ran::Yes(outcome, _) if !outcome.problems.is_empty())
    }
}

/// Step, result, seconds and note; then every problem again, where it is looked for.
fn closing_table(rows: &[Row]) -> String {
    let width = name_width(rows.iter().map(|row| row.name).chain(["step"]));
    let mut table = format!("{:width$}  {:8}  {:>7}\n", "step", "result", "seconds");
    let mut total = Duration::ZERO;
    for row in rows {
        let result = match &row.result {
            Ran::LeftOut => "left out".to_owned(),
            Ran::Yes(outcome, time) => {
                total += *time;
                let word = if row.failed() { "failed" } else { "ok" };
                format!("{word:8}  {:>7.1}  {}", time.as_secs_f64(), outcome.note)
            }
        };
        let line = format!("{:width$}  {result}", row.name);
        let _ = writeln!(table, "{}", line.trim_end());
    }
    let _ = writeln!(
        table,
        "{:width$}  {:8}  {:>7.1}",
        "all",
        "",
        total.as_secs_f64()
    );
    let failed: Vec<&str> = rows
        .iter()
        .filter(|row| row.failed())
        .map(|row| row.name)
        .collect();
    for row in rows {
        if let Ran::Yes(outcome, _) = &row.result {
            for problem in &outcome.problems {
                let _ = writeln!(table, "{}: {problem}", row.name);
            }
        }
    }
    if !failed.is_empty() {
        let _ = writeln!(
            table,
            "again: cargo xtask verify --only {}",
            failed.join(",")
        );
    }
    table
}

fn name_width<'a>(names: impl Iterator<Item = &'a str>) -> usize {
    names.map(str::len).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(problems: &[&str], note: &str, seconds: f64) -> Ran {
        let outcome = Outcome {
            problems: problems
                .iter()
                .map(|problem| (*problem).to_owned())
                .collect(),
            note: note.to_owned(),
        };
        Ran::Yes(outcome, Duration::from_secs_f64(seconds))
    }

    #[test]
    fn closing_table_shows_every_step_and_every_problem() {
        let rows = [
            Row {
                name: "fmt",
                result: ran(&[], "", 1.25),
            },
            Row {
                name: "test",
                result: ran(
                    &["`cargo test`: exit status: 101"],
                    "7 passed, 1 failed",
                    65.0,
                ),
            },
            Row {
                name: "readme",
                result: Ran::LeftOut,
            },
        ];
        let expected = "\
step    result    seconds
fmt     ok            1.2
test    failed       65.0  7 passed, 1 failed
readme  left out
all                  66.2
test: `cargo test`: exit status: 101
again: cargo xtask verify --only test
";
        assert_eq!(closing_table(&rows), expected);
    }

    #[test]
    fn the_list_names_every_step() {
        let list = list();
        assert_eq!(list.lines().count(), STEPS.len());
        assert!(STEPS.iter().all(|step| list.contains(step.name)));
    }
}
