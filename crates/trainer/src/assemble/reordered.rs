//! A model whose parameters stand in another order.

use ndarray::{Array2, Array3, ArrayView2, ArrayViewMut2, ArrayViewMut3, Axis};
use physics::{ForwardModel, PhysicsError, Quantity};

/// The ranges file decides the order of the latents; this puts a model's parameters into it.
pub(super) struct Reordered<M> {
    inner: M,
    /// Parameter k here is parameter `order[k]` of the inner model.
    order: Vec<usize>,
    parameters: Vec<Quantity>,
}

impl<M: ForwardModel> Reordered<M> {
    /// `order` is a permutation of the inner model's parameters.
    pub(super) fn new(inner: M, order: Vec<usize>) -> Self {
        let parameters = order
            .iter()
            .map(|&i| inner.parameters()[i].clone())
            .collect();
        Self {
            inner,
            order,
            parameters,
        }
    }

    fn to_inner(&self, parameters: ArrayView2<f64>) -> Array2<f64> {
        let mut inner = Array2::zeros(parameters.raw_dim());
        for (k, &i) in self.order.iter().enumerate() {
            inner.column_mut(i).assign(&parameters.column(k));
        }
        inner
    }
}

impl<M: ForwardModel> ForwardModel for Reordered<M> {
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
        self.inner.outputs()
    }
    fn output_unit(&self) -> &str {
        self.inner.output_unit()
    }

    fn evaluate(
        &self,
        parameters: ArrayView2<f64>,
        conditions: Option<ArrayView2<f64>>,
        values: ArrayViewMut2<f64>,
    ) -> Result<(), PhysicsError> {
        self.inner
            .evaluate(self.to_inner(parameters).view(), conditions, values)
    }

    fn evaluate_with_jacobian(
        &self,
        parameters: ArrayView2<f64>,
        conditions: Option<ArrayView2<f64>>,
        values: ArrayViewMut2<f64>,
        mut jacobian: ArrayViewMut3<f64>,
    ) -> Result<(), PhysicsError> {
        let mut inner = Array3::zeros(jacobian.raw_dim());
        let parameters = self.to_inner(parameters);
        self.inner.evaluate_with_jacobian(
            parameters.view(),
            conditions,
            values,
            inner.view_mut(),
        )?;
        jacobian.assign(&inner.select(Axis(2), &self.order));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use physics::ReflectanceModel;

    #[test]
    fn values_and_jacobian_follow_the_order() {
        let make = || ReflectanceModel::builder().build().unwrap();
        let order = vec![6, 0, 1, 2, 3, 4, 5];
        let (plain, reordered) = (make(), Reordered::new(make(), order));
        assert_eq!(reordered.parameters()[0].name, "fc");
        let x = array![[1.5, 40.0, 0.01, 0.01, 3.0, 0.5, 0.7]];
        let y = array![[0.7, 1.5, 40.0, 0.01, 0.01, 3.0, 0.5]];
        let run = |model: &dyn ForwardModel, x: &Array2<f64>| {
            let (mut v, mut j) = (Array2::zeros((1, 13)), Array3::zeros((1, 13, 7)));
            model
                .evaluate_with_jacobian(x.view(), None, v.view_mut(), j.view_mut())
                .unwrap();
            let mut alone = Array2::zeros((1, 13));
            model.evaluate(x.view(), None, alone.view_mut()).unwrap();
            (v, j, alone)
        };
        let ((v1, j1, a1), (v2, j2, a2)) = (run(&plain, &x), run(&reordered, &y));
        assert_eq!((v1, a1), (v2, a2));
        assert_eq!(j1.index_axis(Axis(2), 6), j2.index_axis(Axis(2), 0));
        assert_eq!(j1.index_axis(Axis(2), 0), j2.index_axis(Axis(2), 1));
        assert_ne!(j1.index_axis(Axis(2), 0), j1.index_axis(Axis(2), 6));
    }
}
