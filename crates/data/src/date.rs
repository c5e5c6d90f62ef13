//! Dates as tables write them.

use crate::read_report::Absence;
use jiff::civil;

/// The years that a date may have: one outside is a misprint, or a number that is no date.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2100;
/// What stands for a date that is not there, in lower case.
const ABSENT: [&str; 6] = ["na", "n/a", "null", "none", "nan", "nat"];

/// The day of a row, and its time of day where the table has one; both in UTC.
///
/// ```
/// use data::Date;
/// let day = Date::parse("2018.04.08").expect("a date");
/// assert_eq!((day.year(), day.month(), day.day_of_year()), (2018, 4, 98));
/// assert_eq!(Date::parse("2018-4-8"), Some(day));
/// // day and month, or month and day: nobody knows
/// assert_eq!(Date::parse("08.04.2018"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    day: civil::Date,
    time: Option<civil::Time>,
}

/// What a cell says that should hold a date.
#[derive(Clone, Debug, PartialEq)]
pub enum DateCell {
    /// This.
    Date(Date),
    /// That there is none: the cell is empty, or NA, N/A, null, none, NaN or NaT in any case.
    Missing(Absence),
    /// Something else.
    Text,
}

impl Date {
    /// What [`Date::parse`] reads, in words.
    pub const FORMS: &'static str = "YYYY-MM-DD, YYYY.MM.DD, YYYY/MM/DD or YYYYMMDD from 1900 to 2100 (2018-4-8 is read \
                                     too), alone or with T or a space and a time (hh:mm, hh:mm:ss, hhmm or hhmmss; UTC, or \
                                     with an offset such as Z or +02:00)";

    /// Reads [`Date::FORMS`]; `None` for anything else. A fraction of a second is read and dropped; a time with an offset
    /// becomes that of UTC, with its day.
    pub fn parse(text: &str) -> Option<Self> {
        let (day, rest) = day(text.as_bytes())?;
        let time = match rest {
            [] => {
                return Some(Self { day, time: None });
            }
            [b'T' | b't' | b' ', time @ ..] => time,
            _ => return None,
        };
        let (time, ahead) = offset(time)?;
        let moment = day.to_datetime(time_of_day(time)?);
        let moment = moment.checked_sub(jiff::Span::new().minutes(ahead)).ok()?;
        Some(Self {
            day: moment.date(),
            time: Some(moment.time()),
        })
    }

    /// Reads a cell of a table; blanks around it do not count.
    pub fn read(cell: &str) -> DateCell {
        let text = cell.trim();
        if text.is_empty() {
            return DateCell::Missing(Absence::Empty);
        }
        if ABSENT.iter().any(|word| text.eq_ignore_ascii_case(word)) {
            return DateCell::Missing(Absence::Written(text.into()));
        }
        Self::parse(text).map_or(DateCell::Text, DateCell::Date)
    }

    /// The year, 1900 to 2100.
    pub fn year(self) -> i16 {
        self.day.year()
    }

    /// The month, 1 (January) to 12.
    pub fn month(self) -> i8 {
        self.day.month()
    }

    /// Day of the year, 1 (1 January) to 365, or 366 in leap years.
    pub fn day_of_year(self) -> i16 {
        self.day.day_of_year()
    }

    /// The day at its own time, or at that one if it has none.
    pub(crate) fn at(self, otherwise: civil::Time) -> civil::DateTime {
        self.day.to_datetime(self.time.unwrap_or(otherwise))
    }
}

/// A date at the beginning of a text, and what comes after it.
fn day(text: &[u8]) -> Option<(civil::Date, &[u8])> {
    let (year, rest) = number(text, 4)?;
    let (month, day, rest) = match rest {
        [separator @ (b'-' | b'.' | b'/'), rest @ ..] => {
            let (month, rest) = one_or_two_digits(rest)?;
            let (day, rest) = one_or_two_digits(rest.strip_prefix(&[*separator])?)?;
            (month, day, rest)
        }
        _ => {
            let (month, rest) = number(rest, 2)?;
            let (day, rest) = number(rest, 2)?;
            (month, day, rest)
        }
    };
    if !YEARS.contains(&year) {
        return None;
    }
    let day = civil::Date::new(year, month as i8, day as i8).ok()?;
    Some((day, rest))
}

/// A time without its offset from UTC, and how many minutes it is ahead: Z, UTC, +02:00, +0200, +02 or none at all.
fn offset(time: &[u8]) -> Option<(&[u8], i64)> {
    if let Some(time) = time.strip_suffix(b"Z").or(time.strip_suffix(b"z")) {
        return Some((time, 0));
    }
    if let Some(time) = time.strip_suffix(b" UTC").or(time.strip_suffix(b"UTC")) {
        return Some((time, 0));
    }
    let Some(at) = time.iter().position(|byte| matches!(byte, b'+' | b'-')) else {
        return Some((time, 0));
    };
    let (time, written) = time.split_at(at);
    let (hours, rest) = number(&written[1..], 2)?;
    let minutes = match rest {
        [] => 0,
        rest => match number(rest.strip_prefix(b":").unwrap_or(rest), 2)? {
            (minutes, []) => minutes,
            _ => return None,
        },
    };
    // the farthest clocks are 14 hours ahead
    if hours > 14 || minutes > 59 {
        return None;
    }
    let ahead = i64::from(hours) * 60 + i64::from(minutes);
    Some((time, if written[0] == b'-' { -ahead } else { ahead }))
}

