//! A command line as a user types it: read, printed and run without a shell.
//!
//! No shell, so that a line means the same on every machine. What only a shell can do (pipes, `&&`,
//! substitution) is refused, not half done.

use crate::workspace::{Workspace, cargo};
use std::env;
use std::fmt;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::process::{Command, ExitStatus, Stdio};

/// Variables and words of one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// `NAME=value` in front of the program.
    pub variables: Vec<(String, String)>,
    /// The program and its arguments.
    pub words: Vec<String>,
}

/// Characters that a shell would act upon outside of quotes.
const SHELL_ONLY: &[char] = &['|', '&', ';', '>', '<', '`', '$', '(', ')'];

impl CommandLine {
    /// Reads one line: words, `'…'` and `"…"`, `NAME=value` in front, `# comment` at the end.
    pub fn parse(line: &str) -> Result<Self, String> {
        let mut words: Vec<String> = Vec::new();
        let mut word: Option<String> = None;
        let mut quote = None;
        for character in line.chars() {
            match (quote, character) {
                (Some(open), _) if open == character => quote = None,
                (None, '\'' | '"') => {
                    quote = Some(character);
                    word.get_or_insert_default();
                }
                (None, '#') if word.is_none() => break,
                (None, _) if character.is_whitespace() => words.extend(word.take()),
                (None, _) if SHELL_ONLY.contains(&character) => {
                    return Err(format!(
                        "`{line}`: `{character}` needs a shell, and none is used"
                    ));
                }
                (Some(_) | None, _) => word.get_or_insert_default().push(character),
            }
        }
        if quote.is_some() {
            return Err(format!("`{line}`: a quote is not closed"));
        }
        words.extend(word);
        let program = words
            .iter()
            .position(|word| assignment(word).is_none())
            .ok_or_else(|| format!("`{line}`: no program"))?;
        let arguments = words.split_off(program);
        let variables = words.iter().filter_map(|word| assignment(word)).collect();
        Ok(Self {
            variables,
            words: arguments,
        })
    }

    /// Runs it at the root of the workspace, with its output going where ours goes.
    pub fn run(&self, workspace: &Workspace) -> Result<(), String> {
        println!("$ {self}");
        let status = self.command(workspace).status();
        self.judge(status)
    }

    /// As [`Self::run`], and hands each line of standard output to `see` too.
    pub fn run_seeing(
        &self,
        workspace: &Workspace,
        mut see: impl FnMut(&str),
    ) -> Result<(), String> {
        println!("$ {self}");
        let status = self
            .command(workspace)
            .stdout(Stdio::piped())
            .spawn()
            .and_then(|mut child| {
                let mut output = child.stdout.take().map(BufReader::new);
                let mut line = Vec::new();
                while let Some(output) = &mut output
                    && output.read_until(b'\n', &mut line)? > 0
                {
                    let mut ours = io::stdout().lock();
                    ours.write_all(&line)?;
                    ours.flush()?;
                    see(String::from_utf8_lossy(&line).trim_end());
                    line.clear();
                }
                child.wait()
            });
        self.judge(status)
    }

    fn command(&self, workspace: &Workspace) -> Command {
        let (program, arguments) = self
            .words
            .split_first()
            .expect("parse takes no line without a program");
        let mut command = if program == "cargo" {
            Command::new(cargo())
        } else {
            Command::new(program)
        };
        command
            .args(arguments)
            .current_dir(workspace.root())
            .stdin(Stdio::null());
        // What `cargo run` says about xtask is not for the programs that xtask starts: they must behave as
        // they do when the printed line is typed. CARGO_TARGET_DIR, CARGO_HOME and the like stay.
        for (name, _) in env::vars_os() {
            let about_xtask = name.to_str().is_some_and(|name| {
                ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"]
                    .iter()
                    .any(|prefix| name.starts_with(prefix))
            });
            if about_xtask {
                command.env_remove(name);
            }
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    fn judge(&self, status: io::Result<ExitStatus>) -> Result<(), String> {
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("`{self}`: {status}")),
            Err(error) => Err(format!("`{self}`: {error}")),
        }
    }
}

/// `NAME=value` in its two parts.
fn assignment(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    let is_name = name.starts_with(|first: char| first.is_ascii_uppercase())
        && name
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    is_name.then(|| (name.to_owned(), value.to_owned()))
}

impl fmt::Display for CommandLine {
    /// As a user can type it into a POSIX shell.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.variables {
            write!(f, "{name}={} ", quoted(value))?;
        }
        let words: Vec<String> = self.words.iter().map(|word| quoted(word)).collect();
        f.write_str(&words.join(" "))
    }
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else if word.contains('\'') {
        format!("\"{word}\"")
    } else {
        format!("'{word}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        CommandLine::parse(line).unwrap().words
    }

    #[test]
    fn words_quotes_and_comments_are_read_as_a_shell_does() {
        assert_eq!(
            words("  cargo  run -p trainer "),
            ["cargo", "run", "-p", "trainer"]
        );
        assert_eq!(words("a 'b c' \"d e\"f '' # g"), ["a", "b c", "d ef", ""]);
        assert_eq!(words("a b#c"), ["a", "b#c"]);
    }

    #[test]
    fn variables_stand_in_front_of_the_program_only() {
        let line =
            CommandLine::parse("RUSTDOCFLAGS=\"-D warnings\" cargo doc --set A=1 b.c=2").unwrap();
        assert_eq!(
            line.variables,
            [("RUSTDOCFLAGS".to_owned(), "-D warnings".to_owned())]
        );
        assert_eq!(line.words, ["cargo", "doc", "--set", "A=1", "b.c=2"]);
    }

    #[test]
    fn a_printed_line_reads_back_as_itself() {
        for line in [
            "cargo test --workspace",
            "A='b c' cargo doc",
            "x 'a b' '' \"it's\"",
            "x '[64,64]'",
        ] {
            let once = CommandLine::parse(line).unwrap();
            assert_eq!(CommandLine::parse(&once.to_string()).unwrap(), once);
        }
    }

    #[test]
    fn what_needs_a_shell_or_names_no_program_is_refused() {
        for line in [
            "a | b", "a && b", "cd x; a", "a > b", "a $(b)", "'a", "", "# a", "A=1",
        ] {
            assert!(CommandLine::parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_run_tells_success_from_failure_and_passes_lines_on() {
        let workspace = Workspace::current();
        let mut seen = Vec::new();
        let version = CommandLine::parse("cargo --version").unwrap();
        version
            .run_seeing(&workspace, |line| seen.push(line.to_owned()))
            .unwrap();
        assert!(seen.len() == 1 && seen[0].starts_with("cargo "), "{seen:?}");
        let unknown = CommandLine::parse("cargo no-such-command").unwrap();
        let problem = unknown.run(&workspace).unwrap_err();
        assert!(
            problem.starts_with("`cargo no-such-command`: "),
            "{problem}"
        );
        let missing = CommandLine::parse("no-such-program").unwrap();
        assert!(missing.run(&workspace).is_err());
    }
}
