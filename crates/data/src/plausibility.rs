//! Whether the numbers of a table can be what was declared.
//!
//! Only contradictions that leave no doubt are refused; the limits are far from any real spectrum. What is
//! needed to judge is gathered row by row: a table is never held to be judged.

use crate::layout::Given;
use crate::{DataError, Values};
use physics::Quantity;
use std::path::Path;

/// Reflectance factors: slightly negative after atmospheric correction, above 1 for snow and glint.
const REFLECTANCE: (f64, f64) = (-0.1, 1.6);
/// Half of all reflectances above this are not reflectances.
const REFLECTANCE_MEDIAN: f64 = 2.0;
/// Percent do not go beyond this, digital numbers of vegetation do in the near infrared.
const LARGEST_PERCENT: f64 = 160.0;
/// Half of all standardised values beyond 20 standard deviations are not standardised.
const STANDARDIZED_MEDIAN: f64 = 20.0;
/// Standardised channels have a standard deviation near 1, reflectance below this.
const REFLECTANCE_STD: f64 = 0.2;
/// GNSS scatters by millimetres: a standard deviation of less than this in every channel is metres.
const DISPLACEMENT_STD_MM: f64 = 0.05;
/// Mean and standard deviation of a standardised table are this close to 0 and 1, of no other.
const STANDARDIZED_EXACTLY: f64 = 1e-5;
/// Below this many rows a small spread says nothing.
const ROWS_FOR_SPREAD: usize = 32;
/// Sun zenith angles in radians are below π/2; in degrees the whole of a table never is.
const SUN_ZENITH_RADIANS: f64 = 1.58;

/// Smallest and largest physical value that a channel may have; `None` where any is allowed.
pub(crate) fn allowed_channel(values: Values) -> Option<(f64, f64)> {
    match values {
        Values::Standardized | Values::DisplacementMm => None,
        Values::Reflectance | Values::Percent | Values::DigitalNumbers { .. } => Some(REFLECTANCE),
    }
}

/// Mean and spread of numbers that come one after the other (Welford 1962,
/// doi:10.1080/00401706.1962.10490022).
#[derive(Clone, Copy, Debug, Default)]
struct Spread {
    mean: f64,
    /// Sum of the squared deviations.
    squares: f64,
}

impl Spread {
    /// Takes in the n-th number, n from 1.
    fn add(&mut self, x: f64, n: f64) {
        let from_old = x - self.mean;
        self.mean += from_old / n;
        self.squares += from_old * (x - self.mean);
    }

    fn std(self, n: f64) -> f64 {
        (self.squares / n).sqrt()
    }
}

/// What the channels of a table look like, as written, row by row.
#[derive(Clone, Debug)]
pub(crate) struct ChannelEvidence {
    rows: usize,
    cells: usize,
    /// Cells beyond ±[`REFLECTANCE_MEDIAN`], ±[`STANDARDIZED_MEDIAN`] and ±[`LARGEST_PERCENT`].
    beyond: [usize; 3],
    largest: f64,
    all_from_0_to_1: bool,
    columns: Vec<Spread>,
}

/// The limits of [`ChannelEvidence::beyond`].
const LIMITS: [f64; 3] = [REFLECTANCE_MEDIAN, STANDARDIZED_MEDIAN, LARGEST_PERCENT];

impl ChannelEvidence {
    pub(crate) fn new(channels: usize) -> Self {
        Self {
            rows: 0,
            cells: 0,
            beyond: [0; 3],
            largest: 0.0,
            all_from_0_to_1: true,
            columns: vec![Spread::default(); channels],
        }
    }

    /// Takes in a row of finite numbers.
    pub(crate) fn add(&mut self, row: &[f64]) {
        self.rows += 1;
        self.cells += row.len();
        for (&x, column) in row.iter().zip(&mut self.columns) {
            for (beyond, limit) in self.beyond.iter_mut().zip(LIMITS) {
                *beyond += usize::from(x.abs() > limit);
            }
            self.largest = self.largest.max(x.abs());
            self.all_from_0_to_1 &= (0.0..=1.0).contains(&x);
            column.add(x, self.rows as f64);
        }
    }

    /// Whether half of all cells or more are beyond ± the limit, and what to say of it.
    fn half_is_beyond(&self, limit: f64) -> Option<String> {
        let which = LIMITS.iter().position(|&l| l == limit)?;
        let half = self.cells.div_ceil(2);
        (half > 0 && self.beyond[which] >= half).then(|| {
            format!(
                "half of all values are beyond ±{limit}, the largest is {}",
                self.largest
            )
        })
    }

    fn spreads(&self) -> Option<impl Iterator<Item = (f64, f64)>> {
        let n = self.rows as f64;
        (self.rows >= ROWS_FOR_SPREAD).then(|| self.columns.iter().map(move |c| (c.mean, c.std(n))))
    }

