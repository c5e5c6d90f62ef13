//! The block `data`: where samples come from and what their columns mean.

use super::channel_values::{ChannelValues, DigitalNumbers};
use super::file_or::FileOr;
use super::physics::PhysicsConfig;
use super::simulation::{BandNoiseConfig, GeometriesConfig};
use super::sun::SunConfig;
use ::data::{BadRow, Duplicates, RowRules};
use ::physics::Mogi;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// The bands of Sentinel-2's MSI, in the order of the physics' outputs.
pub const SENTINEL_2_BANDS: [&str; 13] = [
    "B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12",
];

/// The samples, chosen by `source`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "source", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "there is one value in a run")]
pub enum DataConfig {
    /// Simulated by the physics itself, with a known truth.
    Synthetic(SyntheticData),
    /// Tables in CSV files, one row a sample.
    Csv(CsvData),
}

impl DataConfig {
    /// Names of the channels in their order; none where the physics decides and has not been asked.
    pub fn channels(&self) -> &[String] {
        let (channels, bands) = self.channels_and_bands();
        channels.or(bands).unwrap_or_default()
    }

    /// The values of the two keys that can name the channels.
    pub(super) fn channels_and_bands(&self) -> (Option<&[String]>, Option<&[String]>) {
        let (channels, bands) = match self {
            Self::Synthetic(data) => (&data.channels, &data.bands),
            Self::Csv(data) => (&data.channels, &data.bands),
        };
        (channels.as_deref(), bands.as_deref())
    }

    /// The key that names the channels, for messages.
    pub(super) fn channels_key(&self) -> &'static str {
        if self.channels_and_bands().0.is_some() {
            "data.channels"
        } else {
            "data.bands"
        }
    }

    /// Names the channels that the physics takes by default, where the configuration names none; says
    /// whether it did.
    pub(super) fn fill_channels(&mut self, physics: &PhysicsConfig) -> bool {
        if self.channels_and_bands() != (None, None) {
            return false;
        }
        let (channels, bands) = match self {
            Self::Synthetic(data) => (&mut data.channels, &mut data.bands),
            Self::Csv(data) => (&mut data.channels, &mut data.bands),
        };
        match physics {
            PhysicsConfig::Inform(_) => *bands = Some(default_bands()),
            PhysicsConfig::Mogi(mogi) => {
                if let FileOr::Inline(stations) = &mogi.stations {
                    *channels = Some(Mogi::output_names(stations.names()));
                }
            }
        }
        true
    }
}

/// Eleven bands: all but B01 (aerosol) and B10 (cirrus).
fn default_bands() -> Vec<String> {
    SENTINEL_2_BANDS
        .into_iter()
        .filter(|band| !["B01", "B10"].contains(band))
        .map(str::to_owned)
        .collect()
}

/// Simulated samples: z uniform in (0, 1), the physics' outputs, a known model error and noise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SyntheticData {
    /// Names of the outputs of the physics that make the channels, in their order; null: all
    /// displacements of the stations, ux_… (east), then uy_… (north), then uz_… (up), or of Sentinel-2's
    /// bands all but B01 and B10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<Vec<String>>,
    /// The same as `channels`, under the name that suits a sensor; at most one of them may be given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bands: Option<Vec<String>>,
    /// Number of training samples.
    #[schemars(range(min = 1, max = 100000000))]
    pub train_samples: usize,
    /// Number of validation samples.
    #[schemars(range(min = 1, max = 100000000))]
    pub valid_samples: usize,
    /// Number of test samples.
    #[schemars(range(min = 1, max = 100000000))]
    pub test_samples: usize,
    /// Seed of the samples, independent of the experiment's `seed`.
    pub seed: u64,
    /// `true`: noise of standard deviation 0.002 + 0.01 R on a reflectance R; of 2 mm on a horizontal
    /// displacement and 6 mm on a vertical one.
    pub noise: bool,
    /// Another noise on reflectances R, as {"absolute": 0.005, "relative": 0.03} for a standard deviation of
    /// 0.005 + 0.03 R; needs `noise: true`. Dark bands may then be negative, they are not lifted to 0.0001. Null: that
    /// of `noise`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub band_noise: Option<BandNoiseConfig>,
    /// `true`: a smooth error of the model, R (1 + 0.05 sin(2πs + 0.7)) + 0.01 cos(2πs) with
    /// s = (λ − 443 nm)/1747 nm; for displacements u (1 + 0.05 sin(2πs + 0.7)) + 2 mm cos(2πs) with s
    /// from 0 at the first channel to 1 at the last.
    pub model_error: bool,
    /// Sun and view of each sample, as {"latitude": [35, 60]}; they are its conditions. Null: those of
    /// `physics.fixed` for all samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub geometries: Option<GeometriesConfig>,
}

