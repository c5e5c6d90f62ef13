//! The sun over a place at the time of an overpass.

use crate::DataError;
use crate::date::{Date, time_of_day};
use crate::error::require;
use jiff::civil;
use serde::{Deserialize, Serialize};
use solar_positioning::time::JulianDate;
use solar_positioning::{Location, PreparedPositions, SolarPositions, delta_t};
use std::collections::HashMap;

/// Where the samples of a table are and when the satellite passes, where the sun zenith angle is computed from
/// the date of each row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overpass {
    /// Latitude in degrees, north positive, −90 to 90.
    pub latitude: f64,
    /// Longitude in degrees, east positive, −180 to 180.
    pub longitude: f64,
    /// Time of day in UTC, hh:mm or hh:mm:ss, of rows whose date has none.
    pub time_utc: String,
}

impl Overpass {
    /// What `time_utc` may be, in words.
    pub const TIMES: &'static str = "a time of day in UTC, \"hh:mm\" or \"hh:mm:ss\"";

    /// Whether `time_utc` is a time of day.
    pub fn time_is_readable(&self) -> bool {
        self.time().is_some()
    }

    fn time(&self) -> Option<civil::Time> {
        time_of_day(self.time_utc.as_bytes())
    }

    /// Checks the ranges and reads the time.
    ///
    /// # Errors
    /// A latitude or longitude outside its range, a time that cannot be read.
    pub fn check(&self) -> Result<CheckedOverpass, DataError> {
        let (latitude, longitude) = (self.latitude, self.longitude);
        require(
            (-90.0..=90.0).contains(&latitude),
            "latitude of sun",
            latitude,
            "-90 to 90 degrees, north positive",
        )?;
        require(
            (-180.0..=180.0).contains(&longitude),
            "longitude of sun",
            longitude,
            "-180 to 180 degrees, east positive",
        )?;
        let time = self.time().ok_or_else(|| DataError::NotAllowed {
            name: "time_utc of sun".into(),
            value: format!("{:?}", self.time_utc),
            allowed: Self::TIMES.into(),
        })?;
        let location = Location {
            latitude,
            longitude,
        };
        Ok(CheckedOverpass { location, time })
    }
}

/// An [`Overpass`] whose sun can be computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CheckedOverpass {
    location: Location,
    time: civil::Time,
}

impl CheckedOverpass {
    /// Angle between the sun and the vertical, degrees: 0 overhead, 90 at the horizon, up to 180 at night; on the
    /// day of `date`, at its time, or at that of the overpass if it has none.
    ///
    /// NREL's solar position algorithm (Reda and Andreas 2004, doi:10.1016/j.solener.2003.12.003; ±0.0003°) at
    /// sea level and without refraction, which is 0.01° at 30° and 0.09° at 80°.
    ///
    /// # Errors
    /// The algorithm refuses the moment, which it does for none from 1900 to 2100.
    pub fn sun_zenith(&self, date: Date) -> Result<f64, DataError> {
        let moment = date.at(self.time);
        let refused = |error: solar_positioning::Error| DataError::NoSun {
            moment: moment.to_string(),
            reason: error.to_string(),
        };
        prepared(moment)
            .and_then(|positions| positions.at(self.location, 0.0, None))
            .map(|position| position.zenith_angle())
            .map_err(refused)
    }
}

fn prepared(moment: civil::DateTime) -> solar_positioning::Result<PreparedPositions> {
    let (year, month) = (i32::from(moment.year()), moment.month() as u32);
    let moment = JulianDate::from_utc(
        year,
        month,
        moment.day() as u32,
        moment.hour() as u32,
        moment.minute() as u32,
        f64::from(moment.second()),
        delta_t::estimate_from_date(year, month)?,
    )?;
    SolarPositions::new().for_time_from_julian(moment)
}

/// Most moments that are remembered; a table of scenes has hundreds.
const REMEMBERED: usize = 4096;

