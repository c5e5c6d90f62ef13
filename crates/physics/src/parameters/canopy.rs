//! One canopy or forest with its soil and directions.

use super::{Parameter, relative_azimuth};
use crate::canopy::LeafAngles;
use crate::{PhysicsError, Quantity};
use std::f64::consts::PI;

/// A leaf, the canopy or forest it stands in, the soil below, and the directions of sun and view.
///
/// Names are the short symbols of the literature; [`Parameter`] has units and allowed ranges. A model looks
/// at what it knows: 4SAIL alone has no understorey and no cover, PROSPECT-D no proteins.
///
/// # What follows from what
///
/// Three numbers follow from others where they are not given. Crown diameter cd and tree height h, in m, follow
/// from nominal cover fc and stem density sd, in 1/ha:
///
/// ```math
/// cd = 2\,\sqrt{\frac{10^4\,fc}{\pi\,sd}}, \qquad
/// h = e^{\,2.117 + 0.507\ln cd}
/// ```
///
/// so that the cover K of [`CrownCover`](crate::CrownCover) is fc whatever sd. The power law of h is an allometry
/// that the experiments with Sentinel-2 use for temperate forests, of unrecorded source: give h where it is
/// known. A given cd wins over fc, which then has no effect, and h follows from that cd. The share of
/// diffuse light skyl follows from tts by [`sky_fraction`](crate::sky_fraction).
///
/// Derivatives follow along: that to fc has what cd and h do on the way,
///
/// ```math
/// \frac{\partial cd}{\partial fc} = \frac{cd}{2\,fc}, \qquad
/// \frac{\partial cd}{\partial sd} = -\frac{cd}{2\,sd}, \qquad
/// \frac{\partial h}{\partial cd} = 0.507\,\frac{h}{cd},
/// ```
///
/// that to sd at fixed fc or, where cd is given, at fixed cd; and that to tts has what the sky does.
#[doc = include_str!("../../katex.html")]
#[derive(Clone, Debug, PartialEq)]
pub struct CanopyParameters {
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
    /// Proteins, g/cm², 0 to 0.005.
    pub cp: f64,
    /// Carbon-based constituents, g/cm², 0 to 0.03.
    pub cbc: f64,
    /// Leaf area index of the canopy, or of a single crown of a forest, m²/m², 0 to 15.
    pub lai: f64,
    /// Leaf area index of the understorey, m²/m², 0 to 10.
    pub laiu: f64,
    /// Nominal crown cover (crown area times stem density), above 0 to 10. Not looked at where
    /// [`CanopyParameters::cd`] is given.
    pub fc: f64,
    /// Stem density, 1/ha.
    pub sd: f64,
    /// Crown diameter, m. Where absent it follows from cover and stem density.
    pub cd: Option<f64>,
    /// Tree height, m. Where absent it follows from the crown diameter.
    pub h: Option<f64>,
    /// Hot-spot size, 0 to 1; 0 for no hot spot.
    pub hspot: f64,
    /// Share of dry soil, 0 to 1.
    pub psoil: f64,
    /// Brightness of the soil, a factor on its reflectance, 0 to 2.
    pub rsoil: f64,
    /// Share of diffuse light, 0 to 1. Where absent it follows from the sun zenith
    /// ([`crate::sky_fraction`]).
    pub skyl: Option<f64>,
    /// Sun zenith, degrees, 0 to 80.
    pub tts: f64,
    /// View zenith, degrees, 0 to 80.
    pub tto: f64,
    /// Relative azimuth of sun and view, degrees, 0 to 180.
    pub psi: f64,
    /// Leaf inclinations, of crowns and understorey alike.
    pub leaf_angles: LeafAngles,
}

/// Number of parameters.
pub(crate) const PARAMETERS: usize = Parameter::ALL.len();

/// Ends of the allowed ranges, in the order of [`Parameter::ALL`].
const SMALLEST: [f64; PARAMETERS] = ends().0;
const LARGEST: [f64; PARAMETERS] = ends().1;

const fn ends() -> ([f64; PARAMETERS], [f64; PARAMETERS]) {
    let (mut smallest, mut largest) = ([0.0; PARAMETERS], [0.0; PARAMETERS]);
    let mut i = 0;
    while i < PARAMETERS {
        let range = Parameter::ALL[i].range();
        smallest[i] = range.min;
        largest[i] = range.max;
        i += 1;
    }
    (smallest, largest)
}

/// Whether each value is within its range; a NaN is not.
#[inline]
pub(crate) fn within(
    values: &[f64; PARAMETERS],
    smallest: &[f64; PARAMETERS],
    largest: &[f64; PARAMETERS],
) -> bool {
    let mut all = true;
    for i in 0..PARAMETERS {
        all &= smallest[i] <= values[i] && values[i] <= largest[i];
    }
    all
}

