//! 4SAIL over PROSPECT-D on the reference's tables.

use crate::files::{
    F64_REFLECTANCE, Reference, count, golden, number, numbers, wavelengths, worst,
};
use physics::{
    LeafAngles, LeafParameters, LeafVersion, Prospect, Sail, SailFluxes, SailParameters,
    mix_direct_and_diffuse,
};
use serde_json::Value;

fn canopy(reference: &Reference, params: &Value, i: usize) -> SailParameters {
    let get = |name: &str| number(&params[name][i]);
    SailParameters {
        lai: get("LAI"),
        leaf_angles: reference.leaf_angles(get("typeLIDF"), get("LIDF")),
        hspot: get("hspot"),
        tts: get("tts"),
        tto: get("tto"),
        psi: get("psi"),
    }
}

fn leaf(params: &Value, i: usize) -> LeafParameters {
    let get = |name: &str| number(&params[name][i]);
    LeafParameters {
        n: get("N"),
        cab: get("cab"),
        car: get("car"),
        anth: get("anth"),
        cbrown: get("cbrown"),
        cw: get("cw"),
        cm: get("cm"),
        ..Default::default()
    }
}

/// Fluxes at wavelengths, and the mixture of sun and sky.
fn fluxes(
    reference: &Reference,
    params: &Value,
    i: usize,
    at: &[u32],
) -> (Sail, Vec<SailFluxes>, Vec<f64>) {
    let sail = Sail::new(&canopy(reference, params, i)).unwrap();
    let constants = reference.tables.leaf.clone();
    let prospect = Prospect::with_constants(LeafVersion::ProspectD, constants).unwrap();
    let leaves = prospect.leaf(&leaf(params, i), at).unwrap();
    let tables = &reference.tables.soil_and_sky;
    let dry = number(&params["psoil"][i]);
    let (fluxes, mixed) = at
        .iter()
        .zip(leaves)
        .map(|(nm, leaf)| {
            let place = (nm - 400) as usize;
            let soil = dry * tables.dry_soil[place] + (1.0 - dry) * tables.wet_soil[place];
            let f = sail
                .fluxes(leaf.reflectance, leaf.transmittance, soil)
                .unwrap();
            let (direct, diffuse) = (tables.direct[place], tables.diffuse[place]);
            let sky = sail.sky_fraction();
            (
                f,
                mix_direct_and_diffuse(f.rsot, f.rdot, sky, direct, diffuse),
            )
        })
        .unzip();
    (sail, fluxes, mixed)
}

#[test]
fn reflectance() {
    let Some(reference) = Reference::read() else {
        return;
    };
    let Some(file) = golden("sail.json") else {
        return;
    };
    let at = wavelengths(&file["wl"]);
    let mut error = 0.0_f64;
    for i in 0..count(&file["params"]["N"]) {
        let (_, _, mixed) = fluxes(&reference, &file["params"], i, &at);
        error = error.max(worst(mixed, &numbers(&file["R_published20_own_impl"][i])));
    }
    println!("figure: golden 4SAIL reflectance: {error:.1e} (limit {F64_REFLECTANCE:e})");
    assert!(error < F64_REFLECTANCE, "{error:e}");
}

#[test]
fn components() {
    let Some(reference) = Reference::read() else {
        return;
    };
    let Some(file) = golden("sail.json") else {
        return;
    };
    let at = wavelengths(&file["components_wl"]);
    let expected = &file["own_impl_components_20step"];
    let mut error = 0.0_f64;
    for i in 0..count(&file["params"]["N"]) {
        let (sail, found, _) = fluxes(&reference, &file["params"], i, &at);
        let mut check = |name: &str, pick: fn(&SailFluxes) -> f64| {
            error = error.max(worst(found.iter().map(pick), &numbers(&expected[name][i])));
        };
        check("rsot", |f| f.rsot);
        check("rdot", |f| f.rdot);
        check("rdd", |f| f.rdd);
        check("tdd", |f| f.tdd);
        check("tsd", |f| f.tsd);
        check("tdo", |f| f.tdo);
        check("rdo", |f| f.rdo);
        for (name, value) in [
            ("tss", sail.tss()),
            ("too", sail.too()),
            ("tsstoo", sail.tsstoo()),
            ("ks", sail.ks()),
            ("ko", sail.ko()),
        ] {
            error = error.max((value - number(&expected[name][i])).abs());
        }
    }
    println!("figure: golden 4SAIL fluxes: {error:.1e} (limit {F64_REFLECTANCE:e})");
    assert!(error < F64_REFLECTANCE, "{error:e}");
}

#[test]
fn ellipsoidal_leaf_angles() {
    let Some(file) = golden("sail.json") else {
        return;
    };
    let mut error = 0.0_f64;
    for i in 0..count(&file["params"]["N"]) {
        if number(&file["params"]["typeLIDF"][i]) == 2.0 {
            let angle = number(&file["params"]["LIDF"][i]);
            let classes = LeafAngles::Ellipsoidal(angle).classes();
            let weights = classes.into_iter().map(|class| class.1);
            error = error.max(worst(weights, &numbers(&file["lidf_classes"][i])));
        }
    }
    println!("figure: golden ellipsoidal leaf angles: {error:.1e} (limit {F64_REFLECTANCE:e})");
    assert!(error < F64_REFLECTANCE, "{error:e}");
}
