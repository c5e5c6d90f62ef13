//! JSON Schema of the block `lr_scheduler`, whose type lives in `schedules` (which knows serde only).

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

/// Schema of [`schedules::LrScheduler`]; a test holds the two together.
pub(crate) fn schema(_: &mut SchemaGenerator) -> Schema {
    let above_zero = |description: &str| json!({"description": description, "type": "number", "exclusiveMinimum": 0});
    let mut gamma = above_zero("Factor of a reduction, more than 0 and at most 1.");
    gamma["maximum"] = json!(1);
    let mut gamma_of_step = gamma.clone();
    gamma_of_step["default"] = json!(0.1);
    let mut factor = above_zero("Factor of a reduction, more than 0 and less than 1.");
    factor["exclusiveMaximum"] = json!(1);
    factor["default"] = json!(0.1);
    json_schema!({"oneOf": [
        kind(
            "CosineAnnealingLR",
            "Half a cosine from optimizer.lr to eta_min.",
            &json!({
                "T_max": {
                    "description": "Epochs from the end of stage A until eta_min is reached; null: \
                        trainer.epochs − phys_vae.epochs_pretrain.",
                    "type": ["integer", "null"], "minimum": 1, "default": null
                },
                "eta_min": {
                    "description": "Last learning rate, from 0 to optimizer.lr.",
                    "type": "number", "minimum": 0, "default": 0.0
                },
            }),
            &[],
        ),
        kind(
            "StepLR",
            "Multiplied by gamma every step_size epochs of stage B.",
            &json!({
                "step_size": {
                    "description": "Epochs between two reductions.",
                    "type": "integer", "minimum": 1
                },
                "gamma": gamma_of_step,
            }),
            &["step_size"],
        ),
        kind(
            "ExponentialLR",
            "Multiplied by gamma every epoch of stage B.",
            &json!({"gamma": gamma}),
            &["gamma"],
        ),
        kind(
            "ReduceLROnPlateau",
            "Multiplied by factor when the validation reconstruction stops improving, once β = 1.",
            &json!({
                "factor": factor,
                "patience": {
                    "description": "Epochs without improvement that are tolerated.",
                    "type": "integer", "minimum": 0, "default": 10
                },
                "threshold": {
                    "description": "Relative improvement that counts, from 0 to below 1.",
                    "type": "number", "minimum": 0, "exclusiveMaximum": 1, "default": 1e-4
                },
                "cooldown": {
                    "description": "Epochs after a reduction during which nothing is counted.",
                    "type": "integer", "minimum": 0, "default": 0
                },
                "min_lr": {
                    "description": "Smallest learning rate, from 0 to optimizer.lr.",
                    "type": "number", "minimum": 0, "default": 0.0
                },
            }),
            &[],
        ),
        kind("None", "optimizer.lr throughout.", &json!({}), &[]),
    ]})
}

fn kind(name: &str, description: &str, parameters: &Value, required: &[&str]) -> Value {
    let mut properties = json!({"type": {"type": "string", "const": name}});
    if let (Some(all), Some(parameters)) = (properties.as_object_mut(), parameters.as_object()) {
        all.extend(parameters.clone());
    }
    let required: Vec<&str> = std::iter::once("type")
        .chain(required.iter().copied())
        .collect();
    json!({
        "description": description,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use schedules::LrScheduler;

    /// Every type with its required keys alone, read and written again, has exactly the keys and the
    /// defaults of its schema.
    #[test]
    fn schema_and_type_agree() {
        let schema = schema(&mut SchemaGenerator::default());
        let kinds = schema.as_value()["oneOf"].as_array().unwrap();
        assert_eq!(kinds.len(), 5);
        for kind in kinds {
            let mut all = serde_json::Map::new();
            let mut required = serde_json::Map::new();
            for (key, property) in kind["properties"].as_object().unwrap() {
                let needed = kind["required"].as_array().unwrap().contains(&json!(key));
                let value = match (needed, property.get("const"), property.get("default")) {
                    (true, Some(name), None) => name.clone(),
                    (true, None, None) if property["type"] == "integer" => json!(3),
                    (true, None, None) => json!(0.5),
                    (false, None, Some(default)) => default.clone(),
                    other => panic!("{key}: {other:?}"),
                };
                if needed {
                    required.insert(key.clone(), value.clone());
                }
                all.insert(key.clone(), value);
            }
            let scheduler: LrScheduler = serde_json::from_value(required.into()).unwrap();
            assert_eq!(serde_json::to_value(&scheduler).unwrap(), Value::from(all));
        }
    }
}
