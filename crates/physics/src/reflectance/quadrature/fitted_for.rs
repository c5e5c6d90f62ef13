//! What a quadrature was fitted for, and whether that covers what is chosen.

use crate::PhysicsError;
use crate::canopy::LeafAngles;
use crate::error::after_value;
use crate::leaf::LeafVersion;
use crate::parameters::{CanopyParameters, PARAMETERS, Parameter, within};
use crate::reflectance::choices::{Canopy, Variant};
use crate::reflectance::fingerprint::{Fingerprint, fingerprint_of_band};
use crate::reflectance::tables::SpectralData;
use crate::tables::Sensor;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a [`BandQuadrature`](crate::BandQuadrature) was fitted for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FittedFor {
    /// `sail`, or the variant of INFORM: `published`, `enmap_box`.
    pub canopy: String,
    /// The version of PROSPECT, such as `prospect_d`.
    pub leaf: String,
    /// Name of the sensor.
    pub sensor: String,
    /// Names of its bands.
    pub bands: Vec<String>,
    /// Fingerprints of their response functions.
    pub responses: Vec<String>,
    /// Fingerprint of leaf constants, soil and irradiance.
    pub tables: String,
    /// The leaf angle distribution, or all of which each sample has one.
    pub leaf_angles: Vec<String>,
    /// Parameters to which derivatives were fitted too, with the ranges covered.
    pub free: Vec<FittedRange>,
    /// Other parameters that varied, with the ranges covered; a range may be a single value.
    pub conditions: Vec<FittedRange>,
    /// Values of all other parameters that the model knows; none where they follow from others.
    pub fixed: BTreeMap<String, Option<f64>>,
}

/// A parameter, in its unit, from `min` to `max`, both included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FittedRange {
    /// Symbol of the [`Parameter`].
    pub name: String,
    /// Smallest value covered.
    pub min: f64,
    /// Largest value covered.
    pub max: f64,
}

const ABSENT: [f64; PARAMETERS] = [f64::NEG_INFINITY; PARAMETERS];

/// What a builder has chosen.
pub(in crate::reflectance) struct Chosen<'a> {
    pub canopy: Canopy,
    pub leaf: LeafVersion,
    pub sensor: &'a Sensor,
    pub data: &'a SpectralData,
    /// Fixed values and defaults.
    pub base: &'a CanopyParameters,
    /// Free parameters from their smallest to their largest value.
    pub free: Vec<(Parameter, f64, f64)>,
    pub per_sample: &'a [Parameter],
    pub leaf_angle_classes: &'a [LeafAngles],
    pub known: &'a [Parameter],
}

/// Samples that a quadrature serves.
#[derive(Clone, Debug)]
pub(in crate::reflectance) struct Limits {
    ranges: Vec<(Parameter, f64, f64)>,
    fixed: Vec<(Parameter, Option<f64>)>,
    /// All these at once, in the order of [`Parameter::ALL`]: what is absent counts as −∞.
    smallest: [f64; PARAMETERS],
    largest: [f64; PARAMETERS],
    leaf_angles: Vec<LeafAngles>,
    /// The numbers of a distribution are parameters.
    shapes: bool,
    refit: String,
}

impl Chosen<'_> {
    fn canopy_name(&self) -> &'static str {
        match self.canopy {
            Canopy::Sail => "sail",
            Canopy::Inform(Variant::Published) => "published",
            Canopy::Inform(Variant::EnmapBox) => "enmap_box",
        }
    }

    fn leaf_angles(&self) -> Vec<LeafAngles> {
        match self.leaf_angle_classes {
            [] => vec![self.base.leaf_angles.clone()],
            classes => classes.to_vec(),
        }
    }

    /// Not where each sample has one of some distributions: then these are constants.
    fn shapes_are_parameters(&self) -> bool {
        self.leaf_angle_classes.is_empty()
    }

    fn leaf_angle_names(&self) -> Vec<String> {
        let shapes = self.shapes_are_parameters();
        let angles = self.leaf_angles();
        angles.iter().map(|angles| name(angles, shapes)).collect()
    }

    /// The command that fits one for what is chosen.
    fn refit(&self) -> String {
        format!(
            "to fit one: cargo xtask quadrature --variant {} --sensor {}",
            self.canopy_name(),
            self.sensor.name()
        )
    }

    fn is_free(&self, parameter: Parameter) -> bool {
        self.free.iter().any(|(free, ..)| *free == parameter)
    }
}

