//! The parameters of a forest.

use crate::canopy::LeafAngles;
use crate::leaf::prospect_ranges::{ANTH, CAB, CAR, CBROWN, CM, CW, N};
use crate::quantities::{Range, range_named};
use crate::{PhysicsError, Quantity};
use std::f64::consts::PI;

/// A forest stand, its soil, and the directions of sun and view.
///
/// Names are the short symbols of the literature. The allowed ranges are those of
/// [`ForestParameters::quantities`].
#[derive(Clone, Debug, PartialEq)]
pub struct ForestParameters {
    /// Leaf structure N, 1 to 4.
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
    /// Leaf area index of a single crown, m²/m², 0 to 15.
    pub lai: f64,
    /// Leaf area index of the understorey, m²/m², 0 to 10.
    pub laiu: f64,
    /// Nominal crown cover (crown area times stem density), above 0 to 10. Not looked at where
    /// [`ForestParameters::cd`] is given.
    pub fc: f64,
    /// Stem density, 1/ha.
    pub sd: f64,
    /// Crown diameter, m. Where absent it follows from cover and stem density,
    /// cd = 2 √(10⁴ fc/(π sd)), with the derivative cd/(2 fc).
    pub cd: Option<f64>,
    /// Tree height, m. Where absent it follows from the crown diameter, h = exp(2.117 + 0.507 ln cd).
    pub h: Option<f64>,
    /// Hot-spot size, 0 to 1; 0 for no hot spot.
    pub hspot: f64,
    /// Share of dry soil, 0 to 1.
    pub psoil: f64,
    /// Sun zenith, degrees, 0 to 80.
    pub tts: f64,
    /// View zenith, degrees, 0 to 80.
    pub tto: f64,
    /// Relative azimuth of sun and view, degrees, 0 to 180.
    pub psi: f64,
    /// Leaf inclinations of crowns and understorey.
    pub leaf_angles: LeafAngles,
}

pub(super) const LAI: Range = Range::new("LAI", "m2/m2", (0.0, 15.0), 7.0);
pub(super) const LAIU: Range = Range::new("LAIu", "m2/m2", (0.0, 10.0), 0.1);
// cover, density and sizes are positive; the lower ends are far below any stand
pub(super) const FC: Range = Range::new("fc", "1", (1e-6, 10.0), 0.8);
const SD: Range = Range::new("sd", "1/ha", (1e-3, 1e6), 500.0);
const CD: Range = Range::new("cd", "m", (1e-3, 1e3), 4.5);
const H: Range = Range::new("h", "m", (1e-3, 200.0), 20.0);
const HSPOT: Range = Range::new("hspot", "1", (0.0, 1.0), 0.01);
const PSOIL: Range = Range::new("psoil", "1", (0.0, 1.0), 0.8);
pub(super) const TTS: Range = Range::new("tts", "deg", (0.0, 80.0), 30.0);
pub(super) const TTO: Range = Range::new("tto", "deg", (0.0, 80.0), 0.0);
pub(super) const PSI: Range = Range::new("psi", "deg", (0.0, 180.0), 0.0);

/// The free parameters of a Jacobian, in order.
pub(super) const FREE: [Range; 7] = [N, CAB, CW, CM, LAI, LAIU, FC];

const ALL: [Range; 18] = [
    N, CAB, CAR, ANTH, CBROWN, CW, CM, LAI, LAIU, FC, SD, CD, H, HSPOT, PSOIL, TTS, TTO, PSI,
];

impl Default for ForestParameters {
    fn default() -> Self {
        Self {
            n: N.default,
            cab: CAB.default,
            car: CAR.default,
            anth: ANTH.default,
            cbrown: CBROWN.default,
            cw: CW.default,
            cm: CM.default,
            lai: LAI.default,
            laiu: LAIU.default,
            fc: FC.default,
            sd: SD.default,
            cd: None,
            h: None,
            hspot: HSPOT.default,
            psoil: PSOIL.default,
            tts: TTS.default,
            tto: TTO.default,
            psi: PSI.default,
            leaf_angles: LeafAngles::default(),
        }
    }
}

impl ForestParameters {
    /// Symbol, unit, allowed range and default of every parameter that is a number. The default of `cd`
    /// and `h` is not used: where absent they are derived.
    pub fn quantities() -> Vec<Quantity> {
        ALL.iter().map(Range::quantity).collect()
    }

