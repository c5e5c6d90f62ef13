//! Escaping and numbers.

/// What an absent value reads.
pub(super) const ABSENT: &str = "–";

/// Text for an element or a quoted attribute. Characters that no page may hold become U+FFFD.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(c),
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// At most so many characters, the last one an ellipsis where some are left out.
pub(super) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    kept + "…"
}

/// Four significant digits without trailing zeros; with an exponent below 0.001 and from 100,000 on.
pub(super) fn number(value: f64) -> String {
    if !value.is_finite() {
        return ABSENT.to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let scientific = format!("{value:.3e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>() {
        Ok(exponent @ -3..5) => {
            let decimals = usize::try_from(3 - exponent).unwrap_or(0);
            trimmed(&format!("{value:.decimals$}")).to_owned()
        }
        _ => format!("{}e{exponent}", trimmed(digits)),
    }
}

/// A unit in words.
pub(super) fn dimensionless(unit: &str) -> &str {
    if unit == "1" { "dimensionless" } else { unit }
}

/// [`number`], where there is one.
pub(super) fn optional(value: Option<f64>) -> String {
    value.map_or_else(|| ABSENT.to_owned(), number)
}

/// Three decimals, for what is read in columns.
pub(super) fn three_decimals(value: f64) -> String {
    if value.is_finite() && value.abs() < 1e5 {
        format!("{value:.3}")
    } else {
        number(value)
    }
}

/// Percent with one decimal.
pub(super) fn percent(fraction: f64) -> String {
    if fraction.is_finite() {
        format!("{:.1} %", 100.0 * fraction)
    } else {
        ABSENT.to_owned()
    }
}

/// With commas between the thousands.
pub(super) fn count(value: usize) -> String {
    let digits = value.to_string();
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Hours, minutes and seconds.
pub(super) fn duration(seconds: f64) -> String {
    if !(seconds.is_finite() && seconds >= 0.0) {
        return ABSENT.to_owned();
    }
    if seconds < 59.95 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round() as u64;
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 {
        format!("{hours} h {minutes} min")
    } else {
        format!("{minutes} min {seconds} s")
    }
}

/// Without the zeros at the end of a decimal fraction.
fn trimmed(number: &str) -> &str {
    if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_escaped() {
        assert_eq!(
            escape("<a b='\"'>&\0"),
            "&lt;a b=&#39;&quot;&#39;&gt;&amp;\u{fffd}"
        );
    }

    #[test]
    fn numbers_read_well() {
        let cases = [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (0.30000000000000004, "0.3"),
            (2.734476e-4, "2.734e-4"),
            (3e-4, "3e-4"),
            (0.0012345, "0.001234"),
            (0.99996, "1"),
            (-1234.5, "-1234"),
            (99999.0, "1e5"),
            (123456.0, "1.235e5"),
            (5e-324, "4.941e-324"),
            (f64::MAX, "1.798e308"),
            (f64::NAN, "–"),
            (f64::NEG_INFINITY, "–"),
        ];
        for (value, text) in cases {
            assert_eq!(number(value), text, "{value:e}");
        }
        assert_eq!(three_decimals(-0.00012), "-0.000");
        assert_eq!(three_decimals(f64::MAX), "1.798e308");
        assert_eq!(percent(0.7777), "77.8 %");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(123), "123");
        assert_eq!(optional(None), "–");
    }

    #[test]
    fn durations_read_well() {
        let cases = [
            (1.25, "1.2 s"),
            (59.97, "1 min 0 s"),
            (3725.4, "1 h 2 min"),
            (f64::INFINITY, "–"),
            (-1.0, "–"),
        ];
        for (seconds, text) in cases {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn long_names_are_shortened_by_characters() {
        assert_eq!(shortened("B02_BLÜE", 8), "B02_BLÜE");
        assert_eq!(shortened("B02_BLÜES", 8), "B02_BLÜ…");
        assert_eq!(shortened("ab", 0), "…");
    }
}
