//! Exact derivatives of leaves against differences, and at the edges of the allowed ranges.

use ndarray::Array2;
use physics::{LeafJacobian, LeafParameters, LeafVersion, Prospect};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::sync::OnceLock;

/// Step of the differences, of the allowed range of the parameter.
const STEP: f64 = 1e-4;
/// Differences of order 4 against derivatives, of the largest of the column: rounding over the step
/// (1e-11) and the fifth derivative times the step to the fourth.
const DIFFERENCE: f64 = 1e-7;
/// The same one-sided, where the error of the differences is six times that of the central ones.
const ONE_SIDED: f64 = 6e-7;
/// Rounding of ρ + τ + absorptance in derivatives, of the largest of the column.
const ROUNDING: f64 = 1e-11;

fn all_versions() -> &'static [Prospect] {
    static ALL: OnceLock<Vec<Prospect>> = OnceLock::new();
    ALL.get_or_init(|| LeafVersion::ALL.into_iter().map(Prospect::new).collect())
}

/// Every 25 nm.
fn wavelengths() -> Vec<u32> {
    (400..=2500).step_by(25).collect()
}

fn set(leaf: &mut LeafParameters, name: &str, value: f64) {
    *match name {
        "N" => &mut leaf.n,
        "cab" => &mut leaf.cab,
        "car" => &mut leaf.car,
        "anth" => &mut leaf.anth,
        "cbrown" => &mut leaf.cbrown,
        "cw" => &mut leaf.cw,
        "cm" => &mut leaf.cm,
        "cp" => &mut leaf.cp,
        "cbc" => &mut leaf.cbc,
        _ => panic!("no parameter {name}"),
    } = value;
}

/// A leaf at these shares of the ranges of the version's parameters.
fn leaf_at(version: LeafVersion, shares: &[f64]) -> LeafParameters {
    let mut leaf = LeafParameters::default();
    for (q, share) in version.parameters().iter().zip(shares) {
        set(&mut leaf, &q.name, q.min + share * (q.max - q.min));
    }
    leaf
}

/// ρ and τ at every wavelength.
fn spectra(prospect: &Prospect, leaf: &LeafParameters) -> Vec<[f64; 2]> {
    let optics = prospect.leaf(leaf, &wavelengths()).unwrap();
    optics
        .iter()
        .map(|o| [o.reflectance, o.transmittance])
        .collect()
}

/// Largest difference between the derivatives of one parameter and Σ weight·f(at + place·step)/step, of
/// the largest derivative.
fn worst_difference(
    prospect: &Prospect,
    shares: &[f64],
    column: usize,
    stencil: &[(f64, f64)],
) -> f64 {
    let version = prospect.version();
    let q = &version.parameters()[column];
    let unit = STEP * (q.max - q.min);
    let base = leaf_at(version, shares);
    let moved: Vec<(f64, Vec<[f64; 2]>)> = stencil
        .iter()
        .map(|(place, weight)| {
            let mut shares = shares.to_vec();
            shares[column] += place * STEP;
            (*weight, spectra(prospect, &leaf_at(version, &shares)))
        })
        .collect();
    let (_, jacobian) = prospect.leaf_with_jacobian(&base, &wavelengths()).unwrap();
    let mut worst = 0.0_f64;
    for (which, exact) in [&jacobian.reflectance, &jacobian.transmittance]
        .into_iter()
        .enumerate()
    {
        let exact = exact.column(column);
        let top = exact.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        for (row, slope) in exact.iter().enumerate() {
            let sum: f64 = moved.iter().map(|(w, all)| w * all[row][which]).sum();
            let error = (sum / unit - slope).abs() / top;
            worst = if error <= worst { worst } else { error }; // a NaN must not pass
        }
    }
    worst
}

const CENTRAL: [(f64, f64); 4] = [
    (-2.0, 1.0 / 12.0),
    (-1.0, -8.0 / 12.0),
    (1.0, 8.0 / 12.0),
    (2.0, -1.0 / 12.0),
];
const FORWARD: [(f64, f64); 5] = [
    (0.0, -25.0 / 12.0),
    (1.0, 4.0),
    (2.0, -3.0),
    (3.0, 4.0 / 3.0),
    (4.0, -0.25),
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::with_cases(64) })]

    #[test]
    fn derivatives_are_the_differences(shares in prop::collection::vec(0.01..0.99_f64, 8)) {
        for prospect in all_versions() {
            for (column, q) in prospect.version().parameters().iter().enumerate() {
                let worst = worst_difference(prospect, &shares, column, &CENTRAL);
prop_assert!(worst < DIFFERENCE, "{} {}: {worst:e}", prospect.version(), q.name);
            }
        }
    }

    #[test]
    fn derivatives_at_an_edge_are_the_one_sided_differences(
        shares in prop::collection::vec(0.1..0.9_f64, 8),
        upper: bool,
    ) {
        let (edge, side) = if upper { (1.0, -1.0) } else { (0.0, 1.0) };
        let stencil = FORWARD.map(|(place, weight)| (side * place, side * weight));
        for prospect in all_versions() {
            for (column, q) in prospect.version().parameters().iter().enumerate() {
                let mut shares = shares.clone();
                shares[column] = edge;
                let worst = worst_difference(prospect, &shares, column, &stencil);
prop_assert!(worst < ONE_SIDED, "{} {}: {worst:e}", prospect.version(), q.name);
            }
        }
    }

    #[test]
    fn derivatives_of_the_three_shares_of_light_add_to_nothing(
        shares in prop::collection::vec(0.0..=1.0_f64, 8),
    ) {
        for prospect in all_versions() {
            let leaf = leaf_at(prospect.version(), &shares);
            let (optics, jacobian) = prospect.leaf_with_jacobian(&leaf, &wavelengths()).unwrap();
            prop_assert_eq!(optics, prospect.leaf(&leaf, &wavelengths()).unwrap());
            let sum = &jacobian.reflectance + &jacobian.transmittance + &jacobian.absorptance;
            for column in 0..jacobian.parameters.len() {
                let top = largest(&jacobian.absorptance, column);
                prop_assert!(largest(&sum, column) <= ROUNDING * top);
            }
        }
    }
}

