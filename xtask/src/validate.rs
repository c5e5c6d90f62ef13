//! `cargo xtask validate`: the figures of the physics crate's pages, measured.
//!
//! The crate's tests measure and hold the limits. Each prints what it found as a line
//! `figure: NAME: VALUE (limit LIMIT)` or, where a whole row of a table comes out, `row: | … |`. Here they are
//! put into the pages, between the marks.

mod rows;

use crate::command_line::CommandLine;
use crate::workspace::Workspace;
use rows::ROWS;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::process::ExitCode;

/// Arguments of `cargo xtask validate`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Write nothing: fail where a limit is exceeded, or where a page has other rows, limits or effects
    ///
    /// Worst errors are rounding, which differs between machines: they are held to their limits only.
    #[arg(long)]
    check: bool,
}

/// The tests that measure, as released.
const MEASURE: &str = "cargo test --release -p physics --test golden --test leaf_prosail \
                       --test canopy_prosail --test inform_variants --test derivatives -- --nocapture";

const VALIDATION: &str = "crates/physics/docs/validation.md";
const VARIANTS: &str = "crates/physics/docs/inform-variants.md";
/// What is between these two lines of a page is measured.
const BEGIN: &str = "<!-- measured by `cargo xtask validate` -->";
const END: &str = "<!-- end of what is measured -->";

/// What the tests have printed.
#[derive(Debug, Default, PartialEq)]
struct Measured {
    /// Worst error and limit by name.
    figures: BTreeMap<String, (f64, f64)>,
    rows: Vec<String>,
}

