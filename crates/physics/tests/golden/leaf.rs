//! PROSPECT on the built-in tables.

use crate::files::{F64_REFLECTANCE, count, golden, number, numbers, wavelengths, worst};
use physics::{LeafParameters, LeafVersion, Prospect};

#[test]
fn all_versions() {
    let Some(file) = golden("leaf_registry_tables.json") else {
        return;
    };
    let at = wavelengths(&file["wl"]);
    for (version, key) in [
        (LeafVersion::ProspectD, "D"),
        (LeafVersion::Prospect5B, "5B"),
        (LeafVersion::Prospect5, "5"),
        (LeafVersion::ProspectPro, "PRO"),
    ] {
        let prospect = Prospect::new(version);
        let mut error = 0.0_f64;
        for i in 0..count(&file["params"]["N"]) {
            let get = |name: &str| number(&file["params"][name][i]);
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
            let optics = prospect.leaf(&leaf, &at).unwrap();
            let rho = optics.iter().map(|o| o.reflectance);
            let tau = optics.iter().map(|o| o.transmittance);
            error = error
                .max(worst(rho, &numbers(&file[key]["rho"][i])))
                .max(worst(tau, &numbers(&file[key]["tau"][i])));
        }
        println!("figure: golden PROSPECT-{key}: {error:.1e} (limit {F64_REFLECTANCE:e})");
        assert!(error < F64_REFLECTANCE, "{key}: {error:e}");
    }
}