impl Default for CanopyParameters {
    fn default() -> Self {
        let default = |parameter: Parameter| parameter.range().default;
        Self {
            n: default(Parameter::N),
            cab: default(Parameter::Cab),
            car: default(Parameter::Car),
            anth: default(Parameter::Anth),
            cbrown: default(Parameter::Cbrown),
            cw: default(Parameter::Cw),
            cm: default(Parameter::Cm),
            cp: default(Parameter::Cp),
            cbc: default(Parameter::Cbc),
            lai: default(Parameter::Lai),
            laiu: default(Parameter::LaiU),
            fc: default(Parameter::Fc),
            sd: default(Parameter::Sd),
            cd: None,
            h: None,
            hspot: default(Parameter::Hspot),
            psoil: default(Parameter::Psoil),
            rsoil: default(Parameter::Rsoil),
            skyl: None,
            tts: default(Parameter::Tts),
            tto: default(Parameter::Tto),
            psi: default(Parameter::Psi),
            leaf_angles: LeafAngles::default(),
        }
    }
}

impl CanopyParameters {
    /// Symbol, unit, allowed range and default of every parameter that is a number. The defaults of `cd`,
    /// `h` and `skyl`, which follow from others where they are absent, and of the shapes of leaf angle
    /// distributions, are not used.
    pub fn quantities() -> Vec<Quantity> {
        Parameter::ALL.iter().map(|p| p.quantity()).collect()
    }

    /// The value of a parameter; `None` for those that follow from others, and for the shape of a leaf
    /// angle distribution that is not the present one.
    pub fn get(&self, parameter: Parameter) -> Option<f64> {
        Some(match parameter {
            Parameter::N => self.n,
            Parameter::Cab => self.cab,
            Parameter::Car => self.car,
            Parameter::Anth => self.anth,
            Parameter::Cbrown => self.cbrown,
            Parameter::Cw => self.cw,
            Parameter::Cm => self.cm,
            Parameter::Cp => self.cp,
            Parameter::Cbc => self.cbc,
            Parameter::Lai => self.lai,
            Parameter::LaiU => self.laiu,
            Parameter::Fc => self.fc,
            Parameter::Sd => self.sd,
            Parameter::Cd => return self.cd,
            Parameter::H => return self.h,
            Parameter::Hspot => self.hspot,
            Parameter::Psoil => self.psoil,
            Parameter::Rsoil => self.rsoil,
            Parameter::Skyl => return self.skyl,
            Parameter::Tts => self.tts,
            Parameter::Tto => self.tto,
            Parameter::Psi => self.psi,
            Parameter::Ala => match self.leaf_angles {
                LeafAngles::Ellipsoidal(average) => average,
                _ => return None,
            },
            Parameter::LidfA => match self.leaf_angles {
                LeafAngles::Verhoef { a, .. } => a,
                _ => return None,
            },
            Parameter::LidfB => match self.leaf_angles {
                LeafAngles::Verhoef { b, .. } => b,
                _ => return None,
            },
        })
    }

    /// Put a value in its place without looking at it; [`CanopyParameters::check`] does. `ALA` makes the
    /// leaf angles ellipsoidal, `LIDFa` and `LIDFb` make them Verhoef's (the other of the two 0 if they
    /// were not).
    pub fn put(&mut self, parameter: Parameter, value: f64) {
        match parameter {
            Parameter::N => self.n = value,
            Parameter::Cab => self.cab = value,
            Parameter::Car => self.car = value,
            Parameter::Anth => self.anth = value,
            Parameter::Cbrown => self.cbrown = value,
            Parameter::Cw => self.cw = value,
            Parameter::Cm => self.cm = value,
            Parameter::Cp => self.cp = value,
            Parameter::Cbc => self.cbc = value,
            Parameter::Lai => self.lai = value,
            Parameter::LaiU => self.laiu = value,
            Parameter::Fc => self.fc = value,
            Parameter::Sd => self.sd = value,
            Parameter::Cd => self.cd = Some(value),
            Parameter::H => self.h = Some(value),
            Parameter::Hspot => self.hspot = value,
            Parameter::Psoil => self.psoil = value,
            Parameter::Rsoil => self.rsoil = value,
            Parameter::Skyl => self.skyl = Some(value),
            Parameter::Tts => self.tts = value,
            Parameter::Tto => self.tto = value,
            Parameter::Psi => self.psi = value,
            Parameter::Ala => self.leaf_angles = LeafAngles::Ellipsoidal(value),
            Parameter::LidfA => {
                let b = self.get(Parameter::LidfB).unwrap_or(0.0);
                self.leaf_angles = LeafAngles::Verhoef { a: value, b };
            }
            Parameter::LidfB => {
                let a = self.get(Parameter::LidfA).unwrap_or(0.0);
                self.leaf_angles = LeafAngles::Verhoef { a, b: value };
            }
        }
    }