/// Measures, then writes the pages or compares them.
pub fn run(args: &Args) -> ExitCode {
    match measure_and_place(args.check) {
        Ok(problems) if problems.is_empty() => ExitCode::SUCCESS,
        Ok(problems) => {
            for problem in problems {
                println!("validate: {problem}");
            }
            ExitCode::FAILURE
        }
        Err(problem) => {
            println!("validate: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn measure_and_place(check: bool) -> Result<Vec<String>, String> {
    let workspace = Workspace::current();
    let mut measured = Measured::default();
    let mut unread = Vec::new();
    CommandLine::parse(MEASURE)?.run_seeing(&workspace, |line| {
        if let Err(problem) = measured.see(line) {
            unread.push(problem);
        }
    })?;
    let mut problems = unread;
    problems.extend(measured.problems());
    for (name, found) in [
        (VALIDATION, validation_table(&measured)),
        (VARIANTS, measured.rows.clone()),
    ] {
        let path = workspace.root().join(name);
        let page = fs::read_to_string(&path).map_err(|error| format!("{name}: {error}"))?;
        let (before, old, after) =
            parts(&page).ok_or_else(|| format!("{name} lacks the marks `{BEGIN}` and `{END}`"))?;
        // the head of a table is the page's
        let head: Vec<&str> = old.lines().take(2).collect();
        if check {
            let old: Vec<&str> = old.lines().skip(2).collect();
            if !same(&old, &found) {
                problems.push(format!("{name} is out of date: run cargo xtask validate"));
            }
        } else {
            let mut text = format!("{before}{}\n", head.join("\n"));
            for line in found {
                let _ = writeln!(text, "{line}");
            }
            text += after;
            fs::write(&path, text).map_err(|error| format!("{name}: {error}"))?;
        }
    }
    Ok(problems)
}

impl Measured {
    /// Takes what a line says; most say nothing. The name of a test may stand in front of it.
    fn see(&mut self, line: &str) -> Result<(), String> {
        if let Some((_, row)) = line.split_once("row: ") {
            self.rows.push(row.to_owned());
        } else if let Some((_, figure)) = line.split_once("figure: ") {
            let (name, value, limit) =
                read(figure).ok_or_else(|| format!("unreadable figure: {figure}"))?;
            let worst = self.figures.entry(name).or_insert((value, limit));
            if value > worst.0 || value.is_nan() {
                *worst = (value, limit);
            }
        }
        Ok(())
    }

    fn problems(&self) -> Vec<String> {
        let exceeded = self
            .figures
            .iter()
            .filter(|(_, (value, limit))| value >= limit || value.is_nan())
            .map(|(name, (value, limit))| format!("{name}: {value:e} exceeds its limit {limit:e}"));
        let missing = ROWS
            .iter()
            .filter(|row| !row.guest && !self.figures.contains_key(row.figure))
            .map(|row| format!("no test has printed the figure `{}`", row.figure));
        let unknown = self
            .figures
            .keys()
            .filter(|name| !ROWS.iter().any(|row| row.figure == **name))
            .map(|name| {
                format!("the figure `{name}` has no line in ROWS of xtask/src/validate/rows.rs")
            });
        let empty = self.rows.is_empty().then(|| "no row of a table".to_owned());
        exceeded
            .chain(missing)
            .chain(unknown)
            .chain(empty)
            .collect()
    }
}

/// `NAME: VALUE (limit LIMIT)`
fn read(figure: &str) -> Option<(String, f64, f64)> {
    let (rest, limit) = figure.strip_suffix(')')?.rsplit_once(" (limit ")?;
    let (name, value) = rest.rsplit_once(": ")?;
    Some((name.to_owned(), value.parse().ok()?, limit.parse().ok()?))
}

/// The rows of the validation page. One digit of an error says all there is to say.
fn validation_table(measured: &Measured) -> Vec<String> {
    ROWS.iter()
        .map(|row| {
            let figures = match measured.figures.get(row.figure) {
                Some((value, limit)) => format!("{value:.0e} | {limit:e}"),
                None => "not at hand | ".to_owned(),
            };
            format!("| {} | {} | {figures} |", row.what, row.truth)
        })
        .collect()
}

/// A page before, between and after the marks.
fn parts(page: &str) -> Option<(&str, &str, &str)> {
    let begin = page.find(BEGIN)? + BEGIN.len();
    // an empty line makes a table of what follows
    let begin = begin + page[begin..].find('|')?;
    let end = page[begin..].find(END)? + begin;
    let end = page[begin..end].rfind('|')? + begin + 2;
    Some((&page[..begin], &page[begin..end], &page[end..]))
}

/// Whether rows are the same, apart from worst errors and from what is not at hand.
fn same(old: &[&str], new: &[String]) -> bool {
    let essential = |row: &str| -> Vec<String> {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let is_error = |cell: &str| cell.contains("e-") && cell.parse::<f64>().is_ok();
        let of_errors = cells.len() == 6 && (is_error(cells[3]) || cells[3] == "not at hand");
        let kept = if of_errors { 3 } else { cells.len() };
        let mut kept: Vec<String> = cells[..kept].iter().map(|c| (*c).to_owned()).collect();
        if of_errors && is_error(cells[3]) {
            kept.push(cells[4].to_owned());
        }
        kept
    };
    let agree = |old: &str, new: &str| {
        let (old, new) = (essential(old), essential(new));
        // a limit is compared where both have one
        let length = old.len().min(new.len());
        length > 0 && old[..length] == new[..length] && old.len().abs_diff(new.len()) <= 1
    };
    old.len() == new.len() && old.iter().zip(new).all(|(old, new)| agree(old, new))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn figures_are_read_and_the_worst_is_kept() {
        let mut measured = Measured::default();
        for line in [
            "test a ... figure: f32 bands: 1.2e-7 (limit 5e-6)",
            "figure: f32 bands: 3.0e-8 (limit 5e-6)",
            "row: | a | 0.1 |",
            "running 1 test",
        ] {
            measured.see(line).unwrap();
        }
        assert_eq!(measured.figures["f32 bands"], (1.2e-7, 5e-6));
        assert_eq!(measured.rows, ["| a | 0.1 |"]);
        assert!(measured.see("figure: f32 bands").is_err());
        measured.see("figure: f32 bands: NaN (limit 5e-6)").unwrap();
        let problems = measured.problems();
        assert!(
            problems[0].contains("f32 bands: NaN exceeds"),
            "{problems:?}"
        );
        assert!(problems.iter().any(|p| p.contains("`Mogi Jacobian`")));
        assert!(!problems.iter().any(|p| p.contains("EnmapBox jac")));
    }

    #[test]
    fn every_row_is_another_figure() {
        let names: BTreeSet<&str> = ROWS.iter().map(|row| row.figure).collect();
        assert_eq!(names.len(), ROWS.len());
        assert_eq!(CommandLine::parse(MEASURE).unwrap().words[0], "cargo");
    }

    #[test]
    fn a_page_is_cut_at_its_table() {
        let page = format!("text\n{BEGIN}\n\n| a |\n|---|\n| 1 |\n\n{END}\nmore\n");
        let (before, table, after) = parts(&page).unwrap();
        assert_eq!(before, format!("text\n{BEGIN}\n\n"));
        assert_eq!(table, "| a |\n|---|\n| 1 |\n");
        assert_eq!(after, format!("\n{END}\nmore\n"));
        assert_eq!(parts("text"), None);
    }

    #[test]
    fn pages_may_differ_in_rounding_only() {
        let same_row = |old: &str, new: &str| same(&[old], &[new.to_owned()]);
        assert!(same_row(
            "| a | b | 9e-15 | 1e-10 |",
            "| a | b | 2e-13 | 1e-10 |"
        ));
        assert!(same_row(
            "| a | b | 9e-15 | 1e-10 |",
            "| a | b | not at hand |  |"
        ));
        assert!(!same_row(
            "| a | b | 9e-15 | 1e-10 |",
            "| a | b | 9e-15 | 1e-8 |"
        ));
        assert!(!same_row(
            "| a | b | 9e-15 | 1e-10 |",
            "| a | c | 9e-15 | 1e-10 |"
        ));
        assert!(same_row("| a | 0.1 | 0.2 |", "| a | 0.1 | 0.2 |"));
        assert!(!same_row("| a | 0.1 | 0.2 |", "| a | 0.1 | 0.3 |"));
        assert!(!same(&["| a |"], &[]));
    }
}
