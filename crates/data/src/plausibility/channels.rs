//! Whether the numbers of the channels can be what was declared.

use super::{Contradiction, REFLECTANCE, ROWS_FOR_SPREAD};
use crate::Values;

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
/// Nothing under the sun is darker than this in half of all samples and in every channel; water is bright in the blue.
const DARKEST_MEDIAN: f64 = 1e-3;
/// Vegetation, soil and water are darker in the blue than this, which is what a forgotten offset of −1000 adds.
const OFFSET: f64 = 0.1;
/// An atmospheric correction that goes too far leaves less than this below zero in the blue.
const BELOW_ZERO: f64 = -0.02;
/// Positive numbers that stand for no data are not smaller: 9999, 32767, 65535 and more.
const SMALLEST_FILL: f64 = 9999.0;
/// Share of the rows that counts as nearly all.
const NEARLY_ALL: f64 = 0.9;

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

/// The numbers beyond a limit.
#[derive(Clone, Copy, Debug, Default)]
struct Beyond {
    limit: f64,
    count: usize,
    /// The only number that was seen of them; `None` of several.
    only: Option<f64>,
}

impl Beyond {
    fn of(limit: f64) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }

    fn add(&mut self, x: f64) {
        if x.abs() > self.limit {
            self.only = (self.count == 0 || self.only == Some(x)).then_some(x);
            self.count += 1;
        }
    }
}

/// What channels look like, as written, row by row.
#[derive(Clone, Debug)]
pub struct ChannelEvidence {
    values: Values,
    rows: usize,
    cells: usize,
    beyond_reflectance: Beyond,
    beyond_standardized: Beyond,
    beyond_percent: Beyond,
    /// Numbers whose reflectance is beyond ±1.6.
    too_bright: usize,
    negative: usize,
    /// Numbers of each channel whose reflectance is closer to 0 than [`DARKEST_MEDIAN`].
    dark: Vec<usize>,
    /// Which channel is the blue one, and how many of its reflectances are above [`OFFSET`] and below [`BELOW_ZERO`].
    blue: Option<usize>,
    blue_is_bright: usize,
    blue_is_negative: usize,
    largest: f64,
    all_from_0_to_1: bool,
    columns: Vec<Spread>,
}

impl ChannelEvidence {
    /// Nothing seen yet of so many channels, whose numbers are declared as `values`.
    pub fn new(channels: usize, values: Values) -> Self {
        Self {
            values,
            rows: 0,
            cells: 0,
            beyond_reflectance: Beyond::of(REFLECTANCE.1),
            beyond_standardized: Beyond::of(STANDARDIZED_MEDIAN),
            beyond_percent: Beyond::of(LARGEST_PERCENT),
            too_bright: 0,
            negative: 0,
            dark: vec![0; channels],
            blue: None,
            blue_is_bright: 0,
            blue_is_negative: 0,
            largest: 0.0,
            all_from_0_to_1: true,
            columns: vec![Spread::default(); channels],
        }
    }

    /// The same, where this channel is Sentinel-2's blue one.
    #[must_use]
    pub fn with_blue(self, blue: Option<usize>) -> Self {
        Self { blue, ..self }
    }

    /// Rows taken in.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Takes in a row of finite numbers.
    pub fn add(&mut self, row: &[f64]) {
        self.rows += 1;
        self.cells += row.len();
        let is_reflectance = super::allowed_channel(self.values).is_some();
        for (k, (&x, column)) in row.iter().zip(&mut self.columns).enumerate() {
            self.beyond_reflectance.add(x);
            self.beyond_standardized.add(x);
            self.beyond_percent.add(x);
            self.largest = self.largest.max(x.abs());
            self.all_from_0_to_1 &= (0.0..=1.0).contains(&x);
            column.add(x, self.rows as f64);
            if is_reflectance {
                let physical = self.values.to_physical(x);
                self.too_bright += usize::from(physical.abs() > REFLECTANCE.1);
                self.negative += usize::from(physical < 0.0);
                self.dark[k] += usize::from(physical.abs() < DARKEST_MEDIAN);
                if self.blue == Some(k) {
                    self.blue_is_bright += usize::from(physical > OFFSET);
                    self.blue_is_negative += usize::from(physical < BELOW_ZERO);
                }
            }
        }
    }

