//! The nearest of many simulated signals: the oldest way to invert a forward model.

use crate::TrainerError;
use crate::levenberg_marquardt::Fit;
use data::draw_unit_parameters;
use model::PhysicsLayer;
use ndarray::{Array2, ArrayView2, Axis, Slice};
use rand::Rng;
use rayon::prelude::*;

/// Observations compared with the table at once.
const CHUNK: usize = 256;

/// For each observation the entry of least squared error, of `entries` with z ~ U(0, 1) at the physics' default
/// conditions.
///
/// * `x`: n × d, standardised
///
/// # Errors
/// The physics refuses a value.
pub fn nearest(
    physics: &PhysicsLayer,
    x: ArrayView2<f64>,
    entries: usize,
    rng: &mut impl Rng,
) -> Result<Fit, TrainerError> {
    let z = draw_unit_parameters(entries, physics.parameters(), rng);
    let table = physics.signals(z.view(), None)?;
    // |x − t|² = |x|² − 2 x·t + |t|²: the product of matrices does the work
    let sizes: Vec<f64> = table.outer_iter().map(|t| t.dot(&t)).collect();
    let starts: Vec<usize> = (0..x.nrows()).step_by(CHUNK).collect();
    let found: Vec<Vec<usize>> = starts
        .into_par_iter()
        .map(|start| {
            let rows = start..(start + CHUNK).min(x.nrows());
            let products = x.slice_axis(Axis(0), Slice::from(rows)).dot(&table.t());
            let nearest = |row: ndarray::ArrayView1<f64>| {
                let costs = row
                    .iter()
                    .zip(&sizes)
                    .map(|(product, size)| size - 2.0 * product);
                let best = costs.enumerate().min_by(|(_, a), (_, b)| a.total_cmp(b));
                best.map_or(0, |(entry, _)| entry)
            };
            products.outer_iter().map(nearest).collect()
        })
        .collect();
    let chosen: Vec<usize> = found.concat();
    let squares = chosen
        .iter()
        .zip(x.outer_iter())
        .map(|(&entry, x)| {
            let r = &table.row(entry) - &x;
            r.dot(&r)
        })
        .collect();
    let z: Array2<f64> = z.select(Axis(0), &chosen);
    Ok(Fit { z, squares })
}

#[cfg(test)]
mod tests {
    use super::*;
    use data::{Purpose, stream};
    use physics::{ForwardModel as _, ReflectanceModel};
    use std::sync::Arc;

    #[test]
    fn the_nearest_entry_is_found() {
        let inform = ReflectanceModel::builder().build().unwrap();
        let ranges = inform.parameters().iter().map(|q| (q.min, q.max)).collect();
        let d = inform.outputs().len();
        let layer =
            PhysicsLayer::new(Arc::new(inform), ranges, vec![0.2; d], vec![0.1; d]).unwrap();
        let stream = || stream(1, Purpose::Baseline, 0, 0);
        let z = draw_unit_parameters(500, layer.parameters(), &mut stream());
        let table = layer.signals(z.view(), None).unwrap();
        // entries themselves, and points beside them
        let x = table.slice_axis(Axis(0), Slice::from(..300)).to_owned() + 1e-3;
        let found = nearest(&layer, x.view(), 500, &mut stream()).unwrap();
        for (row, x) in x.outer_iter().enumerate() {
            let costs = table.outer_iter().map(|t| (&t - &x).mapv(|v| v * v).sum());
            let best = costs.fold(f64::INFINITY, f64::min);
            assert!((found.squares[row] - best).abs() < 1e-12);
        }
    }
}
