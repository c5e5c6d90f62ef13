//! The outputs of the physics, of which the channels are some.

use crate::config::checked::CheckedPhysics;
use crate::config::data::SENTINEL_2_BANDS;
use crate::config::sensor::SensorChoice;
use ::physics::Mogi;

/// What is known of the outputs before the physics is built.
pub(super) enum Outputs<'a> {
    /// These bands.
    Bands(Vec<&'a str>),
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
                (Some(bands), _) => Self::Bands(bands.iter().map(String::as_str).collect()),
                (None, SensorChoice::S2a | SensorChoice::S2b) => {
                    Self::Bands(SENTINEL_2_BANDS.to_vec())
                }
                (None, SensorChoice::Csv(_)) => Self::BandsOfFile,
            },
        }
    }

    /// Whether an output may have this name.
    pub(super) fn may_hold(&self, channel: &str) -> bool {
        match self {
            Self::Bands(bands) => bands.contains(&channel),
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
