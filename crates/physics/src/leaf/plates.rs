//! PROSPECT's optics, written once over [`Real`]: a stack of N absorbing plates.

use super::interface::mean_transmissivity;
use crate::numbers::{Lane, Real};

/// Half-angle of the cone of light on the upper surface of the leaf, in degrees (PROSPECT-4 and later).
const UPPER_CONE_DEG: f64 = 40.0;
/// Inside, light is isotropic.
const INNER_CONE_DEG: f64 = 90.0;

/// Absorption of a layer below which the leaf is computed as with this absorption: with none at all
/// Stokes' equations are 0/0. It changes ρ and τ by less than 1e-8.
const LEAST_ABSORPTION: f64 = 1e-10;

/// A leaf's interfaces at the wavelengths of a lane; they depend on the refractive index only.
#[derive(Clone, Copy)]
pub(crate) struct Plate<L> {
    /// Transmissivity of the upper surface for light within 40°.
    outer: L,
    /// Transmissivity into a plate for isotropic light.
    into: L,
    /// Transmissivity out of a plate for isotropic light.
    out_of: L,
    /// Reflectivity inside.
    inside: L,
}

impl<L: Lane> Plate<L> {
    /// Interfaces of a medium of refractive index n, one per number of the lane.
    pub fn new(refractive_index: &[f64]) -> Self {
        let table = |f: &dyn Fn(f64) -> f64| {
            let values: Vec<f64> = refractive_index.iter().map(|n| f(*n)).collect();
            L::load(&values)
        };
        let into = |n| mean_transmissivity(INNER_CONE_DEG, n);
        Self {
            outer: table(&|n| mean_transmissivity(UPPER_CONE_DEG, n)),
            into: table(&into),
            out_of: table(&|n| into(n) / (n * n)),
            inside: table(&|n| 1.0 - into(n) / (n * n)),
        }
    }
}

impl Plate<f64> {
    /// Of the upper surface within 40°, into a plate, out of a plate, and the reflectivity inside.
    pub fn transmissivities(&self) -> [f64; 4] {
        [self.outer, self.into, self.out_of, self.inside]
    }
}

/// Absorption of one layer, kept off zero.
#[inline(always)]
pub(crate) fn keep_off_zero<L: Lane>(absorption: L) -> L {
    absorption.max(L::c(LEAST_ABSORPTION))
}

/// As [`keep_off_zero`]; without derivative where the absorption is replaced.
#[inline(always)]
pub(super) fn keep_off_zero_with_slope<T: Real>(absorption: T) -> T {
    absorption.clip_below(T::L::c(LEAST_ABSORPTION))
}

