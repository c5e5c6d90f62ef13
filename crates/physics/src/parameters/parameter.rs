//! The continuous parameters by name.

use crate::canopy::{ALA, LIDF_A, LIDF_B};
use crate::leaf::prospect_ranges::{ANTH, CAB, CAR, CBC, CBROWN, CM, CP, CW, N};
use crate::quantities::Range;
use crate::tables::Absorber;
use crate::{PhysicsError, Quantity};

const LAI: Range = Range::new("LAI", "m2/m2", (0.0, 15.0), 7.0);
const LAIU: Range = Range::new("LAIu", "m2/m2", (0.0, 10.0), 0.1);
// cover, density and sizes are positive; the lower ends are far below any stand
const FC: Range = Range::new("fc", "1", (1e-6, 10.0), 0.8);
const SD: Range = Range::new("sd", "1/ha", (1e-3, 1e6), 500.0);
const CD: Range = Range::new("cd", "m", (1e-3, 1e3), 4.5);
const H: Range = Range::new("h", "m", (1e-3, 200.0), 20.0);
const HSPOT: Range = Range::new("hspot", "1", (0.0, 1.0), 0.01);
const PSOIL: Range = Range::new("psoil", "1", (0.0, 1.0), 0.8);
const RSOIL: Range = Range::new("rsoil", "1", (0.0, 2.0), 1.0);
const SKYL: Range = Range::new("skyl", "1", (0.0, 1.0), 0.23);
const TTS: Range = Range::new("tts", "deg", (0.0, 80.0), 30.0);
const TTO: Range = Range::new("tto", "deg", (0.0, 80.0), 0.0);
const PSI: Range = Range::new("psi", "deg", (0.0, 180.0), 0.0);

/// A continuous parameter of a leaf, a canopy, a soil or the directions, by the symbol of the literature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Parameter {
    /// `N`: leaf structure, number of layers, 1 to 4.
    N,
    /// `cab`: chlorophyll a and b, µg/cm², 0 to 120.
    Cab,
    /// `car`: carotenoids, µg/cm², 0 to 30.
    Car,
    /// `anth`: anthocyanins, µg/cm², 0 to 40.
    Anth,
    /// `cbrown`: brown pigments, arbitrary units, 0 to 1.
    Cbrown,
    /// `cw`: equivalent water thickness, cm, 0 to 0.1.
    Cw,
    /// `cm`: dry matter, g/cm², 0 to 0.06.
    Cm,
    /// `cp`: proteins (PROSPECT-PRO), g/cm², 0 to 0.005.
    Cp,
    /// `cbc`: carbon-based constituents (PROSPECT-PRO), g/cm², 0 to 0.03.
    Cbc,
    /// `LAI`: leaf area index of the canopy, or of a single tree crown in a forest, m²/m², 0 to 15.
    Lai,
    /// `LAIu`: leaf area index of the understorey, m²/m², 0 to 10.
    LaiU,
    /// `fc`: nominal crown cover (crown area times stem density), above 0 to 10.
    Fc,
    /// `sd`: stem density, 1/ha.
    Sd,
    /// `cd`: crown diameter, m.
    Cd,
    /// `h`: tree height, m.
    H,
    /// `hspot`: hot-spot size, 0 to 1.
    Hspot,
    /// `psoil`: share of dry soil, 0 to 1.
    Psoil,
    /// `rsoil`: brightness of the soil, a factor on its reflectance, 0 to 2.
    Rsoil,
    /// `skyl`: share of diffuse light, 0 to 1; from the sun zenith where it is not given.
    Skyl,
    /// `tts`: sun zenith, degrees, 0 to 80.
    Tts,
    /// `tto`: view zenith, degrees, 0 to 80.
    Tto,
    /// `psi`: relative azimuth of sun and view, degrees, 0 to 180.
    Psi,
    /// `ALA`: average leaf angle of the ellipsoidal distribution, degrees, 0 to 90.
    Ala,
    /// `LIDFa`: a of Verhoef's leaf angle distribution, −1 to 1.
    LidfA,
    /// `LIDFb`: b of Verhoef's leaf angle distribution, −1 to 1.
    LidfB,
}

