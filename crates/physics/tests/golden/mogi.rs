//! The point source of Mogi.

use crate::files::{count, golden, list, number, numbers, worst_of_column};
use ndarray::{Array2, Array3};
use physics::{ForwardModel, Mogi, Station};
use serde_json::Value;

/// Each displacement, of its own size (the file's go from 5e-4 to 265 mm).
const DISPLACEMENT: f64 = 1e-10;
/// Jacobians, of the largest of the column.
const JACOBIAN: f64 = 1e-10;
/// m per km, and m³ per unit of dV.
const UNITS: [f64; 4] = [1e3, 1e3, 1e3, 1e5];
/// Learned range of xcen, ycen, d and dV: parameter = low + z·(high − low).
const RANGES: [(f64, f64); 4] = [(-9.33, 14.35), (-5.80, 7.62), (2.0, 20.0), (0.0, 200.0)];

#[test]
fn displacements_and_jacobians() {
    let Some(file) = golden("mogi.json") else {
        return;
    };
    let names = file["stations"].as_array().unwrap();
    let (x, y) = (numbers(&file["x_m"]), numbers(&file["y_m"]));
    let stations = (0..names.len())
        .map(|i| Station {
            name: names[i].as_str().unwrap().to_owned(),
            x_m: x[i],
            y_m: y[i],
        })
        .collect();
    let mogi = Mogi::new(stations, number(&file["nu"])).unwrap();
    assert_eq!(mogi.outputs()[0], "ux_AKGG");
    let n = count(&file["z"]);
    let parameters = Array2::from_shape_fn((n, 4), |(i, j)| {
        let (low, high) = RANGES[j];
        low + number(&file["z"][i][j]) * (high - low)
    });
    for i in 0..n {
        let volume = number(&file["params"]["dV"][i]);
        assert!((parameters[[i, 3]] * 1e5 - 1e7 - volume).abs() < 1e-6);
        assert!((parameters[[i, 2]] * 1e3 - number(&file["params"]["d"][i])).abs() < 1e-8);
    }
    let (mut values, mut jacobian) = (Array2::zeros((n, 36)), Array3::zeros((n, 36, 4)));
    mogi.evaluate_with_jacobian(
        parameters.view(),
        None,
        values.view_mut(),
        jacobian.view_mut(),
    )
    .unwrap();
    let mut alone = Array2::zeros((n, 36));
    mogi.evaluate(parameters.view(), None, alone.view_mut())
        .unwrap();
    assert_eq!(values, alone);

    assert_eq!((n, count(&file["u_mm"])), (32, n));
    let mut error = 0.0_f64;
    for (row, expected) in values.rows().into_iter().zip(0..) {
        let expected = numbers(&file["u_mm"][expected]);
        assert_eq!(expected.len(), row.len());
        for (found, expected) in row.iter().zip(&expected) {
            let off = (found / expected - 1.0).abs();
            // a NaN must not pass
            error = if off <= error { error } else { off };
        }
    }
    // to the unit latents, and, for some, to the parameters in m and m³
    let to_latents = worst_slopes(&jacobian, &file["jac_du_dz"], n, |k| {
        RANGES[k].1 - RANGES[k].0
    });
    let to_parameters = &file["jac_du_dparam_first8"];
    let order = to_parameters["order"].as_array().unwrap();
    let names: Vec<_> = mogi.parameters().iter().map(|p| p.name.as_str()).collect();
    assert!(order.iter().map(|name| name.as_str().unwrap()).eq(names));
    let to_parameters = worst_slopes(&jacobian, &to_parameters["value"], 8, |k| 1.0 / UNITS[k]);
    println!("figure: Mogi displacements: {error:.1e} (limit {DISPLACEMENT:e})");
    let both = to_latents.iter().chain(&to_parameters);
    let largest = both.copied().fold(0.0, f64::max);
    println!("figure: Mogi Jacobian: {largest:.1e} (limit {JACOBIAN:e})");
    assert!(error < DISPLACEMENT, "{error:e}");
    for slopes in [to_latents, to_parameters] {
        assert!(slopes.iter().all(|e| *e < JACOBIAN), "{}", list(&slopes));
    }
}

/// Largest differences of each column of the Jacobians, which `per_unit` turns into the file's units, of
/// the column's largest entry.
fn worst_slopes(
    jacobian: &Array3<f64>,
    file: &Value,
    n: usize,
    per_unit: impl Fn(usize) -> f64,
) -> Vec<f64> {
    assert_eq!(count(file), n);
    let mut slopes = vec![0.0_f64; 4];
    for (i, found) in jacobian.outer_iter().take(n).enumerate() {
        let expected: Vec<f64> = (0..36).flat_map(|k| numbers(&file[i][k])).collect();
        let found: Vec<f64> = found
            .indexed_iter()
            .map(|((_, k), slope)| slope * per_unit(k))
            .collect();
        for (e, new) in slopes.iter_mut().zip(worst_of_column(&found, &expected, 4)) {
            // a NaN must not pass
            *e = if new <= *e { *e } else { new };
        }
    }
    slopes
}
