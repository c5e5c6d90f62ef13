//! Files that a configuration names in the place of a part of its own.

use super::built_in;
use super::conformity::conform;
use super::document::Document;
use super::error::{ConfigError, Place, Problem};
use super::file_or::FileOr;
use super::load::{Base, deserialize};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::path::PathBuf;

/// A part of the configuration that stood in a file of its own.
#[derive(Clone, Debug)]
pub(super) struct Included {
    /// The key in whose place the file's content is.
    key: &'static str,
    document: Document,
}

impl Included {
    /// Where the file says what the configuration holds at `path`, if it does.
    pub(super) fn place(&self, path: &str) -> Option<Place> {
        let below = path.strip_prefix(self.key)?;
        (below.is_empty() || below.starts_with('.'))
            .then(|| self.document.place(below.trim_start_matches('.')))
    }
}

/// Reads the file that `source` names, if it names one, and puts its content in the file's place.
///
/// # Errors
/// A file that cannot be read or is not JSON, and what `schema` does not allow.
pub(super) fn include<T: DeserializeOwned>(
    source: &mut FileOr<T>,
    key: &'static str,
    schema: &Value,
    base: &Base,
    on_command_line: bool,
    locate: &dyn Fn(Problem, &[Included]) -> ConfigError,
) -> Result<Option<Included>, ConfigError> {
    let FileOr::File(path) = source else {
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
                let value = Value::from(path.as_str());
                locate(Problem::not_allowed(key, value, allowed), &[])
            })?;
            Document::parse(&file.display().to_string(), &text)?
        }
    };
    let included = [Included { key, document }];
    let value = included[0].document.value();
    let here = |problem| locate(problem, &included);
    conform(value, schema, key).map_err(here)?;
    *source = FileOr::Inline(deserialize(value, key).map_err(here)?);
    Ok(included.into_iter().next())
}
