//! What must hold for every canopy and forest, over the whole allowed ranges.

use physics::{
    Canopy, CanopyParameters, LeafAngles, ReflectanceModel, Sail, SailFluxes, SailParameters,
    SpectralTables, Variant,
};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::sync::OnceLock;

/// Rounding of the fluxes; multiple scattering of leaves that absorb next to nothing loses digits.
const ROUNDING: f64 = 1e-9;
/// Below this absorptance a leaf is computed as with it, which may take or give this much energy in a deep
/// canopy.
const CLIPPED: f64 = 2e-8;

fn leaf_angles() -> impl Strategy<Value = LeafAngles> {
    prop_oneof![
        Just(LeafAngles::Uniform),
        Just(LeafAngles::Spherical),
        (0.0..=90.0_f64).prop_map(LeafAngles::Ellipsoidal),
        (-1.0..=1.0_f64, -1.0..=1.0_f64).prop_map(|(a, b)| {
            let size = (f64::abs(a) + f64::abs(b)).max(1.0);
            LeafAngles::Verhoef {
                a: a / size,
                b: b / size,
            }
        }),
    ]
}

/// Angles within their ranges, the hot spot and nadir among them.
fn directions() -> impl Strategy<Value = [f64; 3]> {
    prop_oneof![
        8 => [0.0..=80.0_f64, 0.0..=80.0, 0.0..=180.0],
        1 => (0.0..=80.0_f64).prop_map(|angle| [angle, angle, 0.0]),
        1 => (0.0..=80.0_f64).prop_map(|angle| [angle, 0.0, 0.0]),
        1 => (0.0..=80.0_f64, 0.0..=180.0_f64).prop_map(|(angle, psi)| [0.0, angle, psi]),
    ]
}

fn canopy() -> impl Strategy<Value = SailParameters> {
    (
        prop_oneof![1 => Just(0.0), 1 => Just(15.0), 8 => 0.0..=15.0_f64],
        leaf_angles(),
        prop_oneof![1 => Just(0.0), 6 => 0.0..=1.0_f64],
        directions(),
    )
        .prop_map(
            |(lai, leaf_angles, hspot, [tts, tto, psi])| SailParameters {
                lai,
                leaf_angles,
                hspot,
                tts,
                tto,
                psi,
            },
        )
}

/// ρ, τ with ρ + τ ≤ 1, and the soil.
fn leaf_and_soil() -> impl Strategy<Value = [f64; 3]> {
    (0.0..=1.0_f64, 0.0..=1.0_f64, 0.0..=1.0_f64)
        .prop_map(|(sum, share, soil)| [sum * share, sum * (1.0 - share), soil])
}

fn all(f: &SailFluxes) -> [f64; 18] {
    [
        f.rsot, f.rdot, f.rsdt, f.rddt, f.rsost, f.rsodt, f.rdd, f.tdd, f.rsd, f.tsd, f.rdo, f.tdo,
        f.rso, f.rsos, f.rsod, f.tss, f.too, f.tsstoo,
    ]
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::with_cases(cases)
    }
}

