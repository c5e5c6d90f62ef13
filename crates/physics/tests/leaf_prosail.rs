//! Leaves against the package prosail, with the package's own double-precision coefficients;
//! `tests/golden/README.md` of the workspace says how they were computed.

use physics::tables::{Absorber, LeafConstants};
use physics::{LeafParameters, LeafVersion, Prospect};
use serde_json::Value;

/// ρ and τ, absolute. Both sides carry the same published coefficients, but the package keeps PROSPECT-5's
/// in single precision (6e-8 of each), and the smallest of PROSPECT-D's with one or two more digits.
const LEAF: f64 = 1e-6;
/// PROSPECT-PRO runs on one table on both sides: rounding of the package's form, which subtracts.
const SAME_TABLE: f64 = 1e-12;
/// Coefficients: single against double precision, relative.
const SINGLE: f64 = 6e-8;
/// Coefficients: half of the last digit of our table, absolute.
const LAST_DIGIT: f64 = 5.01e-8;

fn data() -> Value {
    serde_json::from_str(include_str!("data/prosail_leaves.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    let all = value.as_array().unwrap().iter();
    all.map(|v| v.as_f64().unwrap()).collect()
}

#[test]
fn every_version_is_prosails() {
    let data = data();
    let at: Vec<u32> = numbers(&data["wavelengths_nm"])
        .into_iter()
        .map(|nm| nm as u32)
        .collect();
    assert_eq!(at.len(), 50);
    for version in LeafVersion::ALL {
        let prospect = Prospect::new(version);
        let expected = &data[version.name()];
        let leaves = expected["reflectance"].as_array().unwrap().len();
        assert_eq!(leaves, 24);
        let mut worst = 0.0_f64;
        for i in 0..leaves {
            let get = |name: &str| data["parameters"][name][i].as_f64().unwrap();
            let leaf = LeafParameters {
                n: get("N"),
                cab: get("cab"),
                car: get("car"),
                anth: get("anth"),
                cbrown: get("cbrown"),
                cw: get("cw"),
                cm: get("cm"),
                cp: get("cp"),
                cbc: get("cbc"),
            };
            let rho = numbers(&expected["reflectance"][i]);
            let tau = numbers(&expected["transmittance"][i]);
            let optics = prospect.leaf(&leaf, &at).unwrap();
            for (o, (rho, tau)) in optics.iter().zip(rho.iter().zip(&tau)) {
                for error in [o.reflectance - rho, o.transmittance - tau] {
                    let error = error.abs();
                    worst = if error <= worst { worst } else { error }; // a NaN must not pass
                }
            }
        }
        let allowed = match version {
            LeafVersion::ProspectPro => SAME_TABLE,
            _ => LEAF,
        };
        println!("figure: prosail {version}: {worst:.1e} (limit {allowed:e})");
        assert!(worst < allowed, "{version}: {worst:e}");
    }
}

#[test]
fn coefficients_are_prosails() {
    let data = data();
    let at = numbers(&data["wavelengths_nm"]);
    for (key, ours) in [
        ("table_5", LeafConstants::prospect_5()),
        ("table_d", LeafConstants::prospect_d()),
    ] {
        let theirs = &data[key];
        let mut worst = 0.0_f64;
        for (row, nm) in at.iter().enumerate() {
            let place = *nm as usize - 400;
            let mut differ = |found: f64, expected: f64| {
                let error = (found - expected).abs() / (SINGLE * expected + LAST_DIGIT);
                worst = if error <= worst { worst } else { error };
            };
            differ(
                ours.refractive_index()[place],
                theirs["n"][row].as_f64().unwrap(),
            );
            for absorber in Absorber::ALL {
                if let Some(expected) = theirs.get(absorber.column()) {
                    let found = ours.absorption(absorber).unwrap()[place];
                    differ(found, expected[row].as_f64().unwrap());
                }
            }
        }
        assert!(worst < 1.0, "{key}: {worst:e}");
    }
}
