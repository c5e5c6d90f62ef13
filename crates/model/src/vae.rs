//! The whole model.

use crate::ModelError;
use crate::architecture::{Architecture, SEASON};
use crate::buffers::{Buffers, RunningPrior};
use crate::decoder::plain;
use crate::encoder::{Encoder, Gaussian, Posterior};
use crate::noise::ObservationNoise;
use crate::physics_layer::PhysicsLayer;
use crate::residual::{Residual, ResidualOutput};
use dfdx::prelude::{HasShape, PutTape, SplitTape, TryAdd, TryMul, TrySub, WithEmptyTape};
use latent::{draw, sigmoid_op};
use ndarray::ArrayView2;
use nn::named::{Named, join};
use nn::{Backend, Matrix, Mlp, NnError, NoneTape, Scalar, Tape, from_rows};
use rand::Rng;

/// Standard normal noise for a draw.
pub struct Noise<E: Scalar, D: Backend<E>> {
    /// For the physical latents, n × p.
    pub physical: Option<Matrix<E, D>>,
    /// For the auxiliary latents, n × a.
    pub auxiliary: Option<Matrix<E, D>>,
}

/// A reconstruction and what it is made of.
pub struct Decoded<E: Scalar, D: Backend<E>, T = NoneTape> {
    /// Physical latents in (0, 1), n × p.
    pub z_phy: Option<Matrix<E, D, T>>,
    /// The reconstruction by the physics alone, standardised, n × d: through the calibration, where there is one.
    /// x_PB − x_P is what the residual adds.
    pub x_p: Option<Matrix<E, D, T>>,
    /// What the residual is made of.
    pub residual: Option<ResidualOutput<E, D, T>>,
    /// The reconstruction, standardised, n × d.
    pub x_pb: Matrix<E, D, T>,
}

/// Encoder, physics and residual.
#[derive(Clone)]
pub struct PhysVae<E: Scalar, D: Backend<E>> {
    architecture: Architecture,
    encoder: Encoder<E, D>,
    physics: Option<PhysicsLayer>,
    residual: Option<Residual<E, D>>,
    plain: Option<Mlp<E, D>>,
    noise: Option<ObservationNoise<E, D>>,
    buffers: Buffers,
}

impl<E: Scalar, D: Backend<E>> PhysVae<E, D> {
    /// Draws fresh weights.
    ///
    /// # Errors
    /// Physics and architecture do not agree, or the device refuses.
    pub fn new(
        device: &D,
        architecture: Architecture,
        physics: Option<PhysicsLayer>,
        rng: &mut impl Rng,
    ) -> Result<Self, ModelError> {
        let expect = |what, found, expected| {
            (found == expected)
                .then_some(())
                .ok_or(ModelError::Mismatch {
                    what,
                    found,
                    expected,
                })
        };
        let p = physics.as_ref().map_or(0, PhysicsLayer::parameters);
        expect("dim_z_phy", architecture.dim_z_phy, p)?;
        if let Some(physics) = &physics {
            expect(
                "the number of channels",
                architecture.channels,
                physics.channels(),
            )?;
        } else if architecture.dim_z_aux == 0 {
            return Err(ModelError::Mismatch {
                what: "dim_z_aux",
                found: 0,
                expected: 1,
            });
        }
        check_seen_conditions(&architecture, physics.as_ref())?;
        let encoder = Encoder::new(device, &architecture, rng)?;
        let residual = architecture
            .has_residual()
            .then(|| Residual::new(device, &architecture, rng))
            .transpose()?;
        let plain = physics
            .is_none()
            .then(|| plain(device, &architecture, rng))
            .transpose()?;
        let noise = architecture
            .learned_noise
            .map(|sigma| {
                ObservationNoise::new(device, architecture.channels, physics.is_some(), sigma)
            })
            .transpose()?;
        let buffers = Buffers {
            prior: architecture
                .running_prior
                .then(|| RunningPrior::standard(architecture.dim_z_phy)),
            ..Buffers::default()
        };
        Ok(Self {
            architecture,
            encoder,
            physics,
            residual,
            plain,
            noise,
            buffers,
        })
    }

    /// Its sizes.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// Its encoder, whose input is put together by [`PhysVae::encode`].
    pub fn encoder(&self) -> &Encoder<E, D> {
        &self.encoder
    }

