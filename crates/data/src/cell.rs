//! The cells of numbers and dates.

use crate::overpass::Sun;
use crate::read_report::Absence;
use crate::values::{NO_DATA, SATURATED};
use crate::{DataError, Date, DateCell, Values};

/// What a cell of a number holds.
pub(crate) enum Cell {
    Number(f64),
    Missing(Absence),
    Text,
}

/// Longest text of a cell that is kept to be shown, characters: a number of a million digits is infinite too, and
/// every row that is left out keeps its own.
const LONGEST_SHOWN: usize = 40;

pub(crate) fn shown(text: &str) -> String {
    match text.char_indices().nth(LONGEST_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into(),
    }
}

/// `channel` is what the channels are declared as, `None` for other columns.
pub(crate) fn parse(text: &str, channel: Option<Values>) -> Cell {
    if text.is_empty() {
        return Cell::Missing(Absence::Empty);
    }
    match text.parse::<f64>() {
        Ok(number) if !number.is_finite() => Cell::Missing(Absence::Written(shown(text).into())),
        Ok(number) => match channel {
            Some(Values::DigitalNumbers { .. }) if number == NO_DATA => {
                Cell::Missing(Absence::NoData)
            }
            Some(Values::DigitalNumbers { .. }) if number == SATURATED => {
                Cell::Missing(Absence::Saturated)
            }
            _ => Cell::Number(number),
        },
        Err(_) => no_number(text, &["na", "n/a", "null", "none"]),
    }
}

/// The sun zenith angle of a date.
pub(crate) fn parse_sun(text: &str, sun: &mut Sun) -> Result<Cell, DataError> {
    Ok(match Date::read(text) {
        DateCell::Date(date) => Cell::Number(sun.zenith(date)?),
        DateCell::Missing(absence) => Cell::Missing(absence),
        DateCell::Text => Cell::Text,
    })
}

/// One of the words for a missing value, or text.
fn no_number(text: &str, words: &[&str]) -> Cell {
    if words.iter().any(|word| text.eq_ignore_ascii_case(word)) {
        Cell::Missing(Absence::Written(shown(text).into()))
    } else {
        Cell::Text
    }
}
