//! How each command of the README is run on a small size.
//!
//! A new command in the README gets its line in [`COMMANDS`]; without one, `verify` fails. Words that begin
//! with `../shared` name data beside the project; where they do not exist the command is skipped, visibly.

use crate::command_line::CommandLine;

/// A kind of command line.
pub struct Entry {
    /// As the README has it. `*` inside a word stands for any characters, a last word `*` for any words,
    /// or none.
    written: &'static str,
    how: How,
}

/// How it is run.
enum How {
    /// As the README has it.
    AsWritten,
    /// With these changes.
    With(&'static [Change]),
    /// This in its place.
    Instead(&'static str),
    /// Not at all, for this reason.
    Not(&'static str),
}

/// A change of a command line. In the new values `{scratch}` is a folder for the commands' files (it holds
/// parameters.csv with parameters of some spectra and sources.csv with sources below a volcano), and `{run}`
/// the run directory that an earlier command has left there.
enum Change {
    /// The value of an option; the option is added where the README does not give it.
    Value(&'static str, &'static str),
    /// The words that this pattern fits.
    Word(&'static str, &'static str),
    /// Words at the end.
    Add(&'static str),
}
use Change::{Add, Value, Word};

/// All kinds of command lines; the first that fits counts.
const COMMANDS: &[Entry] = &[
    // the two commands
    Entry {
        written: "cargo run -p trainer",
        how: How::Instead(
            "cargo run -p trainer -- train --runs-dir {scratch}/runs --epochs 4 \
             --set phys_vae.epochs_pretrain=2 --set data.train_samples=512 \
             --set data.valid_samples=256 --set data.test_samples=256",
        ),
    },
    Entry {
        written: "cargo xtask verify *",
        how: How::Not("is what runs now"),
    },
    // Python, which verify does without
    Entry {
        written: "cargo xtask wheel",
        how: How::Not("needs Python and PyPI; .ci/run does it in python-test"),
    },
    Entry {
        written: "cargo xtask python-test",
        how: How::Not("needs Python and PyPI; .ci/run runs it after verify"),
    },
    Entry {
        written: "python3 -m pip install --find-links target/wheels phys_smpl",
        how: How::Not("changes the Python that is there"),
    },
    // training; the synthetic experiments can be made smaller, tables of samples only shorter in epochs
    Entry {
        written: "cargo run -p trainer -- train --config configs/rtm_c_austria.json *",
        how: How::With(&[
            Value("--runs-dir", "{scratch}/runs"),
            Value("--epochs", "4"),
            Add("--set phys_vae.epochs_pretrain=2"),
        ]),
    },
    Entry {
        written: "cargo run -p trainer -- train --config configs/rtm_recommended.json *",
        how: How::With(&[
            Value("--runs-dir", "{scratch}/runs"),
            Value("--epochs", "2"),
            Add("--set phys_vae.epochs_pretrain=1"),
        ]),
    },
    Entry {
        written: "cargo run -p trainer -- train --config configs/mogi_recommended.json *",
        how: How::With(&[
            Value("--runs-dir", "{scratch}/runs"),
            Value("--epochs", "2"),
            Add("--set phys_vae.epochs_pretrain=1"),
        ]),
    },
    // variant A has no pretraining to shorten
    Entry {
        written: "cargo run -p trainer -- train --config configs/mogi_a_akutan.json *",
        how: How::With(&[
            Value("--runs-dir", "{scratch}/runs"),
            Value("--epochs", "4"),
        ]),
    },
    Entry {
        written: "cargo run -p trainer -- train --config configs/mogi_*_akutan.json *",
        how: How::With(&[
            Value("--runs-dir", "{scratch}/runs"),
            Value("--epochs", "4"),
            Add("--set phys_vae.epochs_pretrain=2"),
        ]),
    },
    Entry {
        written: "cargo run -p trainer -- train *",
        how: How::With(&[
            Value("--runs-dir", "{scratch}/runs"),
            Value("--epochs", "4"),
            Add("--set phys_vae.epochs_pretrain=2 --set data.train_samples=512"),
            Add("--set data.valid_samples=256 --set data.test_samples=256"),
        ]),
    },
    // the trainer's other commands
    Entry {
        written: "cargo run -p trainer -- eval runs/* *",
        how: How::With(&[Word("runs/*", "{run}")]),
    },
    Entry {
        written: "cargo run -p trainer -- infer models/* *",
        how: How::With(&[
            Value("--output", "{scratch}/traits.tif"),
            Value("--bbox", "600640,5337440,601280,5338080"),
        ]),
    },
    Entry {
        written: "cargo run -p trainer -- infer runs/* *",
        how: How::With(&[
            Word("runs/*", "{run}"),
            Value("--input", "{scratch}/bands.csv"),
            Value("--output", "{scratch}/traits.csv"),
        ]),
    },
    Entry {
        written: "cargo run -p trainer -- export runs/* *",
        how: How::With(&[
            Word("runs/*", "{run}"),
            Value("--output", "{scratch}/exported"),
        ]),
    },
    Entry {
        written: "cargo run -p trainer -- report runs/* *",
        how: How::With(&[Word("runs/*", "{run}")]),
    },
    Entry {
        written: "cargo run -p trainer -- baseline *",
        how: How::With(&[
            Value("--starts", "0"),
            Value("--steps", "5"),
            Value("--table", "1000"),
        ]),
    },
    Entry {
        written: "cargo run -p trainer -- simulate --stations *",
        how: How::With(&[
            Value("--params", "{scratch}/sources.csv"),
            Value("--output", "{scratch}/displacements.csv"),
        ]),
    },
    Entry {
        written: "cargo run -p trainer -- simulate *",
        how: How::With(&[
            Value("--params", "{scratch}/parameters.csv"),
            Value("--output", "{scratch}/bands.csv"),
        ]),
    },
    Entry {
        written: "cargo run -p trainer -- config *",
        how: How::AsWritten,
    },
    Entry {
        written: "cargo run -p trainer -- --help",
        how: How::AsWritten,
    },
    // physics alone
    Entry {
        written: "cargo run -p physics --example *",
        how: How::AsWritten,
    },
    // steps of their own
    Entry {
        written: "cargo test *",
        how: How::Not("is a step of its own"),
    },
    Entry {
        written: "cargo doc *",
        how: How::Not("is a step of its own"),
    },
    // before there is a checkout
    Entry {
        written: "git clone *",
        how: How::Not("has been done"),
    },
    Entry {
        written: "cd *",
        how: How::Not("has been done"),
    },
];

/// Where the small variants read and write.
pub trait Places {
    /// What `{scratch}` stands for.
    fn scratch(&self) -> String;
    /// What `{run}` stands for, in place of runs/`name`/….
    fn run(&self, name: &str) -> Result<String, String>;
}

/// The entry that a command line fits.
pub struct Match(&'static Entry);

/// What to do with a command line.
#[derive(Debug, PartialEq, Eq)]
pub enum Small {
    Run(CommandLine),
    NotRun(&'static str),
}

/// The first entry that these words fit.
pub fn find(words: &[String]) -> Option<Match> {
    COMMANDS
        .iter()
        .find(|entry| words_fit(words, entry.written))
        .map(Match)
}

impl Match {
    /// The small variant of `command`, which fits this entry.
    pub fn small(&self, command: &CommandLine, places: &impl Places) -> Result<Small, String> {
        let changes = match self.0.how {
            How::AsWritten => &[],
            How::With(changes) => changes,
            How::Instead(line) => {
                let mut instead = CommandLine::parse(&fill(line, "", places)?)?;
                instead.variables.clone_from(&command.variables);
                return Ok(Small::Run(instead));
            }
            How::Not(reason) => return Ok(Small::NotRun(reason)),
        };
        let mut small = command.clone();
        for change in changes {
            apply(change, &mut small.words, places)?;
        }
        Ok(Small::Run(small))
    }
}

fn apply(change: &Change, words: &mut Vec<String>, places: &impl Places) -> Result<(), String> {
    match change {
        Value(option, value) => {
            let value = fill(value, "", places)?;
            let joined = format!("{option}=");
            match words
                .iter()
                .position(|word| word == option || word.starts_with(&joined))
            {
                Some(at) if words[at] == *option => {
                    let place = words
                        .get_mut(at + 1)
                        .ok_or_else(|| format!("`{option}` has no value"))?;
                    *place = value;
                }
                Some(at) => words[at] = joined + &value,
                None => words.extend([(*option).to_owned(), value]),
            }
        }
        Word(pattern, value) => {
            for word in words.iter_mut().filter(|word| word_fits(word, pattern)) {
                *word = fill(value, word, places)?;
            }
        }
        Add(more) => {
            for word in more.split_whitespace() {
                words.push(fill(word, "", places)?);
            }
        }
    }
    Ok(())
}

/// `value` with its `{…}` replaced; `word` is what it takes the place of.
fn fill(value: &str, word: &str, places: &impl Places) -> Result<String, String> {
    let mut filled = value.replace("{scratch}", &places.scratch());
    if filled.contains("{run}") {
        let name = word.split('/').nth(1).unwrap_or_default();
        filled = filled.replace("{run}", &places.run(name)?);
    }
    Ok(filled)
}

fn words_fit(words: &[String], pattern: &str) -> bool {
    let mut words = words.iter();
    for pattern in pattern.split(' ') {
        if pattern == "*" {
            return true;
        }
        if !words.next().is_some_and(|word| word_fits(word, pattern)) {
            return false;
        }
    }
    words.next().is_none()
}

/// Whether a word fits a pattern with at most one `*`.
fn word_fits(word: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => word == pattern,
        Some((start, end)) => word
            .strip_prefix(start)
            .is_some_and(|rest| rest.ends_with(end)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct TestPlaces;

    impl Places for TestPlaces {
        fn scratch(&self) -> String {
            "tmp".to_owned()
        }

        fn run(&self, name: &str) -> Result<String, String> {
            Ok(format!("tmp/runs/{name}/last"))
        }
    }

    /// The line that is run for a line of the README.
    fn small(line: &str) -> String {
        let command = CommandLine::parse(line).unwrap();
        match find(&command.words)
            .unwrap()
            .small(&command, &TestPlaces)
            .unwrap()
        {
            Small::Run(small) => small.to_string(),
            Small::NotRun(reason) => format!("not run: {reason}"),
        }
    }

    #[test]
    fn the_built_in_experiment_becomes_small() {
        assert_eq!(
            small("cargo run -p trainer"),
            "cargo run -p trainer -- train --runs-dir tmp/runs --epochs 4 \
             --set phys_vae.epochs_pretrain=2 --set data.train_samples=512 \
             --set data.valid_samples=256 --set data.test_samples=256"
        );
    }

    #[test]
    fn training_from_tables_becomes_short() {
        let line = "cargo run -p trainer -- train --config configs/rtm_c_austria.json \
                    --data-dir ../shared/data/austria --epochs 150";
        assert_eq!(
            small(line),
            "cargo run -p trainer -- train --config configs/rtm_c_austria.json \
             --data-dir ../shared/data/austria --epochs 4 --runs-dir tmp/runs \
             --set phys_vae.epochs_pretrain=2"
        );
        assert!(small("cargo run -p trainer -- train --epochs=9").contains("--epochs=4"));
        let volcano = |variant: &str| {
            small(&format!(
                "cargo run -p trainer -- train --config configs/mogi_{variant}_akutan.json --seed 1"
            ))
        };
        let pretraining = "--set phys_vae.epochs_pretrain=2";
        assert!(volcano("c").ends_with(&format!("--epochs 4 {pretraining}")));
        assert!(volcano("a").ends_with("--epochs 4"));
    }

    #[test]
    fn paths_of_the_reader_become_ours() {
        assert_eq!(
            small("cargo run -p trainer -- eval runs/rtm_c_synthetic/2025-06-01T12-00-00"),
            "cargo run -p trainer -- eval tmp/runs/rtm_c_synthetic/last"
        );
        assert_eq!(
            small("cargo run -p trainer -- report runs/rtm_c_synthetic/2025-06-01T12-00-00"),
            "cargo run -p trainer -- report tmp/runs/rtm_c_synthetic/last"
        );
        assert_eq!(
            small("cargo run -p trainer -- simulate --output b.csv --params a.csv --jacobian"),
            "cargo run -p trainer -- simulate --output tmp/bands.csv --params tmp/parameters.csv --jacobian"
        );
        assert_eq!(
            small(
                "cargo run -p trainer -- simulate --stations a.json --params b.csv --output c.csv"
            ),
            "cargo run -p trainer -- simulate --stations a.json --params tmp/sources.csv \
             --output tmp/displacements.csv"
        );
    }

    #[test]
    fn some_commands_run_as_written_and_some_not_at_all() {
        let line = "RUST_LOG=debug cargo run -p physics --example spectrum -- --N 1.5";
        assert_eq!(small(line), line);
        assert_eq!(
            small("cargo xtask verify --quick"),
            "not run: is what runs now"
        );
    }

    #[test]
    fn unknown_commands_have_no_entry() {
        for line in [
            "cargo run",
            "cargo run -p trainer2",
            "cargo run -p trainer -- evaluate a",
            "rm a",
        ] {
            let words = CommandLine::parse(line).unwrap().words;
            assert!(find(&words).is_none(), "{line}");
        }
    }

    #[test]
    fn no_entry_hides_a_later_one() {
        for entry in COMMANDS {
            let example: Vec<String> = entry
                .written
                .split(' ')
                .map(|word| word.replace('*', "x"))
                .collect();
            let first = find(&example).unwrap();
            assert_eq!(first.0.written, entry.written);
        }
    }
}
