//! Jacobians of every free parameter against central differences in double precision, at random places of
//! the whole ranges and at their edges.

use ndarray::Array3;
use physics::{Canopy, CanopyParameters, LeafVersion, Parameter, ReflectanceModel, Variant};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::sync::OnceLock;

/// Derivatives against differences, of the largest of the column.
const OF_COLUMN: f64 = 1e-7;
/// The same in reflectance over the whole range of the parameter, for columns that nearly vanish: rounding
/// of the differences.
const OF_RANGE: f64 = 1e-9;
/// First step of the differences, of the range; Richardson's rule then halves it.
const STEP: f64 = 4e-4;
const HALVINGS: usize = 4;

const BANDS: [&str; 4] = ["B02", "B04", "B8A", "B12"];

/// A parameter with the range in which it is drawn; a little inside the physical one, so that differences
/// fit, and where a clip or kink lies within, on one side of it.
const DRAWN: [(Parameter, f64, f64); 23] = [
    (Parameter::N, 1.01, 3.9),
    (Parameter::Cab, 2.0, 115.0),
    (Parameter::Car, 0.5, 29.0),
    (Parameter::Anth, 0.5, 39.0),
    (Parameter::Cbrown, 0.02, 0.98),
    (Parameter::Cw, 0.002, 0.098),
    (Parameter::Cm, 0.002, 0.058),
    (Parameter::Cp, 0.0001, 0.0049),
    (Parameter::Cbc, 0.001, 0.029),
    (Parameter::Lai, 0.05, 14.0),
    (Parameter::LaiU, 0.05, 9.5),
    (Parameter::Fc, 0.05, 3.0),
    (Parameter::Sd, 100.0, 1500.0),
    (Parameter::Cd, 2.0, 10.0),
    (Parameter::H, 3.0, 30.0),
    (Parameter::Hspot, 0.05, 0.98),
    (Parameter::Psoil, 0.02, 0.98),
    (Parameter::Rsoil, 0.02, 1.4),
    (Parameter::Skyl, 0.02, 0.98),
    (Parameter::Tts, 5.0, 75.0),
    (Parameter::Tto, 1.0, 60.0),
    (Parameter::Psi, 2.0, 178.0),
    (Parameter::Ala, 12.0, 85.0),
];

/// One way of choosing what is free.
struct Case {
    model: ReflectanceModel,
    name: String,
}

impl Case {
    fn new(leaf: LeafVersion, canopy: Canopy, free: Vec<Parameter>) -> Self {
        let name = format!("{leaf:?} {canopy:?}");
        let model = ReflectanceModel::builder()
            .leaf(leaf)
            .canopy(canopy)
            .bands(BANDS)
            .free(free)
            .build()
            .unwrap();
        Self { model, name }
    }
}

const COMMON: [Parameter; 7] = [
    Parameter::Lai,
    Parameter::Hspot,
    Parameter::Psoil,
    Parameter::Rsoil,
    Parameter::Tts,
    Parameter::Tto,
    Parameter::Psi,
];

/// Every leaf and canopy, every parameter in at least one of them.
fn cases() -> &'static [Case] {
    static CASES: OnceLock<Vec<Case>> = OnceLock::new();
    CASES.get_or_init(|| {
        use Parameter::{Ala, Cd, Fc, H, LaiU, LidfA, LidfB, Sd, Skyl};
        let with = |leaf: LeafVersion, more: &[Parameter]| -> Vec<Parameter> {
            let known = Parameter::ALL.into_iter().filter(|p| {
                *p == Parameter::N || p.absorber().is_some_and(|a| leaf.absorbers().contains(&a))
            });
            known.chain(COMMON).chain(more.iter().copied()).collect()
        };
        let mut cases = vec![
            Case::new(
                LeafVersion::ProspectPro,
                Canopy::Sail,
                with(LeafVersion::ProspectPro, &[Ala, Skyl]),
            ),
            Case::new(
                LeafVersion::Prospect5B,
                Canopy::Sail,
                with(LeafVersion::Prospect5B, &[LidfA, LidfB]),
            ),
        ];
        for variant in [Variant::Published, Variant::EnmapBox] {
            let canopy = Canopy::Inform(variant);
            let leaf = LeafVersion::ProspectD;
            cases.push(Case::new(leaf, canopy, with(leaf, &[LaiU, Fc, Ala, Skyl])));
            cases.push(Case::new(
                leaf,
                canopy,
                with(leaf, &[LaiU, Sd, Cd, H, LidfA, LidfB]),
            ));
        }
        cases
    })
}

/// Bands of a sample moved along a parameter.
fn moved(case: &Case, sample: &CanopyParameters, parameter: Parameter, step: f64) -> Vec<f64> {
    let mut moved = sample.clone();
    let value = sample.get(parameter).unwrap();
    moved.put(parameter, value + step);
    case.model
        .bands(&[moved])
        .unwrap()
        .into_raw_vec_and_offset()
        .0
}

