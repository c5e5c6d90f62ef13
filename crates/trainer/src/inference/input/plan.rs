//! A description that fits the model: which columns are read and what becomes of them.

use super::description::{InputDescription, Mask, Source};
use crate::TrainerError;
use crate::config::{ChannelValues, CheckedPhysics};
use crate::inference::Estimator;
use data::{CheckedOverpass, Date, Overpass, Standardization, Values};

/// How columns (of a table) or bands (of a raster) become [`crate::inference::Observations`].
#[derive(Clone, Debug)]
pub struct InputPlan {
    /// All columns that hold numbers: channels first, then those of angles, then the mask.
    pub numbers: Vec<String>,
    /// Column of the dates from which the sun follows.
    pub dates: Option<String>,
    /// Columns that are carried along.
    pub keep: Vec<String>,
    channels: usize,
    values: Values,
    nodata: Option<f64>,
    standardization: Standardization,
    /// Of each condition of the physics; `None`: its defaults for all.
    conditions: Option<Vec<Condition>>,
    overpass: Option<CheckedOverpass>,
    mask: Option<Vec<i64>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Condition {
    Constant(f64),
    /// In the column of this number.
    Column(usize),
    /// From the date of each row.
    Sun,
}

impl InputPlan {
    /// # Errors
    /// A channel or condition that the model does not have, values that are not declared or do not fit the physics, an angle
    /// outside the range of the physics, a sun without a date.
    pub fn new(
        description: &InputDescription,
        estimator: &Estimator,
        physics: &CheckedPhysics,
    ) -> Result<Self, TrainerError> {
        let (channels, quantities) = (estimator.channels(), estimator.conditions());
        if let Some(name) = description
            .columns
            .keys()
            .find(|name| !channels.contains(name))
        {
            return Err(TrainerError::argument(
                "channel",
                name,
                &format!("the model has {channels:?}"),
            ));
        }
        let known: Vec<&str> = quantities.iter().map(|q| q.name.as_str()).collect();
        if let Some(name) = description
            .angles
            .keys()
            .find(|name| !known.contains(&name.as_str()))
        {
            return Err(TrainerError::argument(
                "angle",
                name,
                &format!("the physics has {known:?}"),
            ));
        }
        let mut numbers: Vec<String> = channels
            .iter()
            .map(|channel| description.columns.get(channel).unwrap_or(channel).clone())
            .collect();
        let mut place = |column: &String| {
            numbers
                .iter()
                .position(|it| it == column)
                .unwrap_or_else(|| {
                    numbers.push(column.clone());
                    numbers.len() - 1
                })
        };
        let (overpass, fixed_sun, dates) = sun(description)?;
        let mut conditions = vec![];
        for quantity in quantities {
            let condition = match description.angles.get(&quantity.name) {
                Some(Source::Constant(value)) => Condition::Constant(*value),
                Some(Source::Column(column)) => Condition::Column(place(column)),
                None if quantity.name == "tts" && overpass.is_some() => {
                    fixed_sun.map_or(Condition::Sun, Condition::Constant)
                }
                None => Condition::Constant(quantity.default),
            };
            if let Condition::Constant(value) = condition
                && !(quantity.min..=quantity.max).contains(&value)
            {
                let allowed = format!("{} to {} {}", quantity.min, quantity.max, quantity.unit);
                let value = format!("{} = {value}", quantity.name);
                return Err(TrainerError::argument("angle", &value, &allowed));
            }
            conditions.push(condition);
        }
        let declared = !description.angles.is_empty() || overpass.is_some();
        let mask = description.mask.as_ref().map(|Mask { column, keep }| {
            // behind all others, whether or not it is one of them
            numbers.push(column.clone());
            keep.values().to_vec()
        });
        Ok(Self {
            channels: channels.len(),
            values: values(description, physics)?,
            nodata: description.nodata,
            standardization: estimator.experiment().standardization.clone(),
            conditions: declared.then_some(conditions),
            overpass: dates.as_ref().and(overpass),
            dates,
            keep: description.keep.clone(),
            mask,
            numbers,
        })
    }

    /// Which of [`InputPlan::numbers`] is the mask.
    pub fn mask(&self) -> Option<usize> {
        self.mask.as_ref().map(|_| self.numbers.len() - 1)
    }

    /// The number that stands for no data beside those that a file declares.
    pub fn nodata(&self) -> Option<f32> {
        self.nodata.map(|v| v as f32)
    }

    /// Whether a file's own scale and offset apply: they give the physical value, not that of digital numbers.
    pub fn takes_declared_scales(&self) -> bool {
        !matches!(self.values, Values::DigitalNumbers { .. })
    }

    /// Number of conditions of each observation; 0: those of the physics' defaults.
    pub fn conditions(&self) -> usize {
        self.conditions.as_ref().map_or(0, Vec::len)
    }

