//! What the columns of a parquet file are, and their cells as numbers and as text.

use crate::cells::number_text;
use half::f16;
use jiff::tz::Offset;
use jiff::{Span, Timestamp, civil};
use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type};
use parquet::schema::types::ColumnDescriptor;

/// What a column that is read means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bool,
    Signed,
    /// Integers without sign, of so many bits on disk.
    Unsigned {
        bits: u8,
    },
    /// Integers to be divided by a power of ten.
    Decimal {
        scale: u8,
    },
    Float,
    Double,
    Float16,
    Text,
    /// Days since 1970-01-01.
    Date,
    /// Time since 1970-01-01T00:00:00, in UTC or of no time zone.
    Timestamp {
        nanoseconds: i64,
        utc: bool,
    },
    Uuid,
}

/// One cell as it is on disk.
pub(crate) enum Cell<'a> {
    Bool(bool),
    Integer(i64),
    /// Nanoseconds since 1970: the old timestamps of 96 bits.
    Nanoseconds(i128),
    Float(f32),
    Double(f64),
    Bytes(&'a [u8]),
}

/// Largest number of digits behind the point that 128 bits hold.
const MOST_DECIMALS: i32 = 38;

impl Kind {
    /// Of a column; its type in words where it cannot be read.
    pub(crate) fn of(column: &ColumnDescriptor) -> Result<Self, String> {
        let physical = column.physical_type();
        let logical = column.logical_type_ref();
        let converted = column.converted_type();
        let unknown = || match (logical, converted) {
            (Some(logical), _) => format!("{physical} as {logical:?}"),
            (None, ConvertedType::NONE) => physical.to_string(),
            (None, converted) => format!("{physical} as {converted}"),
        };
        match logical {
            Some(LogicalType::Decimal(decimal)) => {
                return Self::decimal(column, decimal.scale).ok_or_else(unknown);
            }
            None if converted == ConvertedType::DECIMAL => {
                return Self::decimal(column, column.type_scale()).ok_or_else(unknown);
            }
            _ => {}
        }
        Self::plain(column).ok_or_else(unknown)
    }

    fn decimal(column: &ColumnDescriptor, scale: i32) -> Option<Self> {
        let fits = match column.physical_type() {
            Type::INT32 | Type::INT64 | Type::BYTE_ARRAY => true,
            Type::FIXED_LEN_BYTE_ARRAY => (1..=16).contains(&column.type_length()),
            _ => false,
        };
        let scale = (0..=MOST_DECIMALS)
            .contains(&scale)
            .then_some(scale as u8)?;
        fits.then_some(Self::Decimal { scale })
    }

    fn plain(column: &ColumnDescriptor) -> Option<Self> {
        use ConvertedType as Old;
        let timestamp = |nanoseconds, utc| Some(Self::Timestamp { nanoseconds, utc });
        let physical = column.physical_type();
        let logical = column.logical_type_ref();
        let old = if logical.is_some() {
            Old::NONE
        } else {
            column.converted_type()
        };
        match (physical, logical, old) {
            (Type::BOOLEAN, None, Old::NONE) => Some(Self::Bool),
            (Type::FLOAT, None, Old::NONE) => Some(Self::Float),
            (Type::DOUBLE, None, Old::NONE) => Some(Self::Double),
            (Type::INT96, None, Old::NONE) => timestamp(1, false),
            (Type::INT32 | Type::INT64, Some(LogicalType::Integer(integer)), _) => {
                Some(Self::integer(physical, integer.is_signed))
            }
            (
                Type::INT32 | Type::INT64,
                None,
                Old::UINT_8 | Old::UINT_16 | Old::UINT_32 | Old::UINT_64,
            ) => Some(Self::integer(physical, false)),
            (
                Type::INT32 | Type::INT64,
                None,
                Old::NONE | Old::INT_8 | Old::INT_16 | Old::INT_32 | Old::INT_64,
            ) => Some(Self::Signed),
            (Type::INT32, Some(LogicalType::Date), _) | (Type::INT32, None, Old::DATE) => {
                Some(Self::Date)
            }
            (Type::INT64, Some(LogicalType::Timestamp(of)), _) => match of.unit {
                TimeUnit::MILLIS => timestamp(1_000_000, of.is_adjusted_to_u_t_c),
                TimeUnit::MICROS => timestamp(1_000, of.is_adjusted_to_u_t_c),
                TimeUnit::NANOS => timestamp(1, of.is_adjusted_to_u_t_c),
            },
            (Type::INT64, None, Old::TIMESTAMP_MILLIS) => timestamp(1_000_000, true),
            (Type::INT64, None, Old::TIMESTAMP_MICROS) => timestamp(1_000, true),
            (
                Type::BYTE_ARRAY,
                Some(LogicalType::String | LogicalType::Enum | LogicalType::Json),
                _,
            )
            | (Type::BYTE_ARRAY, None, Old::NONE | Old::UTF8 | Old::ENUM | Old::JSON) => {
                Some(Self::Text)
            }
            (Type::FIXED_LEN_BYTE_ARRAY, Some(LogicalType::Float16), _)
                if column.type_length() == 2 =>
            {
                Some(Self::Float16)
            }
            (Type::FIXED_LEN_BYTE_ARRAY, Some(LogicalType::Uuid), _)
                if column.type_length() == 16 =>
            {
                Some(Self::Uuid)
            }
            _ => None,
        }
    }