    /// Whether half of all cells or more are beyond ± the limit, and what to say of it.
    fn half_is_beyond(&self, beyond: Beyond) -> Option<String> {
        let half = self.cells.div_ceil(2);
        (half > 0 && beyond.count >= half).then(|| match beyond.only {
            Some(only) if self.fill(beyond).is_some() => {
                format!("half of all values or more are {only}")
            }
            _ => format!(
                "half of all values are beyond ±{}, the largest is {}",
                beyond.limit, self.largest
            ),
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

    /// Why these cannot be what was declared; `None` if they can.
    pub fn contradiction(&self) -> Option<Contradiction> {
        let values = self.values;
        let looks_like = |evidence, likely, cure: &str| {
            Some(Contradiction {
                declared: declared(values).to_owned(),
                evidence,
                likely,
                cure: cure.to_owned(),
            })
        };
        match values {
            Values::Standardized => {
                if self.all_from_0_to_1 && self.every_spread_below(REFLECTANCE_STD) {
                    let evidence = format!(
                        "all values are between 0 and 1 and every channel's standard deviation is below {REFLECTANCE_STD}"
                    );
                    return looks_like(evidence, "reflectance", "declare values: reflectance");
                }
                if let Some(evidence) = self.half_is_beyond(self.beyond_standardized) {
                    if let Some(fill) = self.fill(self.beyond_standardized) {
                        return looks_like(evidence, NO_DATA, &fill);
                    }
                    let likely = "digital numbers or raw measurements";
                    let cure = "declare values as they are, such as digital_numbers";
                    return looks_like(evidence, likely, cure);
                }
            }
            Values::Reflectance => {
                if let Some(evidence) = self.half_is_beyond(self.beyond_reflectance) {
                    if let Some(fill) = self.fill(self.beyond_reflectance) {
                        return looks_like(evidence, NO_DATA, &fill);
                    }
                    let (likely, cure) = if self.largest > LARGEST_PERCENT {
                        (DIGITAL_NUMBERS, DECLARE_DIGITAL_NUMBERS)
                    } else {
                        ("percent", "declare values: percent")
                    };
                    return looks_like(evidence, likely, cure);
                }
            }
            Values::Percent | Values::DigitalNumbers { .. } => {
                // one row of a very dark target could be below 2 percent throughout, a table is not
                if self.largest <= REFLECTANCE.1 && self.rows >= ROWS_FOR_SPREAD {
                    let evidence = format!("no value is beyond ±{}", self.largest);
                    return looks_like(evidence, "reflectance", "declare values: reflectance");
                }
                if values == Values::Percent
                    && let Some(evidence) = self.half_is_beyond(self.beyond_percent)
                {
                    if let Some(fill) = self.fill(self.beyond_percent) {
                        return looks_like(evidence, NO_DATA, &fill);
                    }
                    return looks_like(evidence, DIGITAL_NUMBERS, DECLARE_DIGITAL_NUMBERS);
                }
                if self.cells > 0 && self.too_bright >= self.cells.div_ceil(2) {
                    let evidence = format!(
                        "half of all reflectances are beyond ±{}, the largest number is {}",
                        REFLECTANCE.1, self.largest
                    );
                    let cure = "declare their own scale and offset: values: digital_numbers with digital_numbers";
                    return looks_like(evidence, "numbers of another scale", cure);
                }
            }
            Values::DisplacementMm => {
                if self.every_spread_below(DISPLACEMENT_STD_MM) {
                    let evidence = format!(
                        "every channel's standard deviation is below {DISPLACEMENT_STD_MM}"
                    );
                    return looks_like(evidence, "metres", "convert them to mm");
                }
                if self.every_channel_is_standardized() {
                    let evidence =
                        "every channel has a mean of 0 and a standard deviation of 1".to_owned();
                    let cure = "declare values: standardized";
                    return looks_like(evidence, "standardized values", cure);
                }
            }
        }
        let is_reflectance = super::allowed_channel(values).is_some();
        let half = self.rows.div_ceil(2);
        if is_reflectance
            && self.rows >= ROWS_FOR_SPREAD
            && self.dark.iter().all(|dark| *dark >= half)
        {
            let evidence =
                format!("half of all reflectances of every channel are below {DARKEST_MEDIAN}");
            let cure = "say what they are without that scale: values: digital_numbers with scale 1 and offset 0 takes the \
                        numbers as they are stored";
            return looks_like(evidence, "reflectance that was scaled once more", cure);
        }
        None
    }

    /// What to do where all numbers beyond a limit are one.
    fn fill(&self, beyond: Beyond) -> Option<String> {
        let is_usual = |only: &f64| *only < 0.0 || *only >= SMALLEST_FILL;
        let only = beyond.only.filter(|only| self.rows > 1 && is_usual(only))?;
        Some(format!("declare nodata: {only}"))
    }

    /// What is likely wrong with numbers that may be what was declared, a sentence each.
    pub fn doubts(&self) -> Vec<String> {
        let mut doubts = vec![];
        if self.rows < ROWS_FOR_SPREAD || super::allowed_channel(self.values).is_none() {
            return doubts;
        }
        let nearly_all = |count: usize| count as f64 >= NEARLY_ALL * self.rows as f64;
        let percent = |count: usize, all: usize| 100.0 * count as f64 / all as f64;
        let is_taken_off =
            matches!(self.values, Values::DigitalNumbers { offset, .. } if offset < 0.0);
        if !is_taken_off && nearly_all(self.blue_is_bright) {
            doubts.push(format!(
                "{:.0} % of the reflectances in the blue (B02) are above {OFFSET}: is the offset of -1000 (Sentinel-2, \
                 baseline 04.00 and later) missing? values: sentinel2_l2a takes it off",
                percent(self.blue_is_bright, self.rows)
            ));
        }
        if nearly_all(self.blue_is_negative) || self.negative > self.cells / 2 {
            doubts.push(format!(
                "{:.0} % of all reflectances are negative: is the offset of -1000 (Sentinel-2, baseline 04.00 and later) \
                 taken off twice? values: sentinel2_l2a_before_0400 takes off none",
                percent(self.negative, self.cells)
            ));
        }
        doubts
    }
}

const NO_DATA: &str = "a number for no data";
const DIGITAL_NUMBERS: &str = "Sentinel-2 digital numbers";
const DECLARE_DIGITAL_NUMBERS: &str =
    "declare values: sentinel2_l2a, sentinel2_l2a_before_0400 or digital_numbers";

fn declared(values: Values) -> &'static str {
    match values {
        Values::Standardized => "standardized",
        Values::Reflectance => "reflectance",
        Values::Percent => "percent",
        Values::DigitalNumbers { .. } => "digital_numbers",
        Values::DisplacementMm => "displacement_mm",
    }
}
