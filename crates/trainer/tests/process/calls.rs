//! Every command that the program has, with arguments by which it works.

use clap::{Arg, CommandFactory as _};
use trainer::cli::Cli;

/// A command and a call of it that works in a [`crate::world::World`].
pub struct Call {
    /// The words that name it, such as `config check`.
    pub name: String,
    /// The whole call, without the program.
    pub line: Vec<String>,
    /// Its arguments.
    pub arguments: Vec<Arg>,
}

/// What stands behind the name of each command. A command that is not here fails the tests.
const WORKING: [(&str, &str); 17] = [
    (
        "train",
        "--config config.json --runs-dir made --threads 1 --tensorboard false",
    ),
    ("eval", "run --data observed.csv"),
    ("export", "run --output exported"),
    (
        "infer",
        "run --input observed.csv --values reflectance --output estimates.csv",
    ),
    ("report", "run"),
    ("devices", ""),
    (
        "baseline",
        "--config config.json --starts 0 --steps 2 --table 50",
    ),
    ("replay", "run"),
    ("simulate", "--params traits.csv --output spectra.csv"),
    ("import-config", "original.json --output imported.json"),
    ("completions", "bash"),
    ("man", ""),
    ("config check", "--config config.json --data"),
    ("config show", "--config config.json"),
    ("config schema", ""),
    (
        "simulate --stations",
        "stations.json --params sources.csv --output mm.csv",
    ),
    ("eval --refine", "1 --noise 0.005,0.03 run"),
];

/// All commands, in the order of the help, then some with options that change what they do.
pub fn all() -> Vec<Call> {
    let mut program = Cli::command();
    program.build();
    let mut found = vec![];
    collect(&program, &[], &mut found);
    for (name, rest) in WORKING {
        let known = found.iter().any(|(words, _)| words.join(" ") == name);
        if !known {
            let (command, _) = name
                .split_once(" --")
                .unwrap_or_else(|| panic!("no command {name}"));
            let of = found.iter().find(|(words, _)| words.join(" ") == command);
            let arguments = of.unwrap().1.clone();
            let line = format!("{name} {rest}");
            found.push((line.split(' ').map(str::to_owned).collect(), arguments));
        }
    }
    let call = |(words, arguments): (Vec<String>, Vec<Arg>)| {
        let name = words.join(" ");
        let rest = WORKING.iter().find(|(known, _)| *known == name);
        let is_variant = WORKING
            .iter()
            .any(|(known, _)| known.contains(" --") && name.starts_with(known));
        assert!(
            rest.is_some() || is_variant,
            "calls.rs has no call of {name}"
        );
        let mut line = words;
        let rest = rest.map_or("", |it| it.1);
        line.extend(
            rest.split(' ')
                .filter(|it| !it.is_empty())
                .map(str::to_owned),
        );
        Call {
            name,
            line,
            arguments,
        }
    };
    found.into_iter().map(call).collect()
}

fn collect(of: &clap::Command, words: &[String], found: &mut Vec<(Vec<String>, Vec<Arg>)>) {
    for command in of.get_subcommands().filter(|it| it.get_name() != "help") {
        let mut words = words.to_vec();
        words.push(command.get_name().to_owned());
        if command.has_subcommands() {
            collect(command, &words, found);
        } else {
            found.push((words, command.get_arguments().cloned().collect()));
        }
    }
}

impl Call {
    /// The call with an option set, in place of what it had.
    pub fn with(&self, long: &str, value: &str) -> Vec<String> {
        let option = format!("--{long}");
        let mut line = self.line.clone();
        if let Some(place) = line.iter().position(|it| *it == option) {
            line.drain(place..place + 2);
        }
        line.push(format!("{option}={value}"));
        line
    }
}
