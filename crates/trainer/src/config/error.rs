//! What can be wrong with a configuration, and where it stands.

use std::fmt;
use std::path::PathBuf;

/// Where an offending value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// In a file (or in a configuration compiled into the program).
    File {
        /// The file as the user named it.
        file: String,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
    },
    /// Beside the file: a value that replaces one of it.
    Override {
        /// The configuration file whose value is replaced.
        file: String,
        /// The replacement, such as `trainer.epochs=5`.
        argument: String,
    },
    /// In a configuration built by a program.
    Program,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, line, column } => write!(f, "{file}:{line}:{column}"),
            Self::Override { file, argument } => write!(f, "{file} with {argument}"),
            Self::Program => f.write_str("configuration"),
        }
    }
}

/// Errors of reading and checking a configuration. Each message is one line and says where, what was
/// found and what is allowed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A configuration file cannot be read.
    #[error("{}: cannot read the configuration: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        reason: std::io::Error,
    },
    /// A file is not JSON.
    #[error("{place}: not valid JSON: {reason}")]
    Syntax {
        /// Where reading stopped.
        place: Place,
        /// What the parser says.
        reason: String,
    },
    /// A key stands twice in one object.
    #[error("{place}: `{}` is given twice; keep one of them", path.escape_debug())]
    DuplicateKey {
        /// Place of the second occurrence.
        place: Place,
        /// The key with its parents, such as `trainer.epochs`.
        path: String,
    },
    /// A key that does not exist.
    #[error("{place}: unknown key `{}`{}; known keys here: {}", path.escape_debug(), hint(suggestion.as_deref()), known.join(", "))]
    UnknownKey {
        /// Place of the key.
        place: Place,
        /// The key with its parents.
        path: String,
        /// The existing key that the user probably meant.
        suggestion: Option<String>,
        /// The keys that exist at this level.
        known: Vec<String>,
    },
    /// A key without which the experiment is not defined.
    #[error("{place}: `{path}` is missing; allowed: {allowed}")]
    MissingKey {
        /// Place of the object that lacks the key.
        place: Place,
        /// The key with its parents.
        path: String,
        /// What it may hold.
        allowed: String,
    },
    /// A value of the wrong type, outside its range, or at odds with another value.
    #[error("{place}: {} = {value}{}; allowed: {allowed}", path.escape_debug(), if *defaulted { " (default)" } else { "" })]
    NotAllowed {
        /// Place of the key, or of its nearest parent if the value is a default.
        place: Place,
        /// The key with its parents.
        path: String,
        /// The value as JSON.
        value: String,
        /// Whether the value was not written but is the default.
        defaulted: bool,
        /// What is allowed.
        allowed: String,
    },
    /// A replacement is not `path.to.key=value`.
    #[error("{argument}: not of the form path.to.key=value, such as trainer.epochs=50")]
    MalformedOverride {
        /// The argument.
        argument: String,
    },
    /// An argument names a file with a name that is not UTF-8.
    #[error("{argument}: the path is not UTF-8; allowed: a path in UTF-8")]
    PathNotUtf8 {
        /// The argument, with replacement characters.
        argument: String,
    },
    /// Tables of samples are needed, but the configuration does not say where they are.
    #[error("{file}: data.dir is null; allowed: the folder of {expected}")]
    NoDataDirectory {
        /// The configuration file.
        file: String,
        /// The files that the folder must hold.
        expected: String,
    },
    /// A file named by the configuration does not exist.
    #[error("{}: no such file, named by {path} of {file}; allowed: an existing file", missing.display())]
    MissingFile {
        /// The configuration file.
        file: String,
        /// The key that names the file.
        path: String,
        /// The missing file.
        missing: PathBuf,
    },
}

fn hint(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |key| format!(" (did you mean `{key}`?)"))
}

/// Messages show a value, not a file.
fn shortened(mut value: String) -> String {
    const LONGEST: usize = 100;
    if let Some((end, _)) = value.char_indices().nth(LONGEST) {
        value.truncate(end);
        value.push('…');
    }
    value
}

/// A broken rule, before it is known where the value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    UnknownKey {
        path: String,
        suggestion: Option<String>,
        known: Vec<String>,
    },
    MissingKey {
        path: String,
        allowed: String,
    },
    NotAllowed {
        path: String,
        value: String,
        allowed: String,
    },
}

impl Problem {
    pub(crate) fn not_allowed(
        path: impl Into<String>,
        value: impl fmt::Display,
        allowed: impl Into<String>,
    ) -> Self {
        Self::NotAllowed {
            path: path.into(),
            value: shortened(value.to_string()),
            allowed: allowed.into(),
        }
    }

    /// The key to point at.
    pub(crate) fn path(&self) -> &str {
        match self {
            Self::UnknownKey { path, .. }
            | Self::MissingKey { path, .. }
            | Self::NotAllowed { path, .. } => path,
        }
    }

    pub(crate) fn at(self, place: Place, written: bool) -> ConfigError {
        match self {
            Self::UnknownKey {
                path,
                suggestion,
                known,
            } => ConfigError::UnknownKey {
                place,
                path,
                suggestion,
                known,
            },
            Self::MissingKey { path, allowed } => ConfigError::MissingKey {
                place,
                path,
                allowed,
            },
            Self::NotAllowed {
                path,
                value,
                allowed,
            } => ConfigError::NotAllowed {
                place,
                path,
                value,
                defaulted: !written,
                allowed,
            },
        }
    }
}
