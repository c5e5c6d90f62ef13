//! Quadratures as JSON files, and those that are built in.

use super::BandQuadrature;
use crate::PhysicsError;
use crate::parameters::Parameter;
use crate::tables::grid_places;
use std::path::Path;

/// Of the file; another number is another meaning of its fields.
pub(super) const FORMAT: u32 = 1;

macro_rules! built_in {
    ($($name:literal),+) => {
        impl BandQuadrature {
            /// Names of the built-in quadratures.
            pub const BUILT_IN: [&'static str; 4] = [$($name),+];

            /// A built-in quadrature by its name.
            ///
            /// # Errors
            /// An unknown name.
            pub fn built_in(name: &str) -> Result<Self, PhysicsError> {
                match name {
                    $($name => Self::parse(
                        name,
                        include_str!(concat!("../../../quadrature/", $name, ".json")),
                    ),)+
                    _ => Err(PhysicsError::UnknownName {
                        what: "quadrature",
                        name: name.to_owned(),
                        known: Self::BUILT_IN.map(str::to_owned).to_vec(),
                    }),
                }
            }
        }
    };
}

built_in!(
    "published_s2a",
    "published_s2a_angles",
    "enmap_box_s2a",
    "enmap_box_s2a_angles"
);

impl BandQuadrature {
    /// Read a file that [`Self::to_json`] has written.
    ///
    /// # Errors
    /// The file cannot be read, is no such file, or does not fit together.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, PhysicsError> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|source| PhysicsError::ReadFile {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&path.display().to_string(), &text)
    }

    /// As [`Self::read`] from the text of a file; `name` stands for it in messages.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn parse(name: &str, text: &str) -> Result<Self, PhysicsError> {
        let wrong = |problem: String| PhysicsError::Inconsistent {
            what: "quadrature",
            problem: format!("{name}: {problem}"),
        };
        let quadrature: Self =
            serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
        quadrature.check().map_err(wrong)?;
        Ok(quadrature)
    }

    /// The text of its file.
    ///
    /// # Panics
    /// Never: numbers and strings can always be written.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string(self).expect("plain data");
        // a line for each field and each row of weights
        for at in [
            "\"certificate\"",
            "\"nodes_nm\"",
            "\"weights\"",
            "\"fitted_for\"",
        ] {
            text = text.replacen(at, &format!("\n{at}"), 1);
        }
        text.replace("],[", "],\n[") + "\n"
    }

    /// What is wrong with it, in words.
    fn check(&self) -> Result<(), String> {
        let Self {
            format,
            fitted_for,
            nodes_nm,
            weights,
            certificate,
        } = self;
        if *format != FORMAT {
            return Err(format!("format {format}, expected {FORMAT}"));
        }
        if nodes_nm.is_empty() || !nodes_nm.is_sorted_by(|a, b| a < b) {
            return Err("nodes_nm is empty or not ascending".into());
        }
        grid_places(nodes_nm).map_err(|error| error.to_string())?;
        let (bands, responses) = (fitted_for.bands.len(), fitted_for.responses.len());
        if bands == 0 || responses != bands || weights.len() != bands {
            return Err(format!(
                "{bands} bands, {responses} responses and {} rows of weights, expected as many of each",
                weights.len()
            ));
        }
        for (band, row) in fitted_for.bands.iter().zip(weights) {
            if row.len() != nodes_nm.len() || row.iter().any(|w| !w.is_finite()) {
                return Err(format!(
                    "band {band} has {} weights, expected {} finite numbers",
                    row.len(),
                    nodes_nm.len()
                ));
            }
        }
        for range in fitted_for.free.iter().chain(&fitted_for.conditions) {
            let known: Parameter = (range.name.parse()).map_err(|e: PhysicsError| e.to_string())?;
            let all = known.quantity();
            if !(all.min <= range.min && range.min <= range.max && range.max <= all.max) {
                return Err(format!(
                    "{known} from {} to {}, expected a range within {} to {}",
                    range.min, range.max, all.min, all.max
                ));
            }
        }
        for name in fitted_for.fixed.keys() {
            name.parse::<Parameter>().map_err(|e| e.to_string())?;
        }
        let errors = [
            certificate.largest_band_error,
            certificate.largest_jacobian_error,
        ];
        if certificate.samples == 0 || errors.iter().any(|e| !e.is_finite()) {
            return Err("it is not certified".into());
        }
        Ok(())
    }
}
