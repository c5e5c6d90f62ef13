//! From a file and the command line to a configuration that can be checked.

use super::built_in;
use super::checked::CheckedExperiment;
use super::conformity::conform;
use super::data::DataConfig;
use super::document::Document;
use super::error::{ConfigError, Place, Problem};
use super::experiment::ExperimentConfig;
use super::overrides::{Assignment, Overrides};
use super::physics::PhysicsConfig;
use super::ranges::RangesSource;
use super::rules::{self, CheckContext};
use super::schema::{configuration_schema, ranges_schema};
use super::sensor::SensorChoice;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Where a configuration comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigSource {
    /// A JSON file. Paths in it are relative to its folder.
    File(PathBuf),
    /// The built-in experiment `rtm_c_synthetic`.
    BuiltIn,
}

impl From<Option<PathBuf>> for ConfigSource {
    /// The file, or the built-in experiment where none is given.
    fn from(file: Option<PathBuf>) -> Self {
        file.map_or(Self::BuiltIn, Self::File)
    }
}

/// A configuration with its overrides applied, every key, type and single value checked, its ranges
/// read and its paths absolute. What values say together is checked by [`LoadedConfig::check`].
#[derive(Clone, Debug)]
pub struct LoadedConfig {
    config: ExperimentConfig,
    document: Document,
    /// The ranges file, where the ranges stand in a file of their own.
    ranges: Option<Document>,
    assignments: Vec<Assignment>,
}

/// Reads a configuration and the ranges file it names; opens nothing else.
///
/// # Errors
/// A file that cannot be read or is not JSON, an unknown key, a value of the wrong type or outside its
/// range, an override of a key that does not exist.
pub fn load(source: &ConfigSource, overrides: &Overrides) -> Result<LoadedConfig, ConfigError> {
    let (document, base) = match source {
        ConfigSource::File(path) => {
            let text = std::fs::read_to_string(path).map_err(|reason| ConfigError::Unreadable {
                path: path.clone(),
                reason,
            })?;
            let directory = path.parent().map(Path::to_path_buf).unwrap_or_default();
            (
                Document::parse(&path.display().to_string(), &text)?,
                Base::Directory(directory),
            )
        }
        ConfigSource::BuiltIn => (
            Document::parse(built_in::LABEL, built_in::CONFIGURATION)?,
            Base::BuiltIn,
        ),
    };
    LoadedConfig::assemble(document, &base, overrides)
}

/// What relative paths of a configuration are relative to.
enum Base {
    Directory(PathBuf),
    /// Files compiled into the program; else the working directory.
    BuiltIn,
}

impl Base {
    fn join(&self, path: &str) -> PathBuf {
        match self {
            Self::Directory(directory) => directory.join(path),
            Self::BuiltIn => PathBuf::from(path),
        }
    }
}

impl LoadedConfig {
    fn assemble(
        document: Document,
        base: &Base,
        overrides: &Overrides,
    ) -> Result<Self, ConfigError> {
        let assignments = overrides.assignments()?;
        let mut value = document.value().clone();
        for assignment in &assignments {
            refuse_folder_of_synthetic_data(&value, assignment)
                .and_then(|()| assignment.apply(&mut value))
                .map_err(|problem| problem.at(on_command_line(&document, assignment), true))?;
        }
        let locate = |problem: Problem| locate(problem, &document, None, &assignments);
        conform(&value, configuration_schema(), "").map_err(locate)?;
        let mut config: ExperimentConfig = deserialize(&value, "").map_err(locate)?;

        let on_command_line = |path: &str| assignments.iter().any(|it| it.covers(path));
        let ranges = read_ranges(
            &mut config,
            base,
            on_command_line("physics.ranges"),
            &locate,
        )?;
        if let (Some(file), RangesSource::Inline(inline)) = (&ranges, ranges_of(&mut config)) {
            let here = |problem| self::locate(problem, &document, Some(file), &assignments);
            conform(file.value(), ranges_schema(), "physics.ranges").map_err(here)?;
            *inline = deserialize(file.value(), "physics.ranges").map_err(here)?;
        }
        make_paths_absolute(&mut config, base, on_command_line);
        Ok(Self {
            config,
            document,
            ranges,
            assignments,
        })
    }

    /// The configuration: defaults filled in, paths absolute, ranges inside.
    pub fn config(&self) -> &ExperimentConfig {
        &self.config
    }

    /// The file as the user named it, for messages.
    pub fn label(&self) -> &str {
        self.document.label()
    }

    /// Checks what values say together, and returns what the trainer takes.
    ///
    /// # Errors
    /// A broken rule, with its place in the file or on the command line.
    pub fn check(&self, context: &CheckContext<'_>) -> Result<CheckedExperiment, ConfigError> {
        rules::check(&self.config, context, self.label()).map_err(|problem| {
            locate(
                problem,
                &self.document,
                self.ranges.as_ref(),
                &self.assignments,
            )
        })
    }
}

