//! Jacobians against central differences over the usual ranges.

use physics::{ForestParameters, Inform, InformOptions, LeafAngles, Variant};
use proptest::prelude::*;
use std::sync::OnceLock;

/// Step of the differences, of the usual range of the parameter.
const STEP: f64 = 1e-5;
/// Differences against derivatives, of the largest of the column: their curvature where leaves absorb
/// little.
const DIFFERENCE: f64 = 1e-5;
/// The same in reflectance over the range: rounding of the differences.
const ROUNDING: f64 = 1e-8;

const LOW: [f64; 7] = [1.01, 5.0, 0.001, 0.003, 0.01, 0.01, 0.05];
const HIGH: [f64; 7] = [3.9, 110.0, 0.09, 0.058, 10.0, 9.0, 3.0];

fn informs() -> &'static [Inform; 2] {
    static INFORMS: OnceLock<[Inform; 2]> = OnceLock::new();
    INFORMS.get_or_init(|| {
        [Variant::Published, Variant::EnmapBox].map(|variant| {
            Inform::new(InformOptions {
                variant,
                bands: Some(["B02", "B04", "B8A", "B12"].map(str::to_owned).to_vec()),
                ..Default::default()
            })
            .unwrap()
        })
    })
}

fn with(base: &ForestParameters, v: [f64; 7]) -> ForestParameters {
    ForestParameters {
        n: v[0],
        cab: v[1],
        cw: v[2],
        cm: v[3],
        lai: v[4],
        laiu: v[5],
        fc: v[6],
        ..base.clone()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn jacobians_are_the_differences(
        place in prop::array::uniform7(0.0..1.0_f64),
        angles in (0.0..75.0_f64, 0.0..60.0_f64, 0.0..180.0_f64),
        rest in (0.0..0.5_f64, 0.0..1.0_f64, 15.0..85.0_f64),
        sizes in (prop::option::of(5.0..30.0_f64), 100.0..1500.0_f64),
    ) {
        let at: [f64; 7] = std::array::from_fn(|i| LOW[i] + (HIGH[i] - LOW[i]) * place[i]);
        let base = ForestParameters {
            tts: angles.0,
            tto: angles.1,
            psi: angles.2,
            hspot: rest.0,
            psoil: rest.1,
            leaf_angles: LeafAngles::Ellipsoidal(rest.2),
            h: sizes.0,
            sd: sizes.1,
            ..Default::default()
        };
        for inform in informs() {
            let mut forests = vec![with(&base, at)];
            for i in 0..7 {
                let step = STEP * (HIGH[i] - LOW[i]);
                for sign in [1.0, -1.0] {
                    let mut moved = at;
                    moved[i] += sign * step;
                    forests.push(with(&base, moved));
                }
            }
            let (bands, jacobian) = inform.bands_with_jacobian(&forests).unwrap();
            for i in 0..7 {
                let width = HIGH[i] - LOW[i];
                let column: Vec<f64> = (0..4).map(|band| jacobian[[0, band, i]]).collect();
                let top = column.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
                for (band, slope) in column.iter().enumerate() {
                    let (up, down) = (bands[[1 + 2 * i, band]], bands[[2 + 2 * i, band]]);
                    let difference = (up - down) / (2.0 * STEP * width);
                    let allowed = DIFFERENCE * top + ROUNDING / width;
                    prop_assert!(
                        (difference - slope).abs() < allowed,
                        "{:?} parameter {i} band {band}: {difference} {slope} {allowed:e}",
                        inform.variant()
                    );
                }
            }
        }
    }
}
