//! In which numbers channels come, and which of them stand for no data.

use serde::{Deserialize, Serialize};

/// In which numbers the channels of a file are.
///
/// ```
/// use data::Values;
/// let values: Values = serde_json::from_str(r#"{"digital_numbers": {"offset": -1000}}"#)?;
/// assert_eq!(values, Values::DigitalNumbers { scale: 1e-4, offset: -1000.0 });
/// assert_eq!(serde_json::from_str::<Values>(r#""reflectance""#)?, Values::Reflectance);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Values {
    /// (raw − mean)/scale per channel; the mean and scale must then be given.
    Standardized,
    /// Reflectance, 0–1.
    Reflectance,
    /// Reflectance in percent, 0–100.
    Percent,
    /// Sentinel-2 digital numbers: reflectance = (DN + `offset`)·`scale`. 0 (no data) and 65535
    /// (saturated) are missing values.
    DigitalNumbers {
        /// Reflectance of one digital number.
        #[serde(default = "ten_thousandth")]
        scale: f64,
        /// 0, or −1000 for processing baseline 04.00 and later (from 25 January 2022 on).
        offset: f64,
    },
    /// Displacement in mm.
    DisplacementMm,
}

/// Sentinel-2's digital numbers for no data and for a saturated pixel.
pub(crate) const NO_DATA: f64 = 0.0;
pub(crate) const SATURATED: f64 = 65535.0;

fn ten_thousandth() -> f64 {
    1e-4
}

impl Values {
    /// Whether a cell stands for no data: 0 and 65535 of Sentinel-2's digital numbers, what is not finite.
    pub fn is_missing(self, cell: f64) -> bool {
        !cell.is_finite()
            || (matches!(self, Self::DigitalNumbers { .. }) && [NO_DATA, SATURATED].contains(&cell))
    }

    /// The physical value of a cell; a standardised one stays as it is.
    pub fn to_physical(self, cell: f64) -> f64 {
        match self {
            Self::Standardized | Self::Reflectance | Self::DisplacementMm => cell,
            Self::Percent => cell * 0.01,
            Self::DigitalNumbers { scale, offset } => (cell + offset) * scale,
        }
    }
}

/// Which numbers of a file stand for a missing one: those of its kind of values, and one more that its user names. Rasters,
/// tables and arrays are all asked here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Missing {
    values: Values,
    nodata: Option<f64>,
}

/// From here on a number for no data is one that is found by its first digits: programs show the least f32 with 7 to 17
/// of them.
const SHOWN_IN_PART: f64 = 1e30;
/// How far such digits may be off.
const DIGITS_SHOWN: f64 = 1e-6;

impl Missing {
    /// What is missing among `values`, and `nodata` as a user writes it.
    pub fn new(values: Values, nodata: Option<f64>) -> Self {
        Self { values, nodata }
    }

    /// Whether a cell of a channel stands for no data.
    pub fn in_channel(self, cell: f64) -> bool {
        self.values.is_missing(cell) || self.is_nodata(cell)
    }

    /// Whether a cell of any column, of angles say, stands for no data: it is not finite or the number that was named,
    /// which a file may hold as f32 (−9999.9 is −9999.900390625 there).
    pub fn is_nodata(self, cell: f64) -> bool {
        let is_named = |nodata: f64| {
            nodata == cell
                || nodata as f32 == cell as f32
                || (nodata.abs() >= SHOWN_IN_PART
                    && (nodata - cell).abs() <= DIGITS_SHOWN * nodata.abs())
        };
        !cell.is_finite() || self.nodata.is_some_and(is_named)
    }

    /// The number that was named.
    pub fn nodata(self) -> Option<f64> {
        self.nodata
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_for_no_data_is_found_however_it_is_held() {
        let mut tried = 0;
        for nodata in [
            -9999.9,
            0.1,
            -3.4028235e38,
            -3.402823e38,
            -3.402_823_466_385_288_6e38,
            -1.797_693_134_862_315_7e308,
            1e20,
            -32768.0,
            0.0,
            255.0,
        ] {
            let missing = Missing::new(Values::Reflectance, Some(nodata));
            let least = f64::from(f32::MIN);
            let near_least = (nodata / least - 1.0).abs() < 1e-6;
            for cell in [nodata, f64::from(nodata as f32)]
                .into_iter()
                .chain(near_least.then_some(least))
            {
                assert!(
                    missing.is_nodata(cell) && missing.in_channel(cell),
                    "{nodata}: {cell}"
                );
                tried += 1;
            }
            for cell in [0.25, -9999.0, 254.0, -1e37] {
                assert!(!missing.in_channel(cell), "{nodata}: {cell}");
                tried += 1;
            }
        }
        assert!(tried > 60, "{tried}");
        for cell in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(Missing::new(Values::Standardized, None).is_nodata(cell));
        }
        // angles of 0 are there, digital numbers of 0 are not
        let values = Values::DigitalNumbers {
            scale: 1e-4,
            offset: -1000.0,
        };
        let missing = Missing::new(values, None);
        assert!(missing.in_channel(0.0) && missing.in_channel(65535.0) && !missing.is_nodata(0.0));
    }
}
