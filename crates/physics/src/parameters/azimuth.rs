//! The relative azimuth of sun and view, from whatever turn it is written in.

/// Angles beyond so many degrees are another unit or no angle; ten turns are more than any difference of two azimuths.
const FARTHEST: f64 = 3600.0;

/// The relative azimuth in 0 to 180 degrees that is the same direction as this one: a canopy looks alike from ψ, −ψ
/// and ψ + 360° k. Angles from 0 to 180 stay as they are to the last bit; NaN and angles beyond ten turns too, for a
/// range check to refuse them.
///
/// ```
/// use physics::relative_azimuth;
/// assert_eq!(relative_azimuth(-30.0), 30.0);
/// assert_eq!(relative_azimuth(270.0), 90.0);
/// assert_eq!(relative_azimuth(360.0 + 45.0), 45.0);
/// ```
pub fn relative_azimuth(degrees: f64) -> f64 {
    let size = degrees.abs();
    if (0.0..=180.0).contains(&degrees) || size > FARTHEST || size.is_nan() {
        return degrees;
    }
    // both steps are exact: a remainder of floats is, and so is 360 − r for r from 180 to 360
    let within_a_turn = size % 360.0;
    if within_a_turn > 180.0 {
        360.0 - within_a_turn
    } else {
        within_a_turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn angles_of_other_turns() {
        for (given, expected) in [
            (0.0, 0.0),
            (180.0, 180.0),
            (-180.0, 180.0),
            (190.8, 360.0 - 190.8),
            (-30.0, 30.0),
            (360.0, 0.0),
            (540.0, 180.0),
            (-725.0, 5.0),
        ] {
            assert_eq!(relative_azimuth(given), expected, "{given}");
        }
        assert!(relative_azimuth(f64::NAN).is_nan());
        for beyond in [4000.5, -1e38, f64::INFINITY] {
            assert_eq!(relative_azimuth(beyond), beyond);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn the_cosine_stays(degrees in -FARTHEST..=FARTHEST) {
            let folded = relative_azimuth(degrees);
            prop_assert!((0.0..=180.0).contains(&folded));
            let cosine = |angle: f64| (angle % 360.0).to_radians().cos();
            prop_assert!((cosine(folded) - cosine(degrees)).abs() < 1e-14);
            prop_assert_eq!(relative_azimuth(folded), folded);
        }
    }
}