impl ExperimentConfig {
    /// Checks a configuration that a program has built: every value, and what they say together.
    /// Relative paths are relative to the working directory; the ranges file, if any, is read.
    ///
    /// # Errors
    /// A broken rule, or a ranges file that cannot be read.
    pub fn check(&self, context: &CheckContext<'_>) -> Result<CheckedExperiment, ConfigError> {
        let value = serde_json::to_value(self).map_err(|error| ConfigError::Syntax {
            place: Place::Program,
            reason: error.to_string(),
        })?;
        let document = Document::of_program(value);
        LoadedConfig::assemble(
            document,
            &Base::Directory(PathBuf::new()),
            &Overrides::default(),
        )?
        .check(context)
    }
}

/// `--data-dir` with simulated samples deserves more than "unknown key".
fn refuse_folder_of_synthetic_data(value: &Value, assignment: &Assignment) -> Result<(), Problem> {
    let source = &value["data"]["source"];
    if assignment.path == "data.dir" && source == "synthetic" {
        let allowed = "\"csv\" where a folder of tables is given (synthetic samples are simulated)";
        return Err(Problem::not_allowed("data.source", source, allowed));
    }
    Ok(())
}

/// The types follow the schema, so this cannot fail once a value conforms; if it does, say so.
fn deserialize<T: DeserializeOwned>(value: &Value, path: &str) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let below = error.path().to_string();
        let path = if path.is_empty() {
            below
        } else {
            format!("{path}.{below}")
        };
        Problem::not_allowed(path, "…", error.into_inner().to_string())
    })
}

fn ranges_of(config: &mut ExperimentConfig) -> &mut RangesSource {
    let PhysicsConfig::Inform(inform) = &mut config.physics;
    &mut inform.ranges
}

/// Reads the ranges file, if the ranges stand in one, and makes room for its content.
fn read_ranges(
    config: &mut ExperimentConfig,
    base: &Base,
    on_command_line: bool,
    locate: &dyn Fn(Problem) -> ConfigError,
) -> Result<Option<Document>, ConfigError> {
    let source = ranges_of(config);
    let RangesSource::File(path) = source else {
        return Ok(None);
    };
    let document = match (base, built_in::file(path)) {
        (Base::BuiltIn, Some(text)) if !on_command_line => {
            Document::parse(&format!("built-in {path}"), text)?
        }
        _ => {
            let file = if on_command_line {
                PathBuf::from(&*path)
            } else {
                base.join(path)
            };
            let text = std::fs::read_to_string(&file).map_err(|reason| {
                let allowed = format!("a readable JSON file ({}: {reason})", file.display());
                locate(Problem::not_allowed(
                    "physics.ranges",
                    Value::from(path.as_str()),
                    allowed,
                ))
            })?;
            Document::parse(&file.display().to_string(), &text)?
        }
    };
    *source = RangesSource::Inline(super::ranges::Ranges::default());
    Ok(Some(document))
}

fn make_paths_absolute(
    config: &mut ExperimentConfig,
    base: &Base,
    on_command_line: impl Fn(&str) -> bool,
) {
    let absolute = |path: &mut String, key: &str| {
        let joined = if on_command_line(key) {
            PathBuf::from(&*path)
        } else {
            base.join(path)
        };
        // Without a working directory a relative path is as good as it gets.
        if let Ok(Ok(text)) =
            std::path::absolute(joined).map(|it| it.into_os_string().into_string())
        {
            *path = text;
        }
    };
    let PhysicsConfig::Inform(inform) = &mut config.physics;
    if let Ok(SensorChoice::Csv(_)) = inform.sensor.parse() {
        absolute(&mut inform.sensor, "physics.sensor");
    }
    if let Some(tables) = &mut inform.tables {
        absolute(tables, "physics.tables");
    }
    if let DataConfig::Csv(csv) = &mut config.data
        && let Some(dir) = &mut csv.dir
    {
        absolute(dir, "data.dir");
    }
}

fn on_command_line(document: &Document, assignment: &Assignment) -> Place {
    Place::CommandLine {
        file: document.label().to_owned(),
        argument: assignment.argument.clone(),
    }
}

/// Adds to a problem where its value was written.
fn locate(
    problem: Problem,
    document: &Document,
    ranges: Option<&Document>,
    assignments: &[Assignment],
) -> ConfigError {
    let path = problem.path().to_owned();
    if let (Some(ranges), Some(below)) = (ranges, path.strip_prefix("physics.ranges")) {
        return problem.at(ranges.place(below.trim_start_matches('.')), true);
    }
    if let Some(assignment) = assignments.iter().rev().find(|it| it.covers(&path)) {
        return problem.at(on_command_line(document, assignment), true);
    }
    problem.at(document.place(&path), document.contains(&path))
}
