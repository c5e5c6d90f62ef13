//! Published INFORM on the built-in tables, double precision.

use crate::files::{
    F64_JACOBIAN, F64_REFLECTANCE, count, forest, golden, list, number, numbers, wavelengths,
    worst, worst_of_column,
};
use physics::{CanopyParameters, ForwardModel, LeafAngles, ReflectanceModel, Sensor};
use serde_json::Value;

/// The 96 forests of the file; crown diameter and height follow from cover.
pub fn forests(file: &Value) -> Vec<CanopyParameters> {
    let params = &file["params"];
    (0..count(&params["N"]))
        .map(|i| CanopyParameters {
            leaf_angles: match &params["lidf"][i] {
                Value::String(name) if name == "uniform" => LeafAngles::Uniform,
                Value::String(name) if name == "spherical" => LeafAngles::Spherical,
                Value::String(angle) => LeafAngles::Ellipsoidal(angle.parse().unwrap()),
                angle => LeafAngles::Ellipsoidal(number(angle)),
            },
            ..forest(params, i)
        })
        .collect()
}

#[test]
fn bands_of_both_sentinels() {
    let Some(file) = golden("inform_published_s2.json") else {
        return;
    };
    let forests = forests(&file);
    assert_eq!(forests.len(), 96);
    for (sensor, key) in [
        (Sensor::sentinel2a(), "bands_s2a"),
        (Sensor::sentinel2b(), "bands_s2b"),
    ] {
        let inform = ReflectanceModel::builder().sensor(sensor).build().unwrap();
        let bands = inform.bands(&forests).unwrap();
        let error = (0..forests.len())
            .map(|i| worst(bands.row(i).to_vec(), &numbers(&file[key][i])))
            .fold(0.0, f64::max);
        println!("figure: published {key}: {error:.1e} (limit {F64_REFLECTANCE:e})");
        assert!(error < F64_REFLECTANCE, "{key}: {error:e}");
    }
}

#[test]
fn jacobian() {
    let Some(file) = golden("inform_published_s2.json") else {
        return;
    };
    let forests = forests(&file);
    let inform = ReflectanceModel::builder().build().unwrap();
    let (bands, jacobian) = inform.bands_with_jacobian(&forests).unwrap();
    assert_eq!(bands, inform.bands(&forests).unwrap());
    let names: Vec<String> = numbers_of_names(&file["jacobian_order"]);
    assert!(inform.parameters().iter().map(|q| &q.name).eq(&names));
    let mut error = vec![0.0_f64; 7];
    for i in 0..forests.len() {
        let expected: Vec<f64> = (0..13)
            .flat_map(|band| numbers(&file["jacobian_s2a"][i][band]))
            .collect();
        let found: Vec<f64> = jacobian
            .outer_iter()
            .nth(i)
            .unwrap()
            .iter()
            .copied()
            .collect();
        for (e, new) in error.iter_mut().zip(worst_of_column(&found, &expected, 7)) {
            *e = e.max(new);
        }
    }
    println!("published Jacobian by column {names:?}: {}", list(&error));
    let largest = error.iter().copied().fold(0.0, f64::max);
    println!("figure: published Jacobian: {largest:.1e} (limit {F64_JACOBIAN:e})");
    assert!(error.iter().all(|e| *e < F64_JACOBIAN), "{}", list(&error));
}

fn numbers_of_names(value: &Value) -> Vec<String> {
    let names = value.as_array().unwrap().iter();
    names.map(|v| v.as_str().unwrap().to_owned()).collect()
}

#[test]
fn spectra() {
    let Some(file) = golden("inform_published_s2.json") else {
        return;
    };
    let forests = forests(&file);
    let inform = ReflectanceModel::builder().build().unwrap();
    let at = wavelengths(&file["spectral_wl"]);
    let spectra = inform.spectra(&forests, &at).unwrap();
    let error = (0..forests.len())
        .map(|i| worst(spectra.row(i).to_vec(), &numbers(&file["spectral"][i])))
        .fold(0.0, f64::max);
    println!("figure: published spectra: {error:.1e} (limit {F64_REFLECTANCE:e})");
    assert!(error < F64_REFLECTANCE, "{error:e}");
}
