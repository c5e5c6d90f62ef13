//! 4SAIL at one wavelength, written once over [`Real`]: diffuse fluxes down and up, a sun and a view beam.
//!
//! Formulas and symbols are those of [`crate::Sail`], in forms without cancellation: with
//! 1 − R∞² = 2m/(att + m) nothing is divided by a difference of nearly equal numbers but `rsod`, whose
//! digits go as 1/m³ in leaves that absorb next to nothing.

use super::{LayerScalars, Scattering};
use crate::numbers::{J1Beam, Lane, Real, Sloped};

/// Absorptance below which a leaf is computed as with this absorptance (and without derivative to it):
/// without absorption m = 0 and the fluxes are 0/0. It keeps m² above about 1e-10.
const LEAST_ABSORPTANCE: f64 = 1e-10;

/// A wavelength-independent quantity as variable `i`.
#[inline(always)]
pub(crate) fn variable<T: Real>(s: Sloped, i: usize) -> T {
    T::variable(T::L::c(s.value()), T::L::c(s.slope()), i)
}

/// [`Scattering`] at a lane: constants, or numbers that vary along a direction.
#[derive(Clone, Copy)]
pub(crate) struct LaneScattering<C> {
    pub ks: C,
    pub ko: C,
    pub bf: C,
    pub sob: C,
    pub sof: C,
}

impl<C: Real> LaneScattering<C> {
    #[inline(always)]
    pub fn new(scattering: &Scattering) -> Self {
        Self {
            ks: variable(scattering.ks, 0),
            ko: variable(scattering.ko, 0),
            bf: variable(scattering.bf, 0),
            sob: variable(scattering.sob, 0),
            sof: variable(scattering.sof, 0),
        }
    }
}

/// Diffuse light in an endless canopy.
#[derive(Clone, Copy)]
pub(crate) struct Medium<T> {
    /// Leaf reflectance.
    rho: T,
    /// Leaf transmittance.
    tau: T,
    /// Extinction of diffuse light.
    m: T,
    /// R∞
    r: T,
    /// R∞²
    r2: T,
    /// 1 − R∞²
    one_minus_r2: T,
    /// 1/(1 − R∞²)
    inverse: T,
}

/// A direct beam (sun or view) in an endless canopy; its extinction is a `C`.
#[derive(Clone, Copy)]
pub(crate) struct Beam<T: Real, C: Real<L = T::L>> {
    /// s_f + s_b R∞
    forward: T,
    /// s_f R∞ + s_b
    backward: T,
    /// 1/(k + m)
    inverse_sum: T,
    /// k
    k: C,
    /// k − m
    difference: T::L,
    inverse_difference: T::L,
}

impl<T: Real> Medium<T> {
    /// A canopy of leaves with reflectance `rho`, transmittance `tau` and absorptance 1 − ρ − τ.
    #[inline(always)]
    pub fn new<C: Real<L = T::L>>(bf: C, rho: T, tau: T, absorptance: T) -> Self {
        let c = T::L::c;
        let half = bf.scale(c(0.5));
        let (back, front) = (half.offset(c(0.5)), (-half).offset(c(0.5)));
        let sigma_b = rho.times(back) + tau.times(front);
        // att − σ_b = 1 − ρ − τ
        let absorptance = absorptance.clip_below(c(LEAST_ABSORPTANCE));
        let att = sigma_b + absorptance;
        let m = ((att + sigma_b) * absorptance).sqrt();
        let inverse_att_m = (att + m).recip();
        let r = sigma_b * inverse_att_m;
        let one_minus_r2 = (m * inverse_att_m).scale(c(2.0));
        Self {
            rho,
            tau,
            m,
            r,
            r2: r * r,
            one_minus_r2,
            inverse: one_minus_r2.recip(),
        }
    }

    /// A beam with extinction `k` in this canopy.
    #[inline(always)]
    pub fn beam<C: Real<L = T::L>>(&self, k: C, bf: C) -> Beam<T, C> {
        let c = T::L::c;
        let (plus, minus) = ((k + bf).scale(c(0.5)), (k - bf).scale(c(0.5)));
        let backward = self.rho.times(plus) + self.tau.times(minus);
        let forward = self.rho.times(minus) + self.tau.times(plus);
        let difference = k.value() - self.m.value();
        Beam {
            forward: forward + backward * self.r,
            backward: forward * self.r + backward,
            inverse_sum: self.m.plus(k).recip(),
            k,
            difference,
            inverse_difference: c(1.0) / difference,
        }
    }

    /// Single scattering coefficient w from the sun into the view.
    #[inline(always)]
    pub fn bidirectional<C: Real<L = T::L>>(&self, scattering: &LaneScattering<C>) -> T {
        self.rho.times(scattering.sob) + self.tau.times(scattering.sof)
    }

