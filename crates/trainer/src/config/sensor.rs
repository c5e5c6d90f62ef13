//! Choice of a sensor by name or by file.

use ::physics::Sensor;
use std::path::PathBuf;
use std::str::FromStr;

/// A sensor, as configurations and the command line name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SensorChoice {
    /// A built-in one, by its name in `physics::Sensor::BUILT_IN`.
    BuiltIn(&'static str),
    /// Any sensor, by the CSV file of its response functions.
    Csv(PathBuf),
}

impl SensorChoice {
    /// What a user may write.
    pub(crate) const ALLOWED: &'static str =
        "\"s2a\", \"s2b\", \"l8\", \"l9\" or the path of a CSV file of response functions (*.csv)";
}

impl FromStr for SensorChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(name) = Sensor::BUILT_IN.into_iter().find(|name| *name == text) {
            return Ok(Self::BuiltIn(name));
        }
        let path = PathBuf::from(text);
        let extension = path.extension();
        if extension.is_some_and(|it| it.eq_ignore_ascii_case("csv")) {
            Ok(Self::Csv(path))
        } else {
            Err(format!("allowed: {}", Self::ALLOWED))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_files() {
        for name in Sensor::BUILT_IN {
            assert_eq!(name.parse(), Ok(SensorChoice::BuiltIn(name)));
            assert!(SensorChoice::ALLOWED.contains(name), "{name}");
        }
        assert_eq!("a/b.CSV".parse(), Ok(SensorChoice::Csv("a/b.CSV".into())));
        for text in ["S2A", "s2c", "", ".csv", "table.txt"] {
            assert!(text.parse::<SensorChoice>().is_err(), "{text}");
        }
    }
}
