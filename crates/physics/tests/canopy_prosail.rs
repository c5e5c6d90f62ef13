//! 4SAIL against all fluxes of the package prosail, its 18 classes of inclination given as a user's classes;
//! `tests/golden/README.md` of the workspace says how they were computed.

use physics::{LeafAngleClasses, LeafAngles, Sail, SailFluxes, SailParameters};
use serde_json::Value;
use std::sync::Arc;

/// Fluxes, absolute: rounding of the package's forms, which subtract.
const FLUX: f64 = 1e-10;
/// The package's α has no limit, ours is at most 200: what that may change in a bidirectional flux.
const WITHOUT_LIMIT: f64 = 1.5e-3;
/// Largest α.
const ALPHA: f64 = 200.0;

fn numbers(value: &Value) -> Vec<f64> {
    let all = value.as_array().unwrap().iter();
    all.map(|v| v.as_f64().unwrap()).collect()
}

fn flux(f: &SailFluxes, name: &str) -> f64 {
    match name {
        "tss" => f.tss,
        "too" => f.too,
        "tsstoo" => f.tsstoo,
        "rdd" => f.rdd,
        "tdd" => f.tdd,
        "rsd" => f.rsd,
        "tsd" => f.tsd,
        "rdo" => f.rdo,
        "tdo" => f.tdo,
        "rso" => f.rso,
        "rsos" => f.rsos,
        "rsod" => f.rsod,
        "rddt" => f.rddt,
        "rsdt" => f.rsdt,
        "rdot" => f.rdot,
        "rsodt" => f.rsodt,
        "rsost" => f.rsost,
        "rsot" => f.rsot,
        _ => panic!("{name}"),
    }
}

/// Whether the hot spot enters.
fn bidirectional(name: &str) -> bool {
    ["tsstoo", "rso", "rsos", "rsost", "rsot"].contains(&name)
}

#[test]
fn every_flux_is_prosails() {
    let data: Value = serde_json::from_str(include_str!("data/prosail_fluxes.json")).unwrap();
    let middles = numbers(&data["class_mid_angles_deg"]);
    assert_eq!(middles.len(), 18);
    let cases = data["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 24);
    let (mut worst, mut worst_without_limit, mut limited) = (0.0_f64, 0.0_f64, 0);
    for case in cases {
        let get = |name: &str| case[name].as_f64().unwrap();
        let classes = LeafAngleClasses::new(&middles, &numbers(&case["class_weights"])).unwrap();
        let canopy = SailParameters {
            lai: get("lai"),
            leaf_angles: LeafAngles::Classes(Arc::new(classes)),
            hspot: get("hspot"),
            tts: get("tts_deg"),
            tto: get("tto_deg"),
            psi: get("psi_deg"),
        };
        let sail = Sail::new(&canopy).unwrap();
        let [s, o] = [canopy.tts, canopy.tto].map(|angle| angle.to_radians().tan());
        let cos_psi = canopy.psi.to_radians().cos();
        let distance = (s * s + o * o - 2.0 * s * o * cos_psi).max(0.0).sqrt();
        let has_limit = 2.0 * distance > ALPHA * canopy.hspot * (sail.ks() + sail.ko());
        limited += usize::from(has_limit);
        let (rho, tau, soil) = (
            numbers(&case["rho"]),
            numbers(&case["tau"]),
            numbers(&case["soil"]),
        );
        for i in 0..rho.len() {
            let found = sail.fluxes(rho[i], tau[i], soil[i]).unwrap();
            for (name, expected) in case["fluxes"].as_object().unwrap() {
                let error = (flux(&found, name) - numbers(expected)[i]).abs();
                let to = if has_limit && bidirectional(name) {
                    &mut worst_without_limit
                } else {
                    &mut worst
                };
                *to = if error <= *to { *to } else { error }; // a NaN must not pass
            }
        }
    }
    println!("figure: prosail 4SAIL: {worst:.1e} (limit {FLUX:e})");
    println!(
        "figure: prosail 4SAIL without limit of the hot spot: {worst_without_limit:.1e} (limit \
         {WITHOUT_LIMIT:e})"
    );
    assert!(worst < FLUX, "{worst:e}");
    assert!(
        limited > 0 && worst_without_limit < WITHOUT_LIMIT,
        "{worst_without_limit:e}"
    );
}