    /// Whether there are rows enough, and each column has a mean of 0 and a standard deviation of 1 as only
    /// the table has that these were measured on.
    fn every_channel_is_standardized(&self) -> bool {
        let near = |value: f64, expected: f64| (value - expected).abs() < STANDARDIZED_EXACTLY;
        self.spreads()
            .is_some_and(|mut all| all.all(|(mean, std)| near(mean, 0.0) && near(std, 1.0)))
    }

    /// Whether there are rows enough to judge the spread, and it is below `limit` in every column.
    fn every_spread_below(&self, limit: f64) -> bool {
        self.spreads()
            .is_some_and(|mut all| all.all(|(_, std)| std < limit))
    }

    /// Refuses channels that cannot be what `values` declares.
    pub(crate) fn check(&self, path: &Path, values: Values) -> Result<(), DataError> {
        let looks_like = |declared, evidence, likely, cure| {
            Err(DataError::LooksLike {
                path: path.into(),
                declared,
                evidence,
                likely,
                cure,
            })
        };
        match values {
            Values::Standardized => {
                if self.all_from_0_to_1 && self.every_spread_below(REFLECTANCE_STD) {
                    let evidence = format!(
                        "all values are between 0 and 1 and every channel's standard deviation is below {REFLECTANCE_STD}"
                    );
                    let cure = "declare values: reflectance";
                    return looks_like("standardized", evidence, "reflectance", cure);
                }
                if let Some(evidence) = self.half_is_beyond(STANDARDIZED_MEDIAN) {
                    let likely = "digital numbers or raw measurements";
                    let cure = "declare values as they are, such as digital_numbers";
                    return looks_like("standardized", evidence, likely, cure);
                }
            }
            Values::Reflectance => {
                if let Some(evidence) = self.half_is_beyond(REFLECTANCE_MEDIAN) {
                    let (likely, cure) = if self.largest > LARGEST_PERCENT {
                        let cure = "declare values: digital_numbers";
                        ("Sentinel-2 digital numbers", cure)
                    } else {
                        ("percent", "declare values: percent")
                    };
                    return looks_like("reflectance", evidence, likely, cure);
                }
            }
            Values::Percent | Values::DigitalNumbers { .. } => {
                let declared = if values == Values::Percent {
                    "percent"
                } else {
                    "digital_numbers"
                };
                // one row of a very dark target could be below 2 percent throughout, a table is not
                if self.largest <= REFLECTANCE.1 && self.rows >= ROWS_FOR_SPREAD {
                    let evidence = format!("no value is beyond ±{}", self.largest);
                    let cure = "declare values: reflectance";
                    return looks_like(declared, evidence, "reflectance", cure);
                }
                if values == Values::Percent
                    && let Some(evidence) = self.half_is_beyond(LARGEST_PERCENT)
                {
                    let likely = "Sentinel-2 digital numbers";
                    return looks_like(
                        declared,
                        evidence,
                        likely,
                        "declare values: digital_numbers",
                    );
                }
            }
            Values::DisplacementMm => {
                let declared = "displacement_mm";
                if self.every_spread_below(DISPLACEMENT_STD_MM) {
                    let evidence = format!(
                        "every channel's standard deviation is below {DISPLACEMENT_STD_MM}"
                    );
                    return looks_like(declared, evidence, "metres", "convert them to mm");
                }
                if self.every_channel_is_standardized() {
                    let evidence =
                        "every channel has a mean of 0 and a standard deviation of 1".to_owned();
                    let cure = "declare values: standardized";
                    return looks_like(declared, evidence, "standardized values", cure);
                }
            }
        }
        Ok(())
    }
}

/// Whether the sun zenith angles that a table holds are in radians, row by row.
#[derive(Clone, Debug)]
pub(crate) struct SunEvidence {
    /// Which of the conditions that a row gives is the sun zenith angle in a column.
    column: Option<usize>,
    all_in_radians: bool,
}

impl SunEvidence {
    pub(crate) fn new<'a>(mut conditions: impl Iterator<Item = (&'a Quantity, Given<'a>)>) -> Self {
        Self {
            column: conditions.position(|(quantity, given)| {
                quantity.name == "tts" && matches!(given, Given::Column(_))
            }),
            all_in_radians: true,
        }
    }

    /// Takes in the conditions that a row gives.
    pub(crate) fn add(&mut self, row: &[f64]) {
        if let Some(&sun) = self.column.and_then(|column| row.get(column)) {
            self.all_in_radians &= sun > 0.0 && sun < SUN_ZENITH_RADIANS;
        }
    }

    /// Refuses angles that are all below π/2.
    pub(crate) fn check(&self, path: &Path) -> Result<(), DataError> {
        if self.column.is_none() || !self.all_in_radians {
            return Ok(());
        }
        Err(DataError::LooksLike {
            path: path.into(),
            declared: "sun zenith angle tts in degrees",
            evidence: format!("all values are between 0 and {SUN_ZENITH_RADIANS}"),
            likely: "radians",
            cure: "convert them to degrees",
        })
    }
}