proptest! {
    #![proptest_config(config(4000))]

    #[test]
    fn fluxes_are_finite_and_not_negative_and_conserve_energy(
        canopy in canopy(),
        [rho, tau, soil] in leaf_and_soil(),
    ) {
        let sail = Sail::new(&canopy).unwrap();
        let f = sail.fluxes(rho, tau, soil).unwrap();
        // what multiple scattering loses in digits: m² is about the absorptance
        let lost = ROUNDING.max(1e-15 / (1.0 - rho - tau).max(1e-10).powf(1.5)).min(1e-3);
        for (i, flux) in all(&f).iter().enumerate() {
            prop_assert!(flux.is_finite() && *flux >= -lost, "{i} {flux} {f:?}");
        }
        // light that enters is reflected, let through or absorbed
        for (name, sum) in [
            ("diffuse", f.rdd + f.tdd),
            ("sun", f.rsd + f.tsd + f.tss),
            ("view", f.rdo + f.tdo + f.too),
            ("sun over soil", f.rsdt),
            ("diffuse over soil", f.rddt),
            ("diffuse into view over soil", f.rdot),
        ] {
            prop_assert!(sum <= 1.0 + CLIPPED.max(lost), "{name} {sum} {f:?}");
        }
        prop_assert!((f.rsot - f.rsost - f.rsodt).abs() < ROUNDING.max(lost));
    }

    #[test]
    fn leaves_without_absorption_lose_nothing(canopy in canopy(), rho in 0.0..=1.0_f64) {
        let sail = Sail::new(&canopy).unwrap();
        let f = sail.fluxes(rho, 1.0 - rho, 1.0).unwrap();
        for (name, sum) in [
            ("diffuse", f.rdd + f.tdd),
            ("sun", f.rsd + f.tsd + f.tss),
            ("sun over white soil", f.rsdt),
            ("diffuse over white soil", f.rddt),
        ] {
            // 15 layers, each of which takes 1e-10 from light that passes many times
            prop_assert!((sum - 1.0).abs() < 1e-4, "{name} {sum} {f:?}");
        }
    }

    #[test]
    fn sun_and_view_can_be_exchanged(canopy in canopy(), [rho, tau, soil] in leaf_and_soil()) {
        let turned = SailParameters {
            tts: canopy.tto,
            tto: canopy.tts,
            ..canopy.clone()
        };
        let a = Sail::new(&canopy).unwrap().fluxes(rho, tau, soil).unwrap();
        let b = Sail::new(&turned).unwrap().fluxes(rho, tau, soil).unwrap();
        let lost = ROUNDING.max(1e-15 / (1.0 - rho - tau).max(1e-10).powf(1.5));
        for (name, a, b) in [
            ("rsot", a.rsot, b.rsot),
            ("rso", a.rso, b.rso),
            ("tsstoo", a.tsstoo, b.tsstoo),
            ("rsd and rdo", a.rsd, b.rdo),
            ("tsd and tdo", a.tsd, b.tdo),
            ("rsdt and rdot", a.rsdt, b.rdot),
        ] {
            prop_assert!((a - b).abs() <= lost * (1.0 + a.abs()), "{name} {a} {b}");
        }
    }

    #[test]
    fn without_leaves_there_is_the_soil(canopy in canopy(), [rho, tau, soil] in leaf_and_soil()) {
        let bare = SailParameters { lai: 0.0, ..canopy.clone() };
        let f = Sail::new(&bare).unwrap().fluxes(rho, tau, soil).unwrap();
        for over_soil in [f.rsot, f.rdot, f.rsdt, f.rddt] {
            prop_assert!((over_soil - soil).abs() < 1e-14);
        }
        // and next to none change it by next to nothing, in proportion
        let thin = |lai: f64| {
            let thin = SailParameters { lai, ..canopy.clone() };
            Sail::new(&thin).unwrap().fluxes(rho, tau, soil).unwrap().rsot - soil
        };
        let (small, smaller) = (thin(1e-6), thin(1e-7));
        prop_assert!(small.abs() < 1e-4 && (small - 10.0 * smaller).abs() < 1e-3 * small.abs() + 1e-12);
    }

    #[test]
    fn what_is_below_a_deep_canopy_of_absorbing_leaves_is_not_seen(
        canopy in canopy(),
        (absorptance, share) in (0.3..=1.0_f64, 0.0..=1.0_f64),
    ) {
        let (rho, tau) = ((1.0 - absorptance) * share, (1.0 - absorptance) * (1.0 - share));
        let deep = Sail::new(&SailParameters { lai: 15.0, ..canopy }).unwrap();
        let over = |soil: f64| deep.fluxes(rho, tau, soil).unwrap();
        let (black, white) = (over(0.0), over(1.0));
        // what gets down and up again: the gaps, and diffuse light there and back
        let through = (black.tss + black.tsd) * (black.too + black.tdo) / (1.0 - black.rdd);
        let most = black.tsstoo + through;
        prop_assert!(white.rsot - black.rsot <= most + ROUNDING);
        prop_assert!(white.rsot >= black.rsot - ROUNDING);
        // an endless canopy is one to which more leaves add nothing
        prop_assert!((white.rddt - black.rddt).abs() <= black.tdd * black.tdd / (1.0 - black.rdd) + ROUNDING);
    }
}

/// 4SAIL alone, and the two variants of INFORM.
fn model(canopy: Canopy) -> &'static ReflectanceModel {
    static MODELS: OnceLock<[ReflectanceModel; 3]> = OnceLock::new();
    let models = MODELS.get_or_init(|| {
        CANOPIES.map(|canopy| {
            ReflectanceModel::builder()
                .canopy(canopy)
                .bands(["B02", "B8A", "B11"])
                .build()
                .unwrap()
        })
    });
    models.iter().find(|m| m.canopy() == canopy).unwrap()
}

const CANOPIES: [Canopy; 3] = [
    Canopy::Sail,
    Canopy::Inform(Variant::Published),
    Canopy::Inform(Variant::EnmapBox),
];

const AT: [u32; 4] = [450, 850, 1450, 2200];

