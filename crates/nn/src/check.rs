//! Finite-difference checks of gradients, for tests here and in the crates above.

/// Largest |analytic − numeric| over the chosen elements, relative to the largest |gradient| among
/// them (or to 1e-300 if all are 0); infinite if a derivative is not finite.
///
/// The numeric derivative is the five-point central difference, exact to O(step⁴).
///
/// * `point`: where to differentiate; `analytic`: the gradient there
/// * `elements`: which of them to check
/// * `loss`: the function, called with moved points
pub fn worst_relative_error(
    point: &[f64],
    analytic: &[f64],
    elements: &[usize],
    step: f64,
    mut loss: impl FnMut(&[f64]) -> f64,
) -> f64 {
    let mut moved = point.to_vec();
    let (mut worst, mut largest) = (0.0_f64, 1e-300_f64);
    for &i in elements {
        let mut at = |h: f64| {
            moved[i] = point[i] + h;
            let value = loss(&moved);
            moved[i] = point[i];
            value
        };
        let near = at(step) - at(-step);
        let far = at(2.0 * step) - at(-2.0 * step);
        let numeric = (8.0 * near - far) / (12.0 * step);
        // `max` would pass over NaN, and a gradient of NaN would pass the check
        if !(numeric.is_finite() && analytic[i].is_finite()) {
            return f64::INFINITY;
        }
        worst = worst.max((numeric - analytic[i]).abs());
        largest = largest.max(numeric.abs()).max(analytic[i].abs());
    }
    worst / largest
}
