//! The built-in synthetic data: the physics with a known model error and noise, and the truth kept.

use crate::error::require_size;
use crate::{
    DataError, Geometries, Imperfection, Labels, NamedColumns, Purpose, SplitTables, Table,
    ValueSpace, stream,
};
use ndarray::Array2;
use physics::ForwardModel;
use rand::Rng;
use rand::distributions::Open01;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

/// A parameter of the physical model and the range its values are drawn from, in the model's unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterRange {
    /// Name, as the model calls it.
    pub name: String,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
}

/// Sizes, seed and angles of the built-in synthetic data; by default those of the default run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SyntheticData {
    /// Training rows.
    pub train: usize,
    /// Validation rows.
    pub valid: usize,
    /// Test rows.
    pub test: usize,
    /// Seed.
    pub seed: u64,
    /// Whether there is noise of standard deviation [`Imperfection::noise_std`].
    pub noise: bool,
    /// Whether the values are [`Imperfection::distorted`].
    pub model_error: bool,
    /// Sun and view of each row; `None`: the model's defaults for all.
    pub geometries: Option<Geometries>,
}

impl Default for SyntheticData {
    /// 8192, 2048 and 2048 rows, seed 123, with noise and model error.
    fn default() -> Self {
        Self {
            train: 8192,
            valid: 2048,
            test: 2048,
            seed: 123,
            noise: true,
            model_error: true,
            geometries: None,
        }
    }
}

impl SyntheticData {
    /// Simulates training, validation and test rows with the truth kept.
    ///
    /// Per row z ~ U(0, 1) per parameter, value = z·(max − min) + min, R from the model at its default
    /// conditions or those of [`Geometries`], which the rows then keep, x = [`Imperfection::distorted`]`(R)` + N(0, [`Imperfection::noise_std`]`(R)²)`, each of
    /// the two where asked for. `ranges` are in the order of the model's parameters, `imperfection` has one
    /// channel per output (its wavelengths for Sentinel-2: [`crate::sentinel2_wavelengths_nm`]). Each row has a random stream of its own, so it depends on the
    /// seed, its split and its number only, not on threads nor on the number of rows.
    ///
    /// # Errors
    /// A split without rows or with more than 2³² − 1; ranges that are not the model's parameters in its
    /// order, or not within its own ranges; another number of channels than outputs; a failure of the
    /// model.
    pub fn simulate(
        &self,
        model: &dyn ForwardModel,
        ranges: &[ParameterRange],
        imperfection: &Imperfection,
    ) -> Result<SplitTables, DataError> {
        check_ranges(model, ranges)?;
        let (what, channels) = imperfection.size();
        require_size(what, channels, model.outputs().len())?;
        let split = |name: &str, number, rows| {
            self.simulate_split(name, number, rows, model, ranges, imperfection)
        };
        Ok(SplitTables {
            train: split("train", 0, self.train)?,
            valid: split("valid", 1, self.valid)?,
            test: split("test", 2, self.test)?,
        })
    }

    fn simulate_split(
        &self,
        name: &str,
        split: u32,
        rows: usize,
        model: &dyn ForwardModel,
        ranges: &[ParameterRange],
        imperfection: &Imperfection,
    ) -> Result<Table, DataError> {
        let rows_u32 = u32::try_from(rows).ok().filter(|&rows| rows > 0);
        let Some(rows_u32) = rows_u32 else {
            let (value, allowed) = (rows.to_string(), format!("1 to {} rows", u32::MAX));
            return Err(DataError::NotAllowed {
                name: name.into(),
                value,
                allowed,
            });
        };
        let mut truth = Array2::zeros((rows, ranges.len()));
        let mut noise = Array2::zeros((rows, imperfection.size().1));
        for (row, (mut truth, mut noise)) in
            (0..rows_u32).zip(truth.rows_mut().into_iter().zip(noise.rows_mut()))
        {
            let mut rng = stream(self.seed, Purpose::SyntheticData, split, row);
            for (value, range) in truth.iter_mut().zip(ranges) {
                let z: f64 = rng.sample(Open01);
                // the sum may round to just beyond max, which the model would refuse
                *value = (z * (range.max - range.min) + range.min).clamp(range.min, range.max);
            }
            noise
                .iter_mut()
                .for_each(|epsilon| *epsilon = rng.sample::<f64, _>(StandardNormal));
        }
        let conditions = (self.geometries.as_ref())
            .map(|geometries| self.conditions(geometries, model, split, rows_u32))
            .transpose()?;
        let mut values = Array2::zeros(noise.dim());
        let given = conditions.as_ref().map(NamedColumns::values);
        model.evaluate(truth.view(), given, values.view_mut())?;
        for (mut values, noise) in values.rows_mut().into_iter().zip(noise.rows()) {
            for (channel, (value, epsilon)) in values.iter_mut().zip(noise).enumerate() {
                let clean = *value;
                let distorted = if self.model_error {
                    imperfection.distorted(channel, clean)
                } else {
                    clean
                };
                let observed = if self.noise {
                    distorted + imperfection.noise_std(channel, clean) * epsilon
                } else {
                    distorted
                };
                *value = imperfection.floored(observed);
            }
        }
        let truth = NamedColumns::new(
            ranges.iter().map(|range| range.name.clone()).collect(),
            truth,
        )?;
        Table::new(
            model.outputs().to_vec(),
            values,
            ValueSpace::Physical,
            conditions,
            Labels::default(),
            Some(truth),
        )
    }
}

impl SyntheticData {
    /// The conditions of the rows of a split.
    fn conditions(
        &self,
        geometries: &Geometries,
        model: &dyn ForwardModel,
        split: u32,
        rows: u32,
    ) -> Result<NamedColumns, DataError> {
        let quantities = model.conditions();
        let mut values = Array2::zeros((rows as usize, quantities.len()));
        for (row, mut to) in (0..rows).zip(values.rows_mut()) {
            let of_row = geometries.conditions(quantities, self.seed, split, row)?;
            to.iter_mut()
                .zip(of_row)
                .for_each(|(to, value)| *to = value);
        }
        let names = quantities.iter().map(|q| q.name.clone()).collect();
        NamedColumns::new(names, values)
    }
}

fn check_ranges(model: &dyn ForwardModel, ranges: &[ParameterRange]) -> Result<(), DataError> {
    let parameters = model.parameters();
    if !parameters
        .iter()
        .map(|p| &p.name)
        .eq(ranges.iter().map(|r| &r.name))
    {
        return Err(DataError::NotAllowed {
            name: "ranges".into(),
            value: format!(
                "{:?}",
                ranges.iter().map(|r| r.name.as_str()).collect::<Vec<_>>()
            ),
            allowed: format!(
                "the parameters of {} in its order, {:?}",
                model.name(),
                parameters
                    .iter()
                    .map(|p| p.name.as_str())
                    .collect::<Vec<_>>()
            ),
        });
    }
    for (range, parameter) in ranges.iter().zip(parameters) {
        // written so that NaN is refused too
        if !(parameter.min <= range.min && range.min <= range.max && range.max <= parameter.max) {
            return Err(DataError::NotAllowed {
                name: format!("range of {}", range.name),
                value: format!("{} to {} {}", range.min, range.max, parameter.unit),
                allowed: format!("min ≤ max within {} to {}", parameter.min, parameter.max),
            });
        }
    }
    Ok(())
}
