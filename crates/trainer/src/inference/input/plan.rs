//! A description that fits the model: which columns are read and what becomes of them.

use super::description::{InputDescription, Mask, Source};
use crate::TrainerError;
use crate::config::{ChannelValues, CheckedPhysics};
use crate::inference::Estimator;
use crate::inference::input::names::are_of_sentinel2;
use data::{CheckedOverpass, Date, DateCell, Missing, Overpass, Standardization, Values};
use physics::{Quantity, relative_azimuth};

/// How columns (of a table) or bands (of a raster) become [`crate::inference::Observations`].
#[derive(Clone, Debug)]
pub struct InputPlan {
    /// All columns that hold numbers: channels first, then those of angles, then the mask.
    pub numbers: Vec<String>,
    /// Column of the dates from which the sun follows.
    pub dates: Option<String>,
    /// Columns that are carried along.
    pub keep: Vec<String>,
    /// What each of `numbers` is.
    roles: Vec<Role>,
    /// Whether the channels are Sentinel-2's.
    pub(super) means_sentinel2: bool,
    channels: usize,
    values: Values,
    missing: Missing,
    standardization: Standardization,
    /// The conditions of the physics, and where each is from.
    pub(super) quantities: Vec<Quantity>,
    pub(super) conditions: Vec<Condition>,
    /// Which of `numbers` is the relative azimuth.
    azimuth: Option<usize>,
    overpass: Option<CheckedOverpass>,
    mask: Option<Vec<i64>>,
}

/// What a column or band is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// This channel.
    Channel(String),
    /// This angle.
    Angle(String),
    /// What is left out.
    Mask,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Condition {
    /// The physics' default, as nothing was said.
    Assumed(f64),
    Constant(f64),
    /// In the column of this number.
    Column(usize),
    /// From the date of each row.
    Sun,
}

