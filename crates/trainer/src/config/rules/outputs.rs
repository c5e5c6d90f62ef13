//! The outputs of the physics, of which the channels are some.

use crate::config::checked::CheckedPhysics;
use crate::config::sensor::SensorChoice;
use ::physics::{Mogi, Sensor};

/// What is known of the outputs before the physics is built.
pub(super) enum Outputs<'a> {
    /// These bands.
    Bands(Vec<String>),
    /// Those of a sensor whose file has not been read.
    BandsOfFile,
    /// East, north and up of these stations.
    Displacements(Vec<&'a str>),
}

impl<'a> Outputs<'a> {
    /// `sensor_bands` are the bands of a sensor that has been read.
    pub(super) fn of(physics: &'a CheckedPhysics, sensor_bands: Option<&'a [String]>) -> Self {
        match physics {
            CheckedPhysics::Mogi(mogi) => Self::Displacements(mogi.stations.names().collect()),
            CheckedPhysics::Inform(inform) => match (sensor_bands, &inform.sensor) {
                (Some(bands), _) => Self::Bands(bands.to_vec()),
                (None, SensorChoice::BuiltIn(name)) => {
                    Self::Bands(Sensor::built_in(name).map_or_else(|_| vec![], |s| s.band_names()))
                }
                (None, SensorChoice::Csv(_)) => Self::BandsOfFile,
            },
        }
    }

    /// Whether an output may have this name.
    pub(super) fn may_hold(&self, channel: &str) -> bool {
        match self {
            Self::Bands(bands) => bands.iter().any(|band| band == channel),
            Self::BandsOfFile => true,
            Self::Displacements(stations) => {
                Mogi::station_of(channel).is_some_and(|station| stations.contains(&station))
            }
        }
    }

    /// The names there are, in words.
    pub(super) fn described(&self) -> String {
        match self {
            Self::Bands(bands) => format!("the bands of the sensor: {}", bands.join(", ")),
            Self::BandsOfFile => "the bands of the sensor".to_owned(),
            Self::Displacements(stations) => format!(
                "ux_, uy_ or uz_ with a station of physics.stations: {}",
                stations.join(", ")
            ),
        }
    }

    /// What is allowed where one stands twice.
    pub(super) fn each_once(&self) -> &'static str {
        match self {
            Self::Bands(_) | Self::BandsOfFile => "each band once",
            Self::Displacements(_) => "each displacement once",
        }
    }
}