fn forest() -> impl Strategy<Value = CanopyParameters> {
    let leaf = (
        1.0..=4.0_f64,
        0.0..=120.0_f64,
        0.0..=30.0_f64,
        0.0..=40.0_f64,
        0.0..=1.0_f64,
        0.0..=0.1_f64,
        0.0..=0.06_f64,
    );
    let stand = (
        0.0..=15.0_f64,
        0.0..=10.0_f64,
        1e-6..=10.0_f64,
        1.0..=3000.0_f64,
        prop::option::of(1.0..=60.0_f64),
    );
    let scene = (
        0.0..=0.2_f64,
        0.0..=1.0_f64,
        0.0..=1.2_f64,
        prop::option::of(0.0..=1.0_f64),
        directions(),
        leaf_angles(),
    );
    (leaf, stand, scene).prop_map(|(leaf, stand, scene)| {
        let (n, cab, car, anth, cbrown, cw, cm) = leaf;
        let (lai, laiu, fc, sd, h) = stand;
        let (hspot, psoil, rsoil, skyl, [tts, tto, psi], leaf_angles) = scene;
        CanopyParameters {
            n,
            cab,
            car,
            anth,
            cbrown,
            cw,
            cm,
            lai,
            laiu,
            fc,
            sd,
            h,
            hspot,
            psoil,
            rsoil,
            skyl,
            tts,
            tto,
            psi,
            leaf_angles,
            ..Default::default()
        }
    })
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn bands_are_finite_and_not_negative(forest in forest()) {
        for canopy in CANOPIES {
            let model = model(canopy);
            let (bands, jacobian) = model.bands_with_jacobian(std::slice::from_ref(&forest)).unwrap();
            prop_assert!(bands.iter().chain(&jacobian).all(|v| v.is_finite()));
            // an understorey brighter than white has no business under a crown (see ReflectanceModel)
            let lambertian = canopy == Canopy::Sail || {
                let parts = model.spectra_of_parts(std::slice::from_ref(&forest), &AT).unwrap();
                parts[0].understorey.iter().all(|r| *r < 0.9)
            };
            if lambertian {
                prop_assert!(bands.iter().all(|v| *v >= 0.0), "{canopy:?} {bands} {forest:?}");
            }
        }
    }

    #[test]
    fn with_less_and_less_cover_the_understorey_is_seen(forest in forest()) {
        for variant in [Variant::Published, Variant::EnmapBox] {
            let model = model(Canopy::Inform(variant));
            for fc in [1e-3, 1e-6] {
                let sparse = CanopyParameters { fc, h: None, ..forest.clone() };
                let parts = &model.spectra_of_parts(&[sparse], &AT).unwrap()[0];
                // every share but that of open ground is at most the cover along the longer path
                let cover = fc / 80.0_f64.to_radians().cos();
                for i in 0..AT.len() {
                    let (to_sun, to_view) = (parts.crown_to_sun[i].abs(), parts.crown_to_view[i].abs());
                    let understorey = parts.understorey[i];
                    let crowns = parts.deep_crown[i].abs() * (1.0 + to_sun * to_view);
                    let ground = understorey * (2.0 + to_sun * to_view + to_sun + to_view);
                    let most = 2.0 * cover * (crowns + ground);
                    let difference = (parts.forest[i] - understorey).abs();
                    prop_assert!(difference <= most, "{variant:?} {fc} {difference} {most}");
                }
            }
        }
    }

    #[test]
    fn a_crown_without_leaves_shows_the_understorey(forest in forest()) {
        let model = model(Canopy::Inform(Variant::Published));
        let bare = CanopyParameters { lai: 0.0, ..forest };
        let parts = &model.spectra_of_parts(&[bare], &AT).unwrap()[0];
        for (r, u) in parts.forest.iter().zip(&parts.understorey) {
            prop_assert!((r - u).abs() < 1e-12 * (1.0 + u.abs()));
        }
    }

    #[test]
    fn sail_as_a_model_is_sail_over_prospect(forest in forest()) {
        let model = model(Canopy::Sail);
        let spectrum = model.spectra(std::slice::from_ref(&forest), &AT).unwrap();
        let tables = SpectralTables::built_in().soil_and_sky;
        let sail = Sail::new(&SailParameters {
            lai: forest.lai,
            leaf_angles: forest.leaf_angles.clone(),
            hspot: forest.hspot,
            tts: forest.tts,
            tto: forest.tto,
            psi: forest.psi,
        })
        .unwrap();
        let leaf = physics::LeafParameters {
            n: forest.n,
            cab: forest.cab,
            car: forest.car,
            anth: forest.anth,
            cbrown: forest.cbrown,
            cw: forest.cw,
            cm: forest.cm,
            ..Default::default()
        };
        let leaves = physics::Prospect::new(physics::LeafVersion::ProspectD).leaf(&leaf, &AT).unwrap();
        for (i, nm) in AT.into_iter().enumerate() {
            let place = (nm - 400) as usize;
            let (dry, wet) = (tables.dry_soil[place], tables.wet_soil[place]);
            let soil = forest.rsoil * (forest.psoil * dry + (1.0 - forest.psoil) * wet);
            let f = sail.fluxes(leaves[i].reflectance, leaves[i].transmittance, soil).unwrap();
            let sky = forest.skyl.unwrap_or_else(|| sail.sky_fraction());
            let (direct, diffuse) = (tables.direct[place], tables.diffuse[place]);
            let expected = physics::mix_direct_and_diffuse(f.rsot, f.rdot, sky, direct, diffuse);
            prop_assert!((spectrum[[0, i]] - expected).abs() < ROUNDING, "{expected}");
        }
    }
}
