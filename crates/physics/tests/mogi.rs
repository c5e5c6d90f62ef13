//! Mogi's source: limits, symmetries, and derivatives over the whole ranges.

use ndarray::{Array2, Array3, Axis};
use physics::{ForwardModel, Mogi, MogiSource, Station};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::f64::consts::PI;

/// Rounding of a handful of operations in double precision.
const ROUNDING: f64 = 1e-13;
/// Central differences against derivatives, of the largest of the column: with steps of 1e-5 of the depth
/// both their truncation (1e-10) and their rounding (1e-10 at 50 km from the origin) are far below it.
const DIFFERENCE: f64 = 1e-7;
/// Step of the differences, of the depth, or of a volume change of 1e7 m³.
const STEP: f64 = 1e-5;

fn station(name: &str, x_m: f64, y_m: f64) -> Station {
    Station {
        name: name.into(),
        x_m,
        y_m,
    }
}

/// Values and Jacobian of one row of parameters.
fn run(mogi: &Mogi, parameters: [f64; 4]) -> (Vec<f64>, Array2<f64>) {
    let d = mogi.outputs().len();
    let parameters = Array2::from_shape_vec((1, 4), parameters.to_vec()).unwrap();
    let (mut values, mut jacobian) = (Array2::zeros((1, d)), Array3::zeros((1, d, 4)));
    mogi.evaluate_with_jacobian(
        parameters.view(),
        None,
        values.view_mut(),
        jacobian.view_mut(),
    )
    .unwrap();
    (
        values.row(0).to_vec(),
        jacobian.index_axis(Axis(0), 0).to_owned(),
    )
}

fn source(depth_m: f64) -> MogiSource {
    MogiSource {
        x_m: 0.0,
        y_m: 0.0,
        depth_m,
        volume_change_m3: 3e6,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::with_cases(256) })]

    /// Anywhere in the ranges that the model accepts, its edges and the point above the source included.
    #[test]
    fn everything_accepted_gives_finite_numbers(
        place in prop::array::uniform4(prop_oneof![Just(0.0), Just(1.0), 0.0..1.0_f64]),
        poisson_ratio in 0.0..=0.5_f64,
        other in (-1e6..1e6_f64, -1e6..1e6_f64),
    ) {
        let quantities = Mogi::free_parameters();
        let parameters: [f64; 4] = std::array::from_fn(|k| {
            let q = &quantities[k];
            (q.min + place[k] * (q.max - q.min)).clamp(q.min, q.max)
        });
        let above = station("ABOVE", parameters[0] * 1e3, parameters[1] * 1e3);
        let mogi = Mogi::new(vec![above, station("AWAY", other.0, other.1)], poisson_ratio).unwrap();
        let (values, jacobian) = run(&mogi, parameters);
        prop_assert!(values.iter().chain(&jacobian).all(|v| v.is_finite()), "{parameters:?}");
        // right above there is no way but up or down, and it does not matter which way the source moves
        prop_assert_eq!((values[0], values[2]), (0.0, 0.0));
        prop_assert_eq!((jacobian[[4, 0]], jacobian[[4, 1]]), (0.0, 0.0));
    }

    #[test]
    fn jacobians_are_the_differences(
        parameters in (-50.0..50.0_f64, -50.0..50.0_f64, 0.5..50.0_f64, 0.0..200.0_f64),
        stations in prop::collection::vec((-20e3..20e3_f64, -20e3..20e3_f64), 1..6),
        poisson_ratio in 0.0..=0.5_f64,
    ) {
        let parameters = [parameters.0, parameters.1, parameters.2, parameters.3];
        let mut all = vec![station("ABOVE", parameters[0] * 1e3, parameters[1] * 1e3)];
        all.extend(stations.iter().enumerate().map(|(i, &(x, y))| station(&format!("S{i}"), x, y)));
        let mogi = Mogi::new(all, poisson_ratio).unwrap();
        let jacobian = run(&mogi, parameters).1;
        for k in 0..4 {
            let step = STEP * if k == 3 { 100.0 } else { parameters[2] };
            let at = |sign: f64| {
                let mut moved = parameters;
                moved[k] += sign * step;
                (moved[k], run(&mogi, moved).0)
            };
            let ((high, up), (low, down)) = (at(1.0), at(-1.0));
            let top = jacobian.column(k).iter().fold(0.0_f64, |m, v| m.max(v.abs()));
            for (i, slope) in jacobian.column(k).iter().enumerate() {
                let difference = (up[i] - down[i]) / (high - low);
                prop_assert!(
                    (difference - slope).abs() <= DIFFERENCE * top,
                    "parameter {k} output {i}: {difference} {slope} {top}"
                );
            }
        }
    }

    /// A source right below the origin sees mirrored stations alike, and north as it sees east.
    #[test]
    fn mirrors_and_a_quarter_turn(x in -30e3..30e3_f64, y in -30e3..30e3_f64, depth in 100.0..1e5_f64) {
        let at = |x: f64, y: f64| source(depth).displacement_m(0.25, x, y).0;
        let [east, north, up] = at(x, y);
        prop_assert_eq!(at(-x, y), [-east, north, up]);
        prop_assert_eq!(at(x, -y), [east, -north, up]);
        let turned = at(-y, x);
        for (a, b) in turned.iter().zip([-north, east, up]) {
            prop_assert!((a - b).abs() <= ROUNDING * up);
        }
    }

    /// Twice the volume is twice the displacement, none is none, and the slope is the same everywhere.
    #[test]
    fn linear_in_the_volume(dv in 1.0..100.0_f64, x in -9.0..14.0_f64, y in -5.0..7.0_f64, d in 2.0..20.0_f64) {
        let mogi = Mogi::new(vec![station("A", 1e3, -2e3), station("B", -7e3, 4e3)], 0.25).unwrap();
        let at = |change: f64| run(&mogi, [x, y, d, 100.0 + change]);
        let ((nothing, slopes), (once, _), (less, _)) = (at(0.0), at(dv), at(-dv));
        let scale = once.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        for i in 0..6 {
            prop_assert_eq!(nothing[i], 0.0);
            prop_assert!((once[i] + less[i]).abs() <= ROUNDING * scale * 100.0);
            prop_assert!((once[i] - slopes[[i, 3]] * dv).abs() <= ROUNDING * scale * 100.0);
        }
        prop_assert!(slopes.columns().into_iter().take(3).all(|c| c.iter().all(|v| *v == 0.0)));
    }
}

