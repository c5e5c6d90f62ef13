//! What the rest of the workspace sees of a physical model.

use crate::PhysicsError;
use crate::device::DeviceProgram;
use ndarray::{ArrayView2, ArrayViewMut2, ArrayViewMut3};

/// A named quantity of a forward model with its unit and its physically allowed range.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    /// Symbol of the literature, as users write it in configurations and tables (`N`, `cab`, …).
    pub name: String,
    /// Unit, `1` for dimensionless.
    pub unit: String,
    /// Smallest value the model accepts.
    pub min: f64,
    /// Largest value the model accepts.
    pub max: f64,
    /// Value used where none is given.
    pub default: f64,
}

/// A physical model with exact first derivatives: a batch of parameters in, a batch of signals out.
///
/// The training physics op, the simulator and the baselines know a model only through this trait;
/// implement it to train on other physics.
pub trait ForwardModel: Send + Sync {
    /// Short name for messages and reports, such as `inform published s2a`.
    fn name(&self) -> &str;

    /// The free parameters, in the order of the columns of `parameters`.
    fn parameters(&self) -> &[Quantity];

    /// Known inputs that may differ from sample to sample but carry no gradient (angles, say), in the
    /// order of the columns of `conditions`. Empty if the model has none.
    fn conditions(&self) -> &[Quantity];

    /// Names of the outputs, in the order of the columns of `values`.
    fn outputs(&self) -> &[String];

    /// Unit of the outputs (`reflectance`, `mm`).
    fn output_unit(&self) -> &str;

    /// Values of `n` samples and, where there is room for it, their Jacobian. What an implementation
    /// writes; what users call is [`ForwardModel::evaluate`] and [`ForwardModel::evaluate_with_jacobian`],
    /// which have checked the shapes.
    ///
    /// * `parameters`: n × p, in the units of [`ForwardModel::parameters`]
    /// * `conditions`: n × c, or `None` for the defaults
    /// * `values`: n × d, to be overwritten
    /// * `jacobian`: n × d × p, to be overwritten, `jacobian[[i, j, k]]` = ∂ values\[i, j\] /
    ///   ∂ parameters\[i, k\]
    ///
    /// # Errors
    /// A parameter or condition that is not finite or outside its range; the error names the row, the
    /// quantity, its value and the allowed range.
    fn compute(
        &self,
        parameters: ArrayView2<f64>,
        conditions: Option<ArrayView2<f64>>,
        values: ArrayViewMut2<f64>,
        jacobian: Option<ArrayViewMut3<f64>>,
    ) -> Result<(), PhysicsError>;

    /// The model as a program for a GPU, if it is one. A model without is computed on the host, wherever the rest is.
    fn device_program(&self) -> Option<DeviceProgram> {
        None
    }

    /// Refuse conditions (n × c) that [`ForwardModel::compute`] would refuse, without computing anything: what a
    /// program on a GPU cannot say itself.
    ///
    /// # Errors
    /// A condition that is not finite or outside its range; the error names row, quantity, value and range.
    fn check_conditions(&self, conditions: ArrayView2<f64>) -> Result<(), PhysicsError> {
        check_ranges(self.conditions(), &conditions)
    }

    /// Values of `n` samples.
    ///
    /// * `parameters`: n × p, in the units of [`ForwardModel::parameters`]
    /// * `conditions`: n × c, or `None` for the defaults
    /// * `values`: n × d, overwritten
    ///
    /// # Errors
    /// A wrong shape, or a parameter or condition that is not finite or outside its range; the error
    /// names the row, the quantity, its value and the allowed range. `values` is then unspecified.
    fn evaluate(
        &self,
        parameters: ArrayView2<f64>,
        conditions: Option<ArrayView2<f64>>,
        values: ArrayViewMut2<f64>,
    ) -> Result<(), PhysicsError> {
        check_shapes(self, &parameters, conditions.as_ref(), &values, None)?;
        self.compute(parameters, conditions, values, None)
    }

    /// Values as [`ForwardModel::evaluate`], and the Jacobian: n × d × p, overwritten,
    /// `jacobian[[i, j, k]]` = ∂ values\[i, j\] / ∂ parameters\[i, k\].
    ///
    /// # Errors
    /// As [`ForwardModel::evaluate`].
    fn evaluate_with_jacobian(
        &self,
        parameters: ArrayView2<f64>,
        conditions: Option<ArrayView2<f64>>,
        values: ArrayViewMut2<f64>,
        jacobian: ArrayViewMut3<f64>,
    ) -> Result<(), PhysicsError> {
        let given = conditions.as_ref();
        check_shapes(self, &parameters, given, &values, Some(&jacobian))?;
        self.compute(parameters, conditions, values, Some(jacobian))
    }
}

/// Refuse arrays whose shapes do not fit `model`.
fn check_shapes(
    model: &(impl ForwardModel + ?Sized),
    parameters: &ArrayView2<f64>,
    conditions: Option<&ArrayView2<f64>>,
    values: &ArrayViewMut2<f64>,
    jacobian: Option<&ArrayViewMut3<f64>>,
) -> Result<(), PhysicsError> {
    let (n, p, d) = (
        parameters.nrows(),
        model.parameters().len(),
        model.outputs().len(),
    );
    let check = |what: &'static str, found: &[usize], expected: &[usize]| {
        if found == expected {
            Ok(())
        } else {
            Err(PhysicsError::Shape {
                what,
                found: found.to_vec(),
                expected: expected.to_vec(),
            })
        }
    };
    check("parameters", parameters.shape(), &[n, p])?;
    if let Some(conditions) = conditions {
        check(
            "conditions",
            conditions.shape(),
            &[n, model.conditions().len()],
        )?;
    }
    check("values", values.shape(), &[n, d])?;
    if let Some(jacobian) = jacobian {
        check("jacobian", jacobian.shape(), &[n, d, p])?;
    }
    Ok(())
}

/// Refuse values outside their quantity's range, for the use of implementations.
///
/// # Errors
/// [`PhysicsError::OutOfRange`], naming row and quantity.
pub fn check_ranges(quantities: &[Quantity], values: &ArrayView2<f64>) -> Result<(), PhysicsError> {
    for (row, values) in values.rows().into_iter().enumerate() {
        for (quantity, value) in quantities.iter().zip(values) {
            if !(quantity.min..=quantity.max).contains(value) {
                return Err(PhysicsError::OutOfRange {
                    row,
                    name: quantity.name.clone(),
                    value: *value,
                    unit: quantity.unit.clone(),
                    min: quantity.min,
                    max: quantity.max,
                });
            }
        }
    }
    Ok(())
}
