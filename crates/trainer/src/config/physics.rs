//! The block `physics`: the forward model, its sensor and what is held fixed.

use super::mogi::MogiConfig;
use super::ranges::RangesSource;
use ::physics::CanopyParameters;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// The physical model, chosen by `model`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "model", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "there is one value in a run")]
pub enum PhysicsConfig {
    /// INFORM: reflectance of a forest (PROSPECT-D leaves, 4SAIL canopies, FLIM crowns).
    Inform(InformConfig),
    /// Mogi: displacement of the ground around a volcano by a point source of volume change.
    Mogi(MogiConfig),
}

impl PhysicsConfig {
    /// The free parameters and their ranges.
    pub fn ranges(&self) -> &RangesSource {
        match self {
            Self::Inform(inform) => &inform.ranges,
            Self::Mogi(mogi) => &mogi.ranges,
        }
    }

    pub(super) fn ranges_mut(&mut self) -> &mut RangesSource {
        match self {
            Self::Inform(inform) => &mut inform.ranges,
            Self::Mogi(mogi) => &mut mogi.ranges,
        }
    }
}

/// Settings of INFORM.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InformConfig {
    /// Which INFORM.
    #[serde(default)]
    pub variant: InformVariant,
    /// `s2a`, `s2b` (Sentinel-2), `l8`, `l9` (Landsat), or the path of a CSV of response functions (`*.csv`, relative to
    /// this file).
    #[serde(default = "default_sensor")]
    pub sensor: String,
    /// Folder of spectral tables to use in place of the built-in ones, relative to this file; null:
    /// built in.
    #[serde(default)]
    pub tables: Option<String>,
    /// Number type of the physics in training.
    #[serde(default)]
    pub precision: Precision,
    /// The wavelengths at which training computes the bands; evaluation computes them at all.
    #[serde(default)]
    pub spectral: SpectralConfig,
    /// The free parameters, any of the model's, and their ranges; their order is the order of the physical
    /// latents. Path of a JSON file (relative to this file) or the ranges themselves, as
    /// {"cab": {"min": 10, "max": 80}, …}.
    pub ranges: RangesSource,
    /// Inputs of the model that are not learned.
    #[serde(default)]
    pub fixed: FixedParameters,
}

fn default_sensor() -> String {
    "s2a".to_owned()
}

/// The wavelengths at which training computes the bands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SpectralConfig {
    /// All that carry weight, or the nodes of a fitted quadrature.
    pub sampling: SpectralSampling,
    /// Number of nodes the quadrature must have.
    #[schemars(range(min = 1, max = 2101))]
    pub nodes: usize,
    /// File of a quadrature (`cargo xtask quadrature`), relative to this file; null: the built-in one of
    /// the variant and sensor.
    pub file: Option<String>,
}

impl Default for SpectralConfig {
    fn default() -> Self {
        Self {
            sampling: SpectralSampling::default(),
            nodes: 48,
            file: None,
        }
    }
}

/// Ways to compute bands from a spectrum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpectralSampling {
    /// At every nm at which a band has weight.
    #[default]
    Exact,
    /// At a few wavelengths fitted for the variant, the sensor and the ranges; faster, bands within the
    /// error that its file certifies.
    Quadrature,
}

/// Variants of INFORM.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum InformVariant {
    /// As published (Rosema 1992, Atzberger 2000, Schlerf & Atzberger 2006).
    #[default]
    Published,
    /// As in the widely used `EnMAP-Box` implementation, its deviations included.
    EnmapBox,
}

/// Number type of the physics.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
#[value(rename_all = "lowercase")]
pub enum Precision {
    /// 32 bit: fast, bands within 5e-6 of f64.
    #[default]
    F32,
    /// 64 bit.
    F64,
}