impl Parameter {
    /// All parameters.
    pub const ALL: [Self; 25] = [
        Self::N,
        Self::Cab,
        Self::Car,
        Self::Anth,
        Self::Cbrown,
        Self::Cw,
        Self::Cm,
        Self::Cp,
        Self::Cbc,
        Self::Lai,
        Self::LaiU,
        Self::Fc,
        Self::Sd,
        Self::Cd,
        Self::H,
        Self::Hspot,
        Self::Psoil,
        Self::Rsoil,
        Self::Skyl,
        Self::Tts,
        Self::Tto,
        Self::Psi,
        Self::Ala,
        Self::LidfA,
        Self::LidfB,
    ];

    /// The seven that are free unless others are chosen: N, cab, cw, cm, LAI, LAIu, fc.
    pub const USUAL: [Self; 7] = [
        Self::N,
        Self::Cab,
        Self::Cw,
        Self::Cm,
        Self::Lai,
        Self::LaiU,
        Self::Fc,
    ];

    pub(crate) const fn range(self) -> Range {
        match self {
            Self::N => N,
            Self::Cab => CAB,
            Self::Car => CAR,
            Self::Anth => ANTH,
            Self::Cbrown => CBROWN,
            Self::Cw => CW,
            Self::Cm => CM,
            Self::Cp => CP,
            Self::Cbc => CBC,
            Self::Lai => LAI,
            Self::LaiU => LAIU,
            Self::Fc => FC,
            Self::Sd => SD,
            Self::Cd => CD,
            Self::H => H,
            Self::Hspot => HSPOT,
            Self::Psoil => PSOIL,
            Self::Rsoil => RSOIL,
            Self::Skyl => SKYL,
            Self::Tts => TTS,
            Self::Tto => TTO,
            Self::Psi => PSI,
            Self::Ala => ALA,
            Self::LidfA => LIDF_A,
            Self::LidfB => LIDF_B,
        }
    }

    /// Symbol of the literature, as configurations and tables write it.
    pub fn symbol(self) -> &'static str {
        self.range().name
    }

    /// Symbol, unit, physically allowed range and default.
    pub fn quantity(self) -> Quantity {
        self.range().quantity()
    }

    /// The absorber whose content this is.
    pub fn absorber(self) -> Option<Absorber> {
        Some(match self {
            Self::Cab => Absorber::Chlorophyll,
            Self::Car => Absorber::Carotenoids,
            Self::Anth => Absorber::Anthocyanins,
            Self::Cbrown => Absorber::BrownPigments,
            Self::Cw => Absorber::Water,
            Self::Cm => Absorber::DryMatter,
            Self::Cp => Absorber::Proteins,
            Self::Cbc => Absorber::CarbonBasedConstituents,
            _ => return None,
        })
    }
}

impl std::fmt::Display for Parameter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.symbol())
    }
}

impl std::str::FromStr for Parameter {
    type Err = PhysicsError;

    fn from_str(symbol: &str) -> Result<Self, PhysicsError> {
        let found = Self::ALL.into_iter().find(|p| p.symbol() == symbol);
        found.ok_or_else(|| unknown(symbol, &Self::ALL))
    }
}

/// No parameter of `known` has this symbol.
pub(crate) fn unknown(symbol: &str, known: &[Parameter]) -> PhysicsError {
    PhysicsError::UnknownName {
        what: "parameter",
        name: symbol.to_owned(),
        known: known.iter().map(|p| p.symbol().to_owned()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_and_parameters_are_one_to_one() {
        for (i, parameter) in Parameter::ALL.into_iter().enumerate() {
            assert_eq!(parameter as usize, i);
            assert_eq!(parameter.symbol().parse::<Parameter>().unwrap(), parameter);
            let range = parameter.quantity();
            assert!(
                (range.min..=range.max).contains(&range.default),
                "{range:?}"
            );
        }
        let error = "lai".parse::<Parameter>().unwrap_err().to_string();
        assert!(
            error.starts_with("unknown parameter 'lai', expected one of: N, cab"),
            "{error}"
        );
    }
}
