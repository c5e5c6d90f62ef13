//! Whether a column of angles is in degrees.

use super::Contradiction;
use physics::Quantity;

/// Sun zenith angles in radians are below π/2; in degrees the whole of a table never is.
const SUN_ZENITH_RADIANS: f64 = 1.58;
/// No zenith angle is larger.
const LARGEST_ZENITH: f64 = 180.0;
/// No difference of two azimuths is larger, whichever turns they are written in.
const LARGEST_AZIMUTH: f64 = 720.0;

/// What a column of angles looks like, number by number.
#[derive(Clone, Debug)]
pub struct AngleEvidence {
    name: String,
    largest_allowed: f64,
    count: usize,
    beyond: usize,
    largest: f64,
    all_in_radians: bool,
}

impl AngleEvidence {
    /// Nothing seen yet of this condition of a physical model.
    pub fn new(quantity: &Quantity) -> Self {
        Self {
            largest_allowed: match quantity.name.as_str() {
                "tts" | "tto" => LARGEST_ZENITH,
                "psi" => LARGEST_AZIMUTH,
                _ => f64::INFINITY,
            },
            name: quantity.name.clone(),
            count: 0,
            beyond: 0,
            largest: 0.0,
            all_in_radians: quantity.name == "tts",
        }
    }

    /// Takes in an angle as written; missing ones do not count.
    pub fn add(&mut self, angle: f64) {
        if !angle.is_finite() {
            return;
        }
        self.count += 1;
        self.beyond += usize::from(angle.abs() > self.largest_allowed);
        self.largest = self.largest.max(angle.abs());
        self.all_in_radians &= angle > 0.0 && angle < SUN_ZENITH_RADIANS;
    }

    /// Why these cannot be degrees; `None` if they can.
    pub fn contradiction(&self) -> Option<Contradiction> {
        let declared = match self.name.as_str() {
            "tts" => "sun zenith angle tts in degrees".to_owned(),
            "tto" => "view zenith angle tto in degrees".to_owned(),
            "psi" => "relative azimuth psi in degrees".to_owned(),
            name => format!("{name} in its unit"),
        };
        if self.count == 0 {
            return None;
        }
        if self.beyond >= self.count.div_ceil(2) {
            let (limit, largest) = (self.largest_allowed, self.largest);
            let is_hundredths = largest <= 100.0 * limit;
            return Some(Contradiction {
                declared,
                evidence: format!(
                    "half of all values or more are beyond ±{limit}, the largest is {largest}"
                ),
                likely: if is_hundredths {
                    "hundredths of a degree"
                } else {
                    "numbers for no data"
                },
                cure: if is_hundredths {
                    "convert them to degrees (in a GeoTIFF a scale of 0.01 of that band does it)"
                        .into()
                } else {
                    format!("declare that number as nodata ({largest} with its sign)")
                },
            });
        }
        self.all_in_radians.then(|| Contradiction {
            declared,
            evidence: format!("all values are between 0 and {SUN_ZENITH_RADIANS}"),
            likely: "radians",
            cure: "convert them to degrees".into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(name: &str, angles: &[f64]) -> Option<&'static str> {
        let mut evidence = AngleEvidence::new(&Quantity {
            name: name.into(),
            unit: "deg".into(),
            min: 0.0,
            max: 80.0,
            default: 30.0,
        });
        for &angle in angles {
            evidence.add(angle);
        }
        evidence.contradiction().map(|it| it.likely)
    }

    #[test]
    fn degrees_are_told_from_hundredths_and_radians() {
        let hundredths = Some("hundredths of a degree");
        for (name, angles, expected) in [
            ("tts", &[4000.0, 4100.0][..], hundredths),
            ("tto", &[700.0, f64::NAN], hundredths),
            ("psi", &[9000.0, 17000.0, 10.0], hundredths),
            ("tts", &[0.6, 0.7], Some("radians")),
            ("tts", &[-9999.0, -99990.0], Some("numbers for no data")),
            // a low sun, night, a view from above, azimuths of any turn
            ("tts", &[88.0], None),
            ("tts", &[120.0, 0.5], None),
            ("tto", &[0.5, 0.6], None),
            ("psi", &[-350.0, 700.0], None),
            ("tts", &[], None),
            ("tts", &[f64::NAN], None),
            ("tts", &[4000.0, 40.0, 41.0], None),
        ] {
            assert_eq!(judged(name, angles), expected, "{name} {angles:?}");
        }
    }
}
