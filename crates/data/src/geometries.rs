//! Under which sun and from where simulated samples are seen.

use crate::date::Date;
use crate::error::require;
use crate::{DataError, Overpass, Purpose, stream};
use jiff::civil;
use physics::Quantity;
use rand::Rng;
use serde::{Deserialize, Serialize};

/// Angles that simulated samples are spread over: each row has a day of the year, a latitude and a time of its own,
/// from which its sun follows, and a view of its own. Every range is \[from, to\] and drawn from uniformly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Geometries {
    /// Latitude in degrees, north positive, −90 to 90.
    pub latitude: [f64; 2],
    /// Mean solar time of the place in hours, 0 to 24.
    pub solar_time: [f64; 2],
    /// View zenith angle in degrees, 0 to 80.
    pub view_zenith: [f64; 2],
    /// Relative azimuth of sun and view in degrees, 0 to 180.
    pub relative_azimuth: [f64; 2],
    /// Largest sun zenith angle in degrees, above 0 and at most 80: a day, latitude and time with a lower sun are drawn
    /// again.
    pub sun_zenith_max: f64,
}

/// The year whose days are drawn; over the years the sun of a day differs by less than 0.4°.
const YEAR: i16 = 2023;
/// So many draws in a row without a sun that is high enough mean that there is hardly any.
const MOST_DRAWS: usize = 10_000;

impl Geometries {
    /// # Errors
    /// A range that is not within its limits or has its ends swapped.
    pub fn check(&self) -> Result<(), DataError> {
        for (name, [from, to], least, most, unit) in [
            ("latitude", self.latitude, -90.0, 90.0, "degrees"),
            ("solar_time", self.solar_time, 0.0, 24.0, "hours"),
            ("view_zenith", self.view_zenith, 0.0, 80.0, "degrees"),
            (
                "relative_azimuth",
                self.relative_azimuth,
                0.0,
                180.0,
                "degrees",
            ),
        ] {
            // written so that NaN is refused too
            if !(least <= from && from <= to && to <= most) {
                return Err(DataError::NotAllowed {
                    name: format!("{name} of geometries"),
                    value: format!("[{from}, {to}]"),
                    allowed: format!("[from, to] with from ≤ to within {least} to {most} {unit}"),
                });
            }
        }
        let most = self.sun_zenith_max;
        require(
            most > 0.0 && most <= 80.0,
            "sun_zenith_max of geometries",
            most,
            "above 0 and at most 80 degrees",
        )
    }

    /// The geometry of a row of simulated data, which depends on the seed, the split and the row alone: sun zenith, view
    /// zenith and relative azimuth in degrees.
    ///
    /// # Errors
    /// [`Geometries::check`], or there is no sun that is high enough.
    pub fn draw(&self, seed: u64, split: u32, row: u32) -> Result<[f64; 3], DataError> {
        self.check()?;
        let mut rng = stream(seed, Purpose::SyntheticGeometry, split, row);
        let mut within = |[from, to]: [f64; 2]| from + rng.r#gen::<f64>() * (to - from);
        let (view_zenith, relative_azimuth) =
            (within(self.view_zenith), within(self.relative_azimuth));
        for _ in 0..MOST_DRAWS {
            let (day, hours) = (within([0.0, 365.0]), within(self.solar_time));
            let sun = sun_zenith(within(self.latitude), day as i64, hours)?;
            if sun <= self.sun_zenith_max {
                return Ok([sun, view_zenith, relative_azimuth]);
            }
        }
        Err(DataError::NotAllowed {
            name: "sun_zenith_max of geometries".into(),
            value: self.sun_zenith_max.to_string(),
            allowed: "an angle that the sun reaches at these latitudes and times".into(),
        })
    }

    /// The conditions of a row in the order of a model's, [`Geometries::draw`]; those that are no angles have their
    /// defaults.
    pub(crate) fn conditions(
        &self,
        of: &[Quantity],
        seed: u64,
        split: u32,
        row: u32,
    ) -> Result<Vec<f64>, DataError> {
        let [tts, tto, psi] = self.draw(seed, split, row)?;
        let value = |quantity: &Quantity| match quantity.name.as_str() {
            "tts" => tts,
            "tto" => tto,
            "psi" => psi,
            _ => quantity.default,
        };
        Ok(of.iter().map(value).collect())
    }
}