    fn integer(physical: Type, signed: bool) -> Self {
        match (signed, physical) {
            (true, _) => Self::Signed,
            (false, Type::INT32) => Self::Unsigned { bits: 32 },
            (false, _) => Self::Unsigned { bits: 64 },
        }
    }

    /// What a column that is no number is; `None` for one that is.
    pub(crate) fn not_a_number(self) -> Option<&'static str> {
        match self {
            Self::Text => Some("text"),
            Self::Date => Some("a date"),
            Self::Timestamp { .. } => Some("a time"),
            Self::Uuid => Some("a UUID"),
            _ => None,
        }
    }

    /// A cell of a column that is a number; `None` if the cell does not fit the kind.
    pub(crate) fn number(self, cell: &Cell<'_>) -> Option<f64> {
        Some(match (self, cell) {
            (Self::Bool, Cell::Bool(yes)) => f64::from(u8::from(*yes)),
            (Self::Signed, Cell::Integer(integer)) => *integer as f64,
            (Self::Unsigned { bits: 32 }, Cell::Integer(integer)) => f64::from(*integer as u32),
            (Self::Unsigned { .. }, Cell::Integer(integer)) => *integer as u64 as f64,
            (Self::Float, Cell::Float(number)) => f64::from(*number),
            (Self::Double, Cell::Double(number)) => *number,
            (Self::Float16, &Cell::Bytes(&[low, high])) => f16::from_le_bytes([low, high]).to_f64(),
            (Self::Decimal { scale }, cell) => digits(cell)? as f64 / 10_f64.powi(i32::from(scale)),
            _ => return None,
        })
    }

    /// A cell as text; what is wrong with it where there is none.
    pub(crate) fn text(self, cell: &Cell<'_>) -> Result<String, String> {
        let beyond = || "a date or time outside of the years -9999 to 9999".to_owned();
        Ok(match (self, cell) {
            (Self::Bool, Cell::Bool(yes)) => yes.to_string(),
            (Self::Signed, Cell::Integer(integer)) => integer.to_string(),
            (Self::Unsigned { bits: 32 }, Cell::Integer(integer)) => (*integer as u32).to_string(),
            (Self::Unsigned { .. }, Cell::Integer(integer)) => (*integer as u64).to_string(),
            (Self::Float, Cell::Float(number)) => number_text(*number),
            (Self::Double, Cell::Double(number)) => number_text(*number),
            (Self::Float16, &Cell::Bytes(&[low, high])) => {
                number_text(f16::from_le_bytes([low, high]).to_f32())
            }
            (Self::Text, Cell::Bytes(bytes)) => std::str::from_utf8(bytes)
                .map_err(|_| "not UTF-8 text".to_owned())?
                .to_owned(),
            (Self::Date, Cell::Integer(days)) => Span::new()
                .try_days(*days)
                .and_then(|days| civil::date(1970, 1, 1).checked_add(days))
                .map_err(|_| beyond())?
                .to_string(),
            (Self::Timestamp { nanoseconds, utc }, cell) => {
                let time = match cell {
                    Cell::Integer(count) => i128::from(*count) * i128::from(nanoseconds),
                    Cell::Nanoseconds(count) => *count,
                    _ => return Err(MISFIT.to_owned()),
                };
                let time = Timestamp::from_nanosecond(time).map_err(|_| beyond())?;
                if utc {
                    time.to_string()
                } else {
                    Offset::UTC.to_datetime(time).to_string()
                }
            }
            (Self::Decimal { scale }, cell) => {
                let digits = digits(cell).ok_or("a decimal of more than 128 bits")?;
                decimal_text(digits, usize::from(scale))
            }
            (Self::Uuid, Cell::Bytes(bytes)) => uuid_text(bytes),
            _ => return Err(MISFIT.to_owned()),
        })
    }
}