    /// The same in a type with other variables.
    #[inline(always)]
    pub fn lift<R: Real<L = T::L>>(&self, map: &[usize]) -> Medium<R> {
        Medium {
            rho: self.rho.lift(map),
            tau: self.tau.lift(map),
            m: self.m.lift(map),
            r: self.r.lift(map),
            r2: self.r2.lift(map),
            one_minus_r2: self.one_minus_r2.lift(map),
            inverse: self.inverse.lift(map),
        }
    }
}

impl<T: Real, C: Real<L = T::L>> Beam<T, C> {
    /// The same in a type with other variables.
    #[inline(always)]
    pub fn lift<R: Real<L = T::L>>(&self, map: &[usize]) -> Beam<R, C> {
        Beam {
            forward: self.forward.lift(map),
            backward: self.backward.lift(map),
            inverse_sum: self.inverse_sum.lift(map),
            k: self.k,
            difference: self.difference,
            inverse_difference: self.inverse_difference,
        }
    }
}

/// Diffuse fluxes of a layer.
#[derive(Clone, Copy)]
pub(crate) struct LayerFluxes<T> {
    length: T,
    /// e^−mL
    e: T,
    /// R∞ e^−mL
    re: T,
    /// 1/(1 − R∞² e^−2mL)
    inverse_d: T,
    /// Diffuse reflectance.
    pub rdd: T,
    /// Diffuse transmittance.
    pub tdd: T,
}

/// Fluxes of a layer under one direct beam.
#[derive(Clone, Copy)]
pub(crate) struct BeamFluxes<T> {
    /// Direct transmittance.
    pub direct: T,
    j1: T,
    p: T,
    q: T,
    /// Beam to diffuse, transmitted (tsd, tdo).
    pub scattered: T,
    /// Beam to diffuse, reflected (rsd, rdo).
    pub reflected: T,
}

impl<T: Real> LayerFluxes<T> {
    /// A layer whose leaf area index is variable `i`.
    #[inline(always)]
    pub fn new(medium: &Medium<T>, length: Sloped, i: usize) -> Self {
        let length = variable::<T>(length, i);
        let x = -(medium.m * length);
        let (e, e_minus_1) = (x.exp(), x.exp_m1()); // the compiler shares the common part
        let re = medium.r * e;
        // 1 − e^−2mL
        let lost = -(e_minus_1 * e_minus_1.offset(T::L::c(2.0)));
        let inverse_d = medium.r2.fma(lost, medium.one_minus_r2).recip();
        Self {
            length,
            e,
            re,
            inverse_d,
            rdd: medium.r * lost * inverse_d,
            tdd: medium.one_minus_r2 * e * inverse_d,
        }
    }

    /// A beam with direct transmittance `direct` through the layer.
    #[inline(always)]
    pub fn beam<C: Real<L = T::L>>(
        &self,
        medium: &Medium<T>,
        beam: &Beam<T, C>,
        direct: T,
    ) -> BeamFluxes<T> {
        let j1_beam = J1Beam {
            k: beam.k,
            difference: beam.difference,
            inverse_difference: beam.inverse_difference,
            transmitted: direct.value(),
        };
        let j1 = T::j1(medium.m, self.length, j1_beam, self.e.value());
        let j2 = (-(direct * self.e)).offset(T::L::c(1.0)) * beam.inverse_sum;
        let (p, q) = (beam.forward * j1, beam.backward * j2);
        BeamFluxes {
            direct,
            j1,
            p,
            q,
            scattered: (p - self.re * q) * self.inverse_d,
            reflected: (q - self.re * p) * self.inverse_d,
        }
    }
}

impl<T: Real> Medium<T> {
    /// Multiple scattering from the sun into the view, `rsod`; `j2` is J₂(ks, ko, L).
    #[inline(always)]
    pub fn rsod<C: Real<L = T::L>>(
        &self,
        (sun, sun_fluxes): (&Beam<T, C>, &BeamFluxes<T>),
        (view, view_fluxes): (&Beam<T, C>, &BeamFluxes<T>),
        j2: T,
    ) -> T {
        let (s, v) = (sun_fluxes, view_fluxes);
        let g1 = (j2 - s.j1 * v.direct) * view.inverse_sum;
        let g2 = (j2 - v.j1 * s.direct) * sun.inverse_sum;
        let t1 = sun.forward * view.backward * g1;
        let t2 = sun.backward * view.forward * g2;
        let t3 = (v.reflected * s.q + v.scattered * s.p) * self.r;
        (t1 + t2 - t3) * self.inverse
    }
}

