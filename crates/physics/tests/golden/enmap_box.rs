//! The `enmap_box` variant, and the published one on the same tables, against the reference's numbers.

use crate::files::{
    F64_JACOBIAN, F64_REFLECTANCE, Reference, golden, list, number, numbers, wavelengths, worst,
    worst_of_column,
};
use physics::{CanopyParameters, CrownCover, ForestSpectra, ReflectanceModel, Variant};
use serde_json::Value;

/// The reference's automatic differentiation divides by k + 1e-7 where k is meant: its derivatives to N
/// are 5e-6 of the column's largest off its own exact ones (`jac_ref_exact_E1`), the others 1e-7.
const AUTOGRAD_JACOBIAN: f64 = 1e-5;

pub fn inform(reference: &Reference, variant: Variant) -> ReflectanceModel {
    ReflectanceModel::builder()
        .variant(variant)
        .tables(reference.tables.clone())
        .sensor(reference.sensor.clone())
        .build()
        .unwrap()
}

#[test]
fn bands() {
    let Some(reference) = Reference::read() else {
        return;
    };
    let Some(file) = golden("inform_s2.json") else {
        return;
    };
    let forests = reference.forests(&file["params"], true);
    assert_eq!(forests.len(), 64);
    for (variant, key) in [
        (Variant::EnmapBox, "bands_ref_numpy64"),
        (Variant::Published, "bands_published_own_impl"),
    ] {
        let bands = inform(&reference, variant).bands(&forests).unwrap();
        let error = (0..forests.len())
            .map(|i| worst(bands.row(i).to_vec(), &numbers(&file[key][i])))
            .fold(0.0, f64::max);
        println!("figure: {variant:?} {key}: {error:.1e} (limit {F64_REFLECTANCE:e})");
        assert!(error < F64_REFLECTANCE, "{variant:?}: {error:e}");
    }
}

#[test]
fn spectra_of_parts_and_cover() {
    let Some(reference) = Reference::read() else {
        return;
    };
    let Some(file) = golden("inform_s2.json") else {
        return;
    };
    let forests = reference.forests(&file["params"], true);
    let at = wavelengths(&file["spectral_wl"]);
    for (variant, spectral, scalars) in [
        (Variant::EnmapBox, "spectral_ref", "scalars_ref"),
        (
            Variant::Published,
            "spectral_published_own_impl",
            "scalars_published",
        ),
    ] {
        let inform = inform(&reference, variant);
        let parts = inform.spectra_of_parts(&forests, &at).unwrap();
        let error = spectral_error(&parts, &file[spectral]);
        println!("figure: {variant:?} {spectral}: {error:.1e} (limit {F64_REFLECTANCE:e})");
        assert!(error < F64_REFLECTANCE, "{variant:?}: {error:e}");
        let error = cover_error(&inform, &forests, &file[scalars]);
        println!("figure: {variant:?} {scalars}: {error:.1e} (limit {F64_REFLECTANCE:e})");
        assert!(error < F64_REFLECTANCE, "{variant:?}: {error:e}");
    }
}

fn spectral_error(parts: &[ForestSpectra], expected: &Value) -> f64 {
    let part = |name: &str, pick: fn(&ForestSpectra) -> &Vec<f64>| {
        let cases = expected[name].as_array().unwrap();
        cases
            .iter()
            .zip(parts)
            .map(|(expected, found)| worst(pick(found).clone(), &numbers(expected)))
            .fold(0.0, f64::max)
    };
    [
        part("R", |p| &p.forest),
        part("Ru", |p| &p.understorey),
        part("Rc", |p| &p.deep_crown),
        part("ts", |p| &p.crown_to_sun),
        part("to", |p| &p.crown_to_view),
    ]
    .into_iter()
    .fold(0.0, f64::max)
}

fn cover_error(inform: &ReflectanceModel, forests: &[CanopyParameters], expected: &Value) -> f64 {
    let mut error = 0.0_f64;
    for (i, forest) in forests.iter().enumerate() {
        let c: CrownCover = inform.crown_cover(forest).unwrap();
        for (name, found) in [
            ("co", c.co),
            ("cs", c.cs),
            ("p", c.p),
            ("Fcd", c.fcd),
            ("Fcs", c.fcs),
            ("Fod", c.fod),
            ("Fos", c.fos),
        ] {
            error = error.max((found - number(&expected[name][i])).abs());
        }
    }
    error
}

#[test]
fn jacobian() {
    let Some(reference) = Reference::read() else {
        return;
    };
    let Some(file) = golden("inform_grad.json") else {
        return;
    };
    // through crown diameter and height
    let forests = reference.forests(&file["params"], false);
    assert_eq!(forests.len(), 16);
    for (variant, bands_key, key, tolerance) in [
        (
            Variant::EnmapBox,
            "bands_ref",
            "jac_ref_exact_E1",
            F64_JACOBIAN,
        ),
        (
            Variant::EnmapBox,
            "bands_ref",
            "jac_ref_torch_autograd",
            AUTOGRAD_JACOBIAN,
        ),
        (
            Variant::Published,
            "bands_published_own_impl",
            "jac_published_own_impl",
            F64_JACOBIAN,
        ),
    ] {
        let inform = inform(&reference, variant);
        let (bands, jacobian) = inform.bands_with_jacobian(&forests).unwrap();
        let (mut in_bands, mut error) = (0.0_f64, vec![0.0_f64; 7]);
        for (i, slopes) in jacobian.outer_iter().enumerate() {
            in_bands = in_bands.max(worst(bands.row(i).to_vec(), &numbers(&file[bands_key][i])));
            let expected: Vec<f64> = (0..13).flat_map(|b| numbers(&file[key][i][b])).collect();
            let found: Vec<f64> = slopes.iter().copied().collect();
            for (e, new) in error.iter_mut().zip(worst_of_column(&found, &expected, 7)) {
                *e = e.max(new);
            }
        }
        println!("{variant:?} {key} by column: {}", list(&error));
        let largest = error.iter().copied().fold(0.0, f64::max);
        println!("figure: {variant:?} {key}: {largest:.1e} (limit {tolerance:e})");
        assert!(in_bands < F64_REFLECTANCE, "{variant:?}: {in_bands:e}");
        assert!(
            error.iter().all(|e| *e < tolerance),
            "{key}: {}",
            list(&error)
        );
    }
}
