//! PROSPECT for people who use it alone, in double precision.

use super::contents::LeafParameters;
use super::plates::{Plate, keep_off_zero, stack_of_plates};
use super::version::LeafVersion;
use crate::PhysicsError;
use crate::tables::{LeafConstants, grid_places};

/// Optical properties of a leaf at one wavelength.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeafOptics {
    /// Hemispherical reflectance ρ.
    pub reflectance: f64,
    /// Hemispherical transmittance τ.
    pub transmittance: f64,
    /// 1 − ρ − τ, computed without cancellation.
    pub absorptance: f64,
}

/// The leaf model PROSPECT: one plate under light within 40° of the normal, on N − 1 plates under
/// isotropic light (Jacquemoud and Baret 1990, Remote Sensing of Environment 34:75–91,
/// doi:10.1016/0034-4257(90)90100-Z).
///
/// # Absorption of a layer
///
/// Contents C are spread evenly over the N layers, each with its specific absorption coefficient K:
///
/// ```math
/// k(\lambda) = \frac{1}{N} \sum_j C_j\,K_j(\lambda)
/// ```
///
/// N is 1 to 4, λ 400 to 2500 nm; units and ranges of the contents are those of
/// [`LeafParameters`], absorbers and coefficients those of the
/// [`LeafVersion`]. k below 1e-10 is replaced by 1e-10.
///
/// # Transmissivity of a plate
///
/// For isotropic light, with the exponential integrals E₁ and E₂ (Allen et al. 1969, J. Opt. Soc. Am.
/// 59:1376; Jacquemoud and Baret 1990, equation 15):
///
/// ```math
/// \begin{aligned}
/// \tau(k) &= (1-k)\,e^{-k} + k^2 E_1(k) = e^{-k} - k\,E_2(k), \\
/// \frac{d\tau}{dk} &= -2\,E_2(k), \qquad
/// E_m(k) = \int_1^\infty \frac{e^{-kt}}{t^m}\,dt
/// \end{aligned}
/// ```
///
/// k ≥ 0, τ is 0 to 1: τ(0) = 1, and τ tends to 2 exp(−k)/k for large k.
///
/// # Transmissivity of an interface
///
/// For isotropic light within a cone of half-angle α around the normal, n the refractive index of the leaf
/// (1.05 to 2): Fresnel's, averaged over both polarisations and the cone (Stern 1964, Applied Optics 3:111;
/// Allen 1973, J. Opt. Soc. Am. 63:664, equations 11 to 19),
///
#[doc = include_str!("interface.md")]
///
/// # One plate
///
/// With
///
/// ```math
/// t_{12} = t_{av}(40°, n), \quad t_{90} = t_{av}(90°, n), \quad
/// t_{21} = \frac{t_{90}}{n^2}, \quad r_{21} = 1 - t_{21},
/// ```
///
/// the plate on top has
///
/// ```math
/// T_a = \frac{t_{12}\,t_{21}\,\tau}{1 - r_{21}^2\tau^2}, \qquad
/// R_a = 1 - t_{12} + r_{21}\,\tau\,T_a,
/// ```
///
/// and those below r and t, the same with t₉₀ in place of t₁₂. PROSPECT of 1990 had α = 59°; 40° is that of
/// PROSPECT-4 and later (Féret et al. 2008, doi:10.1016/j.rse.2008.02.012).
///
/// # The stack
///
/// N − 1 plates under isotropic light (Stokes 1862, Proc. R. Soc. Lond. 11:545; Jacquemoud and Baret 1990,
/// equations 16 to 18), N any real number from 1 on:
///
/// ```math
/// \begin{aligned}
/// \Delta &= \sqrt{(1+r+t)(1+r-t)(1-r+t)(1-r-t)}, \\
/// a &= \frac{1+r^2-t^2+\Delta}{2r}, \qquad b = \frac{1-r^2+t^2+\Delta}{2t}, \qquad B = b^{N-1}, \\
/// R &= \frac{a\,(B^2-1)}{a^2B^2-1}, \qquad T = \frac{B\,(a^2-1)}{a^2B^2-1}, \\
/// \rho &= R_a + \frac{T_a\,R\,t}{1-R\,r}, \qquad \tau_{leaf} = \frac{T_a\,T}{1-R\,r}
/// \end{aligned}
/// ```
///
/// Limits: N = 1 gives ρ = Rₐ and τ = Tₐ; without absorption T = t/(t + (1 − t)(N − 1)) and R = 1 − T, so
/// that ρ + τ = 1; for N → ∞ R tends to 1/a and τ to 0. The code has forms of these without cancellation.
#[doc = include_str!("../../katex.html")]
#[derive(Clone, Debug)]
pub struct Prospect {
    version: LeafVersion,
    constants: LeafConstants,
}

