//! Which parameters of a model are free, given per sample or fixed.

use super::builder::ReflectanceModelBuilder;
use super::choices::{Canopy, Illumination, Soil};
use super::tables::check_brightness;
use crate::PhysicsError;
use crate::canopy::LeafAngles;
use crate::error::after_value;
use crate::parameters::{CanopyParameters, Parameter, unknown};
use std::ops::RangeInclusive;

/// A free parameter, with its range where that is not the whole physical one.
#[derive(Clone, Debug)]
pub(super) struct Free {
    pub parameter: Parameter,
    pub within: Option<RangeInclusive<f64>>,
}

impl Free {
    /// With its smallest and largest value.
    pub fn ends(&self) -> (Parameter, f64, f64) {
        let (min, max) = match &self.within {
            Some(within) => (*within.start(), *within.end()),
            None => (self.parameter.range().min, self.parameter.range().max),
        };
        (self.parameter, min, max)
    }
}

impl ReflectanceModelBuilder {
    /// The parameters that change what the model computes as chosen so far: those that can be free or
    /// given per sample.
    pub fn known_parameters(&self) -> Vec<Parameter> {
        let forest = matches!(self.canopy, Canopy::Inform(_));
        let known = |parameter: &Parameter| match parameter {
            Parameter::LaiU | Parameter::Fc | Parameter::Sd | Parameter::Cd | Parameter::H => {
                forest
            }
            Parameter::Psoil => self.soil == Soil::Mixture,
            Parameter::Skyl => self.illumination == Illumination::SkyFraction,
            Parameter::Ala | Parameter::LidfA | Parameter::LidfB => {
                self.leaf_angle_classes.is_empty()
            }
            parameter => match parameter.absorber() {
                Some(absorber) => self.leaf.absorbers().contains(&absorber),
                None => true,
            },
        };
        Parameter::ALL.into_iter().filter(known).collect()
    }

    pub(super) fn free_parameters(&self, known: &[Parameter]) -> Result<Vec<Free>, PhysicsError> {
        let Some(free) = &self.free else {
            let is_open = |p: &Parameter| known.contains(p) && !self.held.contains(p);
            let usual = Parameter::USUAL.into_iter().filter(is_open);
            return Ok(usual
                .map(|parameter| Free {
                    parameter,
                    within: None,
                })
                .collect());
        };
        let wrong = |problem: String| {
            Err(PhysicsError::Inconsistent {
                what: "free parameters",
                problem,
            })
        };
        let is_free = |parameter| free.iter().any(|f| f.parameter == parameter);
        for (i, Free { parameter, within }) in free.iter().enumerate() {
            if !known.contains(parameter) {
                return Err(unknown(parameter.symbol(), known));
            }
            if free[..i].iter().any(|f| f.parameter == *parameter) {
                return wrong(format!("{parameter} appears twice"));
            }
            if let Some(within) = within {
                let all = parameter.quantity();
                let (min, max) = (*within.start(), *within.end());
                let physical = all.min..=all.max;
                if !(min < max && physical.contains(&min) && physical.contains(&max)) {
                    return wrong(format!(
                        "{parameter} within {min} to {max} {}, expected a range within {} to {}",
                        all.unit, all.min, all.max
                    ));
                }
            }
        }
        if is_free(Parameter::Ala) && (is_free(Parameter::LidfA) || is_free(Parameter::LidfB)) {
            return wrong(
                "ALA shapes the ellipsoidal leaf angle distribution, LIDFa and LIDFb shape Verhoef's; \
                 only one can be there"
                    .into(),
            );
        }
        let per_sample = self.per_sample.as_deref().unwrap_or_default();
        let given_cd = self.fixed.cd.is_some() || per_sample.contains(&Parameter::Cd);
        if is_free(Parameter::Fc) && (given_cd || is_free(Parameter::Cd)) {
            let cd = match self.fixed.cd {
                Some(cd) => format!("a given crown diameter (cd = {cd} m)"),
                None => "a crown diameter of its own (cd)".into(),
            };
            return wrong(format!("{cd} leaves the free parameter fc without effect"));
        }
        Ok(free.clone())
    }