impl FittedFor {
    /// What is chosen, with these ranges of what is given per sample.
    pub(super) fn new(chosen: &Chosen<'_>, conditions: &[(Parameter, f64, f64)]) -> Self {
        let range = |(parameter, min, max): &(Parameter, f64, f64)| FittedRange {
            name: parameter.symbol().into(),
            min: *min,
            max: *max,
        };
        let varies = |parameter: Parameter| {
            chosen.is_free(parameter) || conditions.iter().any(|(c, ..)| *c == parameter)
        };
        let fixed = chosen.known.iter().filter(|p| !varies(**p));
        let bands = chosen.sensor.bands();
        Self {
            canopy: chosen.canopy_name().into(),
            leaf: chosen.leaf.to_string(),
            sensor: chosen.sensor.name().into(),
            bands: chosen.sensor.band_names(),
            responses: bands.iter().map(fingerprint_of_band).collect(),
            tables: chosen.data.fingerprint(),
            leaf_angles: chosen.leaf_angle_names(),
            free: chosen.free.iter().map(range).collect(),
            conditions: conditions.iter().map(range).collect(),
            fixed: fixed
                .map(|p| (p.symbol().into(), chosen.base.get(*p)))
                .collect(),
        }
    }

    fn range(&self, parameter: Parameter) -> Option<&FittedRange> {
        let mut ranges = self.free.iter().chain(&self.conditions);
        ranges.find(|range| range.name == parameter.symbol())
    }

    /// Refuse what it was not fitted for; else the samples it serves.
    pub(super) fn limits(&self, chosen: &Chosen<'_>) -> Result<Limits, PhysicsError> {
        let refit = chosen.refit();
        let wrong = |problem: String| PhysicsError::Inconsistent {
            what: "quadrature",
            problem: format!("{problem}; {refit}"),
        };
        let compare = |what: &str, fitted: &str, chosen: &str| {
            if fitted == chosen {
                Ok(())
            } else {
                Err(wrong(format!(
                    "fitted for {what} {fitted}, not for {chosen}"
                )))
            }
        };
        compare("canopy", &self.canopy, chosen.canopy_name())?;
        compare("leaf", &self.leaf, &chosen.leaf.to_string())?;
        compare("sensor", &self.sensor, chosen.sensor.name())?;
        for band in chosen.sensor.bands() {
            let mut fitted = self.bands.iter().zip(&self.responses);
            let Some((name, response)) = fitted.find(|(name, _)| *name == band.name()) else {
                let bands = self.bands.join(", ");
                return Err(wrong(format!(
                    "fitted for bands {bands}, not for {}",
                    band.name()
                )));
            };
            let what = format!("a response of {name} with fingerprint");
            compare(&what, response, &fingerprint_of_band(band))?;
        }
        let what = "tables of leaf, soil and sky with fingerprint";
        compare(what, &self.tables, &chosen.data.fingerprint())?;
        for name in chosen.leaf_angle_names() {
            if !self.leaf_angles.contains(&name) {
                compare("leaf angles", &self.leaf_angles.join(", "), &name)?;
            }
        }

        let mut limits = Limits {
            ranges: Vec::new(),
            fixed: Vec::new(),
            smallest: ABSENT,
            largest: [f64::INFINITY; PARAMETERS],
            leaf_angles: chosen.leaf_angles(),
            shapes: chosen.shapes_are_parameters(),
            refit: refit.clone(),
        };
        for parameter in chosen.known {
            let parameter = *parameter;
            let base = chosen.base.get(parameter);
            let unit = after_value(parameter.range().unit);
            if let Some(range) = self.range(parameter) {
                let free = chosen.free.iter().find(|(p, ..)| *p == parameter);
                let (from, to) = match (free, base) {
                    (Some((_, min, max)), _) => (*min, *max),
                    (None, Some(value)) => (value, value),
                    (None, None) => {
                        return Err(wrong(format!(
                            "fitted for {parameter} from {} to {}{unit}, not for one that follows from \
                             others",
                            range.min, range.max
                        )));
                    }
                };
                if !(range.min <= from && to <= range.max) {
                    let found = if from == to {
                        format!("{from}")
                    } else {
                        format!("{from} to {to}")
                    };
                    return Err(wrong(format!(
                        "fitted for {parameter} from {} to {}{unit}, not for {found}",
                        range.min, range.max
                    )));
                }
                let to_it = self.free.iter().any(|free| free.name == parameter.symbol());
                if free.is_some() && !to_it {
                    return Err(wrong(format!(
                        "{parameter} is free, and was fitted as a condition, without its derivatives"
                    )));
                }
                limits.ranges.push((parameter, range.min, range.max));
                continue;
            }
            let Some(value) = self.fixed.get(parameter.symbol()) else {
                return Err(wrong(format!("not fitted for any {parameter}")));
            };
            let text = |value: Option<f64>| {
                value.map_or_else(|| "none".to_owned(), |value| format!("{value}{unit}"))
            };
            if chosen.is_free(parameter) || chosen.per_sample.contains(&parameter) {
                let found = if chosen.is_free(parameter) {
                    "a free one"
                } else {
                    "one per sample"
                };
                return Err(wrong(format!(
                    "fitted for {parameter} = {}, not for {found}",
                    text(*value)
                )));
            }
            if *value != base {
                return Err(wrong(format!(
                    "fitted for {parameter} = {}, not for {}",
                    text(*value),
                    text(base)
                )));
            }
            limits.fixed.push((parameter, base));
        }
        let fixed = limits.fixed.iter().map(|(parameter, value)| {
            let value = value.unwrap_or(f64::NEG_INFINITY);
            (*parameter, value, value)
        });
        for (parameter, min, max) in limits.ranges.iter().copied().chain(fixed) {
            limits.smallest[parameter as usize] = min;
            limits.largest[parameter as usize] = max;
        }
        Ok(limits)
    }
}

