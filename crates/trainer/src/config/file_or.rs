//! A part of a configuration that may stand in a file of its own.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// The path of a JSON file, or what would stand in it.
#[derive(Clone, Debug, PartialEq)]
pub enum FileOr<T> {
    /// Path of a JSON file.
    File(String),
    /// The content itself.
    Inline(T),
}

impl<T: Serialize> Serialize for FileOr<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::File(path) => path.serialize(serializer),
            Self::Inline(content) => content.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for FileOr<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FileOrVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for FileOrVisitor<T> {
            type Value = FileOr<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the path of a JSON file or the object that it would hold")
            }

            fn visit_str<E: de::Error>(self, path: &str) -> Result<FileOr<T>, E> {
                Ok(FileOr::File(path.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FileOr<T>, A::Error> {
                T::deserialize(de::value::MapAccessDeserializer::new(map)).map(FileOr::Inline)
            }
        }
        deserializer.deserialize_any(FileOrVisitor(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for FileOr<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("FileOr{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let inline = generator.subschema_for::<T>();
        json_schema!({"anyOf": [{"type": "string", "minLength": 1}, inline]})
    }
}