/// Inputs of INFORM that are the same for every sample. One that `ranges` sets free has no value here, and angles that the
/// samples bring are the values of samples without their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FixedParameters {
    /// Leaf structure, dimensionless.
    #[serde(rename = "N")]
    #[schemars(range(min = 1, max = 4))]
    pub n: f64,
    /// Chlorophyll, µg/cm².
    #[schemars(range(min = 0, max = 120))]
    pub cab: f64,
    /// Carotenoids, µg/cm².
    #[schemars(range(min = 0, max = 30))]
    pub car: f64,
    /// Anthocyanins, µg/cm².
    #[schemars(range(min = 0, max = 40))]
    pub anth: f64,
    /// Brown pigment, dimensionless.
    #[schemars(range(min = 0, max = 1))]
    pub cbrown: f64,
    /// Equivalent water thickness, cm.
    #[schemars(range(min = 0, max = 0.1))]
    pub cw: f64,
    /// Dry matter, g/cm².
    #[schemars(range(min = 0, max = 0.06))]
    pub cm: f64,
    /// Leaf area index of a single crown, m²/m².
    #[serde(rename = "LAI")]
    #[schemars(range(min = 0, max = 15))]
    pub lai: f64,
    /// Leaf area index of the understorey, m²/m².
    #[serde(rename = "LAIu")]
    #[schemars(range(min = 0, max = 10))]
    pub laiu: f64,
    /// Nominal crown cover, dimensionless.
    #[schemars(range(min = 0.000001, max = 10))]
    pub fc: f64,
    /// Fraction of dry soil, 1 = dry.
    #[schemars(range(min = 0, max = 1))]
    pub psoil: f64,
    /// Brightness of the soil, a factor on its reflectance.
    #[schemars(range(min = 0, max = 2))]
    pub rsoil: f64,
    /// Hot-spot size parameter, dimensionless.
    #[schemars(range(min = 0, max = 1))]
    pub hspot: f64,
    /// Leaf angle distribution: `uniform`, `spherical`, `planophile`, `erectophile`, `plagiophile`,
    /// `extremophile`, or the average leaf angle in degrees (ellipsoidal distribution).
    pub lidf: LeafAngles,
    /// Stem density, trees per hectare.
    #[schemars(range(min = 0.001, max = 1000000))]
    pub sd: f64,
    /// Sun zenith angle in degrees; with `data.angles`, `data.sun` or `data.geometries` that of samples without their own.
    #[schemars(range(min = 0, max = 80))]
    pub tts: f64,
    /// View zenith angle in degrees; with `data.angles` or `data.geometries` that of samples without their own.
    #[schemars(range(min = 0, max = 80))]
    pub tto: f64,
    /// Relative azimuth of sun and view in degrees; with `data.angles` or `data.geometries` that of samples without their
    /// own. At nadir (`tto` 0) it makes no difference.
    #[schemars(range(min = 0, max = 180))]
    pub psi: f64,
}

impl Default for FixedParameters {
    fn default() -> Self {
        let p = CanopyParameters::default();
        Self {
            n: p.n,
            cab: p.cab,
            car: p.car,
            anth: p.anth,
            cbrown: p.cbrown,
            cw: p.cw,
            cm: p.cm,
            lai: p.lai,
            laiu: p.laiu,
            fc: p.fc,
            psoil: p.psoil,
            rsoil: p.rsoil,
            hspot: p.hspot,
            lidf: LeafAngles::Named("uniform"),
            sd: p.sd,
            tts: p.tts,
            tto: p.tto,
            psi: p.psi,
        }
    }
}

/// A leaf angle distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LeafAngles {
    /// One of `physics::LeafAngles::NAMES`.
    Named(&'static str),
    /// Ellipsoidal (Campbell 1990) with this average leaf angle in degrees, 0 to 90.
    AverageDegrees(f64),
}

impl Serialize for LeafAngles {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Named(name) => serializer.serialize_str(name),
            Self::AverageDegrees(degrees) => serializer.serialize_f64(*degrees),
        }
    }
}

impl<'de> Deserialize<'de> for LeafAngles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LeafAnglesVisitor;
        impl Visitor<'_> for LeafAnglesVisitor {
            type Value = LeafAngles;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let names = ::physics::LeafAngles::NAMES.map(|name| format!("\"{name}\""));
                write!(f, "{} or degrees from 0 to 90", names.join(", "))
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<LeafAngles, E> {
                let mut known = ::physics::LeafAngles::NAMES.into_iter();
                let found = known.find(|known| *known == name).map(LeafAngles::Named);
                found.ok_or_else(|| E::invalid_value(de::Unexpected::Str(name), &self))
            }

            fn visit_f64<E: de::Error>(self, degrees: f64) -> Result<LeafAngles, E> {
                Ok(LeafAngles::AverageDegrees(degrees))
            }

            fn visit_u64<E: de::Error>(self, degrees: u64) -> Result<LeafAngles, E> {
                Ok(LeafAngles::AverageDegrees(degrees as f64))
            }

            fn visit_i64<E: de::Error>(self, degrees: i64) -> Result<LeafAngles, E> {
                Ok(LeafAngles::AverageDegrees(degrees as f64))
            }
        }
        deserializer.deserialize_any(LeafAnglesVisitor)
    }
}

impl JsonSchema for LeafAngles {
    fn schema_name() -> Cow<'static, str> {
        "LeafAngles".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [
            {"type": "string", "enum": ::physics::LeafAngles::NAMES},
            {"type": "number", "minimum": 0, "maximum": 90},
        ]})
    }
}