    /// x (n × d, standardised), taken under these conditions → posterior.
    ///
    /// * `conditions`: as of [`PhysVae::decode`], in the physics' units; an encoder that sees none does not look at
    ///   them, to one that does `None` are the physics' defaults
    ///
    /// Every part of the result shares the tape of the features: a loss must use all of them, or the operations behind
    /// the unused part are not differentiated.
    ///
    /// # Errors
    /// `x` has the wrong width, the conditions that it sees are not those of n samples or outside the physics' ranges,
    /// or the device refuses.
    pub fn encode<T: Tape<E, D>>(
        &self,
        x: Matrix<E, D, T>,
        conditions: Option<ArrayView2<f64>>,
    ) -> Result<Posterior<E, D, T>, ModelError> {
        let seen = self.seen_conditions(&x, conditions)?;
        Ok(self.encoder.forward(x, seen)?)
    }

    /// x (n × d, standardised), taken under these conditions → mean and log-variance of u_phy alone; `None` without
    /// physics.
    ///
    /// # Errors
    /// As [`PhysVae::encode`].
    pub fn encode_physical<T: Tape<E, D>>(
        &self,
        x: Matrix<E, D, T>,
        conditions: Option<ArrayView2<f64>>,
    ) -> Result<Option<Gaussian<E, D, T>>, ModelError> {
        let seen = self.seen_conditions(&x, conditions)?;
        Ok(self.encoder.physical(x, seen)?)
    }

    /// x (n × d, standardised), taken under these conditions → the mean of u_phy alone, n × p; `None` without physics.
    ///
    /// # Errors
    /// As [`PhysVae::encode`].
    pub fn encode_physical_mean<T: Tape<E, D>>(
        &self,
        x: Matrix<E, D, T>,
        conditions: Option<ArrayView2<f64>>,
    ) -> Result<Option<Matrix<E, D, T>>, ModelError> {
        let seen = self.seen_conditions(&x, conditions)?;
        Ok(self.encoder.physical_mean(x, seen)?)
    }

    /// The conditions of the rows of x as the encoder takes them, if it does.
    fn seen_conditions<T: Tape<E, D>>(
        &self,
        x: &Matrix<E, D, T>,
        conditions: Option<ArrayView2<f64>>,
    ) -> Result<Option<Matrix<E, D, T>>, ModelError> {
        let (Some(physics), 1..) = (&self.physics, self.architecture.sees_conditions) else {
            return Ok(None);
        };
        let scaled = physics.scaled_conditions(x.shape().0, conditions)?;
        let (n, c) = scaled.dim();
        let rows = from_rows(x.device(), n, c, scaled.iter().copied())?;
        Ok(Some(rows.put_tape(T::default())))
    }

    /// Its observation noise, if it learns one.
    pub fn noise(&self) -> Option<&ObservationNoise<E, D>> {
        self.noise.as_ref()
    }

    /// Its residual, if any.
    pub fn residual(&self) -> Option<&Residual<E, D>> {
        self.residual.as_ref()
    }

    /// What it carries beside its weights.
    pub fn buffers(&self) -> &Buffers {
        &self.buffers
    }

    /// The same, to be changed by training or by what was saved.
    pub fn buffers_mut(&mut self) -> &mut Buffers {
        &mut self.buffers
    }

    /// The posterior of u_phy in units of its prior: ((m − m₀)/σ₀, v − ln σ₀²), n × p each. Its divergence from N(0, I)
    /// is that of the posterior from the prior N(m₀, σ₀²).
    ///
    /// # Errors
    /// The device refuses.
    pub fn relative_to_prior<T: Tape<E, D>>(
        &self,
        posterior: Gaussian<E, D, T>,
    ) -> Result<Gaussian<E, D, T>, NnError> {
        let Some(prior) = &self.buffers.prior else {
            return Ok(posterior);
        };
        let refused = |e| NnError::device::<D::Err>(&e);
        let (n, p) = *posterior.mean.shape();
        let device = posterior.mean.device().clone();
        let variance = prior.variance();
        let rows = |of: &dyn Fn(usize) -> f64| {
            from_rows(&device, n, p, (0..n).flat_map(|_| (0..p).map(of)))
        };
        let centre = rows(&|k| prior.mean()[k])?;
        let precision = rows(&|k| variance[k].sqrt().recip())?;
        let lnvar = rows(&|k| variance[k].ln())?;
        Ok(Gaussian {
            mean: posterior
                .mean
                .try_sub(centre)
                .and_then(|m| m.try_mul(precision))
                .map_err(refused)?,
            lnvar: posterior.lnvar.try_sub(lnvar).map_err(refused)?,
        })
    }

