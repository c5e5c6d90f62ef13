//! The command lines in a Markdown text.

/// A command as written, and the line it starts at.
#[derive(Debug, PartialEq, Eq)]
pub struct Command {
    /// Counted from 1.
    pub line: usize,
    /// Joined where it ran over several lines, without prompt.
    pub text: String,
}

/// Languages of a fenced block that holds commands.
const SHELLS: &[&str] = &["sh", "bash", "shell"];

/// The commands in all fenced blocks marked `sh`, `bash` or `shell`; empty lines and comments are none.
/// In a block marked `console` only lines after a `$ ` prompt are commands, the rest is output.
pub fn commands(markdown: &str) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    let mut block: Option<Block> = None;
    let mut continued = false;
    for (index, line) in markdown.lines().enumerate() {
        let Some(open) = &block else {
            block = Block::opened_by(line);
            continue;
        };
        if open.is_closed_by(line) {
            block = None;
            continued = false;
            continue;
        }
        let line = line.trim();
        let prompted = line.strip_prefix("$ ");
        let is_command = match open.kind {
            Kind::Commands => true,
            Kind::Session => continued || prompted.is_some(),
            Kind::Other => false,
        };
        if !is_command {
            continue;
        }
        let part = prompted.unwrap_or(line);
        let (part, goes_on) = match part.strip_suffix('\\') {
            Some(part) => (part.trim_end(), true),
            None => (part, false),
        };
        if continued {
            let command = commands
                .last_mut()
                .expect("a continued line has a beginning");
            command.text.push(' ');
            command.text.push_str(part);
        } else if part.is_empty() || part.starts_with('#') {
            continue;
        } else {
            commands.push(Command {
                line: index + 1,
                text: part.to_owned(),
            });
        }
        continued = goes_on;
    }
    commands
}

/// A fenced block.
struct Block {
    fence: String,
    kind: Kind,
}

enum Kind {
    Commands,
    Session,
    Other,
}

impl Block {
    fn opened_by(line: &str) -> Option<Self> {
        let line = line.trim_start();
        let mark = line
            .chars()
            .next()
            .filter(|mark| matches!(mark, '`' | '~'))?;
        let language = line.trim_start_matches(mark);
        let fence = &line[..line.len() - language.len()];
        if fence.len() < 3 || language.contains('`') {
            return None;
        }
        let language = language
            .trim()
            .split([' ', ',', '{'])
            .next()
            .unwrap_or_default();
        let kind = if SHELLS.contains(&language) {
            Kind::Commands
        } else if language == "console" {
            Kind::Session
        } else {
            Kind::Other
        };
        Some(Self {
            fence: fence.to_owned(),
            kind,
        })
    }

    fn is_closed_by(&self, line: &str) -> bool {
        let line = line.trim();
        let mark = self.fence.chars().next().unwrap_or('`');
        line.len() >= self.fence.len() && line.chars().all(|character| character == mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(markdown: &str) -> Vec<(usize, String)> {
        commands(markdown)
            .into_iter()
            .map(|command| (command.line, command.text))
            .collect()
    }

    fn expected(lines: &[(usize, &str)]) -> Vec<(usize, String)> {
        lines
            .iter()
            .map(|(line, text)| (*line, (*text).to_owned()))
            .collect()
    }

    #[test]
    fn only_shell_blocks_hold_commands() {
        let markdown = "\
# Title
```sh
# first this
cargo run -p trainer

cargo xtask verify   # all of CI
```
```rust
let cargo = run();
```
Text with `cargo inline`.
~~~bash
$ cargo test
~~~
```
cargo plain
```
";
        assert_eq!(
            found(markdown),
            expected(&[
                (4, "cargo run -p trainer"),
                (6, "cargo xtask verify   # all of CI"),
                (13, "cargo test"),
            ])
        );
    }

    #[test]
    fn long_commands_are_joined() {
        let markdown = "\
1. In a list:
   ```sh
   cargo run -p trainer -- train \\
       --config a.json \\
       --epochs 3
   cargo next
   ```
";
        assert_eq!(
            found(markdown),
            expected(&[
                (
                    3,
                    "cargo run -p trainer -- train --config a.json --epochs 3"
                ),
                (6, "cargo next"),
            ])
        );
    }

    #[test]
    fn a_console_block_also_holds_output() {
        let markdown = "```console\n$ cargo a \\\n  --b\noutput\n$ cargo c\n```\n";
        assert_eq!(
            found(markdown),
            expected(&[(2, "cargo a --b"), (5, "cargo c")])
        );
    }

    #[test]
    fn a_longer_fence_holds_a_shorter_one() {
        let markdown = "````md\n```sh\nnot a command\n```\n````\n```sh\na\n```\n";
        assert_eq!(found(markdown), expected(&[(7, "a")]));
    }
}