const MISFIT: &str = "a cell of another type than its column";

/// The integer of a decimal: its bytes are big endian, of any number up to 16.
fn digits(cell: &Cell<'_>) -> Option<i128> {
    match cell {
        Cell::Integer(integer) => Some(i128::from(*integer)),
        Cell::Bytes(bytes) if (1..=16).contains(&bytes.len()) => {
            let sign = if bytes[0] & 0x80 == 0 { 0 } else { -1 };
            Some(
                bytes
                    .iter()
                    .fold(sign, |all, &byte| all << 8 | i128::from(byte)),
            )
        }
        _ => None,
    }
}

fn decimal_text(digits: i128, scale: usize) -> String {
    let size = digits.unsigned_abs().to_string();
    let size = format!("{size:0>width$}", width = scale + 1);
    let (whole, fraction) = size.split_at(size.len() - scale);
    let sign = if digits < 0 { "-" } else { "" };
    let point = if scale == 0 { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}")
}

fn uuid_text(bytes: &[u8]) -> String {
    let pairs = bytes.iter().enumerate().map(|(place, byte)| {
        let dash = if [4, 6, 8, 10].contains(&place) {
            "-"
        } else {
            ""
        };
        format!("{dash}{byte:02x}")
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals() {
        for (bytes, scale, text, number) in [
            (&[0x01, 0x00][..], 2, "2.56", 2.56),
            (&[0xff], 3, "-0.001", -0.001),
            (&[0x00], 0, "0", 0.0),
            (&[0xff, 0x7f], 1, "-12.9", -12.9),
        ] {
            let kind = Kind::Decimal { scale };
            assert_eq!(kind.text(&Cell::Bytes(bytes)).unwrap(), text);
            assert_eq!(kind.number(&Cell::Bytes(bytes)), Some(number));
        }
        let lowest = i128::MIN.to_be_bytes();
        let text = Kind::Decimal { scale: 38 }
            .text(&Cell::Bytes(&lowest))
            .unwrap();
        assert_eq!(text, "-1.70141183460469231731687303715884105728");
    }

    #[test]
    fn dates_and_times() {
        assert_eq!(Kind::Date.text(&Cell::Integer(-1)).unwrap(), "1969-12-31");
        assert!(Kind::Date.text(&Cell::Integer(i64::MAX)).is_err());
        let time = |utc, nanoseconds, count| {
            Kind::Timestamp { nanoseconds, utc }.text(&Cell::Integer(count))
        };
        assert_eq!(
            time(true, 1_000_000, 1500).unwrap(),
            "1970-01-01T00:00:01.5Z"
        );
        assert_eq!(time(false, 1_000, 0).unwrap(), "1970-01-01T00:00:00");
        let error = time(true, 1_000_000, i64::MAX).unwrap_err();
        assert_eq!(error, "a date or time outside of the years -9999 to 9999");
    }

    #[test]
    fn signs() {
        assert_eq!(
            Kind::Unsigned { bits: 32 }.number(&Cell::Integer(-1)),
            Some(4294967295.0)
        );
        assert_eq!(
            Kind::Unsigned { bits: 64 }
                .text(&Cell::Integer(-1))
                .unwrap(),
            u64::MAX.to_string()
        );
        assert_eq!(Kind::Signed.number(&Cell::Integer(-1)), Some(-1.0));
        assert_eq!(
            Kind::Uuid.text(&Cell::Bytes(&[0xab; 16])).unwrap(),
            "abababab-abab-abab-abab-abababababab"
        );
    }
}
