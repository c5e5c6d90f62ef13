//! Ranges of the free parameters: a JSON object {name: {min, max}} whose order is the order of the
//! physical latents.

use schemars::JsonSchema;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// Smallest and largest value of a free parameter, in the parameter's unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// Smallest value, reached at z = 0.
    pub min: f64,
    /// Largest value, reached at z = 1; greater than `min`.
    pub max: f64,
}

/// Named ranges in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranges(pub Vec<(String, Range)>);

impl Serialize for Ranges {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, range) in &self.0 {
            map.serialize_entry(name, range)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Ranges {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RangesVisitor;
        impl<'de> Visitor<'de> for RangesVisitor {
            type Value = Ranges;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object {name: {min, max}}")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ranges, A::Error> {
                let mut ranges = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    ranges.push(entry);
                }
                Ok(Ranges(ranges))
            }
        }
        deserializer.deserialize_map(RangesVisitor)
    }
}

impl JsonSchema for Ranges {
    fn schema_name() -> Cow<'static, str> {
        "Ranges".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let range = generator.subschema_for::<Range>();
        json_schema!({"type": "object", "additionalProperties": range})
    }
}

/// Ranges in a file of their own or in the configuration itself.
#[derive(Clone, Debug, PartialEq)]
pub enum RangesSource {
    /// Path of a JSON file.
    File(String),
    /// The ranges themselves.
    Inline(Ranges),
}

impl Serialize for RangesSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::File(path) => path.serialize(serializer),
            Self::Inline(ranges) => ranges.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for RangesSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SourceVisitor;
        impl<'de> Visitor<'de> for SourceVisitor {
            type Value = RangesSource;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the path of a ranges file or an object {name: {min, max}}")
            }

            fn visit_str<E: de::Error>(self, path: &str) -> Result<RangesSource, E> {
                Ok(RangesSource::File(path.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RangesSource, A::Error> {
                Ranges::deserialize(de::value::MapAccessDeserializer::new(map))
                    .map(RangesSource::Inline)
            }
        }
        deserializer.deserialize_any(SourceVisitor)
    }
}

impl JsonSchema for RangesSource {
    fn schema_name() -> Cow<'static, str> {
        "RangesSource".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let inline = generator.subschema_for::<Ranges>();
        json_schema!({"anyOf": [{"type": "string", "minLength": 1}, inline]})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_digits_survive_a_round_trip() {
        let text = r#"{"cw":{"min":0.001,"max":0.02},"N":{"min":1.0,"max":3.0}}"#;
        let ranges: Ranges = serde_json::from_str(text).unwrap();
        assert_eq!(ranges.0[0].0, "cw");
        assert_eq!(serde_json::to_string(&ranges).unwrap(), text);
    }
}