impl Prospect {
    /// A version with its published constants.
    pub fn new(version: LeafVersion) -> Self {
        Self {
            version,
            constants: version.constants(),
        }
    }

    /// A version with other constants.
    ///
    /// # Errors
    /// The constants lack the coefficients of an absorber of this version.
    pub fn with_constants(
        version: LeafVersion,
        constants: LeafConstants,
    ) -> Result<Self, PhysicsError> {
        constants.check_has(version.absorbers())?;
        Ok(Self { version, constants })
    }

    /// The version.
    pub fn version(&self) -> LeafVersion {
        self.version
    }

    /// Its constants.
    pub fn constants(&self) -> &LeafConstants {
        &self.constants
    }

    /// Optical properties of a leaf at these wavelengths (whole nm, 400 to 2500).
    ///
    /// # Errors
    /// A parameter outside its range or a wavelength off the grid.
    pub fn leaf(
        &self,
        leaf: &LeafParameters,
        wavelengths_nm: &[u32],
    ) -> Result<Vec<LeafOptics>, PhysicsError> {
        leaf.check()?;
        let places = grid_places(wavelengths_nm)?;
        Ok(places
            .into_iter()
            .map(|place| {
                let plate = Plate::<f64>::new(&[self.constants.refractive_index()[place]]);
                let k = keep_off_zero(self.layer_absorption(leaf, place));
                let (reflectance, transmittance, absorptance) = stack_of_plates(&plate, leaf.n, k);
                LeafOptics {
                    reflectance,
                    transmittance,
                    absorptance,
                }
            })
            .collect())
    }

    /// k = Σ C·K/N at a place of the grid.
    pub(super) fn layer_absorption(&self, leaf: &LeafParameters, place: usize) -> f64 {
        let absorbers = self.version.absorbers().iter();
        let sum: f64 = absorbers
            .map(|a| leaf.content(*a) * self.constants.coefficient(*a, place))
            .sum();
        sum / leaf.n
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounding of the closed forms.
    const ROUNDING: f64 = 1e-13;

    #[test]
    fn reflected_transmitted_and_absorbed_are_one() {
        let all: Vec<u32> = (400..=2500).collect();
        for version in LeafVersion::ALL {
            for n in [1.0, 1.3, 4.0] {
                let leaf = LeafParameters {
                    n,
                    ..Default::default()
                };
                for o in Prospect::new(version).leaf(&leaf, &all).unwrap() {
                    let sum = o.reflectance + o.transmittance + o.absorptance;
                    assert!((sum - 1.0).abs() < ROUNDING, "{version:?} {n} {o:?}");
                }
            }
        }
    }

    #[test]
    fn a_leaf_without_absorbers_absorbs_nothing() {
        for n in [1.0, 2.5] {
            let clear = LeafParameters {
                n,
                cab: 0.0,
                car: 0.0,
                anth: 0.0,
                cbrown: 0.0,
                cw: 0.0,
                cm: 0.0,
                cp: 0.0,
                cbc: 0.0,
            };
            for o in Prospect::new(LeafVersion::ProspectD)
                .leaf(&clear, &[400, 800, 2500])
                .unwrap()
            {
                assert!(o.absorptance.abs() < 1e-8 && o.reflectance > 0.0);
                assert!((o.reflectance + o.transmittance - 1.0).abs() < 1e-8);
            }
        }
    }

    #[test]
    fn prospect_4_is_5_without_carotenoids() {
        let at = [400, 450, 550, 680, 850, 1450, 2200];
        let leaf = LeafParameters::default();
        let without = LeafParameters { car: 0.0, ..leaf };
        let four = Prospect::new(LeafVersion::Prospect4);
        let five = Prospect::new(LeafVersion::Prospect5);
        let found = four.leaf(&leaf, &at).unwrap();
        assert_eq!(found, five.leaf(&without, &at).unwrap());
        assert_ne!(found[1], five.leaf(&leaf, &at).unwrap()[1]); // carotenoids absorb blue
    }

    #[test]
    fn errors_name_parameter_and_wavelength() {
        let leaf = LeafParameters {
            n: 0.5,
            ..Default::default()
        };
        let prospect = Prospect::new(LeafVersion::default());
        let error = prospect.leaf(&leaf, &[500]).unwrap_err().to_string();
        assert!(error.contains("N = 0.5"), "{error}");
        let error = prospect
            .leaf(&LeafParameters::default(), &[399])
            .unwrap_err();
        assert!(error.to_string().contains("wavelength = 399 nm"), "{error}");
    }
}
