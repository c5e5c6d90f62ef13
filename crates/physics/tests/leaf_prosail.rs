//! Leaves against the package prosail, with the package's own double-precision coefficients;
//! `tests/golden/README.md` of the workspace says how they were computed.

use physics::tables::{Absorber, LeafConstants};
use physics::{LeafParameters, LeafVersion, Prospect};
use serde_json::Value;

/// ρ and τ, absolute. Both sides carry the same published coefficients, but the package keeps PROSPECT-5's
/// in single precision (6e-8 of each), and the smallest of PROSPECT-D's with one or two more digits.
const LEAF: f64 = 1e-6;
/// ρ and τ at all wavelengths, absolute, of the two tables that round 47 coefficients below 1e-4 to three
/// digits: as measured. PROSPECT-PRO's file has the published digits, too.
const THREE_DIGITS: f64 = 2e-5;
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

/// One leaf with much of what absorbs and one with little, whose faintest coefficients show.
#[test]
fn every_version_is_prosails_at_every_wavelength() {
    let leaf = |second: bool| {
        let pick = |pair: [f64; 2]| pair[usize::from(second)];
        LeafParameters {
            n: pick([3.8, 1.4]),
            cab: pick([118.0, 15.0]),
            car: pick([28.0, 3.0]),
            anth: pick([0.5, 38.0]),
            cbrown: pick([0.0, 0.9]),
            cw: pick([0.09, 0.001]),
            cm: pick([0.0005, 0.02]),
            cp: pick([0.0002, 0.004]),
            cbc: pick([0.0003, 0.016]),
        }
    };
    let mut lines = include_str!("data/prosail_every_nm.csv").lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let rows: Vec<Vec<f64>> = lines
        .map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect())
        .collect();
    let at: Vec<u32> = rows.iter().map(|row| row[0] as u32).collect();
    assert_eq!((at[0], at.len(), at[2100]), (400, 2101, 2500));
    for version in LeafVersion::ALL {
        let prospect = Prospect::new(version);
        let mut worst = (0.0_f64, 0);
        for second in [false, true] {
            let optics = prospect.leaf(&leaf(second), &at).unwrap();
            for what in ["reflectance", "transmittance"] {
                let name = format!("{version} {} {what}", u8::from(second));
                let column = header.iter().position(|it| *it == name).unwrap();
                for (row, optics) in rows.iter().zip(&optics) {
                    let found = match what {
                        "reflectance" => optics.reflectance,
                        _ => optics.transmittance,
                    };
                    let error = (found - row[column] * 1e-9).abs();
                    if error.is_nan() || error > worst.0 {
                        worst = (error, row[0] as u32);
                    }
                }
            }
        }
        let allowed = match version {
            LeafVersion::ProspectD | LeafVersion::ProspectPro => THREE_DIGITS,
            _ => LEAF,
        };
        println!(
            "figure: prosail at all wavelengths {version}: {:.1e} (limit {allowed:e})",
            worst.0
        );
        assert!(
            worst.0 < allowed,
            "{version}: {:e} at {} nm",
            worst.0,
            worst.1
        );
    }
}