impl Limits {
    /// Refuse a sample that the quadrature does not serve; `row` stands in the message.
    pub fn check(&self, row: usize, sample: &CanopyParameters) -> Result<(), PhysicsError> {
        let served = within(&sample.values_or(&ABSENT), &self.smallest, &self.largest);
        if served && self.has_leaf_angles(sample) {
            return Ok(());
        }
        let wrong = |problem: String| {
            Err(PhysicsError::Inconsistent {
                what: "quadrature",
                problem: format!("row {row}: {problem}; {}", self.refit),
            })
        };
        let text = |parameter: Parameter| {
            let unit = after_value(parameter.range().unit);
            sample.get(parameter).map_or_else(
                || format!("{parameter} that follows from others"),
                |value| format!("{parameter} = {value}{unit}"),
            )
        };
        for (parameter, min, max) in &self.ranges {
            // a value that is not there is outside
            let value = sample.get(*parameter).unwrap_or(f64::NAN);
            if !(*min <= value && value <= *max) {
                return wrong(format!(
                    "{} is outside the fitted range {min} to {max}",
                    text(*parameter)
                ));
            }
        }
        for (parameter, fitted) in &self.fixed {
            if sample.get(*parameter) != *fitted {
                let fitted = fitted.map_or_else(|| "none".to_owned(), |value| format!("{value}"));
                return wrong(format!("{} is not the fitted {fitted}", text(*parameter)));
            }
        }
        let fitted: Vec<String> = (self.leaf_angles.iter())
            .map(|fitted| name(fitted, self.shapes))
            .collect();
        wrong(format!(
            "leaf angles {} are not among the fitted {}",
            name(&sample.leaf_angles, self.shapes),
            fitted.join(", ")
        ))
    }

    fn has_leaf_angles(&self, sample: &CanopyParameters) -> bool {
        self.leaf_angles
            .iter()
            .any(|fitted| match (fitted, &sample.leaf_angles) {
                // their numbers are parameters
                (LeafAngles::Ellipsoidal(_), LeafAngles::Ellipsoidal(_))
                | (LeafAngles::Verhoef { .. }, LeafAngles::Verhoef { .. })
                    if self.shapes =>
                {
                    true
                }
                (fitted, angles) => fitted == angles,
            })
    }
}

/// A distribution by name, without its numbers where these are parameters.
fn name(angles: &LeafAngles, shapes_are_parameters: bool) -> String {
    match angles {
        LeafAngles::Uniform => "uniform".into(),
        LeafAngles::Spherical => "spherical".into(),
        LeafAngles::Ellipsoidal(_) if shapes_are_parameters => "ellipsoidal".into(),
        LeafAngles::Ellipsoidal(average) => format!("ellipsoidal {average}"),
        LeafAngles::Verhoef { .. } if shapes_are_parameters => "verhoef".into(),
        LeafAngles::Verhoef { a, b } => format!("verhoef {a} {b}"),
        LeafAngles::Classes(classes) => {
            let mut fingerprint = Fingerprint::new();
            fingerprint.see(classes.middles_deg());
            fingerprint.see(classes.weights());
            format!("classes {}", fingerprint.text())
        }
    }
}