/// The sun of one row after the other; the dates of a table repeat.
#[derive(Debug)]
pub(crate) struct Sun {
    overpass: CheckedOverpass,
    known: HashMap<Date, f64>,
}

impl Sun {
    pub(crate) fn of(overpass: CheckedOverpass) -> Self {
        Self {
            overpass,
            known: HashMap::new(),
        }
    }

    /// [`CheckedOverpass::sun_zenith`].
    pub(crate) fn zenith(&mut self, date: Date) -> Result<f64, DataError> {
        if let Some(&zenith) = self.known.get(&date) {
            return Ok(zenith);
        }
        let zenith = self.overpass.sun_zenith(date)?;
        if self.known.len() == REMEMBERED {
            self.known.clear();
        }
        self.known.insert(date, zenith);
        Ok(zenith)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::f64::consts::PI;

    /// The published zenith has five digits; ΔT is estimated here and 67 s there, the height 0 m here and 1830 m
    /// there, each of which is below 5e-5°.
    const PUBLISHED_ZENITH: f64 = 1e-4;
    /// Within a day the sun's declination changes by up to 0.4°, which the series for the day leaves out.
    const TEXTBOOK: f64 = 0.4;

    fn over(latitude: f64, longitude: f64, time_utc: &str) -> CheckedOverpass {
        let time_utc = time_utc.into();
        Overpass {
            latitude,
            longitude,
            time_utc,
        }
        .check()
        .unwrap()
    }

    fn zenith(overpass: &CheckedOverpass, date: &str) -> f64 {
        overpass.sun_zenith(Date::parse(date).unwrap()).unwrap()
    }

    /// Refraction that raises the sun, degrees: Reda and Andreas 2004, equation 42, for a pressure in mbar and a
    /// temperature in °C.
    fn refraction(zenith: f64, pressure: f64, temperature: f64) -> f64 {
        let elevation = 90.0 - zenith;
        let tangent = (elevation + 10.3 / (elevation + 5.11)).to_radians().tan();
        (pressure / 1010.0) * (283.0 / (273.0 + temperature)) * 1.02 / (60.0 * tangent)
    }

    /// The example of Reda and Andreas 2004 (NREL/TP-560-34302, table A5.1): Golden, Colorado, 17 October 2003,
    /// 12:30:30 at UTC−7, 820 mbar and 11 °C; zenith 50.11162°.
    #[test]
    fn the_published_example() {
        let golden = over(39.742476, -105.1786, "19:30:30");
        let geometric = zenith(&golden, "2003-10-17");
        let seen = geometric - refraction(geometric, 820.0, 11.0);
        assert!((seen - 50.11162).abs() < PUBLISHED_ZENITH, "{seen}");
        assert!((geometric - seen) > 0.01, "refraction is left out");
    }

    /// cos θ = sin φ sin δ + cos φ cos δ cos h with the declination and the equation of time that Spencer (1971,
    /// Search 2, 172) gives for the day of the year.
    fn textbook(latitude: f64, longitude: f64, day_of_year: f64, hours_utc: f64) -> f64 {
        let day = 2.0 * PI * (day_of_year - 1.0) / 365.0;
        let (cos, sin) = (|k: f64| (k * day).cos(), |k: f64| (k * day).sin());
        let declination = 0.006918 - 0.399912 * cos(1.0) + 0.070257 * sin(1.0)
            - 0.006758 * cos(2.0)
            + 0.000907 * sin(2.0)
            - 0.002697 * cos(3.0)
            + 0.00148 * sin(3.0);
        let minutes = 229.18
            * (0.000075 + 0.001868 * cos(1.0)
                - 0.032077 * sin(1.0)
                - 0.014615 * cos(2.0)
                - 0.040849 * sin(2.0));
        let solar_hours = hours_utc + longitude / 15.0 + minutes / 60.0;
        let hour_angle = (15.0 * (solar_hours - 12.0)).to_radians();
        let latitude = latitude.to_radians();
        let cosine = latitude.sin() * declination.sin()
            + latitude.cos() * declination.cos() * hour_angle.cos();
        cosine.acos().to_degrees()
    }

    #[test]
    fn austria_through_the_year() {
        let austria = over(48.15, 16.1, "10:00");
        for date in [
            "2018.01.15",
            "2018.04.08",
            "2018.06.21",
            "2018.08.21",
            "2018.10.30",
            "2018.12.21",
        ] {
            let day = Date::parse(date).unwrap().day_of_year();
            let (computed, simple) = (
                zenith(&austria, date),
                textbook(48.15, 16.1, f64::from(day), 10.0),
            );
            assert!(
                (computed - simple).abs() < TEXTBOOK,
                "{date}: {computed}, {simple}"
            );
        }
        // the solstice, an hour before noon
        assert!((26.0..27.5).contains(&zenith(&austria, "2018.06.21")));
    }

    #[test]
    fn a_date_with_a_time_has_its_own_sun() {
        let austria = over(48.15, 16.1, "10:00");
        assert_eq!(
            zenith(&austria, "2018-06-21T08:30"),
            zenith(&over(48.15, 16.1, "08:30"), "2018-06-21")
        );
        assert!(zenith(&austria, "2018-06-21T00:00:00Z") > 90.0);
    }

    #[test]
    fn north_and_east_are_positive() {
        let june = "2018-06-21";
        assert!(zenith(&over(30.0, 0.0, "12:00"), june) < zenith(&over(-30.0, 0.0, "12:00"), june));
        // in the morning the sun is in the east
        assert!(
            zenith(&over(30.0, 20.0, "09:00"), june) < zenith(&over(30.0, -20.0, "09:00"), june)
        );
    }

    #[test]
    fn a_place_not_on_the_earth_and_no_time_are_refused() {
        let message = |latitude, longitude, time: &str| {
            let time_utc = time.into();
            let overpass = Overpass {
                latitude,
                longitude,
                time_utc,
            };
            overpass.check().unwrap_err().to_string()
        };
        assert_eq!(
            message(91.0, 0.0, "10:00"),
            "latitude of sun = 91 is not allowed: -90 to 90 degrees, north positive"
        );
        assert_eq!(
            message(0.0, f64::NAN, "10:00"),
            "longitude of sun = NaN is not allowed: -180 to 180 degrees, east positive"
        );
        for time in ["", "10", "10h", "25:00", "10:00Z", "10:00 am"] {
            assert_eq!(
                message(0.0, 0.0, time),
                format!(
                    "time_utc of sun = {time:?} is not allowed: a time of day in UTC, \"hh:mm\" or \"hh:mm:ss\""
                )
            );
        }
    }

    #[test]
    fn what_is_remembered_is_what_is_computed() {
        let overpass = over(48.15, 16.1, "10:00");
        let mut sun = Sun::of(overpass);
        for minute in (0..3 * REMEMBERED).chain(0..10) {
            let (hour, minute) = (minute / 60, minute % 60);
            let (day, hour) = (1 + hour / 24, hour % 24);
            let date = Date::parse(&format!("2018-06-{day:02}T{hour:02}:{minute:02}")).unwrap();
            for _ in 0..2 {
                assert_eq!(
                    sun.zenith(date).unwrap(),
                    overpass.sun_zenith(date).unwrap()
                );
            }
            assert!(sun.known.len() <= REMEMBERED);
        }
    }

    proptest! {
        #[test]
        fn there_is_a_sun_wherever_and_whenever(
            latitude in -90.0..=90.0, longitude in -180.0..=180.0,
            year in 1900_i16..=2100, month in 1_i8..=12, day in 1_i8..=28, hour in 0_i8..24,
        ) {
            let date = Date::parse(&format!("{year}{month:02}{day:02}T{hour:02}:00")).unwrap();
            let zenith = over(latitude, longitude, "00:00").sun_zenith(date).unwrap();
            prop_assert!((0.0..=180.0).contains(&zenith));
        }
    }
}