    /// Its physics, if any.
    pub fn physics(&self) -> Option<&PhysicsLayer> {
        self.physics.as_ref()
    }

    /// Decode with another physics of the same parameters and channels from now on: the exact one in the
    /// place of an approximation.
    ///
    /// # Errors
    /// The model has no physics, the sizes differ, or the encoder sees conditions and those of the other physics have
    /// other names, units, ranges or defaults.
    pub fn set_physics(&mut self, physics: PhysicsLayer) -> Result<(), ModelError> {
        let sizes = |physics: &PhysicsLayer| [physics.parameters(), physics.channels()];
        let own = self.physics.as_ref().map_or([0, 0], sizes);
        check_seen_conditions(&self.architecture, Some(&physics))?;
        let own_conditions = |it: &PhysicsLayer| it.forward_model().conditions().to_vec();
        if self.architecture.sees_conditions > 0
            && self.physics.as_ref().map(own_conditions) != Some(own_conditions(&physics))
        {
            return Err(ModelError::OtherConditions);
        }
        for (what, found, expected) in [
            (
                "the number of physical parameters",
                sizes(&physics)[0],
                own[0],
            ),
            ("the number of channels", sizes(&physics)[1], own[1]),
        ] {
            if found != expected {
                return Err(ModelError::Mismatch {
                    what,
                    found,
                    expected,
                });
            }
        }
        self.physics = Some(physics);
        Ok(())
    }

    /// Whether the parameter of this name learns from synthetic spectra: the features, the mean of u_phy, and its
    /// variance where that is trained too. The others have no gradient there, and are left alone as PyTorch's
    /// optimisers do.
    pub fn learns_in_pretraining(name: &str, variances: bool) -> bool {
        name.starts_with("encoder.features.")
            || name.starts_with("encoder.u_phy_mean.")
            || (variances && name.starts_with("encoder.u_phy_lnvar."))
    }

    /// Whether the parameter of this name serves the variances of the latents alone.
    pub fn is_of_variances(name: &str) -> bool {
        name.starts_with("encoder.u_phy_lnvar.") || name.starts_with("encoder.z_aux_lnvar.")
    }

    /// The time of year behind the conditions, n × 4, for a residual that sees it.
    fn season_of(
        &self,
        physics: &PhysicsLayer,
        conditions: Option<ArrayView2<f64>>,
        device: &D,
    ) -> Result<Option<Matrix<E, D>>, ModelError> {
        if !self.architecture.sees_season() {
            return Ok(None);
        }
        let (_, season) = physics.split_conditions(conditions);
        let season = season.ok_or(ModelError::Mismatch {
            what: "the number of conditions with the time of year",
            found: conditions.map_or(0, |all| all.ncols()),
            expected: physics.forward_model().conditions().len() + SEASON,
        })?;
        let rows = from_rows(device, season.nrows(), SEASON, season.iter().copied())?;
        Ok(Some(rows))
    }

