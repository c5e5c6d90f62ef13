//! Values that take the place of values in the file.

use super::conformity::{describe, unknown_key};
use super::document::join;
use super::error::{ConfigError, Problem};
use super::schema::{alternatives, configuration_schema, is_object, object_schemas, property};
use serde_json::{Map, Value};
use std::path::PathBuf;

/// Values that replace those of the configuration file; [`Overrides::default`] changes nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides {
    /// Assignments `path.to.key=value`, applied in order. The value is read as JSON and, where it is
    /// none, as text.
    pub set: Vec<String>,
    /// Takes the place of `seed`.
    pub seed: Option<u64>,
    /// Takes the place of `trainer.epochs`.
    pub epochs: Option<usize>,
    /// Takes the place of `data.dir`; relative to the working directory.
    pub data_dir: Option<PathBuf>,
}

/// One value that replaces another.
#[derive(Clone, Debug)]
pub(crate) struct Assignment {
    /// The replacement as given, such as `trainer.epochs=5`.
    pub(crate) argument: String,
    pub(crate) path: String,
    pub(crate) value: Value,
}

impl Overrides {
    /// All assignments in the order in which they apply.
    pub(crate) fn assignments(&self) -> Result<Vec<Assignment>, ConfigError> {
        let mut assignments = self
            .set
            .iter()
            .map(|text| parse(text))
            .collect::<Result<Vec<_>, _>>()?;
        let mut replace = |path: &str, value: Value| {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            let argument = format!("{path}={text}");
            assignments.push(Assignment {
                argument,
                path: path.to_owned(),
                value,
            });
        };
        if let Some(seed) = self.seed {
            replace("seed", seed.into());
        }
        if let Some(epochs) = self.epochs {
            replace("trainer.epochs", epochs.into());
        }
        if let Some(dir) = &self.data_dir {
            let text = dir.to_str().ok_or_else(|| ConfigError::PathNotUtf8 {
                argument: format!("data.dir={}", dir.display()),
            })?;
            replace("data.dir", text.into());
        }
        Ok(assignments)
    }
}

fn parse(text: &str) -> Result<Assignment, ConfigError> {
    let malformed = || ConfigError::MalformedOverride {
        argument: text.to_owned(),
    };
    let (path, value) = text.split_once('=').ok_or_else(malformed)?;
    let path = path.trim();
    if path.split('.').any(str::is_empty) {
        return Err(malformed());
    }
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
    Ok(Assignment {
        argument: text.to_owned(),
        path: path.to_owned(),
        value,
    })
}

impl Assignment {
    /// Whether this assignment wrote the value at `path` (or an object that holds it).
    pub(crate) fn covers(&self, path: &str) -> bool {
        path.strip_prefix(&self.path)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }

    /// Writes the value into the configuration. The path must exist in the schema; objects on the way
    /// that are null or left out are created.
    pub(crate) fn apply(&self, root: &mut Value) -> Result<(), Problem> {
        let mut schema = configuration_schema().clone();
        let mut place = root;
        let mut path = String::new();
        for key in self.path.split('.') {
            let objects = object_schemas(&schema, place);
            if objects.is_empty() || !(place.is_object() || place.is_null()) {
                return Err(Problem::not_allowed(path, &*place, no_keys(&schema)));
            }
            let Some(below) = objects
                .iter()
                .find_map(|object| property(object, key))
                .cloned()
            else {
                return Err(unknown_key(&path, key, &objects));
            };
            if place.is_null() {
                *place = Value::Object(Map::new());
            }
            let Value::Object(object) = place else {
                return Ok(());
            };
            place = object.entry(key).or_insert(Value::Null);
            path = join(&path, key);
            schema = below;
        }
        place.clone_from(&self.value);
        Ok(())
    }
}

/// Why a path cannot go on below a value: what the value may be as a whole.
fn no_keys(schema: &Value) -> String {
    let whole = describe(schema);
    if alternatives(schema).iter().any(|branch| is_object(branch)) {
        format!("no keys below it while it is not an object; replace it as a whole with {whole}")
    } else {
        format!("no keys below it, only {whole}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn apply(text: &str, mut value: Value) -> Result<Value, Problem> {
        parse(text).unwrap().apply(&mut value).map(|()| value)
    }

    #[test]
    fn values_are_json_or_else_text() {
        for (text, value) in [
            ("a=1", json!(1)),
            ("a=1e-3", json!(1e-3)),
            ("a=null", json!(null)),
            ("a=[64,64]", json!([64, 64])),
            ("a=enmap_box", json!("enmap_box")),
            ("a=\"1\"", json!("1")),
            ("a=", json!("")),
            ("a=b=c", json!("b=c")),
        ] {
            assert_eq!(parse(text).unwrap().value, value, "{text}");
        }
        for text in ["a", "=1", "a..b=1", ".a=1", "a.=1"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn missing_and_null_objects_are_created() {
        assert_eq!(
            apply("trainer.epochs=3", json!({})),
            Ok(json!({"trainer": {"epochs": 3}}))
        );
        assert_eq!(
            apply(
                "data.angles.tts=SUN",
                json!({"data": {"source": "csv", "angles": null}})
            ),
            Ok(json!({"data": {"source": "csv", "angles": {"tts": "SUN"}}}))
        );
        assert_eq!(
            apply("data.columns.B02=BLUE", json!({"data": {"source": "csv"}})),
            Ok(json!({"data": {"source": "csv", "columns": {"B02": "BLUE"}}}))
        );
    }

    #[test]
    fn an_assignment_covers_what_is_below_it() {
        let assignment = parse("physics.fixed={\"tts\": 3}").unwrap();
        assert!(assignment.covers("physics.fixed") && assignment.covers("physics.fixed.tts"));
        assert!(!assignment.covers("physics") && !assignment.covers("physics.fixedness"));
    }
}