/// u → (1−ν) ΔV/π (Δx/d³, Δy/d³, 1/d²), with an error of (ρ/d)²·3/2.
#[test]
fn a_deep_source_lifts_everything_alike() {
    let (nu, depth) = (0.25, 1e8);
    let lift = (1.0 - nu) / PI * 3e6 / (depth * depth);
    let [east, north, up] = source(depth).displacement_m(nu, 4e3, -9e3).0;
    let allowed = 1.5 * (1e4_f64 / depth).powi(2) + ROUNDING;
    assert!((up / lift - 1.0).abs() < allowed);
    assert!((east / (lift * 4e3 / depth) - 1.0).abs() < allowed);
    assert!((north / (lift * -9e3 / depth) - 1.0).abs() < allowed);
}

/// u → (1−ν) ΔV/π (Δx, Δy, d)/ρ³, with an error of (d/ρ)²·3/2.
#[test]
fn far_away_it_falls_with_the_distance() {
    let (nu, depth, far) = (0.1, 2e3, 1e9);
    let [east, _, up] = source(depth).displacement_m(nu, far, 0.0).0;
    let allowed = 1.5 * (depth / far).powi(2) + ROUNDING;
    let factor = (1.0 - nu) / PI * 3e6;
    assert!((east / (factor / (far * far)) - 1.0).abs() < allowed);
    assert!((up / (factor * depth / far.powi(3)) - 1.0).abs() < allowed);
}

/// The ground rises by 2(1−ν) ΔV in all: rings of radius ρ = d·tan θ up to all but a known rest,
/// ∫ u_z dA beyond ρ = 2(1−ν) ΔV d/√(d² + ρ²).
#[test]
fn the_volume_of_the_uplift() {
    const RINGS: u32 = 20_000;
    for (nu, depth) in [(0.0, 500.0), (0.25, 4e3), (0.5, 3e4)] {
        let source = source(depth);
        let last = 0.49 * PI;
        let width = last / f64::from(RINGS);
        let volume: f64 = (0..RINGS)
            .map(|i| {
                let angle = (f64::from(i) + 0.5) * width;
                let radius = depth * angle.tan();
                let ring = 2.0 * PI * radius * depth / angle.cos().powi(2) * width;
                source.displacement_m(nu, radius, 0.0).0[2] * ring
            })
            .sum();
        let whole = 2.0 * (1.0 - nu) * source.volume_change_m3;
        let beyond = whole * last.cos();
        // midpoints of 20 000 rings: 1e-9
        assert!(((volume + beyond) / whole - 1.0).abs() < 1e-8, "ν = {nu}");
    }
}

#[test]
fn incompressible_rock_moves_half_as_much_as_rock_that_does_not_widen() {
    let at = |nu| source(3e3).displacement_m(nu, 2e3, 1e3).0;
    for (half, whole) in at(0.5).iter().zip(at(0.0)) {
        assert!((half / whole - 0.5).abs() < ROUNDING);
    }
}

#[test]
fn names_of_outputs_and_their_stations() {
    let names = Mogi::output_names(["AV07", "AK_2"]);
    assert_eq!(
        names,
        [
            "ux_AV07", "ux_AK_2", "uy_AV07", "uy_AK_2", "uz_AV07", "uz_AK_2"
        ]
    );
    assert_eq!(Mogi::station_of("uy_AK_2"), Some("AK_2"));
    assert_eq!(Mogi::station_of("B02_BLUE"), None);
    assert_eq!(Mogi::station_of("ux"), None);
}