    pub(super) fn conditions(&self, known: &[Parameter]) -> Result<Vec<Parameter>, PhysicsError> {
        let free = self.free.as_deref().unwrap_or_default();
        let is_free = |parameter: &Parameter| free.iter().any(|f| f.parameter == *parameter);
        let Some(per_sample) = &self.per_sample else {
            let angles = [Parameter::Tts, Parameter::Tto, Parameter::Psi];
            let is_open = |p: &Parameter| !is_free(p) && !self.held.contains(p);
            return Ok(angles.into_iter().filter(is_open).collect());
        };
        for (i, parameter) in per_sample.iter().enumerate() {
            if !known.contains(parameter) {
                return Err(unknown(parameter.symbol(), known));
            }
            if is_free(parameter) || per_sample[..i].contains(parameter) {
                return Err(PhysicsError::Inconsistent {
                    what: "parameters given per sample",
                    problem: format!("{parameter} is free or appears twice"),
                });
            }
        }
        Ok(per_sample.clone())
    }

    /// The fixed values, and defaults of what is free.
    pub(super) fn base(
        &self,
        free: &[Free],
        largest_rsoil: f64,
    ) -> Result<CanopyParameters, PhysicsError> {
        let mut base = self.fixed.clone();
        if let Some(first) = self.leaf_angle_classes.first() {
            base.leaf_angles = first.clone();
        }
        let per_sample = self.per_sample.as_deref().unwrap_or_default();
        let varied = free.iter().map(|f| f.parameter).chain(per_sample.to_vec());
        for parameter in varied {
            if base.get(parameter).is_none() {
                base.put(parameter, parameter.quantity().default);
            }
        }
        base.check(0)?;
        check_brightness(0, base.rsoil, largest_rsoil)?;
        for angles in &self.leaf_angle_classes {
            angles.check(0)?;
        }
        Ok(base)
    }

    /// Refuse a value held fixed that the model does not have or would not look at.
    pub(super) fn check_held(
        &self,
        known: &[Parameter],
        free: &[Free],
        per_sample: &[Parameter],
    ) -> Result<(), PhysicsError> {
        let what = if self.held.is_empty() {
            "parameters given per sample"
        } else {
            "fixed parameters"
        };
        let wrong = |problem: String| Err(PhysicsError::Inconsistent { what, problem });
        let is_free = |parameter: Parameter| free.iter().any(|f| f.parameter == parameter);
        for &parameter in &self.held {
            if !known.contains(&parameter) {
                return Err(unknown(parameter.symbol(), known));
            }
            let place = if is_free(parameter) {
                "free"
            } else {
                "given per sample"
            };
            if is_free(parameter) || per_sample.contains(&parameter) {
                return wrong(format!(
                    "{parameter} is {place}, so that its fixed value would not be looked at"
                ));
            }
            let value = self.fixed.get(parameter);
            let all = parameter.range();
            if let Some(value) = value.filter(|v| !(all.min..=all.max).contains(v)) {
                return wrong(format!(
                    "{parameter} = {value}{} is outside the allowed range {} to {}",
                    after_value(all.unit),
                    all.min,
                    all.max
                ));
            }
        }
        let is_held = |parameter| self.held.contains(&parameter);
        let is_there =
            |parameter| is_held(parameter) || is_free(parameter) || per_sample.contains(&parameter);
        let verhoefs = [Parameter::LidfA, Parameter::LidfB];
        if is_there(Parameter::Ala) && verhoefs.into_iter().any(is_there) {
            return wrong(
                "ALA shapes the ellipsoidal leaf angle distribution, LIDFa and LIDFb shape Verhoef's; only one can be \
                 there"
                    .into(),
            );
        }
        // the other of the two was given with the leaf angles
        let (a, b) = match self.fixed.leaf_angles {
            LeafAngles::Verhoef { a, b } => (a, b),
            _ => (0.0, 0.0),
        };
        for (one, other, given) in [
            (Parameter::LidfA, Parameter::LidfB, b),
            (Parameter::LidfB, Parameter::LidfA, a),
        ] {
            if is_held(one) && !is_there(other) && given == 0.0 {
                return wrong(format!(
                    "{one} shapes Verhoef's leaf angle distribution together with {other}, which is missing"
                ));
            }
        }
        let has_cd = is_there(Parameter::Cd) || self.fixed.cd.is_some();
        if has_cd && (is_held(Parameter::Fc) || per_sample.contains(&Parameter::Fc)) {
            return wrong(
                "a crown diameter (cd) leaves fc without effect; allowed: cd with sd, or fc with sd".into(),
            );
        }
        Ok(())
    }
}
