//! Parameters with their derivative along a direction.

use super::{CanopyParameters, Parameter};
use crate::canopy::{LeafAngles, VariedLeafAngles};
use crate::numbers::{Real, Sloped};

/// What the numbers that are the same at every wavelength are differentiated to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Along {
    /// The scalars of each part of a stand to the part's own parameter: a layer's to its leaf area index,
    /// the cover's to fc.
    EachItsOwn,
    /// Everything to this parameter.
    One(Parameter),
}

impl Along {
    /// The direction in which the scalars that belong to `own` vary.
    pub fn or_own(self, own: Parameter) -> Self {
        match self {
            Self::EachItsOwn => Self::One(own),
            Self::One(_) => self,
        }
    }
}

/// Parameters, one of which may vary.
#[derive(Clone, Copy)]
pub(crate) struct Varied<'a> {
    pub parameters: &'a CanopyParameters,
    pub along: Along,
}

impl<'a> Varied<'a> {
    pub fn new(parameters: &'a CanopyParameters, along: Along) -> Self {
        Self { parameters, along }
    }

    /// The same varied along another direction.
    pub fn along(self, along: Along) -> Self {
        Self { along, ..self }
    }

    fn sloped(self, parameter: Parameter, value: f64) -> Sloped {
        let slope = if self.along == Along::One(parameter) {
            1.0
        } else {
            0.0
        };
        Sloped::new(value, slope)
    }

    /// A parameter that always has a value.
    pub fn get(self, parameter: Parameter) -> Sloped {
        let value = self.parameters.get(parameter);
        self.sloped(parameter, value.unwrap_or(f64::NAN))
    }

    /// A parameter that may follow from others.
    pub fn given(self, parameter: Parameter) -> Option<Sloped> {
        let value = self.parameters.get(parameter);
        value.map(|value| self.sloped(parameter, value))
    }

    /// Crown diameter in m: as given, or from cover and stem density.
    pub fn crown_diameter_m(self) -> Sloped {
        self.given(Parameter::Cd).unwrap_or_else(|| {
            let area = self.get(Parameter::Fc) / self.get(Parameter::Sd);
            area.scale(1e4 / std::f64::consts::PI).sqrt().scale(2.0)
        })
    }

    /// Tree height in m: as given, or from this crown diameter.
    pub fn tree_height_of_m(self, crown_diameter: Sloped) -> Sloped {
        self.given(Parameter::H).unwrap_or_else(|| {
            let logarithm = crown_diameter.ln();
            logarithm.scale(0.507).offset(2.117).exp()
        })
    }

    /// The leaf angle distribution.
    pub fn leaf_angles(self) -> VariedLeafAngles<'a> {
        match &self.parameters.leaf_angles {
            LeafAngles::Ellipsoidal(average) => {
                VariedLeafAngles::Ellipsoidal(self.sloped(Parameter::Ala, *average))
            }
            LeafAngles::Verhoef { a, b } => VariedLeafAngles::Verhoef(
                self.sloped(Parameter::LidfA, *a),
                self.sloped(Parameter::LidfB, *b),
            ),
            other => other.fixed(),
        }
    }
}