/// Reads hh:mm, hh:mm:ss, hhmm or hhmmss, the forms with seconds with a fraction or without.
pub(crate) fn time_of_day(text: &[u8]) -> Option<civil::Time> {
    let (hour, rest) = number(text, 2)?;
    let separator: &[u8] = if rest.starts_with(b":") { b":" } else { b"" };
    let (minute, rest) = number(rest.strip_prefix(separator)?, 2)?;
    let (second, rest) = if rest.is_empty() {
        (0, rest)
    } else {
        number(rest.strip_prefix(separator)?, 2)?
    };
    let has_ended = match rest {
        [] => true,
        [b'.', digits @ ..] => !digits.is_empty() && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if !has_ended {
        return None;
    }
    civil::Time::new(hour as i8, minute as i8, second as i8, 0).ok()
}

/// A number of one digit or two at the beginning of a text, and what comes after it.
fn one_or_two_digits(text: &[u8]) -> Option<(i16, &[u8])> {
    number(text, 2).or_else(|| number(text, 1))
}

/// A number of so many digits (at most four) at the beginning of a text, and what comes after it.
fn number(text: &[u8], digits: usize) -> Option<(i16, &[u8])> {
    let (number, rest) = text.split_at_checked(digits)?;
    let mut value = 0;
    for digit in number {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = 10 * value + i16::from(digit - b'0');
    }
    Some((value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[test]
    fn every_form_is_the_same_day() {
        let midnight = civil::Time::midnight();
        for day in [
            "2018-04-08",
            "2018.04.08",
            "2018/04/08",
            "20180408",
            "2018-4-8",
            "2018/4/08",
        ] {
            let parsed = Date::parse(day).unwrap();
            assert_eq!(
                parsed.at(midnight),
                date(2018, 4, 8).at(0, 0, 0, 0),
                "{day}"
            );
            for time in [
                "T10:00:31",
                " 10:00:31",
                "T100031",
                "T10:00:31Z",
                "T10:00:31.024Z",
                "T100031Z",
                "t10:00:31z",
                " 10:00:31 UTC",
                " 12:00:31+02:00",
                "T120031.5+0200",
                "T06:30:31-03:30",
                "T10:00:31+00",
            ] {
                let text = format!("{day}{time}");
                let moment = Date::parse(&text).map(|it| it.at(midnight));
                assert_eq!(moment, Some(date(2018, 4, 8).at(10, 0, 31, 0)), "{text}");
            }
            for time in ["T10:00Z", "T1000", " 10:00"] {
                let text = format!("{day}{time}");
                let moment = Date::parse(&text).map(|it| it.at(midnight));
                assert_eq!(moment, Some(date(2018, 4, 8).at(10, 0, 0, 0)), "{text}");
            }
            // early in the day of a place east of Greenwich it is the day before
            let text = format!("{day}T01:00+02:00");
            let moment = Date::parse(&text).map(|it| it.at(midnight));
            assert_eq!(moment, Some(date(2018, 4, 7).at(23, 0, 0, 0)), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "2018",
            "2018-04",
            "2018-4.8",
            "2018048",
            "201848",
            "2018-04.08",
            "2018-0408",
            "08.04.2018",
            "08042018",
            "2018-02-29",
            "2018-13-01",
            "2018-04-31",
            "2018-00-01",
            "1899-12-31",
            "2101-01-01",
            "+018-04-08",
            "2018-04-08x",
            "2018-04-08T",
            "2018-04-08T10",
            "2018-04-08T24:00",
            "2018-04-08T10:60",
            "2018-04-08T10:00:60",
            "2018-04-08T10:0031",
            "2018-04-08T10:00:31.",
            "2018-04-08T10:00:31.x",
            "2018-04-08T10:00.5",
            "2018-04-08T10:00ZZ",
            "2018-04-08T10:00:00+25:00",
            "2018-04-08T10:00:00+2",
            "2018-04-08T10:00:00+02:0",
            "2018-04-08T10:00:00 CET",
            "21.06.2020",
            "06/21/2020",
            "21-6-2020",
            "20-6-21",
            "２０１８-04-08",
            " 2018-04-08",
        ] {
            assert_eq!(Date::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn days_of_the_year() {
        for (text, expected) in [
            ("2018-01-01", 1),
            ("2018-03-01", 60),
            ("2020-03-01", 61),
            ("2018-12-31", 365),
            ("2020-12-31", 366),
            ("1900-12-31", 365),
            ("2000-12-31", 366),
        ] {
            assert_eq!(Date::parse(text).unwrap().day_of_year(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_date_or_not(text in any::<String>()) {
            let _ = Date::parse(&text);
        }

        #[test]
        fn a_date_is_read_as_it_was_written(
            year in 1900_i16..=2100, month in 1_i8..=12, day in 1_i8..=28,
            separator in prop::sample::select(vec!["-", ".", "/", ""]),
        ) {
            let text = format!("{year}{separator}{month:02}{separator}{day:02}");
            let parsed = Date::parse(&text).unwrap();
            prop_assert_eq!(parsed.day, date(year, month, day));
            prop_assert_eq!(parsed.time, None);
        }
    }
}
