//! 4SAIL for people who use it alone, in double precision.

use super::layer::{HotSpot, LayerScalars, Nodes};
use super::streams::{LaneScattering, Layer, Medium};
use super::{LeafAngles, Scattering, Viewing};
use crate::PhysicsError;
use crate::numbers::{Real, Sloped};
use crate::quantities::Range;

const LAI: Range = Range::new("LAI", "m2/m2", (0.0, 15.0), 3.0);
const HSPOT: Range = Range::new("hspot", "1", (0.0, 1.0), 0.01);
const TTS: Range = Range::new("tts", "deg", (0.0, 80.0), 30.0);
const TTO: Range = Range::new("tto", "deg", (0.0, 80.0), 0.0);
const PSI: Range = Range::new("psi", "deg", (0.0, 180.0), 0.0);
const REFLECTANCE: Range = Range::new("leaf reflectance", "1", (0.0, 1.0), 0.0);
const TRANSMITTANCE: Range = Range::new("leaf transmittance", "1", (0.0, 1.0), 0.0);
const ABSORPTANCE: Range = Range::new("leaf absorptance", "1", (-1e-12, 1.0), 0.0);
const SOIL: Range = Range::new("soil reflectance", "1", (0.0, 1.0), 0.0);

/// A homogeneous canopy and the directions of sun and view.
#[derive(Clone, Debug, PartialEq)]
pub struct SailParameters {
    /// Leaf area index, m²/m², 0 to 15.
    pub lai: f64,
    /// Leaf inclinations.
    pub leaf_angles: LeafAngles,
    /// Hot-spot size (leaf size over canopy height), 0 to 1; 0 for no hot spot.
    pub hspot: f64,
    /// Sun zenith in degrees, 0 to 80.
    pub tts: f64,
    /// View zenith in degrees, 0 to 80.
    pub tto: f64,
    /// Relative azimuth of sun and view in degrees, 0 to 180.
    pub psi: f64,
}

impl Default for SailParameters {
    /// Leaf area index 3, uniform leaf angles, hot spot 0.01, sun at 30°, seen from above.
    fn default() -> Self {
        Self {
            lai: LAI.default,
            leaf_angles: LeafAngles::default(),
            hspot: HSPOT.default,
            tts: TTS.default,
            tto: TTO.default,
            psi: PSI.default,
        }
    }
}

/// The canopy model 4SAIL, its wavelength-independent part computed: give it leaves and soil.
///
#[doc = include_str!("sail.md")]
///
#[doc = include_str!("shadow_distance.md")]
///
#[doc = include_str!("sail_hot_spot.md")]
#[doc = include_str!("../../katex.html")]
#[derive(Clone, Debug)]
pub struct Sail {
    scattering: Scattering,
    layer: LayerScalars,
    sky_fraction: f64,
}

/// Fluxes and reflectances of a canopy at one wavelength, named as in the literature: the first letter
/// after r or t is the incident flux (s sun, d diffuse), the second the one leaving (d diffuse, o towards
/// the view); a final t is the canopy with the soil below it. Formulas are those of [`Sail`]; all are
/// dimensionless.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SailFluxes {
    /// Sun beam to view, over the soil (bidirectional reflectance factor).
    pub rsot: f64,
    /// Diffuse light to view, over the soil (hemispherical-directional).
    pub rdot: f64,
    /// Sun beam to diffuse, over the soil (directional-hemispherical).
    pub rsdt: f64,
    /// Diffuse to diffuse, over the soil (bihemispherical).
    pub rddt: f64,
    /// Part of `rsot` that is reflected once, by leaf or soil: rso + tsstoo·R_s.
    pub rsost: f64,
    /// Part of `rsot` that soil and leaves have exchanged.
    pub rsodt: f64,
    /// Diffuse reflectance of the canopy alone.
    pub rdd: f64,
    /// Diffuse transmittance.
    pub tdd: f64,
    /// Sun beam to diffuse, reflected.
    pub rsd: f64,
    /// Sun beam to diffuse, transmitted.
    pub tsd: f64,
    /// Diffuse to view, reflected.
    pub rdo: f64,
    /// Diffuse to view, transmitted.
    pub tdo: f64,
    /// Sun beam to view by the leaves alone, `rsos` + `rsod`.
    pub rso: f64,
    /// Sun beam to view by single scattering in the leaves.
    pub rsos: f64,
    /// Sun beam to view by multiple scattering in the leaves.
    pub rsod: f64,
    /// Direct transmittance of the sun beam.
    pub tss: f64,
    /// Direct transmittance of the view beam.
    pub too: f64,
    /// Bidirectional gap fraction.
    pub tsstoo: f64,
}

