//! PROSPECT for people who use it alone, in double precision.

use super::plates::{Plate, keep_off_zero, stack_of_plates};
use crate::PhysicsError;
use crate::tables::{Absorber, LeafConstants, grid_places};

/// A version of PROSPECT: its constants and its absorbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LeafVersion {
    /// cab, car, cw, cm with the constants of Féret et al. (2008).
    Prospect5,
    /// PROSPECT-5 and brown pigments.
    Prospect5B,
    /// PROSPECT-5B and anthocyanins, constants of Féret et al. (2017).
    #[default]
    ProspectD,
    /// Proteins and carbon-based constituents instead of dry matter (Féret et al. 2021).
    ProspectPro,
}

impl LeafVersion {
    /// What absorbs light in this version.
    pub fn absorbers(self) -> &'static [Absorber] {
        use Absorber::{
            Anthocyanins, BrownPigments, CarbonBasedConstituents, Carotenoids, Chlorophyll,
            DryMatter, Proteins, Water,
        };
        match self {
            Self::Prospect5 => &[Chlorophyll, Carotenoids, Water, DryMatter],
            Self::Prospect5B => &[Chlorophyll, Carotenoids, BrownPigments, Water, DryMatter],
            Self::ProspectD => &[
                Chlorophyll,
                Carotenoids,
                Anthocyanins,
                BrownPigments,
                Water,
                DryMatter,
            ],
            Self::ProspectPro => &[
                Chlorophyll,
                Carotenoids,
                Anthocyanins,
                BrownPigments,
                Water,
                Proteins,
                CarbonBasedConstituents,
            ],
        }
    }
}

/// Structure and contents of a leaf. A version ignores the absorbers it does not know.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeafParameters {
    /// Structure, the number of layers N, 1 to 4.
    pub n: f64,
    /// Chlorophyll a and b, µg/cm², 0 to 120.
    pub cab: f64,
    /// Carotenoids, µg/cm², 0 to 30.
    pub car: f64,
    /// Anthocyanins, µg/cm², 0 to 40.
    pub anth: f64,
    /// Brown pigments, arbitrary units, 0 to 1.
    pub cbrown: f64,
    /// Equivalent water thickness, cm, 0 to 0.1.
    pub cw: f64,
    /// Dry matter, g/cm², 0 to 0.06.
    pub cm: f64,
    /// Proteins, g/cm², 0 to 0.005.
    pub cp: f64,
    /// Carbon-based constituents, g/cm², 0 to 0.03.
    pub cbc: f64,
}

/// Allowed ranges and defaults.
pub(crate) mod ranges {
    use crate::quantities::Range;

    pub const N: Range = Range::new("N", "1", (1.0, 4.0), 1.5);
    pub const CAB: Range = Range::new("cab", "ug/cm2", (0.0, 120.0), 40.0);
    pub const CAR: Range = Range::new("car", "ug/cm2", (0.0, 30.0), 10.0);
    pub const ANTH: Range = Range::new("anth", "ug/cm2", (0.0, 40.0), 2.0);
    pub const CBROWN: Range = Range::new("cbrown", "1", (0.0, 1.0), 0.25);
    pub const CW: Range = Range::new("cw", "cm", (0.0, 0.1), 0.03);
    pub const CM: Range = Range::new("cm", "g/cm2", (0.0, 0.06), 0.012);
    pub const CP: Range = Range::new("cp", "g/cm2", (0.0, 0.005), 0.0015);
    pub const CBC: Range = Range::new("cbc", "g/cm2", (0.0, 0.03), 0.01);
}
use ranges::{ANTH, CAB, CAR, CBC, CBROWN, CM, CP, CW, N};

impl Default for LeafParameters {
    fn default() -> Self {
        Self {
            n: N.default,
            cab: CAB.default,
            car: CAR.default,
            anth: ANTH.default,
            cbrown: CBROWN.default,
            cw: CW.default,
            cm: CM.default,
            cp: CP.default,
            cbc: CBC.default,
        }
    }
}

impl LeafParameters {
    /// Content of an absorber, in its unit.
    pub fn content(&self, absorber: Absorber) -> f64 {
        match absorber {
            Absorber::Chlorophyll => self.cab,
            Absorber::Carotenoids => self.car,
            Absorber::Anthocyanins => self.anth,
            Absorber::BrownPigments => self.cbrown,
            Absorber::Water => self.cw,
            Absorber::DryMatter => self.cm,
            Absorber::Proteins => self.cp,
            Absorber::CarbonBasedConstituents => self.cbc,
        }
    }

    fn check(&self) -> Result<(), PhysicsError> {
        for (range, value) in [
            (N, self.n),
            (CAB, self.cab),
            (CAR, self.car),
            (ANTH, self.anth),
            (CBROWN, self.cbrown),
            (CW, self.cw),
            (CM, self.cm),
            (CP, self.cp),
            (CBC, self.cbc),
        ] {
            range.check(0, value)?;
        }
        Ok(())
    }
}

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

/// The leaf model PROSPECT: k(λ) = Σ C·K(λ)/N, one plate under light within 40° on N − 1 plates under
/// isotropic light (Jacquemoud and Baret 1990, Remote Sensing of Environment 34:75–91).
#[derive(Clone, Debug)]
pub struct Prospect {
    version: LeafVersion,
    constants: LeafConstants,
}

impl Prospect {
    /// A version with its published constants.
    pub fn new(version: LeafVersion) -> Self {
        let constants = match version {
            LeafVersion::Prospect5 | LeafVersion::Prospect5B => LeafConstants::prospect_5(),
            LeafVersion::ProspectD => LeafConstants::prospect_d(),
            LeafVersion::ProspectPro => LeafConstants::prospect_pro(),
        };
        Self { version, constants }
    }

    /// A version with other constants.
    ///
    /// # Errors
    /// The constants lack the coefficients of an absorber of this version.
    pub fn with_constants(
        version: LeafVersion,
        constants: LeafConstants,
    ) -> Result<Self, PhysicsError> {
        for absorber in version.absorbers() {
            if constants.absorption(*absorber).is_none() {
                return Err(PhysicsError::MissingColumn {
                    table: "leaf constants".into(),
                    column: absorber.column().into(),
                    found: Absorber::ALL
                        .into_iter()
                        .filter(|a| constants.absorption(*a).is_some())
                        .map(|a| a.column().to_owned())
                        .collect(),
                });
            }
        }
        Ok(Self { version, constants })
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
        let absorbers = self.version.absorbers();
        Ok(places
            .into_iter()
            .map(|place| {
                let sum: f64 = absorbers
                    .iter()
                    .map(|a| leaf.content(*a) * self.constants.coefficient(*a, place))
                    .sum();
                let plate = Plate::<f64>::new(&[self.constants.refractive_index()[place]]);
                let k = keep_off_zero(sum / leaf.n);
                let (reflectance, transmittance, absorptance) = stack_of_plates(&plate, leaf.n, k);
                LeafOptics {
                    reflectance,
                    transmittance,
                    absorptance,
                }
            })
            .collect())
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
        for version in [
            LeafVersion::Prospect5,
            LeafVersion::Prospect5B,
            LeafVersion::ProspectD,
            LeafVersion::ProspectPro,
        ] {
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