/// Reflectance, transmittance and absorptance of a leaf of `n` ≥ 1 layers that absorb `k` > 0 each.
///
/// One plate for light within a cone, N − 1 plates for isotropic light (Jacquemoud and Baret 1990,
/// Remote Sensing of Environment 34:75–91, equations 16 to 18; Stokes 1862), as [`super::Prospect`] gives
/// them, in forms without cancellation: 1 − r − t, a − 1, b − 1 and the absorptance 1 − ρ − τ are computed
/// directly, so that single precision keeps its digits in weakly absorbing leaves. With u = r₂₁τ and
/// t₉₀ the transmissivity into a plate,
///
/// ```math
/// \begin{aligned}
/// A &= 1-r-t = \frac{t_{90}\,(1-\tau)}{1-u}, \\
/// \Delta^2 &= (1+r+t)\,A\,(1-r+t)(1+r-t), \\
/// a-1 &= \frac{A\,(1-r+t)+\Delta}{2r}, \qquad b-1 = \frac{A\,(1+r-t)+\Delta}{2t}.
/// \end{aligned}
/// ```
///
/// What the stack loses enters as two numbers that rounding leaves alone, with B = b^(N−1):
///
/// ```math
/// \beta = \frac{1}{B}-1 = e^{-(N-1)\ln(1+(b-1))}-1, \qquad
/// \ell = 1-\frac{1}{B^2} = -\beta\,(\beta+2),
/// ```
///
/// ```math
/// \begin{aligned}
/// s &= \frac{T_a}{a^2-1+\ell-r\,a\,\ell}, \\
/// \rho &= R_a + s\,t\,a\,\ell, \qquad \tau_{leaf} = s\,(1+\beta)(a^2-1), \\
/// 1-\rho-\tau_{leaf} &= \frac{t_{12}\,(1-\tau)}{1-u} + s\,\bigl(a\,\ell\,A + \beta\,(a-1)(\beta-a+1)\bigr).
/// \end{aligned}
/// ```
///
/// All are 0 to 1. N = 1 makes β and ℓ 0, which leaves the top plate.
#[doc = include_str!("../../katex.html")]
#[inline(always)]
pub(crate) fn stack_of_plates<T: Real>(plate: &Plate<T::L>, n: T, k: T) -> (T, T, T) {
    let one = T::L::c(1.0);
    let (tau, absorbed_once) = k.plate();

    // one plate: with u = r21 τ and D = 1 − u², Ta = t12 t21 τ/D, Ra = 1 − t12 + u Ta;
    // r and t for isotropic light are the same with t90 for t12
    let u = tau.scale(plate.inside);
    let u_plus_1 = u.offset(one);
    let inverse_d = (u_plus_1 * (-u).offset(one)).recip();
    let crossing = tau.scale(plate.out_of) * inverse_d;
    let (t_top, t) = (crossing.scale(plate.outer), crossing.scale(plate.into));
    let r_top = (u * t_top).offset(one - plate.outer);
    let r = (u * t).offset(one - plate.into);
    // 1 − r − t = t90 (1 − τ)/(1 − u)
    let absorbed_once = absorbed_once * u_plus_1 * inverse_d;
    let absorbed = absorbed_once.scale(plate.into);

    // Stokes: Δ² = (1+r+t)(1−r−t)(1−r+t)(1+r−t), a − 1 = (1−r−t)(1−r+t)/2r + Δ/2r, b − 1 likewise
    let d = r - t;
    let (plus, minus) = (d.offset(one), (-d).offset(one));
    let absorbed_plus = absorbed * plus;
    let absorbed_minus = absorbed * minus;
    let delta = ((r + t).offset(one) * absorbed_minus * plus).sqrt();
    let half_inverse_rt = (r * t).recip().scale(T::L::c(0.5));
    let a_minus_1 = (absorbed_minus + delta) * t * half_inverse_rt;
    let b_minus_1 = (absorbed_plus + delta) * r * half_inverse_rt;

    // with B = b^(N−1): 1/B − 1, 1 − 1/B², a² − 1
    let inverse_b_minus_1 = (-(n.offset(-one) * b_minus_1.ln_1p())).exp_m1();
    let lost = -(inverse_b_minus_1 * inverse_b_minus_1.offset(T::L::c(2.0)));
    let a = a_minus_1.offset(one);
    let a2_minus_1 = a_minus_1 * a.offset(one);
    let a_lost = a * lost;
    let share = t_top * (a2_minus_1 + lost - r * a_lost).recip();

    let reflectance = r_top + share * t * a_lost;
    let transmittance = share * inverse_b_minus_1.offset(one) * a2_minus_1;
    let between = inverse_b_minus_1 * a_minus_1 * (inverse_b_minus_1 - a_minus_1);
    let absorptance = share.fma(
        a_lost.fma(absorbed, between),
        absorbed_once.scale(plate.outer),
    );
    (reflectance, transmittance, absorptance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    /// Stokes' closed form against rays summed and plates added one by one: rounding.
    const ADDING: f64 = 1e-13;
    /// A stack of a hundred thousand layers is as thick as one without end.
    const LAYERS: f64 = 1e5;
    /// Clear plates against plates of the least absorption, 2e-10 per pass and layer.
    const CLEAR: f64 = 2e-8;

    /// Reflectance and transmittance of one plate lit through `entering`, ray by ray: entering, then
    /// crossing with `tau` and reflected inside, or leaving.
    fn rays(entering: f64, plate: &Plate<f64>, tau: f64) -> (f64, f64) {
        let (mut reflected, mut transmitted) = (1.0 - entering, 0.0);
        let mut ray = entering;
        for crossing in 0.. {
            ray *= tau;
            if ray < 1e-20 {
                break;
            }
            let leaves = ray * plate.out_of;
            if crossing % 2 == 0 {
                transmitted += leaves;
            } else {
                reflected += leaves;
            }
            ray *= plate.inside;
        }
        (reflected, transmitted)
    }

    /// The top plate on `below` others, added one by one.
    fn added(plate: &Plate<f64>, tau: f64, below: usize) -> (f64, f64) {
        let (top_r, top_t) = rays(plate.outer, plate, tau);
        let (r, t) = rays(plate.into, plate, tau);
        let (mut under_r, mut under_t) = (0.0, 1.0);
        for _ in 0..below {
            // one more plate on what is there
            let between = 1.0 / (1.0 - r * under_r);
            (under_r, under_t) = (r + t * t * under_r * between, t * under_t * between);
        }
        let between = 1.0 / (1.0 - r * under_r);
        (
            top_r + top_t * under_r * t * between,
            top_t * under_t * between,
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::with_cases(512) })]

        #[test]
        fn whole_stacks_are_plates_added_one_by_one(
            n in 1.05..2.0_f64,
            log_k in -6.0..1.5_f64,
            layers in 1..=6_usize,
        ) {
            let k = 10.0_f64.powf(log_k);
            let plate = Plate::<f64>::new(&[n]);
            let (tau, _) = Real::plate(k);
            let (rho, transmitted, absorbed) = stack_of_plates(&plate, layers as f64, k);
            let (r, t) = added(&plate, tau, layers - 1);
            prop_assert!((rho - r).abs() < ADDING, "{rho} {r}");
            prop_assert!((transmitted - t).abs() < ADDING, "{transmitted} {t}");
            prop_assert!((absorbed - (1.0 - r - t)).abs() < 2.0 * ADDING);
            if layers == 1 {
                let alone = rays(plate.outer, &plate, tau);
                prop_assert!((rho - alone.0).abs() < ADDING && (transmitted - alone.1).abs() < ADDING);
            }
        }

        #[test]
        fn a_stack_without_end_is_not_changed_by_one_more_plate(
            n in 1.05..2.0_f64,
            log_k in -3.0..1.5_f64,
        ) {
            let k = 10.0_f64.powf(log_k);
            let plate = Plate::<f64>::new(&[n]);
            let (tau, _) = Real::plate(k);
            let (rho, transmitted, absorbed) = stack_of_plates(&plate, LAYERS, k);
            prop_assert!((0.0..1e-15).contains(&transmitted) && absorbed > 0.0);
            // R∞ = r + t² R∞/(1 − r R∞) under the top plate
            let (top_r, top_t) = rays(plate.outer, &plate, tau);
            let (r, t) = rays(plate.into, &plate, tau);
            // ρ = Ra + Ta t R/(1 − r R), solved for R; nothing of it is seen through a dark top plate
            let seen = (rho - top_r) / (top_t * t);
            let endless = seen / (1.0 + r * seen);
            let one_more = r + t * t * endless / (1.0 - r * endless);
            prop_assert!((one_more - endless).abs() * top_t * t < ADDING, "{one_more} {endless}");
        }

        #[test]
        fn clear_stacks_follow_stokes(n in 1.05..2.0_f64, layers in 1.0..4.0_f64) {
            let plate = Plate::<f64>::new(&[n]);
            let (rho, transmitted, absorbed) = stack_of_plates(&plate, layers, keep_off_zero(0.0));
            // t of one plate, t/(t + (1 − t)(N − 1)) of N − 1 of them
            let (r, t) = rays(plate.into, &plate, 1.0);
            let (top_r, top_t) = rays(plate.outer, &plate, 1.0);
            let under_t = t / (t + (1.0 - t) * (layers - 1.0));
            let under_r = 1.0 - under_t;
            let between = 1.0 / (1.0 - r * under_r);
            prop_assert!((rho - top_r - top_t * under_r * t * between).abs() < CLEAR);
            prop_assert!((transmitted - top_t * under_t * between).abs() < CLEAR);
            prop_assert!(absorbed > 0.0 && absorbed < CLEAR);
        }
    }
}
