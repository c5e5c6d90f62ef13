//! The commands of README.md, run on small sizes.

mod blocks;
mod table;

use crate::command_line::CommandLine;
use crate::workspace::Workspace;
use std::fs;
use std::path::{Path, PathBuf};
use table::{Match, Places, Small};

/// Where a spectrum's parameters for `simulate` stand: one leaf, three crown covers.
const PARAMETERS: &str = "\
N,cab,cw,cm,LAI,LAIu,fc
1.5,40,0.012,0.005,3,0.5,0.2
1.5,40,0.012,0.005,3,0.5,0.5
1.5,40,0.012,0.005,3,0.5,0.8
";

/// Where a volcano's sources for `simulate` stand: one place, deflation and inflation.
const SOURCES: &str = "\
xcen,ycen,d,dV
1,-2,4,90
1,-2,4,110
";

/// What became of the commands.
#[derive(Debug, Default)]
pub struct Report {
    pub problems: Vec<String>,
    /// Commands run and found good.
    pub ran: usize,
    /// Commands that this machine lacks the data for.
    pub skipped: usize,
}

/// A command line of the README and its entry in the table.
struct Listed {
    line: usize,
    command: CommandLine,
    matched: Match,
}

/// Each command line of the README that the table does not know or that cannot be read, and the number of
/// command lines.
pub fn check_table(workspace: &Workspace) -> Result<(Vec<String>, usize), String> {
    let (listed, problems) = list(workspace)?;
    let count = listed.len() + problems.len();
    Ok((problems, count))
}

/// Runs the small variant of each command line, in the order of the README.
pub fn run(workspace: &Workspace) -> Result<Report, String> {
    let scratch = empty_scratch(workspace)?;
    // what cannot be run at all is for check_table to say
    let (listed, _) = list(workspace)?;
    let mut report = Report::default();
    let mut done: Vec<CommandLine> = Vec::new();
    for Listed {
        line,
        command,
        matched,
    } in listed
    {
        let small = match matched.small(&command, &ScratchPlaces(&scratch)) {
            Ok(Small::Run(small)) => small,
            Ok(Small::NotRun(reason)) => {
                println!("not run: line {line}, `{command}`: {reason}");
                continue;
            }
            Err(problem) => {
                report.problems.push(format!("README.md:{line}: {problem}"));
                continue;
            }
        };
        if let Some(data) = absent_data(&small, workspace.root()) {
            println!("skipped: line {line}, `{command}`: {data} is absent");
            report.skipped += 1;
            continue;
        }
        if done.contains(&small) {
            continue;
        }
        match small.run(workspace) {
            Ok(()) => report.ran += 1,
            Err(problem) => report.problems.push(format!("README.md:{line}: {problem}")),
        }
        done.push(small);
    }
    Ok(report)
}

/// The README's command lines that the table knows; and what is wrong with the others.
fn list(workspace: &Workspace) -> Result<(Vec<Listed>, Vec<String>), String> {
    let readme = fs::read_to_string(workspace.root().join("README.md"))
        .map_err(|error| format!("README.md: {error}"))?;
    let mut listed = Vec::new();
    let mut problems = Vec::new();
    for blocks::Command { line, text } in blocks::commands(&readme) {
        match CommandLine::parse(&text).and_then(|command| {
            let matched = table::find(&command.words).ok_or_else(|| {
                format!("`{text}` has no line in COMMANDS of xtask/src/readme/table.rs")
            })?;
            Ok((command, matched))
        }) {
            Ok((command, matched)) => listed.push(Listed {
                line,
                command,
                matched,
            }),
            Err(problem) => problems.push(format!("README.md:{line}: {problem}")),
        }
    }
    Ok((listed, problems))
}

/// Data beside the project that a command wants and this machine lacks.
fn absent_data<'a>(command: &'a CommandLine, root: &Path) -> Option<&'a str> {
    command
        .words
        .iter()
        .map(String::as_str)
        .find(|word| word.starts_with("../shared") && !root.join(word).exists())
}

/// A fresh folder for what the commands write, with tables for `simulate` in it.
fn empty_scratch(workspace: &Workspace) -> Result<PathBuf, String> {
    let scratch = workspace.scratch("readme")?;
    let prepare = || {
        if scratch.exists() {
            fs::remove_dir_all(&scratch)?;
        }
        fs::create_dir_all(&scratch)?;
        fs::write(scratch.join("parameters.csv"), PARAMETERS)?;
        fs::write(scratch.join("sources.csv"), SOURCES)
    };
    prepare().map_err(|error| format!("{}: {error}", scratch.display()))?;
    Ok(scratch)
}

/// Where the small variants read and write.
struct ScratchPlaces<'a>(&'a Path);

impl Places for ScratchPlaces<'_> {
    fn scratch(&self) -> String {
        self.0.display().to_string()
    }

    /// The last run of `name` or, where the README only says runs/…, the last of any name.
    fn run(&self, name: &str) -> Result<String, String> {
        let runs = self.0.join("runs");
        let named = runs.join(name);
        let folders = if !name.is_empty() && named.is_dir() {
            vec![named]
        } else {
            folders_in(&runs)
        };
        let last = folders
            .iter()
            .flat_map(|folder| folders_in(folder))
            .max_by_key(|run| {
                let written = fs::metadata(run).and_then(|metadata| metadata.modified());
                written.ok()
            });
        last.map(|run| run.display().to_string())
            .ok_or_else(|| "no command before this one has left a run".to_owned())
    }
}

fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_beside_the_project_may_be_absent() {
        let root = Workspace::current().root().to_path_buf();
        let wants = CommandLine::parse("a --data-dir ../shared/no/such/folder").unwrap();
        assert_eq!(absent_data(&wants, &root), Some("../shared/no/such/folder"));
        let wants = CommandLine::parse("a --config configs/none.json").unwrap();
        assert_eq!(absent_data(&wants, &root), None);
    }

    #[test]
    fn parameters_are_a_full_table() {
        let mut lines = PARAMETERS.lines().map(|line| line.split(',').count());
        assert!(lines.all(|columns| columns == 7));
        let mut lines = SOURCES.lines().map(|line| line.split(',').count());
        assert!(lines.all(|columns| columns == 4));
    }
}
