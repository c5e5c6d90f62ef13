//! Choice of a sensor by name or by file.

use std::path::PathBuf;
use std::str::FromStr;

/// A sensor, as configurations and the command line name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SensorChoice {
    /// Sentinel-2A.
    S2a,
    /// Sentinel-2B.
    S2b,
    /// Any sensor, by the CSV file of its response functions.
    Csv(PathBuf),
}

impl SensorChoice {
    /// What a user may write.
    pub(crate) const ALLOWED: &'static str =
        "\"s2a\", \"s2b\" or the path of a CSV file of response functions (*.csv)";
}

impl FromStr for SensorChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let path = PathBuf::from(text);
        match text {
            "s2a" => Ok(Self::S2a),
            "s2b" => Ok(Self::S2b),
            _ if path
                .extension()
                .is_some_and(|it| it.eq_ignore_ascii_case("csv")) =>
            {
                Ok(Self::Csv(path))
            }
            _ => Err(format!("allowed: {}", Self::ALLOWED)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_files() {
        assert_eq!("s2b".parse(), Ok(SensorChoice::S2b));
        assert_eq!("a/b.CSV".parse(), Ok(SensorChoice::Csv("a/b.CSV".into())));
        for text in ["S2A", "s2c", "", ".csv", "table.txt"] {
            assert!(text.parse::<SensorChoice>().is_err(), "{text}");
        }
    }
}