fn largest(of: &Array2<f64>, column: usize) -> f64 {
    of.column(column).iter().fold(0.0, |m, v| m.max(v.abs()))
}

fn is_finite(jacobian: &LeafJacobian) -> bool {
    let all = [
        &jacobian.reflectance,
        &jacobian.transmittance,
        &jacobian.absorptance,
    ];
    all.iter().all(|a| a.iter().all(|v| v.is_finite()))
}

#[test]
fn corners_of_the_ranges_are_finite() {
    let all: Vec<u32> = (400..=2500).collect();
    for prospect in all_versions() {
        let version = prospect.version();
        let contents = version.absorbers().len();
        // N at its edges and between, with every set of contents at 0 or at its maximum
        for n in [0.0, 0.3, 1.0] {
            for set in 0..1_u32 << contents {
                let mut shares = vec![n];
                shares.extend((0..contents).map(|i| f64::from(set >> i & 1)));
                let leaf = leaf_at(version, &shares);
                let at = if (set.count_ones() as usize).is_multiple_of(contents) {
                    all.clone()
                } else {
                    wavelengths()
                };
                let (optics, jacobian) = prospect.leaf_with_jacobian(&leaf, &at).unwrap();
                assert!(is_finite(&jacobian), "{version} {leaf:?}");
                for o in optics {
                    assert!(o.reflectance > 0.0 && o.transmittance >= 0.0, "{o:?}");
                    assert!(o.absorptance >= 0.0, "{o:?}");
                }
            }
        }
    }
}

/// A leaf that absorbs nothing is computed with the least absorption, which no content changes.
#[test]
fn without_absorption_the_derivatives_to_the_contents_are_zero() {
    for prospect in all_versions() {
        let version = prospect.version();
        let shares = vec![0.2; 1];
        let mut leaf = leaf_at(version, &shares);
        for q in &version.parameters()[1..] {
            set(&mut leaf, &q.name, 0.0);
        }
        let (_, jacobian) = prospect.leaf_with_jacobian(&leaf, &wavelengths()).unwrap();
        for column in 1..jacobian.parameters.len() {
            assert_eq!(largest(&jacobian.reflectance, column), 0.0);
            assert_eq!(largest(&jacobian.transmittance, column), 0.0);
        }
        // more layers reflect more and transmit less, whether they absorb or not
        assert!(jacobian.reflectance.column(0).iter().all(|v| *v > 0.0));
        assert!(jacobian.transmittance.column(0).iter().all(|v| *v < 0.0));
    }
}

#[test]
fn columns_are_named_by_the_version() {
    let names = |version: LeafVersion| -> Vec<String> {
        let parameters = version.parameters();
        parameters.into_iter().map(|q| q.name).collect()
    };
    assert_eq!(names(LeafVersion::Prospect4), ["N", "cab", "cw", "cm"]);
    assert_eq!(
        names(LeafVersion::ProspectPro),
        ["N", "cab", "car", "anth", "cbrown", "cw", "cp", "cbc"]
    );
    let prospect = Prospect::new(LeafVersion::Prospect5);
    let leaf = LeafParameters::default();
    let (_, jacobian) = prospect.leaf_with_jacobian(&leaf, &[450, 670]).unwrap();
    assert_eq!(jacobian.reflectance.dim(), (2, 5));
    assert_eq!(jacobian.column("cw").unwrap(), 3);
    // chlorophyll and carotenoids absorb blue, only chlorophyll red
    assert!(jacobian.absorptance[[0, 1]] > 0.0 && jacobian.absorptance[[0, 2]] > 0.0);
    assert!(jacobian.absorptance[[1, 1]] > 0.0 && jacobian.absorptance[[1, 2]] == 0.0);
    assert_eq!(
        jacobian.column("anth").unwrap_err().to_string(),
        "unknown parameter 'anth', expected one of: N, cab, car, cw, cm"
    );
}

#[test]
fn errors_name_value_and_range() {
    let prospect = Prospect::new(LeafVersion::ProspectD);
    let error = |leaf: LeafParameters, at: &[u32]| {
        let result = prospect.leaf_with_jacobian(&leaf, at);
        result.unwrap_err().to_string()
    };
    let leaf = LeafParameters::default();
    assert_eq!(
        error(LeafParameters { cw: 0.2, ..leaf }, &[500]),
        "row 0: cw = 0.2 cm is outside the allowed range 0 to 0.1"
    );
    assert_eq!(
        error(
            LeafParameters {
                n: f64::NAN,
                ..leaf
            },
            &[500]
        ),
        "row 0: N = NaN is outside the allowed range 1 to 4"
    );
    assert_eq!(
        error(leaf, &[500, 2501]),
        "row 1: wavelength = 2501 nm is outside the allowed range 400 to 2500"
    );
}
