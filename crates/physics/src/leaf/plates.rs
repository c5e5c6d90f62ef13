//! PROSPECT's optics, written once over [`Real`]: a stack of N absorbing plates.

use super::interface::mean_transmissivity;
use crate::numbers::{Lane, Real};

/// Half-angle of the cone of light on the upper surface of the leaf, in degrees (PROSPECT-5 and later).
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
/// Remote Sensing of Environment 34:75–91, equations 16 to 18; Stokes 1862), in forms without
/// cancellation: 1 − r − t, a − 1, b − 1 and the absorptance 1 − ρ − τ are computed directly, so that
/// single precision keeps its digits in weakly absorbing leaves.
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
