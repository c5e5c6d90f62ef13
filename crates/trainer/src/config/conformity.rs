//! Does a JSON value conform to the schema? Keys, types and the limits of single values.

use super::document::join;
use super::error::Problem;
use super::schema::{alternatives, known_keys, object_schemas, property, tag};
use super::suggestion::nearest_key;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Finds the first part of `value` that the schema does not allow; `path` is the value's own path.
pub(crate) fn conform(value: &Value, schema: &Value, path: &str) -> Result<(), Problem> {
    let branches = alternatives(schema);
    let fitting: Vec<&Value> = branches
        .iter()
        .copied()
        .filter(|branch| admits_type(branch, value))
        .collect();
    if fitting.is_empty() {
        return Err(wrong(path, value, schema));
    }
    match value {
        Value::Object(_) => conform_object(value, schema, path),
        Value::Array(elements) => conform_array(elements, value, fitting[0], path),
        _ if fitting.iter().any(|branch| admits_value(branch, value)) => Ok(()),
        _ => Err(wrong(path, value, schema)),
    }
}

fn wrong(path: &str, value: &Value, schema: &Value) -> Problem {
    let path = if path.is_empty() {
        "the whole file"
    } else {
        path
    };
    Problem::not_allowed(path, value, describe(schema))
}

fn conform_object(value: &Value, schema: &Value, path: &str) -> Result<(), Problem> {
    let objects = object_schemas(schema, value);
    if let Some(tag) = tag(&objects) {
        let names: Vec<&Value> = objects
            .iter()
            .map(|object| &object["properties"][tag]["const"])
            .collect();
        match value.get(tag) {
            None => {
                let path = join(path, tag);
                return Err(Problem::MissingKey {
                    path,
                    allowed: one_of(&names),
                });
            }
            Some(name) if !names.contains(&name) => {
                return Err(Problem::not_allowed(join(path, tag), name, one_of(&names)));
            }
            Some(_) => {}
        }
    }
    // More than one object without a tag does not occur; the first is as good as any.
    let Some(&object) = objects.first() else {
        return Ok(());
    };
    for (key, below) in value.as_object().into_iter().flatten() {
        match property(object, key) {
            Some(schema) => conform(below, schema, &join(path, key))?,
            None => return Err(unknown_key(path, key, &objects)),
        }
    }
    for key in object["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        if value.get(key).is_none() {
            let allowed = property(object, key).map_or_else(String::new, describe);
            return Err(Problem::MissingKey {
                path: join(path, key),
                allowed,
            });
        }
    }
    Ok(())
}

/// The problem of a key that none of the objects knows.
pub(crate) fn unknown_key(parent: &str, key: &str, objects: &[&Value]) -> Problem {
    let known = known_keys(objects);
    Problem::UnknownKey {
        path: join(parent, key),
        suggestion: nearest_key(parent, key, &known),
        known,
    }
}

fn conform_array(
    elements: &[Value],
    value: &Value,
    schema: &Value,
    path: &str,
) -> Result<(), Problem> {
    let count = elements.len() as u64;
    let too_few = schema["minItems"]
        .as_u64()
        .is_some_and(|least| count < least);
    let too_many = schema["maxItems"].as_u64().is_some_and(|most| count > most);
    if too_few || too_many {
        return Err(Problem::not_allowed(path, value, describe(schema)));
    }
    let Some(items) = schema.get("items") else {
        return Ok(());
    };
    elements
        .iter()
        .enumerate()
        .try_for_each(|(index, element)| conform(element, items, &join(path, &index.to_string())))
}

fn admits_type(schema: &Value, value: &Value) -> bool {
    let admits = |name: &str| match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    };
    match schema.get("type") {
        Some(Value::String(name)) => admits(name),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).any(admits),
        _ => true,
    }
}

fn admits_value(schema: &Value, value: &Value) -> bool {
    if let Some(constant) = schema.get("const") {
        return constant == value;
    }
    if let Some(names) = schema.get("enum").and_then(Value::as_array) {
        return names.contains(value);
    }
    if let Some(text) = value.as_str() {
        return schema["minLength"]
            .as_u64()
            .is_none_or(|least| text.chars().count() as u64 >= least);
    }
    let Some(number) = value.as_f64() else {
        return true;
    };
    let holds = |keyword: &str, compare: fn(&f64, &f64) -> bool| {
        schema[keyword]
            .as_f64()
            .is_none_or(|limit| compare(&number, &limit))
    };
    holds("minimum", f64::ge)
        && holds("maximum", f64::le)
        && holds("exclusiveMinimum", f64::gt)
        && holds("exclusiveMaximum", f64::lt)
}

/// What a schema allows, in words.
pub(crate) fn describe(schema: &Value) -> String {
    let mut constants = Vec::new();
    let mut words = Vec::new();
    for branch in alternatives(schema) {
        if let Some(constant) = branch.get("const") {
            constants.push(constant);
        } else if let Some(names) = branch.get("enum").and_then(Value::as_array) {
            constants.extend(names);
        } else {
            words.extend(describe_types(branch));
        }
    }
    if !constants.is_empty() {
        words.insert(0, one_of(&constants));
    }
    words.dedup();
    words.join(" or ")
}