impl Sail {
    /// A canopy and its directions.
    ///
    /// # Errors
    /// A parameter outside its range.
    pub fn new(parameters: &SailParameters) -> Result<Self, PhysicsError> {
        let p = parameters;
        p.leaf_angles.check(0)?;
        for (range, value) in [
            (LAI, p.lai),
            (HSPOT, p.hspot),
            (TTS, p.tts),
            (TTO, p.tto),
            (PSI, p.psi),
        ] {
            range.check(0, value)?;
        }
        let c = Sloped::constant;
        let viewing = Viewing::new(c(p.tts), c(p.tto), c(p.psi));
        let scattering = Scattering::new(&p.leaf_angles.fixed(), &viewing);
        let distance = viewing.shadow_distance();
        let hot_spot = HotSpot::new(&scattering, distance, c(p.hspot), Nodes::Published);
        Ok(Self {
            scattering,
            layer: LayerScalars::new(&scattering, c(p.lai), &hot_spot),
            sky_fraction: sky_fraction(p.tts),
        })
    }

    /// Fluxes of leaves with this reflectance and transmittance over a soil, all 0 to 1.
    ///
    /// Without absorption (ρ + τ = 1) the leaf is computed with an absorptance of 1e-10.
    ///
    /// # Errors
    /// A value outside 0 to 1, or ρ + τ > 1.
    pub fn fluxes(
        &self,
        leaf_reflectance: f64,
        leaf_transmittance: f64,
        soil_reflectance: f64,
    ) -> Result<SailFluxes, PhysicsError> {
        let absorptance = 1.0 - leaf_reflectance - leaf_transmittance;
        REFLECTANCE.check(0, leaf_reflectance)?;
        TRANSMITTANCE.check(0, leaf_transmittance)?;
        ABSORPTANCE.check(0, absorptance)?;
        SOIL.check(0, soil_reflectance)?;

        let s = LaneScattering::<f64>::new(&self.scattering);
        let medium = Medium::<f64>::new(s.bf, leaf_reflectance, leaf_transmittance, absorptance);
        let (sun, view) = (medium.beam(s.ks, s.bf), medium.beam(s.ko, s.bf));
        let w = medium.bidirectional(&s);
        let layer = Layer::new(&medium, &sun, &view, w, &self.layer, usize::MAX);
        let top = layer.over_soil(soil_reflectance);
        let (tss, tsstoo) = (self.tss(), self.tsstoo());
        // what the soil sends up for each unit that reaches it
        let from_soil = soil_reflectance / (1.0 - soil_reflectance * layer.rdd);
        let rsost = layer.rso + tsstoo * soil_reflectance;
        Ok(SailFluxes {
            rsot: top.rsot,
            rdot: top.rdot,
            rsdt: layer.sun.reflected + (tss + layer.sun.scattered) * from_soil * layer.tdd,
            rddt: layer.rdd + layer.tdd * from_soil * layer.tdd,
            rsost,
            rsodt: top.rsot - rsost,
            rdd: layer.rdd,
            tdd: layer.tdd,
            rsd: layer.sun.reflected,
            tsd: layer.sun.scattered,
            rdo: layer.view.reflected,
            tdo: layer.view.scattered,
            rso: layer.rso,
            rsos: layer.rsos,
            rsod: layer.rso - layer.rsos,
            tss,
            too: self.too(),
            tsstoo,
        })
    }

    /// Extinction coefficient of the sun beam.
    pub fn ks(&self) -> f64 {
        self.scattering.ks.value()
    }

    /// Extinction coefficient of the view beam.
    pub fn ko(&self) -> f64 {
        self.scattering.ko.value()
    }

    /// Direct transmittance of the sun beam, e^(−ks L).
    pub fn tss(&self) -> f64 {
        self.layer.tss.value()
    }

    /// Direct transmittance of the view beam, e^(−ko L).
    pub fn too(&self) -> f64 {
        self.layer.too.value()
    }

    /// Bidirectional gap fraction with the hot spot.
    pub fn tsstoo(&self) -> f64 {
        self.layer.tsstoo.value()
    }

    /// Share of diffuse light for this sun zenith, see [`sky_fraction`].
    pub fn sky_fraction(&self) -> f64 {
        self.sky_fraction
    }
}

