//! What the numbers of the channels are, as declared and as checked.

use data::Values;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the columns of the channels hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelValues {
    /// (reflectance − mean)/scale.
    Standardized,
    /// Reflectance from 0 to 1.
    Reflectance,
    /// Reflectance in percent, 0 to 100.
    Percent,
    /// Integers as Sentinel-2 products hold them; `digital_numbers` says how they become reflectance.
    DigitalNumbers,
    /// Integers of a Sentinel-2 L2A product of processing baseline 04.00 or later (from 25 January 2022 on):
    /// reflectance = (DN − 1000) · 1e-4.
    #[serde(rename = "sentinel2_l2a")]
    Sentinel2L2a,
    /// Integers of an earlier one: reflectance = DN · 1e-4.
    #[serde(rename = "sentinel2_l2a_before_0400")]
    Sentinel2L2aBefore0400,
    /// Displacement in mm.
    DisplacementMm,
}

/// reflectance = (digital number + offset) · scale.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DigitalNumbers {
    /// Reflectance per digital number.
    #[serde(default = "default_digital_number_scale")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub scale: f64,
    /// Added to the digital number first: −1000 for Sentinel-2 products of processing baseline 04.00 and
    /// later, 0 before.
    pub offset: f64,
}

fn default_digital_number_scale() -> f64 {
    1e-4
}

impl ChannelValues {
    /// With the conversion that belongs to it; `None` where one is missing or one too many is given.
    pub fn with(self, digital_numbers: Option<DigitalNumbers>) -> Option<CheckedValues> {
        let sentinel2 = |offset| {
            let scale = default_digital_number_scale();
            CheckedValues::DigitalNumbers(DigitalNumbers { scale, offset })
        };
        Some(match (self, digital_numbers) {
            (Self::Standardized, None) => CheckedValues::Standardized,
            (Self::Reflectance, None) => CheckedValues::Reflectance,
            (Self::Percent, None) => CheckedValues::Percent,
            (Self::DisplacementMm, None) => CheckedValues::DisplacementMm,
            (Self::Sentinel2L2a, None) => sentinel2(-1000.0),
            (Self::Sentinel2L2aBefore0400, None) => sentinel2(0.0),
            (Self::DigitalNumbers, Some(conversion)) => CheckedValues::DigitalNumbers(conversion),
            _ => return None,
        })
    }

    /// As it is written in a configuration.
    pub fn name(self) -> String {
        serde_json::to_value(self)
            .ok()
            .and_then(|value| value.as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    /// Those of reflectance.
    pub const OF_REFLECTANCE: &'static [Self] = &[
        Self::Standardized,
        Self::Reflectance,
        Self::Percent,
        Self::DigitalNumbers,
        Self::Sentinel2L2a,
        Self::Sentinel2L2aBefore0400,
    ];

    /// Those of displacements.
    pub const OF_DISPLACEMENTS: &'static [Self] = &[Self::Standardized, Self::DisplacementMm];
}

impl std::str::FromStr for ChannelValues {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let value = serde_json::Value::String(text.to_owned());
        serde_json::from_value(value).map_err(|error| error.to_string())
    }
}

/// What the columns of the channels hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CheckedValues {
    /// (reflectance − mean)/scale.
    Standardized,
    /// Reflectance from 0 to 1.
    Reflectance,
    /// Reflectance in percent.
    Percent,
    /// reflectance = (digital number + offset) · scale.
    DigitalNumbers(DigitalNumbers),
    /// Displacement in mm.
    DisplacementMm,
}

impl CheckedValues {
    /// As a configuration would declare it.
    pub(crate) fn as_declared(self) -> (ChannelValues, Option<DigitalNumbers>) {
        match self {
            Self::Standardized => (ChannelValues::Standardized, None),
            Self::Reflectance => (ChannelValues::Reflectance, None),
            Self::Percent => (ChannelValues::Percent, None),
            Self::DigitalNumbers(numbers) => (ChannelValues::DigitalNumbers, Some(numbers)),
            Self::DisplacementMm => (ChannelValues::DisplacementMm, None),
        }
    }

    /// The same, as tables are read by it.
    pub(crate) fn values(self) -> Values {
        match self {
            Self::Standardized => Values::Standardized,
            Self::Reflectance => Values::Reflectance,
            Self::Percent => Values::Percent,
            Self::DigitalNumbers(numbers) => Values::DigitalNumbers {
                scale: numbers.scale,
                offset: numbers.offset,
            },
            Self::DisplacementMm => Values::DisplacementMm,
        }
    }
}