/// A layer between sun and view, apart from the soil below it.
#[derive(Clone, Copy)]
pub(crate) struct Layer<T> {
    /// Diffuse reflectance.
    pub rdd: T,
    /// Diffuse transmittance.
    pub tdd: T,
    /// Fluxes under the sun beam.
    pub sun: BeamFluxes<T>,
    /// Fluxes under the view beam (reciprocal).
    pub view: BeamFluxes<T>,
    /// Bidirectional reflectance of the leaves by single scattering, w L Σ.
    pub rsos: T,
    /// Bidirectional reflectance of the leaves, w L Σ + rsod.
    pub rso: T,
    /// Bidirectional gap fraction.
    pub tsstoo: T,
}

impl<T: Real> Layer<T> {
    /// A layer whose leaf area index is variable `i`; `w` is the single scattering coefficient.
    #[inline(always)]
    pub fn new<C: Real<L = T::L>>(
        medium: &Medium<T>,
        sun: &Beam<T, C>,
        view: &Beam<T, C>,
        w: T,
        scalars: &LayerScalars,
        i: usize,
    ) -> Self {
        let fluxes = LayerFluxes::new(medium, scalars.length, i);
        let view_fluxes = fluxes.beam(medium, view, variable(scalars.too, i));
        Self::under_sun(medium, &fluxes, sun, (view, view_fluxes), w, scalars, i)
    }

    /// As [`Layer::new`] where the fluxes of diffuse light and of the view beam are known.
    #[inline(always)]
    pub fn under_sun<C: Real<L = T::L>>(
        medium: &Medium<T>,
        fluxes: &LayerFluxes<T>,
        sun: &Beam<T, C>,
        (view, view_fluxes): (&Beam<T, C>, BeamFluxes<T>),
        w: T,
        scalars: &LayerScalars,
        i: usize,
    ) -> Self {
        let sun_fluxes = fluxes.beam(medium, sun, variable(scalars.tss, i));
        let j2 = variable(scalars.j2, i);
        let rsod = medium.rsod((sun, &sun_fluxes), (view, &view_fluxes), j2);
        let rsos = w * variable(scalars.single, i);
        Self {
            rdd: fluxes.rdd,
            tdd: fluxes.tdd,
            sun: sun_fluxes,
            view: view_fluxes,
            rsos,
            rso: rsos + rsod,
            tsstoo: variable(scalars.tsstoo, i),
        }
    }

    /// The same in a type with other variables.
    #[inline(always)]
    pub fn lift<R: Real<L = T::L>>(&self, map: &[usize]) -> Layer<R> {
        Layer {
            rdd: self.rdd.lift(map),
            tdd: self.tdd.lift(map),
            sun: self.sun.lift(map),
            view: self.view.lift(map),
            rsos: self.rsos.lift(map),
            rso: self.rso.lift(map),
            tsstoo: self.tsstoo.lift(map),
        }
    }

    /// Reflectances into the view over a soil of reflectance `soil`.
    #[inline(always)]
    pub fn over_soil(&self, soil: T) -> OverSoil<T> {
        let (sun, view) = (&self.sun, &self.view);
        let x = soil * self.rdd;
        let from_soil = soil * (-x).offset(T::L::c(1.0)).recip();
        let down = sun.direct + sun.scattered;
        let up = down.fma(
            view.scattered,
            sun.direct.fma(x, sun.scattered) * view.direct,
        );
        OverSoil {
            rsot: self.rso + self.tsstoo * soil + up * from_soil,
            rdot: (view.scattered + view.direct).fma(self.tdd * from_soil, view.reflected),
        }
    }
}

impl<T: Real> BeamFluxes<T> {
    #[inline(always)]
    fn lift<R: Real<L = T::L>>(&self, map: &[usize]) -> BeamFluxes<R> {
        BeamFluxes {
            direct: self.direct.lift(map),
            j1: self.j1.lift(map),
            p: self.p.lift(map),
            q: self.q.lift(map),
            scattered: self.scattered.lift(map),
            reflected: self.reflected.lift(map),
        }
    }
}

/// Reflectances of a layer over a soil into the view.
#[derive(Clone, Copy)]
pub(crate) struct OverSoil<T> {
    /// Of the sun beam.
    pub rsot: T,
    /// Of diffuse light.
    pub rdot: T,
}

impl<T: Real> OverSoil<T> {
    /// Reflectance where `diffuse_share` of the irradiance is diffuse.
    #[inline(always)]
    pub fn mix<C: Real<L = T::L>>(&self, diffuse_share: C) -> T {
        let direct_share = (-diffuse_share).offset(T::L::c(1.0));
        self.rsot.times(direct_share) + self.rdot.times(diffuse_share)
    }
}