    /// Posterior → reconstruction; `noise: None` takes the means ("hard" draw).
    ///
    /// * `conditions`: n × c for the physics, `None` for its defaults; n × (c + 4) with the time of year for a residual
    ///   that sees it
    ///
    /// # Errors
    /// The physics refuses a value, the time of year is missing, or the device refuses.
    pub fn decode<T: Tape<E, D>>(
        &self,
        posterior: Posterior<E, D, T>,
        noise: Option<Noise<E, D>>,
        conditions: Option<ArrayView2<f64>>,
    ) -> Result<Decoded<E, D, T>, ModelError> {
        let refused = |e| NnError::device::<D::Err>(&e);
        let (physical_noise, auxiliary_noise) =
            noise.map_or((None, None), |n| (n.physical, n.auxiliary));
        let sample = |g: Option<Gaussian<E, D, T>>, noise: Option<Matrix<E, D>>| {
            g.map(|g| {
                if let Some(noise) = noise {
                    return draw(g.mean, g.lnvar, noise);
                }
                // the tape of the features may lie with the log-variance: it must not go with it
                let (_, lnvar_tape) = g.lnvar.split_tape();
                let (mean, tape) = g.mean.split_tape();
                Ok(mean.put_tape(tape.merge(lnvar_tape)))
            })
            .transpose()
        };
        let u_phy = sample(posterior.physical, physical_noise)?;
        let z_aux = sample(posterior.auxiliary, auxiliary_noise)?;

        let (Some(physics), Some(u_phy)) = (&self.physics, u_phy) else {
            let (Some(plain), Some(z_aux)) = (&self.plain, z_aux) else {
                return Err(ModelError::Mismatch {
                    what: "latents",
                    found: 0,
                    expected: 1,
                });
            };
            let x_pb = plain.forward(z_aux)?;
            return Ok(Decoded {
                z_phy: None,
                x_p: None,
                residual: None,
                x_pb,
            });
        };
        let z = sigmoid_op(u_phy)?;
        let z_phy = z.with_empty_tape();
        let x_p = physics.apply(z, conditions)?;
        // the residual sees the physics as it is
        let uncalibrated = x_p.with_empty_tape();
        let seen = match &self.buffers.calibration {
            None => x_p,
            Some(calibration) => calibration.apply(x_p)?,
        };
        let x_p = Some(seen.with_empty_tape());
        let (Some(residual), Some(z_aux)) = (&self.residual, z_aux) else {
            return Ok(Decoded {
                z_phy: Some(z_phy),
                x_p,
                residual: None,
                x_pb: seen,
            });
        };
        let (learns, scale) = (!self.architecture.detach_x_p, self.buffers.residual);
        let season = self.season_of(physics, conditions, uncalibrated.device())?;
        let (correction, parts) =
            residual.forward(&z_phy, z_aux, &uncalibrated, learns, scale, season)?;
        let x_pb = seen.try_add(correction).map_err(refused)?;
        Ok(Decoded {
            z_phy: Some(z_phy),
            x_p,
            residual: Some(parts),
            x_pb,
        })
    }
}

/// An encoder sees all conditions of its physics or none; what it sees is scaled by their ranges.
fn check_seen_conditions(
    architecture: &Architecture,
    physics: Option<&PhysicsLayer>,
) -> Result<(), ModelError> {
    let seen = architecture.sees_conditions;
    if seen == 0 {
        return Ok(());
    }
    let conditions = physics.map_or(&[][..], |it| it.forward_model().conditions());
    if seen != conditions.len() {
        return Err(ModelError::Mismatch {
            what: "the number of conditions that the encoder sees",
            found: seen,
            expected: conditions.len(),
        });
    }
    for q in conditions {
        if !(q.min < q.max && q.min.is_finite() && q.max.is_finite()) {
            return Err(ModelError::Range {
                name: q.name.clone(),
                min: q.min,
                max: q.max,
            });
        }
    }
    Ok(())
}

impl<E: Scalar, D: Backend<E>> Named<E, D> for PhysVae<E, D> {
    fn visit<'a>(&'a self, prefix: &str, f: &mut dyn FnMut(String, &'a Matrix<E, D>)) {
        self.encoder.visit(&join(prefix, "encoder"), f);
        if let Some(residual) = &self.residual {
            residual.visit(&join(prefix, "residual"), f);
        }
        if let Some(plain) = &self.plain {
            plain.visit(&join(prefix, "decoder"), f);
        }
        if let Some(noise) = &self.noise {
            noise.visit(&join(prefix, "noise"), f);
        }
    }
    fn visit_mut<'a>(&'a mut self, prefix: &str, f: &mut dyn FnMut(String, &'a mut Matrix<E, D>)) {
        self.encoder.visit_mut(&join(prefix, "encoder"), f);
        if let Some(residual) = &mut self.residual {
            residual.visit_mut(&join(prefix, "residual"), f);
        }
        if let Some(plain) = &mut self.plain {
            plain.visit_mut(&join(prefix, "decoder"), f);
        }
        if let Some(noise) = &mut self.noise {
            noise.visit_mut(&join(prefix, "noise"), f);
        }
    }
}
