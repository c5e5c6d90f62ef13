//! The model as a [`ForwardModel`].

use super::model::ReflectanceModel;
use crate::device::DeviceProgram;
use crate::forward_model::check_ranges;
use crate::parameters::{CanopyParameters, Parameter, relative_azimuth};
use crate::{ForwardModel, PhysicsError, Quantity};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, ArrayViewMut3, CowArray, Ix2};

impl ReflectanceModel {
    /// The samples of rows of free parameters and conditions.
    ///
    /// # Errors
    /// A value that is not finite or outside its range, or a leaf angle distribution that is not whole.
    pub fn samples(
        &self,
        parameters: ArrayView2<f64>,
        conditions: Option<ArrayView2<f64>>,
    ) -> Result<Vec<CanopyParameters>, PhysicsError> {
        check_ranges(&self.parameters, &parameters)?;
        let mut samples: Vec<CanopyParameters> = parameters
            .rows()
            .into_iter()
            .map(|row| {
                let mut sample = self.base.clone();
                for (parameter, value) in self.free.iter().zip(row) {
                    sample.put(*parameter, *value);
                }
                sample
            })
            .collect();
        if let Some(conditions) = conditions {
            let conditions = self.folded(conditions);
            check_ranges(&self.conditions, &conditions.view())?;
            for (row, (sample, values)) in samples.iter_mut().zip(conditions.rows()).enumerate() {
                for (parameter, value) in self.per_sample.iter().zip(values) {
                    sample.put(*parameter, *value);
                }
                if let Some(class) = values.get(self.per_sample.len()) {
                    if class.fract() != 0.0 {
                        return Err(PhysicsError::Inconsistent {
                            what: super::model::LEAF_ANGLES,
                            problem: format!(
                                "row {row}: {class}, expected a whole number from 0 to {}",
                                self.leaf_angle_classes.len() - 1
                            ),
                        });
                    }
                    sample.leaf_angles = self.leaf_angle_classes[*class as usize].clone();
                }
            }
        }
        Ok(samples)
    }

    /// Conditions with every relative azimuth in 0 to 180 degrees.
    fn folded<'a>(&self, conditions: ArrayView2<'a, f64>) -> CowArray<'a, f64, Ix2> {
        let azimuth = self.per_sample.iter().position(|it| *it == Parameter::Psi);
        let is_folded = |value: &f64| (0.0..=180.0).contains(value);
        match azimuth {
            Some(k) if !conditions.column(k).iter().all(is_folded) => {
                let mut own = conditions.into_owned();
                own.column_mut(k).mapv_inplace(relative_azimuth);
                CowArray::from(own)
            }
            _ => CowArray::from(conditions),
        }
    }
}

impl ForwardModel for ReflectanceModel {
    fn name(&self) -> &str {
        &self.name
    }

    fn parameters(&self) -> &[Quantity] {
        &self.parameters
    }

    fn conditions(&self) -> &[Quantity] {
        &self.conditions
    }

    fn outputs(&self) -> &[String] {
        &self.outputs
    }

    fn output_unit(&self) -> &'static str {
        "reflectance"
    }

    fn device_program(&self) -> Option<DeviceProgram> {
        self.program()
    }

    fn check_conditions(&self, conditions: ArrayView2<f64>) -> Result<(), PhysicsError> {
        let parameters = Array2::from_shape_fn((conditions.nrows(), self.free.len()), |(_, k)| {
            self.parameters[k].default
        });
        let samples = self.samples(parameters.view(), Some(conditions))?;
        for (row, sample) in samples.iter().enumerate() {
            self.check_served(row, sample)?;
        }
        Ok(())
    }

    fn compute(
        &self,
        parameters: ArrayView2<f64>,
        conditions: Option<ArrayView2<f64>>,
        mut values: ArrayViewMut2<f64>,
        mut jacobian: Option<ArrayViewMut3<f64>>,
    ) -> Result<(), PhysicsError> {
        let samples = self.samples(parameters, conditions)?;
        let in_place = (
            values.as_slice_mut(),
            jacobian.as_mut().map(ArrayViewMut3::as_slice_mut),
        );
        match in_place {
            (Some(values), None) => self.evaluate_samples(&samples, values, &mut []),
            (Some(values), Some(Some(jacobian))) => {
                self.evaluate_samples(&samples, values, jacobian)
            }
            // views that are not laid out row after row
            _ => {
                if let Some(jacobian) = &mut jacobian {
                    let (own, slopes) = self.bands_with_jacobian(&samples)?;
                    values.assign(&own);
                    jacobian.assign(&slopes);
                } else {
                    values.assign(&self.bands(&samples)?);
                }
                Ok(())
            }
        }
    }
}
