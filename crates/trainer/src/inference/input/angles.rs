//! Under which angles observations are taken to be seen, for people.

use super::plan::{Condition, InputPlan};

/// The sun's zenith angle.
const SUN: &str = "tts";
/// The relative azimuth of sun and view; it matters only where the view is not straight down.
const AZIMUTH: &str = "psi";

impl InputPlan {
    /// All angles with where they are from, such as `tts = 30 deg (assumed), tto = band VZA, psi = 0 deg (assumed)`; empty
    /// for physics without.
    pub fn angles_in_words(&self) -> String {
        let each = self.quantities.iter().zip(&self.conditions);
        let each = each.map(|(quantity, condition)| {
            let (name, unit) = (&quantity.name, &quantity.unit);
            match condition {
                Condition::Constant(value) => format!("{name} = {value} {unit}"),
                Condition::Assumed(value) => format!("{name} = {value} {unit} (assumed)"),
                Condition::Column(k) => format!("{name} = {}", self.numbers[*k]),
                Condition::Sun => format!("{name} = sun of the date"),
            }
        });
        each.collect::<Vec<_>>().join(", ")
    }

    /// A sentence for each angle that was not given and that the estimates depend on.
    pub fn assumptions(&self) -> Vec<String> {
        let looks_down = |(quantity, condition): (&physics::Quantity, &Condition)| {
            let is_zero = |angle: f64| angle == 0.0;
            quantity.name == "tto"
                && matches!(condition, Condition::Assumed(v) | Condition::Constant(v) if is_zero(*v))
        };
        let straight_down = self.quantities.iter().zip(&self.conditions).any(looks_down);
        let mut sentences = vec![];
        for (quantity, condition) in self.quantities.iter().zip(&self.conditions) {
            let name = quantity.name.as_str();
            let Condition::Assumed(value) = condition else {
                continue;
            };
            if name == AZIMUTH && straight_down {
                continue;
            }
            let what = match name {
                SUN => "sun zenith",
                "tto" => "view zenith",
                AZIMUTH => "relative azimuth",
                other => other,
            };
            let unit = &quantity.unit;
            sentences.push(format!(
                "{what} not given: {value} {unit} assumed (--angle {name}=...)"
            ));
        }
        sentences
    }
}
