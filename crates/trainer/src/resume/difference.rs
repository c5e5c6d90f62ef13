//! What differs between two configurations.

use serde_json::{Map, Value};

/// A key whose values differ.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangedKey {
    /// Path of the key, such as `trainer.epochs`.
    pub key: String,
    /// Its value in the run; null where it has none.
    pub then: Value,
    /// Its value now; null where it has none.
    pub now: Value,
}

/// Every key whose values differ, in the order of the file. A key that is not there is null; objects whose keys stand in
/// another order differ too, because the order of `physics.ranges` is that of the latents.
pub fn differences(then: &Value, now: &Value) -> Vec<ChangedKey> {
    let mut all = vec![];
    collect("", then, now, &mut all);
    all
}

fn collect(path: &str, then: &Value, now: &Value, all: &mut Vec<ChangedKey>) {
    if then == now && order(then) == order(now) {
        return;
    }
    let empty = Map::new();
    let both = match (then, now) {
        (Value::Object(a), Value::Object(b)) => Some((a, b)),
        (Value::Object(a), Value::Null) => Some((a, &empty)),
        (Value::Null, Value::Object(b)) => Some((&empty, b)),
        _ => None,
    };
    let Some((a, b)) = both else {
        push(path, then, now, all);
        return;
    };
    let before = all.len();
    for key in a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))) {
        let path = match path {
            "" => key.clone(),
            path => format!("{path}.{key}"),
        };
        let of = |fields: &Map<String, Value>| fields.get(key).cloned().unwrap_or_default();
        collect(&path, &of(a), &of(b), all);
    }
    let in_order = |fields: &Map<String, Value>| fields.keys().cloned().collect::<Vec<_>>();
    if all.len() == before && a.len() == b.len() && in_order(a) != in_order(b) {
        push(path, &in_order(a).into(), &in_order(b).into(), all);
    }
}

fn push(path: &str, then: &Value, now: &Value, all: &mut Vec<ChangedKey>) {
    // what is measured where nothing else is said
    let measured = |value: &Value| value.is_null() || value == "measured";
    if path == "data.standardization" && measured(then) && measured(now) {
        return;
    }
    all.push(ChangedKey {
        key: path.to_owned(),
        then: then.clone(),
        now: now.clone(),
    });
}

/// All keys of a value in their order, which `==` does not look at.
fn order(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(key, below)| std::iter::once(key.as_str()).chain(order(below)))
            .collect(),
        Value::Array(elements) => elements.iter().flat_map(order).collect(),
        _ => vec![],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn keys(then: &Value, now: &Value) -> Vec<String> {
        differences(then, now).into_iter().map(|it| it.key).collect()
    }

    #[test]
    fn every_key_that_differs_is_named() {
        let then = json!({"a": 1, "b": {"c": [1, 2], "d": null}, "e": 1.5});
        assert!(differences(&then, &then).is_empty());
        let now = json!({"a": 2, "b": {"c": [2, 1]}, "e": 1.5, "f": true});
        assert_eq!(keys(&then, &now), ["a", "b.c", "f"]);
        let found = differences(&then, &now);
        assert_eq!((&found[2].then, &found[2].now), (&Value::Null, &json!(true)));
    }

    #[test]
    fn none_and_nothing_are_the_same_and_a_block_is_taken_apart() {
        let (without, empty) = (json!({"a": 1}), json!({"a": 1, "b": {}, "c": null}));
        assert!(keys(&without, &empty).is_empty());
        let block = json!({"a": 1, "b": {"x": 1, "y": null}});
        assert_eq!(keys(&without, &block), ["b.x"]);
        assert_eq!(keys(&block, &without), ["b.x"]);
        let text = json!({"a": 1, "b": "x"});
        assert_eq!(keys(&block, &text), ["b"]);
    }

    #[test]
    fn another_order_of_keys_is_a_difference() {
        let text = r#"{"ranges": {"N": {"min": 1}, "cab": {"min": 2}}}"#;
        let swapped = r#"{"ranges": {"cab": {"min": 2}, "N": {"min": 1}}}"#;
        let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(keys(&parse(text), &parse(swapped)), ["ranges"]);
        assert!(keys(&parse(text), &parse(text)).is_empty());
    }

    #[test]
    fn measured_is_what_is_done_without_a_word() {
        let data = |standardization: Value| json!({"data": {"standardization": standardization}});
        assert!(keys(&json!({"data": {}}), &data(json!("measured"))).is_empty());
        let files = data(json!({"mean": "m.npy", "scale": "s.npy"}));
        assert!(!keys(&data(json!("measured")), &files).is_empty());
        assert!(!keys(&json!({"data": {}}), &files).is_empty());
    }
}
