//! The JSON Schema of a configuration file. It is generated from the types and read by the checks:
//! keys, types, defaults and limits of single values stand in one place.

use super::experiment::ExperimentConfig;
use super::mogi::Stations;
use super::ranges::Ranges;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// JSON Schema (draft 2020-12) of a configuration file, every key with its meaning, unit and default.
pub fn schema_json() -> String {
    format!("{:#}\n", configuration_schema())
}

/// Schema of a configuration file.
pub(crate) fn configuration_schema() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    SCHEMA.get_or_init(generate::<ExperimentConfig>)
}

/// Schema of a ranges file.
pub(crate) fn ranges_schema() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    SCHEMA.get_or_init(generate::<Ranges>)
}

/// Schema of a file of stations.
pub(crate) fn stations_schema() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    SCHEMA.get_or_init(generate::<Stations>)
}

fn generate<T: JsonSchema>() -> Value {
    // Without references every place of the schema can be read by itself.
    let mut schema = SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value();
    unwrap_descriptions(&mut schema);
    schema
}

/// Comments are wrapped in the source; descriptions are not.
fn unwrap_descriptions(schema: &mut Value) {
    match schema {
        Value::Object(object) => object.iter_mut().for_each(|(key, below)| match below {
            Value::String(text) if key == "description" => {
                let paragraphs = text
                    .split("\n\n")
                    .map(|paragraph| paragraph.replace('\n', " "));
                *text = paragraphs.collect::<Vec<_>>().join("\n\n");
            }
            below => unwrap_descriptions(below),
        }),
        Value::Array(elements) => elements.iter_mut().for_each(unwrap_descriptions),
        _ => {}
    }
}

/// The schemas of which a value must meet one.
pub(crate) fn alternatives(schema: &Value) -> Vec<&Value> {
    for keyword in ["anyOf", "oneOf"] {
        if let Some(branches) = schema.get(keyword).and_then(Value::as_array) {
            return branches.iter().flat_map(alternatives).collect();
        }
    }
    vec![schema]
}

/// The object schemas that `value` may be meant to follow: where objects are told apart by a tag
/// (`model`, `source`, `type`) and the value has a valid one, only that object's.
pub(crate) fn object_schemas<'a>(schema: &'a Value, value: &Value) -> Vec<&'a Value> {
    let objects: Vec<&Value> = alternatives(schema)
        .into_iter()
        .filter(|branch| is_object(branch))
        .collect();
    let tagged = tag(&objects).and_then(|tag| {
        let chosen = objects
            .iter()
            .copied()
            .find(|branch| value.get(tag) == Some(&branch["properties"][tag]["const"]))?;
        Some(vec![chosen])
    });
    tagged.unwrap_or(objects)
}

/// Whether a schema (without alternatives) allows an object.
pub(crate) fn is_object(schema: &Value) -> bool {
    let kind = &schema["type"];
    kind == "object"
        || kind
            .as_array()
            .is_some_and(|kinds| kinds.contains(&"object".into()))
}

/// The key that tells the objects apart: the one that holds a constant in each of them.
pub(crate) fn tag<'a>(objects: &[&'a Value]) -> Option<&'a str> {
    let properties = objects.first()?.get("properties")?.as_object()?;
    properties.keys().map(String::as_str).find(|key| {
        objects
            .iter()
            .all(|object| object["properties"][key].get("const").is_some())
    })
}

/// Names of the keys of some objects, in the order of the schema.
pub(crate) fn known_keys(objects: &[&Value]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    objects
        .iter()
        .filter_map(|object| object["properties"].as_object())
        .flat_map(serde_json::Map::keys)
        .filter(|key| seen.insert(key.as_str()))
        .cloned()
        .collect()
}

/// Schema of a key of an object: its own, or that of all further keys where any name is allowed.
pub(crate) fn property<'a>(object: &'a Value, key: &str) -> Option<&'a Value> {
    object["properties"].get(key).or_else(|| {
        object
            .get("additionalProperties")
            .filter(|schema| schema.is_object())
    })
}

/// Dotted paths of all keys below a schema.
pub(crate) fn all_paths(schema: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    for object in alternatives(schema) {
        let Some(properties) = object["properties"].as_object() else {
            continue;
        };
        for (key, below) in properties {
            paths.push(key.clone());
            paths.extend(
                all_paths(below)
                    .into_iter()
                    .map(|path| format!("{key}.{path}")),
            );
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn undocumented(schema: &Value, path: &str, found: &mut Vec<String>) {
        let branches = alternatives(schema);
        let tag = tag(&branches);
        for object in branches {
            let Some(properties) = object["properties"].as_object() else {
                continue;
            };
            for (key, below) in properties {
                let path = format!("{path}.{key}");
                // a tag is explained by the description of the object it chooses
                let text = if Some(key.as_str()) == tag {
                    object
                } else {
                    below
                };
                if text["description"].as_str().is_none_or(str::is_empty) {
                    found.push(path.clone());
                }
                undocumented(below, &path, found);
            }
        }
    }

    #[test]
    fn every_key_is_documented() {
        let mut found = Vec::new();
        undocumented(configuration_schema(), "", &mut found);
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn every_object_is_closed_or_says_what_further_keys_hold() {
        fn walk(schema: &Value, path: &str) {
            for object in alternatives(schema) {
                if is_object(object) {
                    let further = &object["additionalProperties"];
                    assert!(further == false || further.is_object(), "{path}: {further}");
                }
                for (key, below) in object["properties"].as_object().into_iter().flatten() {
                    walk(below, &format!("{path}.{key}"));
                }
            }
        }
        walk(configuration_schema(), "");
    }

    #[test]
    fn schema_as_printed() {
        insta::assert_snapshot!("schema", schema_json());
    }
}
