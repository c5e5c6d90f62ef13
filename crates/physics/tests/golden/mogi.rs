//! The point source of Mogi.

use crate::files::{count, golden, list, number, numbers, worst, worst_of_column};
use ndarray::{Array2, Array3};
use physics::{ForwardModel, Mogi, Station};

/// Displacements in mm, of the order of 100.
const DISPLACEMENT_MM: f64 = 1e-10;
/// Jacobians, of the largest of the column.
const JACOBIAN: f64 = 1e-10;
/// Learned range of xcen, ycen, d and dV: parameter = low + z·(high − low).
const RANGES: [(f64, f64); 4] = [(-9.33, 14.35), (-5.80, 7.62), (2.0, 20.0), (0.0, 200.0)];

#[test]
fn displacements_and_jacobians() {
    let file = golden("mogi.json");
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

    let (mut error, mut slopes) = (0.0_f64, vec![0.0_f64; 4]);
    for (i, found) in jacobian.outer_iter().enumerate() {
        error = error.max(worst(values.row(i).to_vec(), &numbers(&file["u_mm"][i])));
        // to the unit latents
        let expected: Vec<f64> = (0..36)
            .flat_map(|k| numbers(&file["jac_du_dz"][i][k]))
            .collect();
        let found: Vec<f64> = found
            .indexed_iter()
            .map(|((_, k), slope)| slope * (RANGES[k].1 - RANGES[k].0))
            .collect();
        for (e, new) in slopes.iter_mut().zip(worst_of_column(&found, &expected, 4)) {
            *e = e.max(new);
        }
    }
    let largest = slopes.iter().copied().fold(0.0, f64::max);
    println!("figure: Mogi displacements: {error:.1e} (limit {DISPLACEMENT_MM:e})");
    println!("figure: Mogi Jacobian: {largest:.1e} (limit {JACOBIAN:e})");
    assert!(error < DISPLACEMENT_MM, "{error:e}");
    assert!(slopes.iter().all(|e| *e < JACOBIAN), "{}", list(&slopes));
}