fn one_of(constants: &[&Value]) -> String {
    constants
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

fn describe_types(schema: &Value) -> Vec<String> {
    let names: Vec<&str> = match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    names
        .into_iter()
        .map(|name| match name {
            "boolean" => "true or false".to_owned(),
            "string" if schema["minLength"].as_u64() > Some(0) => {
                "a string that is not empty".to_owned()
            }
            "string" => "a string".to_owned(),
            "integer" => format!("a whole number{}", describe_limits(schema)),
            "number" => format!("a number{}", describe_limits(schema)),
            "array" => describe_array(schema),
            "object" => describe_object(schema),
            other => other.to_owned(),
        })
        .collect()
}

fn describe_limits(schema: &Value) -> String {
    let limit = |keyword: &str| schema.get(keyword).filter(|limit| limit.is_number());
    let below = limit("maximum").map(|most| format!("≤ {most}"));
    let below = below.or_else(|| limit("exclusiveMaximum").map(|most| format!("< {most}")));
    let above = limit("minimum").map(|least| format!("≥ {least}"));
    let above = above.or_else(|| limit("exclusiveMinimum").map(|least| format!("> {least}")));
    match (limit("minimum"), limit("maximum"), above, below) {
        (Some(least), Some(most), ..) => format!(" from {least} to {most}"),
        (_, _, Some(above), Some(below)) => format!(" {above} and {below}"),
        (_, _, Some(one), None) | (_, _, None, Some(one)) => format!(" {one}"),
        (_, _, None, None) => String::new(),
    }
}

fn describe_array(schema: &Value) -> String {
    let element = schema.get("items").map_or_else(String::new, describe);
    match (schema["minItems"].as_u64(), schema["maxItems"].as_u64()) {
        (Some(least), Some(most)) if least == most => format!("a list of {most}, each {element}"),
        _ => format!("a list, each {element}"),
    }
}

fn describe_object(schema: &Value) -> String {
    let known = known_keys(&[schema]);
    match property(schema, "") {
        Some(further) if known.is_empty() => {
            format!("an object of names, each with {}", describe(further))
        }
        _ => format!("an object with {}", known.join(", ")),
    }
}

/// The types follow the schema, so this cannot fail once a value conforms; if it does, say so.
pub(super) fn deserialize<T: DeserializeOwned>(value: &Value, path: &str) -> Result<T, Problem> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::schema::configuration_schema;
    use serde_json::json;

    fn described(path: &str) -> String {
        let mut schema = configuration_schema();
        for key in path.split('.') {
            schema = alternatives(schema)
                .into_iter()
                .find_map(|o| property(o, key))
                .unwrap();
        }
        describe(schema)
    }

    #[test]
    fn what_is_allowed_reads_like_a_sentence() {
        for (path, words) in [
            ("seed", "a whole number ≥ 0"),
            ("trainer.epochs", "a whole number from 1 to 1000000"),
            ("trainer.early_stop", "a whole number ≥ 1 or null"),
            ("optimizer.lr", "a number > 0"),
            ("optimizer.betas", "a list of 2, each a number ≥ 0 and < 1"),
            ("optimizer.type", "\"Adam\""),
            (
                "phys_vae.activation",
                r#""elu", "relu", "leakyrelu", "softplus", "tanh", "prelu""#,
            ),
            (
                "phys_vae.hidlayers_feat",
                "a list, each a whole number from 1 to 65536",
            ),
            ("phys_vae.no_phy", "true or false"),
            (
                "physics.fixed.lidf",
                r#""uniform", "spherical", "planophile", "erectophile", "plagiophile", "extremophile" or a number from 0 to 90"#,
            ),
            (
                "physics.ranges",
                "a string that is not empty or an object of names, each with an object with min, max",
            ),
            (
                "data.standardization",
                r#""measured" or an object with mean, scale"#,
            ),
            ("data.angles", "an object with tts, tto, psi or null"),
            (
                "data.sun",
                "an object with latitude, longitude, time_utc or null",
            ),
            ("data.columns", "an object of names, each with a string"),
        ] {
            assert_eq!(described(path), words, "{path}");
        }
    }

    #[test]
    fn limits_include_and_exclude_their_ends() {
        let betas = |betas: Value| {
            conform(
                &json!({"betas": betas}),
                &configuration_schema()["properties"]["optimizer"],
                "",
            )
        };
        assert!(betas(json!([0, 0.999])).is_ok());
        assert!(betas(json!([0.9, 1])).is_err());
        assert!(betas(json!([0.9])).is_err());
        assert!(betas(json!([-0.1, 0.9])).is_err());
        let trainer =
            |value: Value| conform(&value, &configuration_schema()["properties"]["trainer"], "");
        assert!(trainer(json!({"epochs": 1, "grad_clip_norm": null})).is_ok());
        assert!(trainer(json!({"epochs": 0})).is_err());
        assert!(trainer(json!({"epochs": 1.0})).is_err());
        assert!(trainer(json!({"grad_clip_norm": 0})).is_err());
    }
}
