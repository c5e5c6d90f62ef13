//! The closing lines of Rust's test runner.

use std::fmt;
use std::ops::AddAssign;

/// Counts of one closing line, or of several added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TestCounts {
    pub passed: usize,
    pub failed: usize,
    pub ignored: usize,
}

impl TestCounts {
    /// Reads `test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; …`; any other line is none.
    pub fn of_closing_line(line: &str) -> Option<Self> {
        let counts = without_colours(line);
        let (_, counts) = counts.strip_prefix("test result: ")?.split_once(". ")?;
        let count = |what: &str| {
            counts.split(';').find_map(|part| {
                let (number, name) = part.trim().split_once(' ')?;
                (name == what).then(|| number.parse().ok())?
            })
        };
        Some(Self {
            passed: count("passed")?,
            failed: count("failed")?,
            ignored: count("ignored")?,
        })
    }
}

/// The line without the escape sequences that colour it where the runner thinks of a terminal.
fn without_colours(line: &str) -> String {
    let line = line.replace("\u{1b}(B", "");
    let mut parts = line.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').map_or("", |(_, text)| text));
    }
    plain
}

impl AddAssign for TestCounts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }
}

impl fmt::Display for TestCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.ignored > 0 {
            write!(f, ", {} ignored", self.ignored)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OK: &str = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; \
                      finished in 0.01s";
    const FAILED: &str = "test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; \
                          0 filtered out; finished in 0.00s";

    #[test]
    fn closing_lines_are_read_and_added() {
        let mut sum = TestCounts::default();
        sum += TestCounts::of_closing_line(OK).unwrap();
        sum += TestCounts::of_closing_line(FAILED).unwrap();
        assert_eq!(
            sum,
            TestCounts {
                passed: 14,
                failed: 1,
                ignored: 1
            }
        );
        assert_eq!(sum.to_string(), "14 passed, 1 failed, 1 ignored");
    }

    #[test]
    fn colours_do_not_hide_a_closing_line() {
        let coloured = OK.replace("ok", "\u{1b}[32mok\u{1b}(B\u{1b}[m");
        let plain = TestCounts::of_closing_line(OK);
        assert_eq!(TestCounts::of_closing_line(&coloured), plain);
    }

    #[test]
    fn other_lines_are_none() {
        for line in [
            "",
            "running 3 tests",
            "test tests::a ... ok",
            "test result: ok.",
            "test result: ok. many passed; 0 failed; 0 ignored",
            "  the line `test result: ok. 1 passed; 0 failed; 0 ignored` in a text",
        ] {
            assert_eq!(TestCounts::of_closing_line(line), None, "{line}");
        }
    }
}
