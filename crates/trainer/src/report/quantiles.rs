//! Quantiles of some values.

/// The values below which the given shares lie, interpolated between neighbours; values that are not finite are left
/// out. `None` without any.
pub(super) fn of<const N: usize>(
    values: impl Iterator<Item = f64>,
    shares: [f64; N],
) -> Option<[f64; N]> {
    let mut sorted: Vec<f64> = values.filter(|v| v.is_finite()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    Some(shares.map(|share| {
        let place = share * last as f64;
        let (below, above) = (place.floor() as usize, place.ceil() as usize);
        let (low, high) = (sorted[below.min(last)], sorted[above.min(last)]);
        // half and half, so that the difference of two large numbers does not overflow
        let part = place - place.floor();
        low * (1.0 - part) + high * part
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let values = [4.0, f64::NAN, 1.0, 3.0, 2.0, f64::INFINITY, 0.0];
        let quartiles = of(values.into_iter(), [0.0, 0.25, 0.5, 0.6, 1.0]).unwrap();
        assert_eq!(quartiles, [0.0, 1.0, 2.0, 2.4, 4.0]);
        assert_eq!(of([7.0].into_iter(), [0.05, 0.95]), Some([7.0, 7.0]));
        assert_eq!(of([f64::NAN].into_iter(), [0.5]), None);
        let [middle] = of([f64::MIN, f64::MAX].into_iter(), [0.5]).unwrap();
        assert_eq!(middle, 0.0);
    }
}
