//! The CPU: layers with their activations, one after the other, are one fused operation.

use crate::adam::{Adam, Moments, StepReport, step_on_host};
use crate::gemm::{View, add_product};
use crate::tensor::{matrix, to_host};
use crate::vectors::widest;
use crate::{Activation, Backend, Dense, Matrix, NnError, Scalar};
use dfdx::prelude::*;
use dfdx::tensor::Gradients;
use std::collections::BTreeMap;
use std::ops::DerefMut;
use std::sync::Arc;

/// What the backward pass needs of a layer.
struct Done<E> {
    weight: Arc<Vec<E>>,
    /// Columns of its input, columns of its output.
    sizes: (usize, usize),
    activation: Activation,
    /// What the activation was given; empty where its derivative does not need it.
    before: Vec<E>,
    /// The output, which is the input of the next; empty where the derivative of the last does not need it.
    after: Vec<E>,
}

impl<E: Scalar> Backend<E> for Cpu
where
    Cpu: Device<E>,
    <Cpu as Storage<E>>::Vec: DerefMut<Target = Vec<E>>,
{
    fn chain<T: Tape<E, Self>>(
        x: Matrix<E, Self, T>,
        second: Option<Matrix<E, Self, T>>,
        layers: &[Dense<'_, E, Self>],
        slope: Option<&Matrix<E, Self>>,
    ) -> Result<Matrix<E, Self, T>, NnError> {
        // gradients lie in memory as their tensor does: a permuted one must be laid out by rows first
        let by_rows = |m: Matrix<E, Self, T>| m.try_contiguous().map_err(|e| NnError::device(&e));
        let (x, mut tape) = by_rows(x)?.split_tape();
        let second = second.map(by_rows).transpose()?.map(|s| {
            let (s, t) = s.split_tape();
            tape = std::mem::take(&mut tape).merge(t);
            s
        });
        let device = x.device().clone();
        let (n, i) = *x.shape();
        let j = second.as_ref().map_or(0, |s| s.shape().1);
        debug_assert!(second.as_ref().is_none_or(|s| s.shape().0 == n));
        let xs = to_host(&x);
        let ss = second.as_ref().map_or(vec![], to_host);
        let a = slope.map_or(E::zero(), |s| to_host(s)[0]);

        // y is the output of the last layer, `done` holds those before
        let mut done: Vec<Done<E>> = Vec::with_capacity(layers.len());
        let mut columns = i;
        let mut ys = vec![];
        for (k, layer) in layers.iter().enumerate() {
            let (o, inputs) = *layer.weight.shape();
            let behind = if k == 0 { j } else { 0 };
            debug_assert_eq!(inputs, columns + behind);
            let (weight, bias) = (layer.weight_on_host.of(layer.weight), to_host(layer.bias));
            ys = Vec::with_capacity(n * o);
            for _ in 0..n {
                ys.extend_from_slice(&bias);
            }
            let input = done.last().map_or(&xs, |before| &before.after);
            let w = View::new(&weight, inputs);
            let x = View::new(input, columns);
            add_product((n, o, columns), &mut ys, (0, o), x, w.t());
            let (s, w) = (View::new(&ss, behind), w.starting_at_column(columns));
            add_product((n, o, behind), &mut ys, (0, o), s, w.t());
            let before = if T::OWNS_TAPE && layer.activation.needs_input() {
                ys.clone()
            } else {
                vec![]
            };
            layer.activation.apply(&mut ys, a);
            columns = o;
            let after = if k + 1 < layers.len() {
                std::mem::take(&mut ys)
            } else if T::OWNS_TAPE && layer.activation != Activation::Identity {
                ys.clone()
            } else {
                vec![]
            };
            done.push(Done {
                weight,
                sizes: (inputs, o),
                activation: layer.activation,
                before,
                after,
            });
        }
        let y = matrix(&device, n, columns, ys)?;

        if T::OWNS_TAPE {
            let (x_ghost, y_ghost) = (x.ghost(), y.ghost());
            let second_ghost = second.as_ref().map(Tensor::ghost);
            let ghosts: Vec<_> = layers
                .iter()
                .map(|layer| (layer.weight.ghost(), layer.bias.ghost()))
                .collect();
            let slope_ghost = slope.map(Tensor::ghost);
            tape.add_backward_op(move |gradients: &mut Gradients<E, Self>| {
                // nobody reads the gradient of this intermediate again: take it, do not copy it
                let mut dy = std::mem::take(&mut **gradients.get_or_alloc_mut(&y_ghost)?);
                for (k, (layer, (w_ghost, b_ghost))) in done.iter().zip(&ghosts).enumerate().rev() {
                    let Done {
                        weight,
                        sizes: (inputs, o),
                        activation,
                        before,
                        after,
                    } = layer;
                    let (inputs, o) = (*inputs, *o);
                    let d_slope = activation.pull_back(before, after, a, &mut dy);
                    if let Some(ghost) = &slope_ghost {
                        gradients.get_or_alloc_mut(ghost)?[0] += d_slope;
                    }
                    add_rows(gradients.get_or_alloc_mut(b_ghost)?, &dy);
                    let (g, w) = (View::new(&dy, o), View::new(weight, inputs));
                    let dw = gradients.get_or_alloc_mut(w_ghost)?;
                    if k > 0 {
                        let x = View::new(&done[k - 1].after, inputs);
                        add_product((o, inputs, n), dw, (0, inputs), g.t(), x);
                        let mut dx = vec![E::zero(); n * inputs];
                        add_product((n, inputs, o), &mut dx, (0, inputs), g, w);
                        dy = dx;
                        continue;
                    }
                    add_product((o, i, n), dw, (0, inputs), g.t(), View::new(&xs, i));
                    add_product((o, j, n), dw, (i, inputs), g.t(), View::new(&ss, j));
                    let dx = gradients.get_or_alloc_mut(&x_ghost)?;
                    add_product((n, i, o), dx, (0, i), g, w);
                    if let Some(ghost) = &second_ghost {
                        let ds = gradients.get_or_alloc_mut(ghost)?;
                        add_product((n, j, o), ds, (0, j), g, w.starting_at_column(i));
                    }
                }
                Ok(())
            });
        }
        Ok(y.put_tape(tape))
    }

    fn add_to_gradient(
        &self,
        gradient: &mut <Self as Storage<E>>::Vec,
        values: &[E],
    ) -> Result<(), Self::Err> {
        for (g, &v) in gradient.iter_mut().zip(values) {
            *g += v;
        }
        Ok(())
    }

    fn with_gradient<R>(
        gradients: &mut Gradients<E, Self>,
        parameter: &Matrix<E, Self>,
        f: impl FnOnce(&mut [E]) -> R,
    ) -> Result<R, NnError> {
        let gradient = gradients
            .get_or_alloc_mut(parameter)
            .map_err(|e| NnError::device(&e))?;
        Ok(f(gradient.as_mut_slice()))
    }

    type Gradient = Vec<E>;

    fn take_gradient(
        gradients: &mut Gradients<E, Self>,
        parameter: &Matrix<E, Self>,
    ) -> Result<Vec<E>, NnError> {
        let gradient = gradients
            .get_or_alloc_mut(parameter)
            .map_err(|e| NnError::device(&e))?;
        Ok(std::mem::take(&mut **gradient))
    }

    type Moments = BTreeMap<String, Moments<E>>;

    fn adam_step(
        adam: &mut Adam<E, Self>,
        learning_rate: f64,
        parameters: Vec<(String, &mut Matrix<E, Self>)>,
        shards: Vec<Vec<Vec<E>>>,
    ) -> Result<StepReport, NnError> {
        step_on_host(
            &adam.config,
            &mut adam.moments,
            learning_rate,
            parameters,
            shards,
        )
    }

    fn moments_to_host(moments: &Self::Moments) -> Result<Self::Moments, NnError> {
        Ok(moments.clone())
    }

    fn moments_from_host(moments: Self::Moments) -> Self::Moments {
        moments
    }
}

/// sums += each row of a row-major matrix, first to last.
fn add_rows<E: Scalar>(sums: &mut [E], rows: &[E]) {
    widest(
        #[inline(always)]
        move || {
            for row in rows.chunks_exact(sums.len()) {
                for (sum, &v) in sums.iter_mut().zip(row) {
                    *sum += v;
                }
            }
        },
    );
}
