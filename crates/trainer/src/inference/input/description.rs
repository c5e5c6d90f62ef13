//! What a user's file holds, as written: the block that `trainer infer --description` reads.

use crate::TrainerError;
use crate::config::{
    ChannelValues, CheckedCsv, CheckedData, CheckedExperiment, CheckedPhysics, DigitalNumbers,
    SunConfig,
};
use crate::files::read_to_string;
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// What the columns of a table or the bands of a raster are. The keys that `data` of an experiment has too mean the same
/// here.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InputDescription {
    /// Channel → column of a table; of a raster the band's name, its number ("3", from 1), or "2:1" for band 1 of the
    /// second file. A channel without an entry has the column or band of its own name.
    pub columns: BTreeMap<String, String>,
    /// What they hold.
    pub values: Option<ChannelValues>,
    /// How digital numbers become reflectance; needed with `values: "digital_numbers"`.
    pub digital_numbers: Option<DigitalNumbers>,
    /// Condition of the physics (tts, tto, psi) → its value in degrees, or the column or band that holds it.
    pub angles: BTreeMap<String, Source>,
    /// Place and time of day from which tts follows with `date`.
    pub sun: Option<SunConfig>,
    /// Column with the date, or a date, for `sun`.
    pub date: Option<String>,
    /// Number that stands for no data in channels, angles and the mask, as the file stores it, beside those that the file
    /// itself declares.
    pub nodata: Option<f64>,
    /// What is left out.
    pub mask: Option<Mask>,
    /// Columns of a table that are carried along unchanged.
    pub keep: Vec<String>,
}

/// A number for all, or where it is found.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// The same for all.
    Constant(f64),
    /// A column or band.
    Column(String),
}

/// Observations are kept where a column or band holds one of these values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mask {
    /// Column or band.
    pub column: String,
    /// What is kept.
    pub keep: Kept,
}

/// Values of a mask that are kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Kept {
    /// Of Sentinel-2's scene classification (SCL): 4, vegetation.
    SclVegetation,
    /// Of SCL: 4 and 5, vegetation and bare ground.
    SclLand,
    /// Of SCL: all that is neither cloud nor shadow nor a defect: 4 to 7 and 11, so with water, unclassified and snow.
    SclClear,
    /// These.
    Values(Vec<i64>),
}

impl Kept {
    /// Names of the presets, for messages.
    pub const NAMES: &'static str = "scl_vegetation, scl_land, scl_clear, or whole numbers";

    /// The values themselves.
    pub fn values(&self) -> &[i64] {
        match self {
            Self::SclVegetation => &[4],
            Self::SclLand => &[4, 5],
            Self::SclClear => &[4, 5, 6, 7, 11],
            Self::Values(values) => values,
        }
    }
}

impl std::str::FromStr for Kept {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "scl_vegetation" => Ok(Self::SclVegetation),
            "scl_land" => Ok(Self::SclLand),
            "scl_clear" => Ok(Self::SclClear),
            list => {
                let numbers = list.split(',').map(|part| part.trim().parse());
                let numbers: Result<Vec<i64>, _> = numbers.collect();
                numbers
                    .map(Self::Values)
                    .map_err(|_| format!("allowed: {} such as 4,5", Self::NAMES))
            }
        }
    }
}

impl Serialize for Kept {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::SclVegetation => serializer.serialize_str("scl_vegetation"),
            Self::SclLand => serializer.serialize_str("scl_land"),
            Self::SclClear => serializer.serialize_str("scl_clear"),
            Self::Values(values) => values.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Kept {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeptVisitor;
        impl<'de> Visitor<'de> for KeptVisitor {
            type Value = Kept;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(Kept::NAMES)
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Kept, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Kept, A::Error> {
                let mut values = vec![];
                while let Some(value) = seq.next_element()? {
                    values.push(value);
                }
                Ok(Kept::Values(values))
            }
        }
        deserializer.deserialize_any(KeptVisitor)
    }
}

impl std::str::FromStr for Source {
    type Err = String;

    /// A number is a constant, anything else a column.
    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text.parse() {
            Ok(number) => Self::Constant(number),
            Err(_) => Self::Column(text.to_owned()),
        })
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Constant(value) => serializer.serialize_f64(*value),
            Self::Column(name) => serializer.serialize_str(name),
        }
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SourceVisitor;
        impl Visitor<'_> for SourceVisitor {
            type Value = Source;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or the name of a column or band")
            }
            fn visit_str<E: de::Error>(self, name: &str) -> Result<Source, E> {
                Ok(Source::Column(name.to_owned()))
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Source, E> {
                Ok(Source::Constant(value))
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Source, E> {
                Ok(Source::Constant(value as f64))
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Source, E> {
                Ok(Source::Constant(value as f64))
            }
        }
        deserializer.deserialize_any(SourceVisitor)
    }
}