    /// Set a parameter by its symbol (`N`, `cab`, `LAI`, …), as configurations and command lines do.
    ///
    /// # Errors
    /// An unknown symbol, or a value outside the parameter's range.
    pub fn set(&mut self, symbol: &str, value: f64) -> Result<(), PhysicsError> {
        range_named(&ALL, symbol)?.check(0, value)?;
        match symbol {
            "cd" => self.cd = Some(value),
            "h" => self.h = Some(value),
            _ => {
                if let Some(field) = self.field(symbol) {
                    *field = value;
                }
            }
        }
        Ok(())
    }

    fn field(&mut self, symbol: &str) -> Option<&mut f64> {
        Some(match symbol {
            "N" => &mut self.n,
            "cab" => &mut self.cab,
            "car" => &mut self.car,
            "anth" => &mut self.anth,
            "cbrown" => &mut self.cbrown,
            "cw" => &mut self.cw,
            "cm" => &mut self.cm,
            "LAI" => &mut self.lai,
            "LAIu" => &mut self.laiu,
            "fc" => &mut self.fc,
            "sd" => &mut self.sd,
            "hspot" => &mut self.hspot,
            "psoil" => &mut self.psoil,
            "tts" => &mut self.tts,
            "tto" => &mut self.tto,
            "psi" => &mut self.psi,
            _ => return None,
        })
    }

    /// Check every parameter against its range; `row` stands in the message.
    ///
    /// # Errors
    /// The first parameter that is not finite or outside its range.
    pub fn check(&self, row: usize) -> Result<(), PhysicsError> {
        for (range, value) in [
            (&N, self.n),
            (&CAB, self.cab),
            (&CAR, self.car),
            (&ANTH, self.anth),
            (&CBROWN, self.cbrown),
            (&CW, self.cw),
            (&CM, self.cm),
            (&LAI, self.lai),
            (&LAIU, self.laiu),
            (&FC, self.fc),
            (&SD, self.sd),
            (&HSPOT, self.hspot),
            (&PSOIL, self.psoil),
            (&TTS, self.tts),
            (&TTO, self.tto),
            (&PSI, self.psi),
        ] {
            range.check(row, value)?;
        }
        if let Some(cd) = self.cd {
            CD.check(row, cd)?;
        }
        if let Some(h) = self.h {
            H.check(row, h)?;
        }
        self.leaf_angles.check(row)
    }

    /// Crown diameter in m: as given, or from cover and stem density.
    pub fn crown_diameter_m(&self) -> f64 {
        self.cd
            .unwrap_or_else(|| 2.0 * (1e4 * self.fc / (PI * self.sd)).sqrt())
    }

    /// Tree height in m: as given, or from the crown diameter.
    pub fn tree_height_m(&self) -> f64 {
        self.h
            .unwrap_or_else(|| (2.117 + 0.507 * self.crown_diameter_m().ln()).exp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_allowed_and_can_be_set_by_name() {
        let mut forest = ForestParameters::default();
        forest.check(0).unwrap();
        for quantity in ForestParameters::quantities() {
            forest.set(&quantity.name, quantity.max).unwrap();
            assert!(forest.set(&quantity.name, f64::NAN).is_err());
        }
        forest.check(0).unwrap();
        assert_eq!((forest.cd, forest.h), (Some(CD.max), Some(H.max)));
        let error = forest.set("lai", 1.0).unwrap_err().to_string();
        assert!(
            error.starts_with("unknown parameter 'lai', expected one of: N, cab"),
            "{error}"
        );
    }

    #[test]
    fn crown_and_height_follow_from_cover() {
        let forest = ForestParameters {
            fc: PI * 4.0 * 500.0 / 1e4,
            ..Default::default()
        };
        assert!((forest.crown_diameter_m() - 4.0).abs() < 1e-14);
        assert!((forest.tree_height_m() - (2.117 + 0.507 * 4.0_f64.ln()).exp()).abs() < 1e-12);
        let given = ForestParameters {
            cd: Some(5.0),
            h: Some(17.0),
            ..forest
        };
        assert_eq!(
            (given.crown_diameter_m(), given.tree_height_m()),
            (5.0, 17.0)
        );
    }
}