/// The condition that is the same in every turn.
const AZIMUTH: &str = "psi";

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
        let mut roles: Vec<Role> = channels.iter().cloned().map(Role::Channel).collect();
        let mut place = |angle: &String, column: &String| {
            let known = numbers.iter().position(|it| it == column);
            known.unwrap_or_else(|| {
                numbers.push(column.clone());
                roles.push(Role::Angle(angle.clone()));
                numbers.len() - 1
            })
        };
        let (overpass, fixed_sun, dates) = sun(description)?;
        let mut conditions = vec![];
        for quantity in quantities {
            let condition = match description.angles.get(&quantity.name) {
                Some(Source::Constant(value)) if quantity.name == AZIMUTH => {
                    Condition::Constant(relative_azimuth(*value))
                }
                Some(Source::Constant(value)) => Condition::Constant(*value),
                Some(Source::Column(column)) => Condition::Column(place(&quantity.name, column)),
                None if quantity.name == "tts" && overpass.is_some() => {
                    fixed_sun.map_or(Condition::Sun, Condition::Constant)
                }
                None => Condition::Assumed(quantity.default),
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
        let of_azimuth = |(quantity, condition): (&Quantity, &Condition)| match condition {
            Condition::Column(k) if quantity.name == AZIMUTH => Some(*k),
            _ => None,
        };
        let azimuth = quantities.iter().zip(&conditions).find_map(of_azimuth);
        let mask = description.mask.as_ref().map(|Mask { column, keep }| {
            // behind all others, whether or not it is one of them
            numbers.push(column.clone());
            roles.push(Role::Mask);
            keep.values().to_vec()
        });
        let values = values(description, physics)?;
        let mut keep: Vec<String> = vec![];
        for column in &description.keep {
            if !keep.contains(column) {
                keep.push(column.clone());
            }
        }
        Ok(Self {
            means_sentinel2: are_of_sentinel2(channels),
            channels: channels.len(),
            values,
            missing: Missing::new(values, description.nodata),
            standardization: estimator.experiment().standardization.clone(),
            quantities: quantities.to_vec(),
            conditions,
            azimuth,
            roles,
            overpass: dates.as_ref().and(overpass),
            dates,
            keep,
            mask,
            numbers,
        })
    }

    /// Which of [`InputPlan::numbers`] is the mask.
    pub fn mask(&self) -> Option<usize> {
        self.mask.as_ref().map(|_| self.numbers.len() - 1)
    }

    /// Number of channels.
    pub(crate) fn channels(&self) -> usize {
        self.channels
    }

    /// What the channels hold.
    pub fn values(&self) -> Values {
        self.values
    }

    pub(super) fn role(&self, k: usize) -> &Role {
        &self.roles[k]
    }

    /// Which of [`InputPlan::numbers`] each condition of the physics is, where it is one.
    pub(crate) fn columns_of_conditions(&self) -> impl Iterator<Item = (&Quantity, Option<usize>)> {
        let column = |condition: &Condition| match condition {
            Condition::Column(k) => Some(*k),
            _ => None,
        };
        self.quantities
            .iter()
            .zip(self.conditions.iter().map(column))
    }

    /// Whether a number of a column, as the file has it, stands for a missing one. A value that a mask keeps does not.
    pub fn is_missing(&self, column: usize, cell: f64) -> bool {
        match self.roles.get(column) {
            Some(Role::Channel(_)) => self.missing.in_channel(cell),
            Some(Role::Mask) if self.keeps(cell) => false,
            _ => self.missing.is_nodata(cell),
        }
    }

    fn keeps(&self, class: f64) -> bool {
        let kept = self.mask.iter().flatten();
        kept.into_iter().any(|kept| *kept as f64 == class)
    }

    /// A number of a table as it goes on; NaN where it is missing.
    pub fn cell(&self, column: usize, cell: f64) -> f32 {
        if self.is_missing(column, cell) {
            f32::NAN
        } else {
            cell as f32
        }
    }

    /// Does to a row of a band, as its file has it, what must be done before pixels are averaged: missing numbers become NaN,
    /// relative azimuths those of the turn from 0 to 180 degrees.
    ///
    /// * `declared`: scale and offset of the file, where they apply
    pub fn prepare(&self, band: usize, (scale, offset): (f32, f32), row: &mut [f32]) {
        let is_channel = matches!(self.roles.get(band), Some(Role::Channel(_)));
        for v in row.iter_mut() {
            let cell = f64::from(*v);
            let missing = if is_channel {
                self.missing.in_channel(cell)
            } else {
                self.is_missing(band, cell)
            };
            if missing {
                *v = f32::NAN;
            }
        }
        if self.azimuth == Some(band) {
            let (scale, offset) = (f64::from(scale), f64::from(offset));
            for v in row {
                let angle = f64::from(*v) * scale + offset;
                let folded = relative_azimuth(angle);
                if folded != angle && !folded.is_nan() {
                    *v = ((folded - offset) / scale) as f32;
                }
            }
        }
    }

    /// Whether a file's own scale and offset apply: they give the physical value, not that of digital numbers.
    pub fn takes_declared_scales(&self) -> bool {
        !matches!(self.values, Values::DigitalNumbers { .. })
    }

    /// Number of conditions of each observation; 0: those of the physics' defaults.
    pub fn conditions(&self) -> usize {
        let is_assumed = |it: &Condition| matches!(it, Condition::Assumed(_));
        if self.conditions.iter().all(is_assumed) {
            0
        } else {
            self.conditions.len()
        }
    }

    /// What the physics' channels are of n observations whose columns stand one after the other in `columns`
    /// (each n long, in the order of [`InputPlan::numbers`], NaN where [`InputPlan::is_missing`]): in their unit, NaN where
    /// a value is missing. In place.
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
            for v in channel {
                let cell = f64::from(*v);
                *v = if !cell.is_finite() {
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
        if self.conditions() == 0 {
            return;
        }
        for condition in &self.conditions {
            match condition {
                Condition::Constant(value) | Condition::Assumed(value) => {
                    out.extend(std::iter::repeat_n(*value as f32, n))
                }
                Condition::Column(k) => out.extend_from_slice(&columns[k * n..(k + 1) * n]),
                Condition::Sun => match sun {
                    Some(sun) => out.extend_from_slice(sun),
                    None => out.extend(std::iter::repeat_n(f32::NAN, n)),
                },
            }
        }
    }

    /// Whether the mask leaves out a row of [`InputPlan::numbers`].
    pub(crate) fn leaves_out(&self, row: impl DoubleEndedIterator<Item = f64>) -> bool {
        // the mask is the last one
        let mut row = row;
        self.mask.is_some() && !row.next_back().is_some_and(|class| self.keeps(class))
    }

    /// What the mask leaves out of n observations.
    pub fn fill_mask(&self, columns: &[f32], n: usize, out: &mut Vec<bool>) {
        out.clear();
        if let (Some(keep), Some(k)) = (&self.mask, self.mask()) {
            let is_kept = |v: &f32| keep.iter().any(|kept| *kept as f32 == *v);
            out.extend(columns[k * n..(k + 1) * n].iter().map(|v| !is_kept(v)));
        }
    }

    /// The sun's zenith angle of a date as written, NaN where there is no date; `None` for text that is none.
    ///
    /// # Errors
    /// The sun of that day cannot be computed, which happens for none from 1900 to 2100.
    pub fn sun_zenith(&self, date: &str) -> Result<Option<f32>, TrainerError> {
        Ok(match (Date::read(date), self.overpass) {
            (DateCell::Date(date), Some(overpass)) => Some(overpass.sun_zenith(date)? as f32),
            (DateCell::Missing(_), _) | (_, None) => Some(f32::NAN),
            (DateCell::Text, Some(_)) => None,
        })
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
        let (value, allowed) = if values == ChannelValues::DigitalNumbers {
            (
                "not given".to_owned(),
                "scale and offset of reflectance = (number + offset) * scale, in a description \
                 {\"values\": \"digital_numbers\", \"digital_numbers\": {\"scale\": 0.0001, \"offset\": -1000}}; Sentinel-2's own \
                 have the values sentinel2_l2a and sentinel2_l2a_before_0400",
            )
        } else {
            (
                format!("with values {}", values.name()),
                "none, as only values digital_numbers have a scale and an offset of their own",
            )
        };
        TrainerError::argument("digital_numbers", &value, allowed)
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
