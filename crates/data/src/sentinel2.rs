//! Names and nominal wavelengths of Sentinel-2's bands.

use crate::DataError;

/// The eleven bands of the reference data in the order of the model: all but B01 and B10.
pub const SENTINEL2_CHANNELS: [&str; 11] = [
    "B02_BLUE",
    "B03_GREEN",
    "B04_RED",
    "B05_RE1",
    "B06_RE2",
    "B07_RE3",
    "B08_NIR1",
    "B8A_NIR2",
    "B09_WV",
    "B11_SWI1",
    "B12_SWI2",
];

/// Nominal central wavelengths in nm, ESA Sentinel-2 User Handbook (2015), table 1.
const CENTRES_NM: [(&str, f64); 13] = [
    ("B01", 443.0),
    ("B02", 490.0),
    ("B03", 560.0),
    ("B04", 665.0),
    ("B05", 705.0),
    ("B06", 740.0),
    ("B07", 783.0),
    ("B08", 842.0),
    ("B8A", 865.0),
    ("B09", 945.0),
    ("B10", 1375.0),
    ("B11", 1610.0),
    ("B12", 2190.0),
];

/// Nominal central wavelengths in nm of channels named `B02` or `B02_<anything>`.
///
/// # Errors
/// A channel that does not begin with the name of a Sentinel-2 band.
pub fn sentinel2_wavelengths_nm<S: AsRef<str>>(channels: &[S]) -> Result<Vec<f64>, DataError> {
    channels
        .iter()
        .map(|channel| {
            let channel = channel.as_ref();
            let band = channel.split('_').next().unwrap_or(channel);
            CENTRES_NM
                .iter()
                .find(|(name, _)| *name == band)
                .map(|(_, centre)| *centre)
                .ok_or_else(|| DataError::NotAllowed {
                    name: "channel".into(),
                    value: format!("{channel:?}"),
                    allowed: format!(
                        "a Sentinel-2 band, one of {:?}",
                        CENTRES_NM.map(|(name, _)| name)
                    ),
                })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eleven_bands_have_their_centres() {
        assert_eq!(
            sentinel2_wavelengths_nm(&SENTINEL2_CHANNELS).unwrap(),
            [
                490.0, 560.0, 665.0, 705.0, 740.0, 783.0, 842.0, 865.0, 945.0, 1610.0, 2190.0
            ]
        );
        assert_eq!(
            sentinel2_wavelengths_nm(&["B01", "B10"]).unwrap(),
            [443.0, 1375.0]
        );
        let message = sentinel2_wavelengths_nm(&["ux_AKGG"])
            .unwrap_err()
            .to_string();
        assert!(
            message.starts_with("channel = \"ux_AKGG\" is not allowed: a Sentinel-2 band"),
            "{message}"
        );
    }
}
