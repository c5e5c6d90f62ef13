//! Numbers as text, and back.

use std::fmt::{LowerExp, Write};

/// What stands for a number that is not there, in lower case.
const ABSENT: [&str; 5] = ["", "na", "nan", "null", "none"];

/// The number a cell of text has; NaN if it says that there is none, `None` if it says something else.
pub(crate) fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    // a NaN with a sign or a payload would come through `parse` as well
    match text.parse::<f64>() {
        Ok(number) if !number.is_nan() => Some(number),
        _ => ABSENT
            .iter()
            .any(|absent| absent.eq_ignore_ascii_case(text))
            .then_some(f64::NAN),
    }
}

/// Appends a number with the fewest digits that give it back, in the exponent's form where it is shorter;
/// nothing for NaN.
pub(crate) fn push_number<T: Into<f64> + Copy + std::fmt::Display + LowerExp>(
    text: &mut String,
    number: T,
) {
    let size = number.into().abs();
    let written = if size.is_nan() {
        Ok(())
    } else if size == 0.0 || size.is_infinite() || (1e-5..1e16).contains(&size) {
        write!(text, "{number}")
    } else {
        write!(text, "{number:e}")
    };
    debug_assert!(written.is_ok(), "a string takes every text");
}

/// [`push_number`] into a text of its own.
pub(crate) fn number_text<T: Into<f64> + Copy + std::fmt::Display + LowerExp>(number: T) -> String {
    let mut text = String::new();
    push_number(&mut text, number);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_a_number_and_what_is_none() {
        for (text, value) in [
            ("1", 1.0),
            (" -0.5\t", -0.5),
            ("1e-3", 1e-3),
            ("inf", f64::INFINITY),
        ] {
            assert_eq!(number(text), Some(value), "{text:?}");
        }
        for text in ["", "  ", "NA", "na", "NaN", "null", "NULL", "None"] {
            assert!(number(text).is_some_and(f64::is_nan), "{text:?}");
        }
        for text in ["-nan", "1,5", "0x10", "1.0.0", "n/a", "-", "1 2"] {
            assert_eq!(number(text), None, "{text:?}");
        }
    }

    #[test]
    fn short_texts() {
        for (value, text) in [
            (0.1f32, "0.1"),
            (1.0, "1"),
            (-0.0, "-0"),
            (1e-30, "1e-30"),
            (1.5e20, "1.5e20"),
            (f32::NAN, ""),
            (f32::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(number_text(value), text);
        }
    }

    proptest! {
        #[test]
        fn the_text_of_a_number_gives_it_back(bits: u32) {
            let value = f32::from_bits(bits);
            let back = number(&number_text(value)).unwrap();
            prop_assert!(back as f32 == value || (back.is_nan() && value.is_nan()));
        }
    }
}
