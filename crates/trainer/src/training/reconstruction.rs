//! What a model makes of observations, without learning from them.

use super::Shards;
use super::learner::{Learner, array, part};
use super::train_step::add_batch;
use crate::TrainerError;
use latent::sigmoid;
use losses::Statistics;
use model::{Gaussian, Noise, Posterior};
use ndarray::{Array2, ArrayView2, Axis};
use nn::{NoneTape, Scalar, to_host};

/// A reconstruction on the host, row-major f64; blocks that a variant lacks have no columns.
#[derive(Clone, Debug)]
pub struct Reconstruction {
    /// x_PB, n × d, standardised.
    pub x_pb: Array2<f64>,
    /// x_P, n × d, standardised.
    pub x_p: Option<Array2<f64>>,
    /// Physical latents in (0, 1) of the posterior means, n × p.
    pub z_phy: Option<Array2<f64>>,
    /// Lower and upper end of the central 90 % of each physical latent's posterior, in (0, 1), n × p each.
    pub z_90: Option<[Array2<f64>; 2]>,
}

/// A normal variable is within ± so many standard deviations with 90 %.
pub(crate) const WITHIN_90: f64 = 1.644_853_626_951_472_7;

impl<E: Scalar, D: Shards<E>> Learner<E, D> {
    /// Reconstructs observations (n × d, standardised) without a tape; `rng: None` decodes the means.
    /// What is monitored is added to `statistics`.
    ///
    /// # Errors
    /// The physics or the device refuses.
    pub fn reconstruct(
        &self,
        x: ArrayView2<f64>,
        conditions: Option<ArrayView2<f64>>,
        rng: Option<&mut dyn rand::RngCore>,
        statistics: &mut Statistics,
    ) -> Result<Reconstruction, TrainerError> {
        let n = x.nrows();
        let noise = rng.and_then(|mut rng| self.draw_noise(n, &mut rng));
        let shards = D::on_shards(self, n, |learner, rows| {
            let noise = noise
                .as_ref()
                .map(|noise| learner.load_noise(noise, &rows))
                .transpose()?;
            let conditions = conditions.map(|c| part(c, &rows));
            learner.reconstruct_shard(part(x, &rows), conditions, noise)
        });
        let (d, p) = (x.ncols(), self.model.architecture().dim_z_phy);
        let physics = self.model.physics().is_some();
        let mut whole = Reconstruction {
            x_pb: Array2::zeros((0, d)),
            x_p: physics.then(|| Array2::zeros((0, d))),
            z_phy: physics.then(|| Array2::zeros((0, p))),
            z_90: (physics && !self.deterministic).then(|| [(); 2].map(|()| Array2::zeros((0, p)))),
        };
        let append = |to: Option<&mut Array2<f64>>, rows: Option<Array2<f64>>| match (to, rows) {
            (Some(to), Some(rows)) => to
                .append(Axis(0), rows.view())
                .map_err(|e| TrainerError::Internal(e.to_string())),
            _ => Ok(()),
        };
        for shard in shards {
            let (rows, seen) = shard?;
            statistics.merge(&seen);
            append(Some(&mut whole.x_pb), Some(rows.x_pb))?;
            append(whole.x_p.as_mut(), rows.x_p)?;
            append(whole.z_phy.as_mut(), rows.z_phy)?;
            for (to, rows) in whole
                .z_90
                .iter_mut()
                .flatten()
                .zip(rows.z_90.into_iter().flatten())
            {
                append(Some(to), Some(rows))?;
            }
        }
        Ok(whole)
    }

    fn reconstruct_shard(
        &self,
        x: ArrayView2<f64>,
        conditions: Option<ArrayView2<f64>>,
        noise: Option<Noise<E, D>>,
    ) -> Result<(Reconstruction, Statistics), TrainerError> {
        let observed = self.load(x)?;
        let posterior = self.model.encode(observed.clone(), conditions)?;
        let shown = Posterior {
            physical: posterior.physical.as_ref().map(Gaussian::with_empty_tape),
            auxiliary: posterior.auxiliary.as_ref().map(Gaussian::with_empty_tape),
        };
        let decoded = self.model.decode(posterior, noise, conditions)?;
        let mut statistics = self.statistics();
        let prior = self.model.buffers().prior.as_ref();
        add_batch(&mut statistics, &observed, &shown, &decoded, prior);
        let (n, d) = x.dim();
        let a = self.model.architecture();
        let u = shown.physical.map(|g| {
            let of = |m| array(n, a.dim_z_phy, &to_host(m));
            (of(&g.mean), of(&g.lnvar).mapv(|v| (0.5 * v).exp()))
        });
        let spread = u.as_ref().filter(|_| !self.deterministic);
        let z_90 = spread.map(|(mean, sd)| {
            [-WITHIN_90, WITHIN_90].map(|times| (mean + &(sd * times)).mapv(sigmoid))
        });
        let z_phy = u.map(|(mean, _)| mean.mapv(sigmoid));
        let reconstruction = Reconstruction {
            x_pb: array(n, d, &to_host(&decoded.x_pb)),
            x_p: decoded.x_p.map(|x_p| array(n, d, &to_host(&x_p))),
            z_phy,
            z_90,
        };
        Ok((reconstruction, statistics))
    }

    /// Infers z ∈ (0, 1) of the physical parameters (posterior means), n × p, of observations (n × d, standardised).
    /// An encoder that sees the conditions (n × c, in the physics' units; `None` for its defaults) takes them.
    ///
    /// # Errors
    /// A condition outside the physics' range, the device refuses, or there is no physics.
    pub fn infer_z(
        &self,
        x: ArrayView2<f64>,
        conditions: Option<ArrayView2<f64>>,
    ) -> Result<Array2<f64>, TrainerError> {
        let x_on_device = self.load(x)?;
        let u = (self.model).encode_physical_mean::<NoneTape>(x_on_device, conditions)?;
        let u = u.ok_or(TrainerError::NoPhysics)?;
        let z: Vec<E> = to_host(&u).into_iter().map(sigmoid).collect();
        Ok(array(x.nrows(), self.model.architecture().dim_z_phy, &z))
    }
}
