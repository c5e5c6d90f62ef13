//! The keys of the schema, and other values for them.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// Another value of a key.
pub struct Change {
    /// The key with its parents.
    pub path: String,
    /// The value.
    pub value: Value,
}

fn schema() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    SCHEMA.get_or_init(|| serde_json::from_str(&trainer::config::schema_json()).unwrap())
}

fn alternatives(schema: &Value) -> Vec<&Value> {
    for keyword in ["anyOf", "oneOf"] {
        if let Some(branches) = schema.get(keyword).and_then(Value::as_array) {
            return branches.iter().flat_map(alternatives).collect();
        }
    }
    vec![schema]
}

/// The object schema that a value follows; where objects are told apart by a constant, the one of its constant.
fn object_of<'a>(schema: &'a Value, value: &Value) -> Option<&'a Value> {
    let objects = alternatives(schema).into_iter();
    let objects: Vec<&Value> = objects.filter(|o| o["properties"].is_object()).collect();
    let fits = |object: &&&Value| {
        let properties = object["properties"].as_object().unwrap();
        properties.iter().all(|(key, below)| {
            below.get("const").is_none() || value.get(key) == below.get("const")
        })
    };
    objects.iter().find(fits).or(objects.first()).copied()
}

fn join(parent: &str, key: &str) -> String {
    if parent.is_empty() {
        key.to_owned()
    } else {
        format!("{parent}.{key}")
    }
}

/// Whether a value is a block whose keys are walked by themselves.
fn is_block(schema: &Value, value: &Value) -> bool {
    value.is_object() && object_of(schema, value).is_some()
}

fn walk(schema: &Value, value: &Value, path: &str, f: &mut dyn FnMut(&str, &Value, &Value)) {
    let Some(object) = object_of(schema, value) else {
        return;
    };
    for (key, below) in object["properties"].as_object().unwrap() {
        let path = join(path, key);
        // a default may not be written
        let default = below.get("default").unwrap_or(&Value::Null);
        let own = value.get(key).unwrap_or(default);
        if is_block(below, own) {
            walk(below, own, &path, f);
        } else {
            f(&path, below, own);
        }
    }
}

/// Changes of every key of a configuration that spells its defaults out.
pub fn changes(config: &Value) -> Vec<Change> {
    let mut changes = vec![];
    walk(schema(), config, "", &mut |path, schema, own| {
        let mut values = special(path);
        if values.is_empty() {
            values = alternatives(schema)
                .into_iter()
                .flat_map(|branch| others(branch, own))
                .collect();
        }
        let mut tried = vec![own.clone()];
        for value in values {
            if !tried.contains(&value) {
                tried.push(value.clone());
                let path = path.to_owned();
                changes.push(Change { path, value });
            }
        }
    });
    changes
}

/// Paths of the keys that a configuration has.
pub fn keys(config: &Value) -> Vec<String> {
    let mut keys = vec![];
    walk(schema(), config, "", &mut |path, _, _| {
        keys.push(path.to_owned());
    });
    keys
}

/// Paths of all keys of the schema that are no blocks.
pub fn all_keys() -> BTreeSet<String> {
    fn collect(schema: &Value, path: &str, keys: &mut BTreeSet<String>) {
        for object in alternatives(schema) {
            let Some(properties) = object["properties"].as_object() else {
                continue;
            };
            for (key, below) in properties {
                let path = join(path, key);
                let branches = alternatives(below);
                let objects = branches.iter().filter(|b| b["properties"].is_object());
                if objects.count() == 0 {
                    keys.insert(path);
                } else {
                    collect(below, &path, keys);
                }
            }
        }
    }
    let mut keys = BTreeSet::new();
    collect(schema(), "", &mut keys);
    keys
}

/// Puts a value in its place.
pub fn put(config: &mut Value, path: &str, value: Value) {
    let place = path.split('.').fold(config, |place, key| &mut place[key]);
    *place = value;
}

