//! Which of its arguments a command reads, and which it writes.

use super::{Command, ConfigArgs, ConfigCommand};
use crate::config::{ConfigSource, Overrides, SensorChoice};
use std::path::{Path, PathBuf};

/// The files and folders that the arguments of one call name.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// What is read: the argument, such as `--params`, and the file or folder.
    pub read: Vec<(&'static str, PathBuf)>,
    /// What is written: the argument and the file.
    pub written: Vec<(&'static str, PathBuf)>,
    /// A folder that is made.
    pub made: Option<(&'static str, PathBuf)>,
    /// A file of the run's own that is written over by design.
    pub by_design: Option<PathBuf>,
    /// Whether what is written must be a file, not a pipe or a device.
    pub only_files: bool,
    /// The run whose folder is read.
    pub run: Option<PathBuf>,
    /// The configurations whose files are read.
    pub configurations: Vec<(ConfigSource, Overrides)>,
    /// Whether a file that is there may be replaced.
    pub overwrite: bool,
}

impl Files {
    fn reads(&mut self, argument: &'static str, path: Option<&Path>) {
        let path = path.map(|path| (argument, path.to_owned()));
        self.read.extend(path);
    }

    fn writes(&mut self, argument: &'static str, path: Option<&Path>) {
        let path = path.map(|path| (argument, path.to_owned()));
        self.written.extend(path);
    }

    fn reads_run(&mut self, path: &Path) {
        self.run = Some(path.to_owned());
        let config = ConfigSource::File(path.join("config.json"));
        self.configurations.push((config, Overrides::default()));
    }

    fn reads_config(&mut self, args: &ConfigArgs) {
        self.reads("--config", args.config.as_deref());
        self.configurations.push((args.source(), args.overrides()));
    }
}

impl Command {
    /// The files and folders that it reads and writes by its arguments. A new run's directory is not among them: it
    /// has a name of its own.
    pub fn files(&self) -> Files {
        let mut files = Files::default();
        match self {
            Self::Train(args) => files.reads_config(&args.config),
            Self::Eval(args) => {
                files.reads_run(&args.run);
                files.reads("--data", args.data.as_deref());
                files.writes("--seasons", args.seasons.as_deref());
                files.writes("--parameters", args.parameters.as_deref());
                files.writes("--by-class", args.by_class.as_deref());
                files.overwrite = args.overwrite;
            }
            Self::Export(args) => {
                files.reads_run(&args.run);
                files.made = Some(("--output", args.output.clone()));
            }
            Self::Infer(args) => {
                files.reads_run(&args.run);
                for input in &args.input {
                    files.reads("--input", Some(input));
                }
                files.reads("--description", args.description.as_deref());
                files.only_files = true;
                files.writes("--output", Some(&args.output));
                files.overwrite = args.overwrite;
            }
            Self::Report(args) => {
                files.reads_run(&args.run);
                files.writes("--output", args.output.as_deref());
                files.by_design = Some(args.run.join("report.html"));
                files.overwrite = args.overwrite;
            }
            Self::Baseline(args) => files.reads_config(&args.config),
            Self::Replay(args) => files.reads_run(&args.run),
            Self::Simulate(args) => {
                files.reads("--params", Some(&args.params));
                if let SensorChoice::Csv(path) = &args.sensor {
                    files.reads("--sensor", Some(path));
                }
                files.reads("--tables", args.tables.as_deref());
                files.reads("--stations", args.stations.as_deref());
                files.writes("--output", Some(&args.output));
                files.overwrite = args.overwrite;
            }
            Self::ImportConfig(args) => {
                files.reads("OLD.json", Some(&args.original));
                files.writes("--output", Some(&args.output));
                files.overwrite = args.overwrite;
            }
            Self::Config(ConfigCommand::Check(args)) => {
                files.reads_config(&args.config);
                files.writes("--dropped-rows", args.dropped_rows.as_deref());
                files.overwrite = args.overwrite;
            }
            Self::Config(ConfigCommand::Show(args)) => files.reads_config(args),
            Self::Config(ConfigCommand::Schema)
            | Self::Devices
            | Self::Completions { .. }
            | Self::Man => {}
        }
        files
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::{Arg, CommandFactory as _, Parser as _};
    use std::any::TypeId;

    /// Folders that are searched or filled, in which a command chooses the names itself.
    const FOLDERS: [&str; 4] = ["data_dir", "runs_dir", "root", "resume"];

    /// Commands without commands below them, each with the words that call it.
    fn commands(
        of: &clap::Command,
        words: &[String],
        found: &mut Vec<(Vec<String>, clap::Command)>,
    ) {
        let mut words = words.to_vec();
        words.push(of.get_name().to_owned());
        if of.has_subcommands() {
            for inner in of.get_subcommands().filter(|it| it.get_name() != "help") {
                commands(inner, &words, found);
            }
        } else {
            found.push((words, of.clone()));
        }
    }

    fn names_a_file(arg: &Arg) -> bool {
        let parsed = arg.get_value_parser().type_id();
        parsed == TypeId::of::<PathBuf>() || parsed == TypeId::of::<SensorChoice>()
    }

    /// Each argument that names a file is read or written, and known to be.
    #[test]
    fn every_argument_that_names_a_file_is_read_or_written() {
        let mut all = vec![];
        let mut program = Cli::command();
        program.build();
        commands(&program, &[], &mut all);
        let mut tried = 0;
        for (words, command) in all {
            let files: Vec<_> = command
                .get_arguments()
                .filter(|it| names_a_file(it))
                .collect();
            for arg in files
                .iter()
                .filter(|it| !FOLDERS.contains(&it.get_id().as_str()))
            {
                let mut line = words.clone();
                let mut give = |arg: &Arg, value: &str| {
                    if let Some(long) = arg.get_long() {
                        line.push(format!("--{long}"));
                    }
                    line.push(value.to_owned());
                };
                give(arg, "looked-for.csv");
                for other in command
                    .get_arguments()
                    .filter(|it| it.is_required_set() && it.get_id() != arg.get_id())
                {
                    give(other, "other.csv");
                }
                if arg.get_id() == "dropped_rows" {
                    line.push("--data".to_owned());
                }
                let parsed = Cli::try_parse_from(&line).unwrap_or_else(|e| panic!("{line:?}: {e}"));
                let files = parsed.into_command().files();
                let is_named = |it: &(&str, PathBuf)| it.1 == Path::new("looked-for.csv");
                let named = files.read.iter().chain(&files.written).chain(&files.made);
                let named = named.filter(|it| is_named(it)).count();
                let is_run = files.run.as_deref() == Some(Path::new("looked-for.csv"));
                assert_eq!(named + usize::from(is_run), 1, "{line:?}: {files:?}");
                // an output is one by its help: what is written says so
                let help = arg
                    .get_help()
                    .map(ToString::to_string)
                    .unwrap_or_default()
                    .to_lowercase();
                let says_written = ["write", "to make", "list the rows"]
                    .iter()
                    .any(|word| help.contains(word));
                let is_written = files.written.iter().chain(&files.made).any(is_named);
                assert_eq!(is_written, says_written, "{line:?}: {help}");
                tried += 1;
            }
        }
        assert!(tried >= 20, "{tried} arguments");
        println!("{tried} arguments");
    }
}