/// Richardson's extrapolation of the differences that `difference` gives for a step, whose errors go as
/// even powers of the step where `even`, else as all powers.
fn extrapolated(first: f64, even: bool, difference: impl Fn(f64) -> Vec<f64>) -> Vec<f64> {
    let mut rows: Vec<Vec<f64>> = Vec::new();
    let (mut best, mut error) = (Vec::new(), f64::INFINITY);
    for i in 0..=HALVINGS {
        let mut row = difference(first / f64::from(1 << i));
        let mut next = vec![row.clone()];
        for (j, before) in rows.iter().enumerate() {
            let power = if even { 2 * (j + 1) } else { j + 1 };
            let factor = f64::from(1_u32 << power) - 1.0;
            row = row
                .iter()
                .zip(before)
                .map(|(fine, coarse)| fine + (fine - coarse) / factor)
                .collect();
            next.push(row.clone());
        }
        if let Some(last) = rows.last() {
            let worst = next[i]
                .iter()
                .zip(last)
                .fold(0.0_f64, |m, (a, b)| m.max((a - b).abs()));
            if worst < error {
                (best, error) = (next[i].clone(), worst);
            }
        }
        rows = next;
    }
    best
}

/// The worst error of a column, in units of what is allowed.
fn compare(found: &[f64], expected: &[f64], width: f64) -> f64 {
    let top = expected.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let allowed = OF_COLUMN * top + OF_RANGE / width;
    found
        .iter()
        .zip(expected)
        .map(|(a, b)| (a - b).abs() / allowed)
        .fold(0.0, |worst, e| if e <= worst { worst } else { e })
}

fn column(jacobian: &Array3<f64>, row: usize, k: usize) -> Vec<f64> {
    (0..BANDS.len())
        .map(|band| jacobian[[row, band, k]])
        .collect()
}

fn drawn(parameter: Parameter) -> (f64, f64) {
    match parameter {
        // |a| + |b| stays below 1
        Parameter::LidfA | Parameter::LidfB => (-0.48, 0.48),
        _ => {
            let (_, low, high) = DRAWN.into_iter().find(|d| d.0 == parameter).unwrap();
            (low, high)
        }
    }
}

/// Middles of the standard classes of inclination. A beam at 90° minus one of them passes from lighting
/// both sides of these leaves to one: the derivative is continuous there, but differences across the place
/// converge as the root of their step only.
const MIDDLES_DEG: [f64; 13] = [
    5., 15., 25., 35., 45., 55., 65., 75., 81., 83., 85., 87., 89.,
];
/// Differences keep this far from these places, degrees.
const APART_DEG: f64 = 0.25;

fn apart(zenith_deg: f64) -> f64 {
    let edge = MIDDLES_DEG
        .into_iter()
        .map(|middle| 90.0 - middle)
        .find(|edge| (zenith_deg - edge).abs() < APART_DEG);
    edge.map_or(zenith_deg, |edge| edge + APART_DEG)
}

/// A sample with the free parameters of a case at places of 0 to 1 within their ranges.
fn sample(case: &Case, places: &[f64]) -> CanopyParameters {
    let mut sample = case.model.base().clone();
    for (parameter, place) in case.model.free().iter().zip(places) {
        let (low, high) = drawn(*parameter);
        sample.put(*parameter, low + (high - low) * place);
    }
    (sample.tts, sample.tto) = (apart(sample.tts), apart(sample.tto));
    // `enmap_box` takes cos ψ for an angle, whose sine's absolute value has a kink at 90°
    if (sample.psi - 90.0).abs() < APART_DEG {
        sample.psi = 90.0 + APART_DEG;
    }
    sample
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::with_cases(40) })]

    #[test]
    fn jacobians_are_the_differences(places in prop::collection::vec(0.0..1.0_f64, 24)) {
        for case in cases() {
            let sample = sample(case, &places);
            let (_, jacobian) = case.model.bands_with_jacobian(std::slice::from_ref(&sample)).unwrap();
            for (k, parameter) in case.model.free().iter().enumerate() {
                let (low, high) = drawn(*parameter);
                let width = high - low;
                let expected = extrapolated(STEP * width, true, |step| {
                    let up = moved(case, &sample, *parameter, step);
                    let down = moved(case, &sample, *parameter, -step);
                    up.iter().zip(&down).map(|(u, d)| (u - d) / (2.0 * step)).collect()
                });
                let error = compare(&column(&jacobian, 0, k), &expected, width);
                prop_assert!(
                    error < 1.0,
                    "{} {parameter}: {error:.2} of what is allowed, {:?} {expected:?} {sample:?}",
                    case.name,
                    column(&jacobian, 0, k),
                );
            }
        }
    }
}