/// Values of keys whose type says too little: names of columns, files, lists, blocks that are not there.
fn special(path: &str) -> Vec<Value> {
    match path {
        "data.bands" => vec![json!(["B03", "B8A"]), json!(["B04", "B11", "B12"])],
        "data.channels" => vec![json!(["ux_AV07", "uz_AV08"])],
        "data.columns" => vec![json!({"B03": "other"})],
        "data.dir" => vec![json!("others")],
        "data.train" | "data.valid" | "data.test" => vec![json!("others/train.csv")],
        "data.standardization" => {
            vec![
                json!("measured"),
                json!({"mean": "mean.npy", "scale": "scale.npy"}),
            ]
        }
        "data.standardization.mean" => vec![json!("scale.npy")],
        "data.standardization.scale" => vec![json!("mean.npy")],
        "data.truth" => vec![json!({}), json!({"cab": "cab"}), json!({"d": "depth"})],
        "data.angles" => vec![
            json!(null),
            json!({"tts": "tts", "tto": "tto", "psi": "psi"}),
        ],
        "data.angles.tts" | "data.angles.tto" | "data.angles.psi" => vec![json!("angle")],
        "data.sun" => vec![
            json!(null),
            json!({"latitude": 48.15, "longitude": 16.1, "time_utc": "10:00"}),
        ],
        "data.sun.time_utc" => vec![json!("13:00")],
        "data.labels.class" => vec![json!("class"), json!(null)],
        "data.labels.sample_id" => vec![json!("id"), json!(null)],
        "data.labels.date" => vec![json!("date"), json!(null)],
        "data.digital_numbers" => vec![json!({"scale": 1e-4, "offset": -1000})],
        "data.geometries" => vec![json!(null), json!({"latitude": [35, 60]})],
        "data.geometries.latitude" => vec![json!([20, 30])],
        "data.geometries.solar_time" => vec![json!([9, 10])],
        "data.geometries.view_zenith" => vec![json!([0, 30]), json!([0, 0])],
        "data.geometries.relative_azimuth" => vec![json!([0, 90])],
        "data.band_noise" | "pretrain.band_noise" => {
            vec![json!(null), json!({"absolute": 0.02, "relative": 0.1})]
        }
        "objective.temporal_smoothness" => vec![json!(null), json!({"weight": 10, "samples": 3})],
        "objective.temporal_smoothness.parameters" => vec![json!(["d"]), json!(["xcen", "dV"])],
        "optimizer.betas" => vec![json!([0.8, 0.999]), json!([0.9, 0.9])],
        "physics.ranges" => vec![
            json!({"cab": {"min": 20, "max": 80}, "LAI": {"min": 0.5, "max": 5}}),
            json!({"xcen": {"min": -2, "max": 3}, "ycen": {"min": -2, "max": 2}, "d": {"min": 3, "max": 9},
                   "dV": {"min": 50, "max": 150}}),
        ],
        "physics.stations" => {
            vec![json!({"AV07": {"xE": -7.0, "yN": 2.0}, "AV08": {"xE": 1.0, "yN": -3.0}})]
        }
        "physics.sensor" => vec![json!("s2b"), json!("l8")],
        "physics.tables" => vec![json!("no_such_folder")],
        "physics.spectral.file" => vec![json!("no_such_quadrature.json")],
        "phys_vae.hidlayers_feat" | "phys_vae.hidlayers_z_phy" | "phys_vae.hidlayers_z_aux" => {
            vec![json!([]), json!([4]), json!([3, 2])]
        }
        "name" => vec![json!("another")],
        _ => vec![],
    }
}

/// Values that a schema without alternatives allows, other than the one there is.
fn others(schema: &Value, own: &Value) -> Vec<Value> {
    if let Some(constant) = schema.get("const") {
        return vec![constant.clone()];
    }
    if let Some(names) = schema.get("enum").and_then(Value::as_array) {
        return names.clone();
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => vec![],
    };
    let within = |v: f64| {
        let limit = |key: &str| schema[key].as_f64();
        limit("minimum").is_none_or(|least| v >= least)
            && limit("maximum").is_none_or(|most| v <= most)
            && limit("exclusiveMinimum").is_none_or(|least| v > least)
            && limit("exclusiveMaximum").is_none_or(|most| v < most)
    };
    let mut values = vec![];
    for kind in kinds {
        match kind {
            "null" => values.push(Value::Null),
            "boolean" => values.extend([json!(true), json!(false)]),
            "integer" => {
                let own = own.as_u64().unwrap_or(1);
                let near = [own + 1, own.saturating_sub(1), own + 2];
                let near = near.into_iter().filter(|v| within(*v as f64));
                values.extend(near.take(2).map(Value::from));
            }
            "number" => {
                let own = own.as_f64().unwrap_or(0.5);
                let near = [own * 1.5 + 0.01, own * 0.7, own + 1.0, own * 0.999];
                values.extend(
                    near.into_iter()
                        .filter(|v| within(*v))
                        .take(2)
                        .map(Value::from),
                );
            }
            _ => {}
        }
    }
    values
}