    /// Set a parameter by its symbol (`N`, `cab`, `LAI`, …), as configurations and command lines do.
    ///
    /// # Errors
    /// An unknown symbol, or a value outside the parameter's range; a relative azimuth of another turn is brought into its
    /// own ([`relative_azimuth`]).
    pub fn set(&mut self, symbol: &str, value: f64) -> Result<(), PhysicsError> {
        let parameter: Parameter = symbol.parse()?;
        let value = match parameter {
            Parameter::Psi => relative_azimuth(value),
            _ => value,
        };
        parameter.range().check(0, value)?;
        self.put(parameter, value);
        Ok(())
    }

    /// Check every parameter against its range; `row` stands in the message.
    ///
    /// # Errors
    /// The first parameter that is not finite or outside its range.
    pub fn check(&self, row: usize) -> Result<(), PhysicsError> {
        // nearly all are allowed: one comparison of all before a search for what is wrong
        if within(&self.values_or(&SMALLEST), &SMALLEST, &LARGEST) {
            return self.leaf_angles.check(row);
        }
        for parameter in Parameter::ALL {
            if let Some(value) = self.get(parameter) {
                parameter.range().check(row, value)?;
            }
        }
        self.leaf_angles.check(row)
    }

    /// The values in the order of [`Parameter::ALL`]; those of `absent` where there is none.
    #[inline]
    pub(crate) fn values_or(&self, absent: &[f64; PARAMETERS]) -> [f64; PARAMETERS] {
        let mut values = *absent;
        let always = [
            self.n,
            self.cab,
            self.car,
            self.anth,
            self.cbrown,
            self.cw,
            self.cm,
            self.cp,
            self.cbc,
            self.lai,
            self.laiu,
            self.fc,
            self.sd,
        ];
        values[..always.len()].copy_from_slice(&always);
        let mut put = |parameter: Parameter, value: f64| values[parameter as usize] = value;
        put(Parameter::Hspot, self.hspot);
        put(Parameter::Psoil, self.psoil);
        put(Parameter::Rsoil, self.rsoil);
        put(Parameter::Tts, self.tts);
        put(Parameter::Tto, self.tto);
        put(Parameter::Psi, self.psi);
        for (parameter, value) in [
            (Parameter::Cd, self.cd),
            (Parameter::H, self.h),
            (Parameter::Skyl, self.skyl),
        ] {
            if let Some(value) = value {
                put(parameter, value);
            }
        }
        match self.leaf_angles {
            LeafAngles::Ellipsoidal(average) => put(Parameter::Ala, average),
            LeafAngles::Verhoef { a, b } => {
                put(Parameter::LidfA, a);
                put(Parameter::LidfB, b);
            }
            _ => {}
        }
        values
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
        let mut canopy = CanopyParameters::default();
        canopy.check(0).unwrap();
        for parameter in Parameter::ALL {
            let quantity = parameter.quantity();
            canopy.set(&quantity.name, quantity.max).unwrap();
            assert_eq!(canopy.get(parameter), Some(quantity.max));
            assert!(canopy.set(&quantity.name, f64::NAN).is_err());
        }
        let error = canopy.check(3).unwrap_err().to_string();
        assert!(error.contains("|LIDFa| + |LIDFb| = 2"), "{error}");
        canopy.leaf_angles = LeafAngles::Uniform;
        canopy.check(0).unwrap();
        assert_eq!(canopy.get(Parameter::Ala), None);
        let error = canopy.set("lai", 1.0).unwrap_err().to_string();
        assert!(
            error.starts_with("unknown parameter 'lai', expected one of: N, cab"),
            "{error}"
        );
    }

    #[test]
    fn values_are_those_of_get() {
        let absent = [-1.0; PARAMETERS];
        let mut canopy = CanopyParameters::default();
        for varied in [None].into_iter().chain(Parameter::ALL.map(Some)) {
            if let Some(varied) = varied {
                canopy.put(varied, 0.123 + varied as usize as f64);
            }
            let values = canopy.values_or(&absent);
            for parameter in Parameter::ALL {
                let expected = canopy.get(parameter).unwrap_or(-1.0);
                assert_eq!(values[parameter as usize], expected, "{parameter}");
            }
        }
    }

    #[test]
    fn crown_and_height_follow_from_cover() {
        let forest = CanopyParameters {
            fc: PI * 4.0 * 500.0 / 1e4,
            ..Default::default()
        };
        assert!((forest.crown_diameter_m() - 4.0).abs() < 1e-14);
        assert!((forest.tree_height_m() - (2.117 + 0.507 * 4.0_f64.ln()).exp()).abs() < 1e-12);
        let given = CanopyParameters {
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
