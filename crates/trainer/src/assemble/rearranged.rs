//! A model with its parameters and outputs in an order of one's own.

use ndarray::{Array2, Array3, ArrayView2, ArrayViewMut2, ArrayViewMut3, Axis};
use physics::{DeviceProgram, ForwardModel, PhysicsError, Quantity};

/// The ranges decide the order of the latents, the channels which outputs there are; this puts a model's
/// parameters and outputs into these orders.
pub(super) struct Rearranged<M> {
    inner: M,
    /// Parameter k here is parameter `parameter_places[k]` of the inner model.
    parameter_places: Vec<usize>,
    parameters: Vec<Quantity>,
    /// Output j here is output `output_places[j]` of the inner model.
    output_places: Vec<usize>,
    outputs: Vec<String>,
}

impl<M: ForwardModel> Rearranged<M> {
    /// `parameter_places` is a permutation of the inner model's parameters; `outputs` are some of its
    /// outputs by name.
    pub(super) fn new(
        inner: M,
        parameter_places: Vec<usize>,
        outputs: &[String],
    ) -> Result<Self, PhysicsError> {
        let known = inner.outputs();
        let place = |name: &String| {
            let found = known.iter().position(|output| output == name);
            found.ok_or_else(|| PhysicsError::UnknownName {
                what: "output",
                name: name.clone(),
                known: known.to_vec(),
            })
        };
        let output_places = outputs.iter().map(place).collect::<Result<_, _>>()?;
        let parameter = |&i: &usize| inner.parameters()[i].clone();
        let parameters = parameter_places.iter().map(parameter).collect();
        Ok(Self {
            inner,
            parameter_places,
            parameters,
            output_places,
            outputs: outputs.to_vec(),
        })
    }
}

impl<M: ForwardModel> ForwardModel for Rearranged<M> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn parameters(&self) -> &[Quantity] {
        &self.parameters
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

    fn device_program(&self) -> Option<DeviceProgram> {
        let program = self.inner.device_program()?;
        Some(program.rearranged(&self.parameter_places, &self.output_places))
    }

    fn check_conditions(&self, conditions: ArrayView2<f64>) -> Result<(), PhysicsError> {
        self.inner.check_conditions(conditions)
    }

    fn compute(
        &self,
        parameters: ArrayView2<f64>,
        conditions: Option<ArrayView2<f64>>,
        mut values: ArrayViewMut2<f64>,
        jacobian: Option<ArrayViewMut3<f64>>,
    ) -> Result<(), PhysicsError> {
        let mut inner = Array2::zeros(parameters.raw_dim());
        for (k, &i) in self.parameter_places.iter().enumerate() {
            inner.column_mut(i).assign(&parameters.column(k));
        }
        let (n, p) = inner.dim();
        let d = self.inner.outputs().len();
        let mut all = Array2::zeros((n, d));
        let mut slopes = jacobian.as_ref().map(|_| Array3::zeros((n, d, p)));
        self.inner.compute(
            inner.view(),
            conditions,
            all.view_mut(),
            slopes.as_mut().map(Array3::view_mut),
        )?;
        values.assign(&all.select(Axis(1), &self.output_places));
        if let (Some(mut jacobian), Some(slopes)) = (jacobian, slopes) {
            let of_outputs = slopes.select(Axis(1), &self.output_places);
            jacobian.assign(&of_outputs.select(Axis(2), &self.parameter_places));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use physics::ReflectanceModel;

    #[test]
    fn values_and_jacobian_follow_the_orders() {
        let plain = ReflectanceModel::builder().build().unwrap();
        let order = vec![6, 0, 1, 2, 3, 4, 5];
        let outputs = ["B8A", "B03"].map(str::to_owned);
        let inner = ReflectanceModel::builder().build().unwrap();
        let rearranged = Rearranged::new(inner, order, &outputs).unwrap();
        assert_eq!(rearranged.parameters()[0].name, "fc");
        let x = array![[1.5, 40.0, 0.01, 0.01, 3.0, 0.5, 0.7]];
        let y = array![[0.7, 1.5, 40.0, 0.01, 0.01, 3.0, 0.5]];
        let run = |model: &dyn ForwardModel, x: &Array2<f64>| {
            let d = model.outputs().len();
            let (mut v, mut j) = (Array2::zeros((1, d)), Array3::zeros((1, d, 7)));
            model
                .evaluate_with_jacobian(x.view(), None, v.view_mut(), j.view_mut())
                .unwrap();
            let mut alone = Array2::zeros((1, d));
            model.evaluate(x.view(), None, alone.view_mut()).unwrap();
            assert_eq!(v, alone);
            (v, j)
        };
        let ((v1, j1), (v2, j2)) = (run(&plain, &x), run(&rearranged, &y));
        // B03 is the third of thirteen, B8A the ninth
        for (j, band) in [8, 2].into_iter().enumerate() {
            assert_eq!(v1[[0, band]], v2[[0, j]]);
            for k in 0..7 {
                assert_eq!(j1[[0, band, k]], j2[[0, j, (k + 1) % 7]]);
            }
        }
        assert_ne!(j1[[0, 2, 0]], j1[[0, 2, 6]]);
        let unknown = Rearranged::new(plain, (0..7).collect(), &["B99".to_owned()]);
        assert!(unknown.is_err());
    }
}
