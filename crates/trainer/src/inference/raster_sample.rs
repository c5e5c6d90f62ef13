//! What a raster looks like, from a few places spread over it.

use super::{Estimator, Evidence};
use crate::TrainerError;
use crate::inference::input::InputPlan;
use raster::{Stack, Window};

/// Places along each side at first, and where those show too little.
const PLACES: [usize; 2] = [5, 12];
/// Side of a place, pixels.
const SIDE: usize = 40;
/// Pixels that are enough.
const ENOUGH: usize = 1000;

/// Evidence of pixels that are spread evenly over a window of a stack; the same whenever it is asked for.
pub(super) fn look(
    estimator: &Estimator,
    plan: &InputPlan,
    stack: &Stack,
    whole: Window,
    declared: &[(f32, f32)],
) -> Result<Evidence, TrainerError> {
    let prepare = |band: usize, row: &mut [f32]| plan.prepare(band, declared[band], row);
    let mut evidence = Evidence::new(estimator, plan.values());
    for places in PLACES {
        let mut reader = stack.reader()?.prepared(&prepare);
        evidence = Evidence::new(estimator, plan.values());
        let (across, down) = (starts(whole.width, places), starts(whole.height, places));
        for &row in &down {
            for &col in &across {
                let window = Window::new(
                    whole.col + col,
                    whole.row + row,
                    SIDE.min(whole.width - col),
                    SIDE.min(whole.height - row),
                );
                let n = window.pixels();
                let mut bands = vec![0.0; plan.numbers.len() * n];
                reader.read(window, &mut bands)?;
                add(&mut evidence, plan, &mut bands, n, declared);
            }
        }
        if evidence.observations() >= ENOUGH {
            break;
        }
    }
    Ok(evidence)
}

/// Takes in n pixels, band after band, that the mask keeps.
fn add(
    evidence: &mut Evidence,
    plan: &InputPlan,
    bands: &mut [f32],
    n: usize,
    declared: &[(f32, f32)],
) {
    super::raster_job::apply_scales(bands, n, declared);
    let mut masked = vec![];
    plan.fill_mask(bands, n, &mut masked);
    let channels = plan.channels();
    let mut cells = vec![0.0; channels];
    for i in (0..n).filter(|&i| !masked.get(i).copied().unwrap_or(false)) {
        for (k, cell) in cells.iter_mut().enumerate() {
            *cell = f64::from(bands[k * n + i]);
        }
        evidence.add_channels(&cells);
        for (condition, (_, column)) in plan.columns_of_conditions().enumerate() {
            if let Some(column) = column {
                evidence.add_angle(condition, f64::from(bands[column * n + i]));
            }
        }
    }
}

/// Where places begin along a side: at its beginning, its end and evenly between.
fn starts(length: usize, places: usize) -> Vec<usize> {
    if length <= SIDE * places {
        return (0..length).step_by(SIDE).collect();
    }
    let last = length - SIDE;
    (0..places).map(|i| i * last / (places - 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_spread_from_end_to_end() {
        assert_eq!(starts(30, 5), [0]);
        assert_eq!(starts(100, 5), [0, 40, 80]);
        assert_eq!(starts(1040, 5), [0, 250, 500, 750, 1000]);
    }
}
