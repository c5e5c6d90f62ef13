//! From a file and the command line to a configuration that can be checked.

use super::built_in;
use super::checked::{CheckedData, CheckedExperiment};
use super::conformity::{conform, deserialize};
use super::data::DataConfig;
use super::document::Document;
use super::error::{ConfigError, Place, Problem};
use super::experiment::ExperimentConfig;
use super::included::{Base, Included, include};
use super::overrides::{Assignment, Overrides};
use super::physics::PhysicsConfig;
use super::rules::{self, CheckContext};
use super::schema::{configuration_schema, ranges_schema, stations_schema};
use super::sensor::SensorChoice;
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

/// A configuration with its overrides applied, every key, type and single value checked, the files of
/// its ranges and stations read and its paths absolute. What values say together is checked by [`LoadedConfig::check`].
#[derive(Clone, Debug)]
pub struct LoadedConfig {
    config: ExperimentConfig,
    document: Document,
    /// The files of those parts that stand in files of their own.
    included: Vec<Included>,
    assignments: Vec<Assignment>,
    /// Whether the configuration names no channels.
    channels_by_default: bool,
}

/// Reads a configuration and the files of ranges and stations it names; opens nothing else.
///
/// # Errors
/// A file that cannot be read or is not JSON, an unknown key, a value of the wrong type or outside its
/// range, an override of a key that does not exist.
pub fn load(source: &ConfigSource, overrides: &Overrides) -> Result<LoadedConfig, ConfigError> {
    match source {
        ConfigSource::File(path) => {
            let text = std::fs::read_to_string(path).map_err(|reason| ConfigError::Unreadable {
                path: path.clone(),
                reason,
            })?;
            load_text(path, &text, overrides)
        }
        ConfigSource::BuiltIn => {
            let document = Document::parse(built_in::LABEL, built_in::CONFIGURATION)?;
            LoadedConfig::assemble(document, &Base::BuiltIn, overrides)
        }
    }
}

/// [`load`] of the text of a file, which need not be there.
///
/// # Errors
/// As [`load`].
pub fn load_text(
    file: &Path,
    text: &str,
    overrides: &Overrides,
) -> Result<LoadedConfig, ConfigError> {
    let directory = file.parent().map(Path::to_path_buf).unwrap_or_default();
    let document = Document::parse(&file.display().to_string(), text)?;
    LoadedConfig::assemble(document, &Base::Directory(directory), overrides)
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
        let locate = |problem: Problem, included: &[Included]| {
            locate(problem, &document, included, &assignments)
        };
        conform(&value, configuration_schema(), "").map_err(|it| locate(it, &[]))?;
        let mut config: ExperimentConfig = deserialize(&value, "").map_err(|it| locate(it, &[]))?;

        let on_command_line = |path: &str| assignments.iter().any(|it| it.covers(path));
        let mut included = Vec::new();
        let key = "physics.ranges";
        included.extend(include(
            config.physics.ranges_mut(),
            key,
            ranges_schema(),
            base,
            on_command_line(key),
            &locate,
        )?);
        if let PhysicsConfig::Mogi(mogi) = &mut config.physics {
            let key = "physics.stations";
            included.extend(include(
                &mut mogi.stations,
                key,
                stations_schema(),
                base,
                on_command_line(key),
                &locate,
            )?);
        }
        let channels_by_default = config.data.fill_channels(&config.physics);
        make_paths_absolute(&mut config, base, on_command_line);
        Ok(Self {
            config,
            document,
            included,
            assignments,
            channels_by_default,
        })
    }

    /// The configuration: defaults filled in, paths absolute, ranges and stations inside.
    pub fn config(&self) -> &ExperimentConfig {
        &self.config
    }

    /// What the file says, then what replaces parts of it.
    pub(crate) fn said(&self) -> impl Iterator<Item = &Value> {
        let replaced = self.assignments.iter().map(|it| &it.value);
        std::iter::once(self.document.value()).chain(replaced)
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
        let here = |problem| locate(problem, &self.document, &self.included, &self.assignments);
        let mut checked = rules::check(&self.config, context, self.label()).map_err(here)?;
        if let CheckedData::Csv(csv) = &mut checked.data {
            csv.channels_by_default = self.channels_by_default;
        }
        Ok(checked)
    }
}

impl ExperimentConfig {
    /// Checks a configuration that a program has built: every value, and what they say together.
    /// Relative paths are relative to the working directory; the files of ranges and stations, if any,
    /// are read.
    ///
    /// # Errors
    /// A broken rule, or a file of ranges or stations that cannot be read.
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
    if let PhysicsConfig::Inform(inform) = &mut config.physics {
        if let Ok(SensorChoice::Csv(_)) = inform.sensor.parse() {
            absolute(&mut inform.sensor, "physics.sensor");
        }
        if let Some(tables) = &mut inform.tables {
            absolute(tables, "physics.tables");
        }
        if let Some(file) = &mut inform.spectral.file {
            absolute(file, "physics.spectral.file");
        }
    }
    if let DataConfig::Csv(csv) = &mut config.data
        && let Some(dir) = &mut csv.dir
    {
        absolute(dir, "data.dir");
    }
}

fn on_command_line(document: &Document, assignment: &Assignment) -> Place {
    Place::Override {
        file: document.label().to_owned(),
        argument: assignment.argument.clone(),
    }
}

/// Adds to a problem where its value was written.
fn locate(
    problem: Problem,
    document: &Document,
    included: &[Included],
    assignments: &[Assignment],
) -> ConfigError {
    let path = problem.path().to_owned();
    if let Some(place) = included.iter().find_map(|it| it.place(&path)) {
        return problem.at(place, true);
    }
    if let Some(assignment) = assignments.iter().rev().find(|it| it.covers(&path)) {
        return problem.at(on_command_line(document, assignment), true);
    }
    problem.at(document.place(&path), document.contains(&path))
}
