//! Observation noise that is learned: one σ per channel around each reconstruction.

use dfdx::prelude::PutTape;
use latent::clamp_lnvar;
use nn::named::{Named, join};
use nn::{Backend, Matrix, NnError, Scalar, Tape};

/// ln σ² per channel around `x_PB` and around `x_P`, d × 1 each, on their tapes.
pub type AroundBoth<E, D, T> = [Option<Matrix<E, D, T>>; 2];

/// ln σ² per channel of the observation around `x_PB`, and around `x_P` where there is physics; d × 1 each, in
/// standardised units.
#[derive(Clone, Debug)]
pub struct ObservationNoise<E: Scalar, D: Backend<E>> {
    around_x_pb: Matrix<E, D>,
    around_x_p: Option<Matrix<E, D>>,
}

impl<E: Scalar, D: Backend<E>> ObservationNoise<E, D> {
    /// Every σ at `sigma`.
    ///
    /// # Errors
    /// The device refuses.
    pub fn new(device: &D, channels: usize, physics: bool, sigma: f64) -> Result<Self, NnError> {
        let lnvar = || {
            let values = std::iter::repeat_n(2.0 * sigma.ln(), channels);
            nn::from_rows(device, channels, 1, values)
        };
        Ok(Self {
            around_x_pb: lnvar()?,
            around_x_p: physics.then(lnvar).transpose()?,
        })
    }

    /// Both, clamped as the log-variances of latents are, each on a tape of its own.
    ///
    /// # Errors
    /// The device refuses.
    pub fn lnvar<T: Tape<E, D>>(&self) -> Result<AroundBoth<E, D, T>, NnError> {
        let taped = |lnvar: &Matrix<E, D>| clamp_lnvar(lnvar.clone().put_tape(T::default()));
        Ok([
            Some(taped(&self.around_x_pb)?),
            self.around_x_p.as_ref().map(taped).transpose()?,
        ])
    }
}

impl<E: Scalar, D: Backend<E>> Named<E, D> for ObservationNoise<E, D> {
    fn visit<'a>(&'a self, prefix: &str, f: &mut dyn FnMut(String, &'a Matrix<E, D>)) {
        f(join(prefix, "lnvar_x_pb"), &self.around_x_pb);
        if let Some(lnvar) = &self.around_x_p {
            f(join(prefix, "lnvar_x_p"), lnvar);
        }
    }
    fn visit_mut<'a>(&'a mut self, prefix: &str, f: &mut dyn FnMut(String, &'a mut Matrix<E, D>)) {
        f(join(prefix, "lnvar_x_pb"), &mut self.around_x_pb);
        if let Some(lnvar) = &mut self.around_x_p {
            f(join(prefix, "lnvar_x_p"), lnvar);
        }
    }
}