/// One-sided derivatives where a parameter is at the edge of its range or a function has a limit there:
/// what is set besides the middle of all ranges, the parameter, and the side on which there is something.
type Edge = (&'static [(Parameter, f64)], Parameter, f64);
const EDGES: [Edge; 22] = [
    (&[], Parameter::N, 1.0),
    (&[(Parameter::N, 1.0)], Parameter::N, 1.0),
    (&[(Parameter::N, 4.0)], Parameter::N, -1.0),
    (&[(Parameter::Cab, 0.0)], Parameter::Cab, 1.0),
    (&[(Parameter::Cw, 0.0)], Parameter::Cw, 1.0),
    (&[(Parameter::Lai, 0.0)], Parameter::Lai, 1.0),
    (&[(Parameter::Lai, 15.0)], Parameter::Lai, -1.0),
    (&[(Parameter::Lai, 0.0)], Parameter::Tts, 1.0),
    (&[(Parameter::LaiU, 0.0)], Parameter::LaiU, 1.0),
    (
        &[(Parameter::LaiU, 0.0), (Parameter::Lai, 0.0)],
        Parameter::Psoil,
        1.0,
    ),
    (&[(Parameter::Fc, 10.0)], Parameter::Fc, -1.0),
    (&[(Parameter::Hspot, 1.0)], Parameter::Hspot, -1.0),
    (&[(Parameter::Tts, 0.0)], Parameter::Tts, 1.0),
    (&[(Parameter::Tts, 80.0)], Parameter::Tts, -1.0),
    (&[(Parameter::Tto, 0.0)], Parameter::Tto, 1.0),
    (
        &[(Parameter::Tts, 0.0), (Parameter::Tto, 0.0)],
        Parameter::Psi,
        1.0,
    ),
    (&[(Parameter::Psi, 0.0)], Parameter::Psi, 1.0),
    (&[(Parameter::Psi, 180.0)], Parameter::Psi, -1.0),
    (&[(Parameter::Ala, 0.0)], Parameter::Ala, 1.0),
    (&[(Parameter::Ala, 90.0)], Parameter::Ala, -1.0),
    (
        &[(Parameter::LidfA, 0.5), (Parameter::LidfB, 0.5)],
        Parameter::LidfA,
        -1.0,
    ),
    (&[(Parameter::Skyl, 0.0)], Parameter::Skyl, 1.0),
];

/// One-sided differences lose more digits than central ones.
const ONE_SIDED: f64 = 10.0;

#[test]
fn derivatives_at_the_edges_are_one_sided_limits() {
    for case in cases() {
        let has = |parameter: &Parameter| case.model.free().contains(parameter);
        for (set, parameter, side) in EDGES {
            if !has(&parameter) || !set.iter().all(|(p, _)| has(p)) {
                continue;
            }
            let mut sample = sample(case, &[0.37; 24]);
            for (p, value) in set {
                sample.put(*p, *value);
            }
            let k = case
                .model
                .free()
                .iter()
                .position(|p| *p == parameter)
                .unwrap();
            let (_, jacobian) = case
                .model
                .bands_with_jacobian(std::slice::from_ref(&sample))
                .unwrap();
            let (low, high) = drawn(parameter);
            let width = high - low;
            let here = moved(case, &sample, parameter, 0.0);
            let expected = extrapolated(STEP * width, false, |step| {
                let there = moved(case, &sample, parameter, side * step);
                there
                    .iter()
                    .zip(&here)
                    .map(|(t, h)| side * (t - h) / step)
                    .collect()
            });
            let error = compare(&column(&jacobian, 0, k), &expected, width);
            assert!(
                error < ONE_SIDED,
                "{} {set:?} {parameter}: {error:.2}, {:?} {expected:?}",
                case.name,
                column(&jacobian, 0, k)
            );
        }
    }
}

#[test]
fn at_the_kinks_the_derivative_is_that_of_the_flat_part() {
    // beyond α = 200 there is no hot spot left to change; at an exact hot spot its size does not matter
    let case = &cases()[0];
    let k = case
        .model
        .free()
        .iter()
        .position(|p| *p == Parameter::Hspot)
        .unwrap();
    let mut sample = sample(case, &[0.5; 24]);
    for (hspot, tts, tto, psi) in [
        (0.0, 40.0, 10.0, 50.0),
        (1e-4, 70.0, 40.0, 180.0),
        (0.1, 30.0, 30.0, 0.0),
    ] {
        (sample.hspot, sample.tts, sample.tto, sample.psi) = (hspot, tts, tto, psi);
        let (_, jacobian) = case
            .model
            .bands_with_jacobian(std::slice::from_ref(&sample))
            .unwrap();
        assert!(
            column(&jacobian, 0, k).iter().all(|slope| *slope == 0.0),
            "{hspot}"
        );
    }
}