/// Share of diffuse light in the irradiance at a sun zenith θ in degrees, 0 to 80,
///
/// ```math
/// s = 0.847 - 1.61\cos\theta + 1.04\cos^2\theta
/// ```
///
/// (François et al. 2002, Agronomie 22:611–618), one number for all wavelengths. 0.28 at 0°, least (0.22) at 39°, 0.60 at 80°.
#[doc = include_str!("../../katex.html")]
pub fn sky_fraction(sun_zenith_deg: f64) -> f64 {
    sky_fraction_at(Sloped::constant(sun_zenith_deg.to_radians().cos())).value()
}

/// [`sky_fraction`] at the cosine of the sun zenith.
pub(crate) fn sky_fraction_at(cos_sun: Sloped) -> Sloped {
    (cos_sun.scale(1.04).offset(-1.61) * cos_sun).offset(0.847)
}

/// Reflectance under direct and diffuse light of irradiance E_s and E_d, of which the sky's share s
/// (`sky_fraction`, 0 to 1) and 1 − s are taken,
///
/// ```math
/// R = \frac{s\,E_d\,r_{dot} + (1-s)\,E_s\,r_{sot}}{s\,E_d + (1-s)\,E_s}.
/// ```
///
/// Irradiances in any unit: only their ratio matters. R is rsot for s = 0 and rdot for s = 1.
#[doc = include_str!("../../katex.html")]
pub fn mix_direct_and_diffuse(
    rsot: f64,
    rdot: f64,
    sky_fraction: f64,
    direct_irradiance: f64,
    diffuse_irradiance: f64,
) -> f64 {
    let direct = (1.0 - sky_fraction) * direct_irradiance;
    let diffuse = sky_fraction * diffuse_irradiance;
    (rdot * diffuse + rsot * direct) / (diffuse + direct)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canopy(lai: f64) -> Sail {
        Sail::new(&SailParameters {
            lai,
            tts: 40.0,
            tto: 20.0,
            psi: 60.0,
            hspot: 0.1,
            leaf_angles: LeafAngles::Spherical,
        })
        .unwrap()
    }

    #[test]
    fn no_leaves_is_the_soil() {
        let f = canopy(0.0).fluxes(0.4, 0.3, 0.25).unwrap();
        assert!((f.rsot - 0.25).abs() < 1e-15 && (f.rdot - 0.25).abs() < 1e-15);
        assert_eq!((f.rdd, f.rso, f.rdo, f.tdd), (0.0, 0.0, 0.0, 1.0));
    }

    /// What the smallest absorptance (1e-10) may take away in a deep canopy, and the rounding of rsd.
    const CONSERVED: f64 = 2e-8;

    #[test]
    fn leaves_without_absorption_conserve_energy() {
        for lai in [0.0, 0.1, 1.0, 5.0, 15.0] {
            let sail = canopy(lai);
            let f = sail.fluxes(0.55, 0.45, 0.2).unwrap();
            assert!((f.rdd + f.tdd - 1.0).abs() < CONSERVED, "{lai} {f:?}");
            let sun = f.rsd + f.tsd + sail.tss();
            assert!((sun - 1.0).abs() < CONSERVED, "{lai} {sun}");
            assert!(f.rsot.is_finite() && f.rdot.is_finite());
        }
    }

    #[test]
    fn black_leaves_only_transmit_directly() {
        let sail = canopy(2.0);
        let f = sail.fluxes(0.0, 0.0, 0.3).unwrap();
        assert_eq!((f.rdd, f.rso, f.tsd, f.rdo), (0.0, 0.0, 0.0, 0.0));
        assert!((f.rsot - 0.3 * sail.tsstoo()).abs() < 1e-15);
    }

    #[test]
    fn a_deep_canopy_hides_the_soil() {
        let a = canopy(15.0).fluxes(0.05, 0.03, 0.0).unwrap();
        let b = canopy(15.0).fluxes(0.05, 0.03, 1.0).unwrap();
        assert!((a.rsot - b.rsot).abs() < 1e-4);
    }

    #[test]
    fn impossible_values_are_refused() {
        assert!(canopy(1.0).fluxes(0.6, 0.5, 0.1).is_err());
        assert!(canopy(1.0).fluxes(f64::NAN, 0.5, 0.1).is_err());
        let steep = SailParameters {
            tts: 85.0,
            ..Default::default()
        };
        let error = Sail::new(&steep).unwrap_err().to_string();
        assert_eq!(
            error,
            "row 0: tts = 85 deg is outside the allowed range 0 to 80"
        );
    }
}
