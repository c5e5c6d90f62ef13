//! Some outputs of a model, in an order of one's own.

use ndarray::{Array2, Array3, ArrayView2, ArrayViewMut2, ArrayViewMut3, Axis};
use physics::{ForwardModel, PhysicsError, Quantity, check_shapes};

/// The channels of an experiment are some outputs of its physics; this puts them in the channels' order.
pub(super) struct Selected<M> {
    inner: M,
    outputs: Vec<String>,
    /// Output j here is output `places[j]` of the inner model.
    places: Vec<usize>,
}

impl<M: ForwardModel> Selected<M> {
    /// The outputs of these names.
    pub(super) fn new(inner: M, names: &[String]) -> Result<Self, PhysicsError> {
        let known = inner.outputs();
        let place = |name: &String| {
            let found = known.iter().position(|output| output == name);
            found.ok_or_else(|| PhysicsError::UnknownName {
                what: "output",
                name: name.clone(),
                known: known.to_vec(),
            })
        };
        let places = names.iter().map(place).collect::<Result<_, _>>()?;
        Ok(Self {
            inner,
            outputs: names.to_vec(),
            places,
        })
    }

    fn is_whole(&self) -> bool {
        self.outputs == self.inner.outputs()
    }
}

impl<M: ForwardModel> ForwardModel for Selected<M> {
    fn name(&self) -> &str {
        self.inner.name()
    }
    fn parameters(&self) -> &[Quantity] {
        self.inner.parameters()
    }
    fn conditions(&self) -> &[Quantity] {
        self.inner.conditions()
    }
    fn outputs(&self) -> &[String] {
        &self.outputs
    }
    fn output_unit(&self) -> &str {
        self.inner.output_unit()
    }

    fn evaluate(
        &self,
        parameters: ArrayView2<f64>,
        conditions: Option<ArrayView2<f64>>,
        mut values: ArrayViewMut2<f64>,
    ) -> Result<(), PhysicsError> {
        if self.is_whole() {
            return self.inner.evaluate(parameters, conditions, values);
        }
        check_shapes(self, &parameters, conditions.as_ref(), &values, None)?;
        let mut all = Array2::zeros((parameters.nrows(), self.inner.outputs().len()));
        self.inner
            .evaluate(parameters, conditions, all.view_mut())?;
        values.assign(&all.select(Axis(1), &self.places));
        Ok(())
    }

    fn evaluate_with_jacobian(
        &self,
        parameters: ArrayView2<f64>,
        conditions: Option<ArrayView2<f64>>,
        mut values: ArrayViewMut2<f64>,
        mut jacobian: ArrayViewMut3<f64>,
    ) -> Result<(), PhysicsError> {
        if self.is_whole() {
            return self
                .inner
                .evaluate_with_jacobian(parameters, conditions, values, jacobian);
        }
        check_shapes(
            self,
            &parameters,
            conditions.as_ref(),
            &values,
            Some(&jacobian),
        )?;
        let (n, p) = parameters.dim();
        let outputs = self.inner.outputs().len();
        let (mut all, mut slopes) = (Array2::zeros((n, outputs)), Array3::zeros((n, outputs, p)));
        self.inner.evaluate_with_jacobian(
            parameters,
            conditions,
            all.view_mut(),
            slopes.view_mut(),
        )?;
        values.assign(&all.select(Axis(1), &self.places));
        jacobian.assign(&slopes.select(Axis(1), &self.places));
        Ok(())
    }
}