impl InputDescription {
    /// Reads a JSON file.
    ///
    /// # Errors
    /// It cannot be read, or a key or value is not allowed; the message names it.
    pub fn read(path: &Path) -> Result<Self, TrainerError> {
        let text = read_to_string(path)?;
        let mut json = serde_json::Deserializer::from_str(&text);
        serde_path_to_error::deserialize(&mut json).map_err(|error| TrainerError::Table {
            path: path.to_owned(),
            why: match error.path().to_string().as_str() {
                "." => error.inner().to_string(),
                place => format!("{place}: {}", error.inner()),
            },
        })
    }

    /// That of the tables a run was trained on; of simulated samples as `trainer simulate` and `data::write_csv` write
    /// them: reflectance (or mm) under the channels' names.
    pub fn of_run(checked: &CheckedExperiment) -> Self {
        match &checked.data {
            CheckedData::Csv(csv) => Self::of_tables(csv),
            CheckedData::Synthetic(_) => Self {
                values: match &checked.physics {
                    // a user's reflectance comes in many numbers: that must be said
                    CheckedPhysics::Inform(_) => None,
                    CheckedPhysics::Mogi(_) => Some(ChannelValues::DisplacementMm),
                },
                ..Self::default()
            },
        }
    }

    fn of_tables(csv: &CheckedCsv) -> Self {
        let angles = csv.angles.iter().flat_map(|angles| {
            [
                ("tts", &angles.tts),
                ("tto", &angles.tto),
                ("psi", &angles.psi),
            ]
        });
        let (values, digital_numbers) = csv.values.as_declared();
        let labels = &csv.labels;
        Self {
            columns: (csv.columns.iter())
                .map(|column| (column.channel.clone(), column.column.clone()))
                .collect(),
            values: Some(values),
            digital_numbers,
            angles: angles
                .map(|(name, column)| (name.to_owned(), Source::Column(column.clone())))
                .collect(),
            sun: csv.sun.as_ref().map(|sun| SunConfig {
                latitude: sun.latitude,
                longitude: sun.longitude,
                time_utc: sun.time_utc.clone(),
            }),
            date: csv.sun.as_ref().and(labels.date.clone()),
            nodata: None,
            mask: None,
            keep: [&labels.class, &labels.sample_id, &labels.date]
                .into_iter()
                .flatten()
                .cloned()
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_reads_back_as_it_was_written() {
        let text = r#"{
            "columns": {"B02": "2:1"}, "values": "sentinel2_l2a",
            "angles": {"tts": 35, "tto": "view_zenith", "psi": -12.5},
            "mask": {"column": "SCL", "keep": "scl_land"}, "nodata": -9999
        }"#;
        let read: InputDescription = serde_json::from_str(text).unwrap();
        assert_eq!(read.angles["tts"], Source::Constant(35.0));
        assert_eq!(read.angles["tto"], Source::Column("view_zenith".into()));
        assert_eq!(read.mask.as_ref().unwrap().keep.values(), [4, 5]);
        let again = serde_json::to_string(&read).unwrap();
        assert_eq!(
            serde_json::from_str::<InputDescription>(&again).unwrap(),
            read
        );
    }

    #[test]
    fn a_wrong_key_or_value_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("input.json");
        let message = |text: &str| {
            std::fs::write(&path, text).unwrap();
            let error = InputDescription::read(&path).unwrap_err().to_string();
            error.replace(&folder.path().display().to_string(), "FOLDER")
        };
        insta::assert_snapshot!(message(r#"{"mask": {"column": "SCL", "keep": "forest"}}"#), @"FOLDER/input.json: mask.keep: allowed: scl_vegetation, scl_land, scl_clear, or whole numbers such as 4,5 at line 1 column 43");
        insta::assert_snapshot!(message(r#"{"bands": {}}"#), @"FOLDER/input.json: bands: unknown field `bands`, expected one of `columns`, `values`, `digital_numbers`, `angles`, `sun`, `date`, `nodata`, `mask`, `keep` at line 1 column 8");
        insta::assert_snapshot!(message(r#"{"values": "toa"}"#), @"FOLDER/input.json: values: unknown variant `toa`, expected one of `standardized`, `reflectance`, `percent`, `digital_numbers`, `sentinel2_l2a`, `sentinel2_l2a_before_0400`, `displacement_mm` at line 1 column 16");
        insta::assert_snapshot!(message(r#"{"angles": {"tts": [1]}}"#), @"FOLDER/input.json: angles.tts: invalid type: sequence, expected a number, or the name of a column or band at line 1 column 20");
    }
}