impl Default for SyntheticData {
    fn default() -> Self {
        Self {
            channels: None,
            bands: None,
            train_samples: 8192,
            valid_samples: 2048,
            test_samples: 2048,
            seed: 123,
            noise: true,
            band_noise: None,
            model_error: true,
            geometries: None,
        }
    }
}

/// Samples in CSV files with a header line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CsvData {
    /// Folder of the files, relative to this file; null: given with `--data-dir`, which wins over it.
    #[serde(default)]
    pub dir: Option<String>,
    /// Training table, a path relative to the folder.
    #[serde(default = "default_train")]
    #[schemars(length(min = 1))]
    pub train: String,
    /// Validation table, a path relative to the folder.
    #[serde(default = "default_valid")]
    #[schemars(length(min = 1))]
    pub valid: String,
    /// Test table, a path relative to the folder.
    #[serde(default = "default_test")]
    #[schemars(length(min = 1))]
    pub test: String,
    /// Names of the outputs of the physics that make the channels, in their order; null: all
    /// displacements of the stations, ux_… (east), then uy_… (north), then uz_… (up), or of Sentinel-2's
    /// bands all but B01 and B10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<Vec<String>>,
    /// The same as `channels`, under the name that suits a sensor; at most one of them may be given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bands: Option<Vec<String>>,
    /// Column of each channel, as {"B02": "B02_BLUE"}; a channel without an entry has the column of its
    /// own name.
    #[serde(default)]
    pub columns: BTreeMap<String, String>,
    /// What the columns of the channels hold.
    pub values: ChannelValues,
    /// How digital numbers become reflectance; needed with `values: "digital_numbers"`, else null.
    #[serde(default)]
    pub digital_numbers: Option<DigitalNumbers>,
    /// `measured` (mean and standard deviation of the training table) or the files that hold them, as
    /// {"mean": "train_x_mean.npy", "scale": "train_x_scale.npy"}; files are needed with
    /// `values: "standardized"`.
    #[serde(default)]
    pub standardization: Standardization,
    /// Columns of the angles of each sample; null: those of `physics.fixed` for all samples. Mogi's
    /// source has no angles.
    #[serde(default)]
    pub angles: Option<AngleColumns>,
    /// Place and time, as {"latitude": 48.15, "longitude": 16.1, "time_utc": "10:00"}, from which the sun zenith
    /// angle of each sample follows with its date (`labels.date`), where a table has no `angles`; the other
    /// angles are those of `physics.fixed`. Null: so is the sun's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sun: Option<SunConfig>,
    /// Columns that are carried along and not learned from.
    #[serde(default)]
    pub labels: LabelColumns,
    /// Columns that hold the true value of a parameter of the physics, in its unit, where it is known:
    /// {"LAI": "lai_measured"}. Never learned from; reported as recovery, of the rows where the cell is not empty. Values far
    /// outside of `physics.ranges` are refused: they are of another unit.
    #[serde(default)]
    pub truth: BTreeMap<String, String>,
    /// What to do with a row that lacks a value of a channel or an angle, or the date that `sun` needs: an empty cell, NaN, an infinity, NA,
    /// null, none, or a digital number that stands for no data (0, 65535).
    #[serde(default)]
    pub missing: UnusableRow,
    /// What to do with a row that has a reflectance outside −0.1 to 1.6, an angle outside the range of the
    /// physics, the sun computed from its date among them, or a true value more than ten widths of its range beyond it.
    #[serde(default)]
    pub out_of_range: UnusableRow,
    /// What to do with a row that says in all columns named here exactly what an earlier row of its table says.
    #[serde(default)]
    pub duplicates: DuplicateRow,
    /// Largest share of a table's rows that may be left out for these reasons, 0 to 1.
    #[serde(default = "default_max_dropped")]
    #[schemars(range(min = 0, max = 1))]
    pub max_dropped: f64,
    /// Most memory that the rows of one table may take, GiB.
    #[serde(default = "default_max_memory")]
    #[schemars(range(max = 1000000), extend("exclusiveMinimum" = 0))]
    pub max_memory_gib: f64,
}

