//! What must hold of every leaf: no light is made or lost, and more of an absorber absorbs more.

use physics::{LeafOptics, LeafParameters, LeafVersion, Prospect};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::sync::OnceLock;

/// Rounding of ρ + τ + absorptance, whose three terms are computed apart.
const ROUNDING: f64 = 1e-13;
/// Absorptance of a leaf that absorbs 1e-10 per layer in place of nothing, per layer and pass: about
/// 2 N n² of it.
const LEAST_ABSORPTANCE: f64 = 5e-9;

fn all_versions() -> &'static [Prospect] {
    static ALL: OnceLock<Vec<Prospect>> = OnceLock::new();
    ALL.get_or_init(|| LeafVersion::ALL.into_iter().map(Prospect::new).collect())
}

/// Every 10 nm.
fn optics(prospect: &Prospect, leaf: &LeafParameters) -> Vec<LeafOptics> {
    let at: Vec<u32> = (400..=2500).step_by(10).collect();
    prospect.leaf(leaf, &at).unwrap()
}

/// A leaf with these shares of the largest contents.
fn leaf(n: f64, shares: &[f64]) -> LeafParameters {
    LeafParameters {
        n,
        cab: 120.0 * shares[0],
        car: 30.0 * shares[1],
        anth: 40.0 * shares[2],
        cbrown: shares[3],
        cw: 0.1 * shares[4],
        cm: 0.06 * shares[5],
        cp: 0.005 * shares[6],
        cbc: 0.03 * shares[7],
    }
}

/// From 1e-12 to 1 and 0: also leaves that hardly absorb.
fn share() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(0.0),
        Just(1.0),
        (-12.0..0.0_f64).prop_map(|e| 10.0_f64.powf(e)),
        0.0..=1.0_f64,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::with_cases(512) })]

    #[test]
    fn light_is_reflected_transmitted_or_absorbed(
        n in prop_oneof![Just(1.0), Just(4.0), 1.0..=4.0_f64],
        shares in prop::collection::vec(share(), 8),
    ) {
        for prospect in all_versions() {
            for o in optics(prospect, &leaf(n, &shares)) {
                let all = [o.reflectance, o.transmittance, o.absorptance];
                prop_assert!(all.iter().all(|v| (0.0..=1.0).contains(v)), "{o:?}");
                prop_assert!((all.iter().sum::<f64>() - 1.0).abs() < ROUNDING, "{o:?}");
            }
        }
    }

    #[test]
    fn more_of_anything_transmits_less(
        n in 1.0..=3.9_f64,
        shares in prop::collection::vec(0.0..=0.9_f64, 8),
        which in 0..9_usize,
    ) {
        let less = leaf(n, &shares);
        let mut more_shares = shares.clone();
        let more = if which == 8 {
            leaf(n + 0.1, &shares)
        } else {
            more_shares[which] += 0.1;
            leaf(n, &more_shares)
        };
        for prospect in all_versions() {
            for (a, b) in optics(prospect, &less).iter().zip(optics(prospect, &more)) {
                prop_assert!(b.transmittance <= a.transmittance + ROUNDING);
                if which == 8 {
                    // N divides the same contents into more layers
                    continue;
                }
                prop_assert!(b.reflectance <= a.reflectance + ROUNDING);
                prop_assert!(b.absorptance >= a.absorptance - ROUNDING);
            }
        }
    }
}

/// At once no light is absorbed, 1 − r − t of a plate is 0 and Stokes' equations are 0/0.
#[test]
fn clear_leaves_are_stacks_of_clear_plates() {
    for prospect in all_versions() {
        let one = optics(prospect, &leaf(1.0, &[0.0; 8]));
        for n in [1.0, 1.5, 2.0, 4.0] {
            let stack = optics(prospect, &leaf(n, &[0.0; 8]));
            for (o, one) in stack.iter().zip(&one) {
                assert!(
                    o.absorptance > 0.0 && o.absorptance < LEAST_ABSORPTANCE,
                    "{o:?}"
                );
                assert!(o.transmittance <= one.transmittance);
            }
        }
    }
}
