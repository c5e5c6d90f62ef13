//! The CPU: a dense layer with its activation is one fused operation.

use crate::gemm::{View, add_product};
use crate::tensor::{matrix, to_host};
use crate::vectors::widest;
use crate::{Activation, Backend, Matrix, NnError, Scalar};
use dfdx::prelude::*;
use dfdx::tensor::Gradients;
use std::ops::DerefMut;

impl<E: Scalar> Backend<E> for Cpu
where
    Cpu: Device<E>,
    <Cpu as Storage<E>>::Vec: DerefMut<Target = Vec<E>>,
{
    fn dense<T: Tape<E, Self>>(
        x: Matrix<E, Self, T>,
        second: Option<Matrix<E, Self, T>>,
        weight: &Matrix<E, Self>,
        bias: &Matrix<E, Self>,
        activation: Activation,
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
        let (o, inputs) = *weight.shape();
        let j = second.as_ref().map_or(0, |s| s.shape().1);
        debug_assert_eq!(inputs, i + j);
        debug_assert!(second.as_ref().is_none_or(|s| s.shape().0 == n));
        let xs = to_host(&x);
        let ss = second.as_ref().map_or(vec![], to_host);
        let (ws, bs) = (to_host(weight), to_host(bias));
        let a = slope.map_or(E::zero(), |s| to_host(s)[0]);

        let mut ys = Vec::with_capacity(n * o);
        for _ in 0..n {
            ys.extend_from_slice(&bs);
        }
        let w = View::new(&ws, inputs);
        add_product((n, o, i), &mut ys, (0, o), View::new(&xs, i), w.t());
        add_product(
            (n, o, j),
            &mut ys,
            (0, o),
            View::new(&ss, j),
            w.starting_at_column(i).t(),
        );
        let before = if T::OWNS_TAPE && activation.needs_input() {
            ys.clone()
        } else {
            vec![]
        };
        activation.apply(&mut ys, a);
        let after = if T::OWNS_TAPE && activation != Activation::Identity {
            ys.clone()
        } else {
            vec![]
        };
        let y = matrix(&device, n, o, ys)?;

        if T::OWNS_TAPE {
            let (x_ghost, y_ghost) = (x.ghost(), y.ghost());
            let second_ghost = second.as_ref().map(Tensor::ghost);
            let (w_ghost, b_ghost) = (weight.ghost(), bias.ghost());
            let slope_ghost = slope.map(Tensor::ghost);
            tape.add_backward_op(move |gradients: &mut Gradients<E, Self>| {
                // nobody reads the gradient of this intermediate again: take it, do not copy it
                let mut dy = std::mem::take(&mut **gradients.get_or_alloc_mut(&y_ghost)?);
                let d_slope = activation.pull_back(&before, &after, a, &mut dy);
                if let Some(ghost) = &slope_ghost {
                    gradients.get_or_alloc_mut(ghost)?[0] += d_slope;
                }
                let db = gradients.get_or_alloc_mut(&b_ghost)?;
                add_rows(db, &dy);
                let (g, w) = (View::new(&dy, o), View::new(&ws, inputs));
                let dw = gradients.get_or_alloc_mut(&w_ghost)?;
                add_product((o, i, n), dw, (0, inputs), g.t(), View::new(&xs, i));
                add_product((o, j, n), dw, (i, inputs), g.t(), View::new(&ss, j));
                let dx = gradients.get_or_alloc_mut(&x_ghost)?;
                add_product((n, i, o), dx, (0, i), g, w);
                if let Some(ghost) = &second_ghost {
                    let ds = gradients.get_or_alloc_mut(ghost)?;
                    add_product((n, j, o), ds, (0, j), g, w.starting_at_column(i));
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

    fn take_gradient(
        gradients: &mut Gradients<E, Self>,
        parameter: &Matrix<E, Self>,
    ) -> Result<Vec<E>, NnError> {
        let gradient = gradients
            .get_or_alloc_mut(parameter)
            .map_err(|e| NnError::device(&e))?;
        Ok(std::mem::take(&mut **gradient))
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