    /// What the physics' channels are of n observations whose columns stand one after the other in `columns`
    /// (each n long, in the order of [`InputPlan::numbers`]): in their unit, NaN where a value is missing. In place.
    pub fn physical(&self, columns: &mut [f32], n: usize) {
        for (k, channel) in columns
            .chunks_exact_mut(n.max(1))
            .take(self.channels)
            .enumerate()
        {
            let (mean, scale) = (
                self.standardization.mean()[k],
                self.standardization.scale()[k],
            );
            let nodata = self.nodata.map(|v| v as f32);
            for v in channel {
                let cell = f64::from(*v);
                let missing = self.values.is_missing(cell) || nodata == Some(*v);
                *v = if missing {
                    f32::NAN
                } else if self.values == Values::Standardized {
                    (cell * scale + mean) as f32
                } else {
                    self.values.to_physical(cell) as f32
                };
            }
        }
    }

    /// The conditions of n observations, one column after the other, from their columns and the sun of their dates.
    pub fn fill_conditions(
        &self,
        columns: &[f32],
        n: usize,
        sun: Option<&[f32]>,
        out: &mut Vec<f32>,
    ) {
        out.clear();
        for condition in self.conditions.iter().flatten() {
            match condition {
                Condition::Constant(value) => out.extend(std::iter::repeat_n(*value as f32, n)),
                Condition::Column(k) => out.extend_from_slice(&columns[k * n..(k + 1) * n]),
                Condition::Sun => match sun {
                    Some(sun) => out.extend_from_slice(sun),
                    None => out.extend(std::iter::repeat_n(f32::NAN, n)),
                },
            }
        }
    }

    /// What the mask leaves out of n observations.
    pub fn fill_mask(&self, columns: &[f32], n: usize, out: &mut Vec<bool>) {
        out.clear();
        if let (Some(keep), Some(k)) = (&self.mask, self.mask()) {
            let is_kept = |v: &f32| keep.iter().any(|kept| *kept as f32 == *v);
            out.extend(columns[k * n..(k + 1) * n].iter().map(|v| !is_kept(v)));
        }
    }

    /// The sun's zenith angle of a date as written; NaN where it cannot be read.
    pub fn sun_zenith(&self, date: &str) -> f32 {
        let zenith = self
            .overpass
            .and_then(|overpass| Date::parse(date).and_then(|date| overpass.sun_zenith(date).ok()));
        zenith.map_or(f32::NAN, |angle| angle as f32)
    }
}

/// Where the sun is computed, its angle if the date is one for all, and the column of dates if it is not.
type Sun = (Option<CheckedOverpass>, Option<f64>, Option<String>);

fn sun(description: &InputDescription) -> Result<Sun, TrainerError> {
    let Some(sun) = &description.sun else {
        return Ok((None, None, None));
    };
    let overpass = Overpass {
        latitude: sun.latitude,
        longitude: sun.longitude,
        time_utc: sun.time_utc.clone(),
    };
    let overpass = overpass.check()?;
    let Some(date) = &description.date else {
        return Err(TrainerError::argument(
            "sun",
            "without a date",
            "a date, or a column of dates, as date",
        ));
    };
    Ok(match Date::parse(date) {
        Some(day) => (Some(overpass), Some(overpass.sun_zenith(day)?), None),
        None => (Some(overpass), None, Some(date.clone())),
    })
}

fn values(
    description: &InputDescription,
    physics: &CheckedPhysics,
) -> Result<Values, TrainerError> {
    let allowed = match physics {
        CheckedPhysics::Inform(_) => ChannelValues::OF_REFLECTANCE,
        CheckedPhysics::Mogi(_) => ChannelValues::OF_DISPLACEMENTS,
    };
    let names: Vec<String> = allowed.iter().map(|it| it.name()).collect();
    let Some(values) = description.values else {
        let hint = format!("{} (this model's own data do not say it)", names.join(", "));
        return Err(TrainerError::argument("values", "not given", &hint));
    };
    if !allowed.contains(&values) {
        return Err(TrainerError::argument(
            "values",
            &values.name(),
            &names.join(", "),
        ));
    }
    let checked = values.with(description.digital_numbers).ok_or_else(|| {
        let allowed = "digital_numbers {\"scale\": 1e-4, \"offset\": -1000} with values digital_numbers, and with no other";
        TrainerError::argument("values", &values.name(), allowed)
    })?;
    let values = checked.values();
    if let Values::DigitalNumbers { scale, offset } = values
        && !(scale.is_finite() && scale > 0.0 && offset.is_finite())
    {
        let value = format!("scale {scale}, offset {offset}");
        return Err(TrainerError::argument(
            "digital_numbers",
            &value,
            "a finite scale above 0, a finite offset",
        ));
    }
    Ok(values)
}

#[cfg(test)]
mod tests;
