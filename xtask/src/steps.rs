//! What `cargo xtask verify` consists of.

use crate::command_line::CommandLine;
use crate::test_report::TestCounts;
use crate::workspace::Workspace;
use crate::{arrows, examples, house, instructions, readme, standalone, supply};

/// One named check.
pub struct Step {
    pub name: &'static str,
    /// One line for `--list`.
    pub about: &'static str,
    /// `--quick` leaves it out.
    pub slow: bool,
    pub check: Check,
}

/// How a step is done.
pub enum Check {
    /// One command; it succeeds or fails.
    Command(&'static str),
    /// One command whose tests are counted.
    Tests(&'static str),
    /// Code of ours.
    Own(fn(&Workspace) -> Outcome),
}

/// What a step has found.
#[derive(Debug, Default)]
pub struct Outcome {
    /// A step without problems is good.
    pub problems: Vec<String>,
    /// For the closing table.
    pub note: String,
}

/// All steps, in order: what fails fast comes first. A new step gets its line here.
pub const STEPS: &[Step] = &[
    Step {
        name: "house",
        about: "no large files, no unfinished code, lints inherited",
        slow: false,
        check: Check::Own(|workspace| Outcome::counted(house::check(workspace), "files")),
    },
    Step {
        name: "arrows",
        about: "crates depend on each other as ARCHITECTURE.md says, from `cargo metadata`",
        slow: false,
        check: Check::Own(|workspace| Outcome::counted(arrows::check(workspace), "arrows")),
    },
    Step {
        name: "supply",
        about: "licences and sources of all dependencies, deny.toml; SKIPPED without cargo-deny",
        slow: false,
        check: Check::Own(|workspace| {
            let (problems, note) = supply::check(workspace);
            Outcome { problems, note }
        }),
    },
    Step {
        name: "readme-table",
        about: "every command of README.md has a small variant that can be run",
        slow: false,
        check: Check::Own(|workspace| Outcome::counted(readme::check_table(workspace), "commands")),
    },
    Step {
        name: "fmt",
        about: "formatting",
        slow: false,
        check: Check::Command("cargo fmt --all -- --check"),
    },
    Step {
        name: "clippy",
        about: "lints, all targets, warnings are errors",
        slow: false,
        check: Check::Command("cargo clippy --workspace --all-targets -- -D warnings"),
    },
    Step {
        name: "test",
        about: "all tests; the dev profile is optimised",
        slow: false,
        check: Check::Tests("cargo test --workspace --no-fail-fast"),
    },
    Step {
        name: "test-release",
        about: "tests of the numerical crates, as released",
        slow: true,
        check: Check::Tests(
            "cargo test --release --no-fail-fast -p physics -p nn -p latent -p losses -p model",
        ),
    },
    Step {
        name: "doc",
        about: "documentation, warnings are errors",
        slow: true,
        check: Check::Command("RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps"),
    },
    Step {
        name: "cuda-check",
        about: "types of the GPU code; needs no toolkit and no GPU",
        slow: true,
        check: Check::Command("cargo check -p trainer --features cuda,ci-check"),
    },
    Step {
        name: "physics-alone",
        about: "physics, copied out of the workspace, builds with its tests, examples and documentation",
        slow: true,
        check: Check::Own(|workspace| {
            Outcome::with_problems(standalone::builds(workspace).err().into_iter().collect())
        }),
    },
    Step {
        name: "examples",
        about: "every example of every crate runs",
        slow: false,
        check: Check::Own(|workspace| Outcome::counted(examples::run(workspace), "runs")),
    },
    Step {
        name: "instructions",
        about: "a batch takes as many instructions as are on file, ±5 %; SKIPPED without valgrind",
        slow: true,
        check: Check::Own(|workspace| match instructions::check(workspace, false) {
            Ok((problems, note)) => Outcome { problems, note },
            Err(problem) => Outcome::with_problems(vec![problem]),
        }),
    },
    Step {
        name: "readme",
        about: "the commands of README.md run, on small sizes",
        slow: true,
        check: Check::Own(run_readme),
    },
];

impl Step {
    /// Does it, with all output going where ours goes.
    pub fn run(&self, workspace: &Workspace) -> Outcome {
        match self.check {
            Check::Command(line) => {
                let result = CommandLine::parse(line).and_then(|line| line.run(workspace));
                Outcome::with_problems(result.err().into_iter().collect())
            }
            Check::Tests(line) => run_tests(workspace, line),
            Check::Own(check) => check(workspace),
        }
    }
}

impl Outcome {
    fn with_problems(problems: Vec<String>) -> Self {
        Self {
            problems,
            note: String::new(),
        }
    }

    /// Of a check that returns its problems and the number of things looked at.
    fn counted(result: Result<(Vec<String>, usize), String>, things: &str) -> Self {
        match result {
            Ok((problems, count)) => Self {
                problems,
                note: format!("{count} {things}"),
            },
            Err(problem) => Self::with_problems(vec![problem]),
        }
    }
}

fn run_tests(workspace: &Workspace, line: &str) -> Outcome {
    let mut counts = TestCounts::default();
    let result = CommandLine::parse(line).and_then(|line| {
        line.run_seeing(workspace, |line| {
            if let Some(more) = TestCounts::of_closing_line(line) {
                counts += more;
            }
        })
    });
    let mut outcome = Outcome::with_problems(result.err().into_iter().collect());
    outcome.note = counts.to_string();
    if outcome.problems.is_empty() && counts.passed == 0 {
        // a changed report of the runner must not look like success
        let problem = format!("`{line}`: no test has passed");
        outcome.problems.push(problem);
    }
    outcome
}

fn run_readme(workspace: &Workspace) -> Outcome {
    match readme::run(workspace) {
        Ok(report) => Outcome {
            note: format!(
                "{} run, {} skipped for lack of data",
                report.ran, report.skipped
            ),
            problems: report.problems,
        },
        Err(problem) => Outcome::with_problems(vec![problem]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_commands_can_be_read() {
        let names: BTreeSet<&str> = STEPS.iter().map(|step| step.name).collect();
        assert_eq!(names.len(), STEPS.len());
        for step in STEPS {
            if let Check::Command(line) | Check::Tests(line) = step.check {
                assert_eq!(CommandLine::parse(line).unwrap().to_string(), line);
            }
        }
    }

    #[test]
    fn a_check_that_could_not_be_done_is_a_problem() {
        let outcome = Outcome::counted(Err("no file".to_owned()), "files");
        assert_eq!(outcome.problems, ["no file"]);
        let outcome = Outcome::counted(Ok((Vec::new(), 3)), "files");
        assert_eq!(
            (outcome.problems.len(), outcome.note.as_str()),
            (0, "3 files")
        );
    }
}