/// Sun zenith angle in degrees at a latitude, so many whole days into the year, at a mean solar time of the place: that
/// of the meridian of Greenwich is UTC.
fn sun_zenith(latitude: f64, day: i64, hours: f64) -> Result<f64, DataError> {
    let seconds = (hours * 3600.0).floor().clamp(0.0, 86_399.0) as i64;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let overpass = Overpass {
        latitude,
        longitude: 0.0,
        time_utc: format!("{hour:02}:{minute:02}:{second:02}"),
    }
    .check()?;
    let day =
        civil::Date::constant(YEAR, 1, 1).saturating_add(jiff::Span::new().days(day.clamp(0, 364)));
    let unreadable = || DataError::NoSun {
        moment: day.to_string(),
        reason: "a date that cannot be read".into(),
    };
    overpass.sun_zenith(Date::parse(&day.to_string()).ok_or_else(unreadable)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mid_latitudes() -> Geometries {
        Geometries {
            latitude: [35.0, 60.0],
            solar_time: [10.0, 11.5],
            view_zenith: [0.0, 12.0],
            relative_azimuth: [0.0, 180.0],
            sun_zenith_max: 70.0,
        }
    }

    #[test]
    fn the_sun_of_a_place_at_its_own_noon() {
        // at noon the zenith is latitude − declination: 23.4° at the solstice, 0 at the equinox; mean time is up to
        // 16 minutes off, which at noon is below 0.3°
        for (latitude, day, expected) in [(50.0, 171, 26.6), (50.0, 354, 73.4), (0.0, 79, 0.0)] {
            let found = sun_zenith(latitude, day, 12.0).unwrap();
            // near the zenith itself the hour counts in full
            let tolerance = if expected < 1.0 { 2.5 } else { 0.4 };
            assert!((found - expected).abs() < tolerance, "{latitude}: {found}");
        }
        // an hour and a half before noon at the equator on an equinox: 22.5°
        let morning = sun_zenith(0.0, 79, 10.5).unwrap();
        assert!((morning - 22.5).abs() < 2.5, "{morning}");
        // the ends of the day are no other day
        assert!(sun_zenith(50.0, 100, 24.0).unwrap() > 90.0);
    }

    #[test]
    fn angles_fill_their_ranges_and_a_row_has_its_own() {
        let geometries = mid_latitudes();
        let rows: Vec<_> = (0..2000)
            .map(|row| geometries.draw(1, 0, row).unwrap())
            .collect();
        for (k, least, most) in [(0, 14.0, 70.0), (1, 0.0, 12.0), (2, 0.0, 180.0)] {
            let column = || rows.iter().map(|row| row[k]);
            let (low, high) = (
                column().fold(f64::INFINITY, f64::min),
                column().fold(0.0, f64::max),
            );
            assert!(low >= least && high <= most, "{k}: {low} to {high}");
            assert!(high - low > 0.9 * (most - least), "{k}: {low} to {high}");
        }
        // the means of uniform angles; their standard errors are 0.08° and 1.2°
        let mean = |k: usize| rows.iter().map(|row| row[k]).sum::<f64>() / 2000.0;
        assert!((mean(1) - 6.0).abs() < 0.4 && (mean(2) - 90.0).abs() < 5.0);
        assert_eq!(geometries.draw(1, 0, 7).unwrap(), rows[7]);
        assert_ne!(geometries.draw(1, 1, 7).unwrap(), rows[7]);
        assert_ne!(geometries.draw(2, 0, 7).unwrap(), rows[7]);
    }

    #[test]
    fn ranges_that_cannot_be_are_refused() {
        let message = |change: fn(&mut Geometries)| {
            let mut geometries = mid_latitudes();
            change(&mut geometries);
            geometries.draw(1, 0, 0).unwrap_err().to_string()
        };
        assert_eq!(
            message(|g| g.latitude = [60.0, 35.0]),
            "latitude of geometries = [60, 35] is not allowed: [from, to] with from ≤ to within -90 to 90 degrees"
        );
        assert!(message(|g| g.view_zenith = [0.0, f64::NAN]).contains("view_zenith"));
        assert!(message(|g| g.relative_azimuth = [0.0, 181.0]).contains("0 to 180"));
        assert!(message(|g| g.solar_time = [-1.0, 3.0]).contains("0 to 24 hours"));
        assert!(message(|g| g.sun_zenith_max = 81.0).contains("at most 80"));
        // at 35° it never stands that high
        let never = message(|g| g.sun_zenith_max = 5.0);
        assert!(never.contains("that the sun reaches"), "{never}");
    }
}