fn default_max_dropped() -> f64 {
    RowRules::MAX_DROPPED
}

fn default_max_memory() -> f64 {
    RowRules::MAX_BYTES as f64 / BYTES_PER_GIB
}

/// Bytes of a GiB.
const BYTES_PER_GIB: f64 = (1_u64 << 30) as f64;

fn default_train() -> String {
    "train.csv".to_owned()
}

fn default_valid() -> String {
    "valid.csv".to_owned()
}

fn default_test() -> String {
    "test.csv".to_owned()
}

impl CsvData {
    /// Column that holds a channel.
    pub fn column<'a>(&'a self, channel: &'a str) -> &'a str {
        self.columns.get(channel).map_or(channel, String::as_str)
    }
}

/// Columns of the angles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AngleColumns {
    /// Column of the sun zenith angle, degrees.
    pub tts: String,
    /// Column of the view zenith angle, degrees.
    pub tto: String,
    /// Column of the relative azimuth of sun and view, degrees.
    pub psi: String,
}

/// Columns of the labels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LabelColumns {
    /// Column of the class, such as the tree species; null: none.
    pub class: Option<String>,
    /// Column of the sample's identity, shared by the dates of one place; null: none.
    pub sample_id: Option<String>,
    /// Column of the date, any text unless `data.sun`, `objective.temporal_smoothness` or `phys_vae.low_rank.use_time`
    /// needs it; null: none.
    pub date: Option<String>,
}

/// What to do with a row that cannot be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnusableRow {
    /// Stop with a message that names the row and the column.
    #[default]
    Error,
    /// Leave the row out; the run's dropped_rows.csv names it and the reason.
    DropRow,
}

/// What to do with a row that was there before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DuplicateRow {
    /// Take it as any other.
    #[default]
    Keep,
    /// Stop with a message that names both rows.
    Error,
    /// Leave the row out; the run's dropped_rows.csv names it and the row it equals.
    DropRow,
}

impl CsvData {
    /// Which rows of a table are taken.
    pub fn row_rules(&self) -> RowRules {
        let unusable = |row| match row {
            UnusableRow::Error => BadRow::Error,
            UnusableRow::DropRow => BadRow::DropRow,
        };
        RowRules {
            missing: unusable(self.missing),
            out_of_range: unusable(self.out_of_range),
            duplicates: match self.duplicates {
                DuplicateRow::Keep => Duplicates::Keep,
                DuplicateRow::Error => Duplicates::Error,
                DuplicateRow::DropRow => Duplicates::DropRow,
            },
            max_dropped: self.max_dropped,
            max_bytes: (self.max_memory_gib * BYTES_PER_GIB) as u64,
        }
    }
}

/// Where mean and scale of each channel come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Standardization {
    /// Measured on the training table.
    #[default]
    Measured,
    /// Read from files.
    Files(StandardizationFiles),
}

/// Mean and scale of each channel, in the order of the channels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StandardizationFiles {
    /// Means in the unit of the physics (reflectance 0–1, mm): a .npy file of f64, relative to `data.dir`.
    #[schemars(length(min = 1))]
    pub mean: String,
    /// Standard deviations in that unit: a .npy file of f64, relative to `data.dir`.
    #[schemars(length(min = 1))]
    pub scale: String,
}

impl Serialize for Standardization {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Measured => serializer.serialize_str("measured"),
            Self::Files(files) => files.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Standardization {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StandardizationVisitor;
        impl<'de> Visitor<'de> for StandardizationVisitor {
            type Value = Standardization;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"measured\" or an object {mean, scale}")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Standardization, E> {
                match name {
                    "measured" => Ok(Standardization::Measured),
                    _ => Err(E::invalid_value(de::Unexpected::Str(name), &self)),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Standardization, A::Error> {
                StandardizationFiles::deserialize(de::value::MapAccessDeserializer::new(map))
                    .map(Standardization::Files)
            }
        }
        deserializer.deserialize_any(StandardizationVisitor)
    }
}

impl JsonSchema for Standardization {
    fn schema_name() -> Cow<'static, str> {
        "Standardization".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let files = generator.subschema_for::<StandardizationFiles>();
        json_schema!({"anyOf": [{"type": "string", "const": "measured"}, files]})
    }
}
