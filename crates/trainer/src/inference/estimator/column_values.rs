//! Estimates in u-space → numbers of the columns, in their units.

use super::{Estimates, Estimator};
use crate::inference::columns::Kind;
use crate::training::WITHIN_90;
use latent::sigmoid;

impl Estimator {
    /// Puts what a column holds of the estimates into its rows.
    pub(super) fn write(&self, kind: Kind, estimates: &Estimates, rows: &[usize], out: &mut [f32]) {
        let p = self.ranges.len();
        let (mean, sd) = (&estimates.mean, &estimates.sd);
        let physical = |k: usize, z: f32| {
            let (low, width) = self.ranges[k];
            (f64::from(z) * width + low) as f32
        };
        let each = |out: &mut [f32], of: &dyn Fn(usize) -> f32| {
            for (i, &row) in rows.iter().enumerate() {
                out[row] = of(i);
            }
        };
        let shifted = |k: usize, by: f64| {
            move |i: usize| physical(k, sigmoid(mean[i * p + k] + by as f32 * sd[i * p + k]))
        };
        let listed = |out: &mut [f32], of: &Option<Vec<f64>>| {
            if let Some(all) = of {
                each(out, &|i| all[i] as f32);
            }
        };
        match kind {
            Kind::Median(k) => each(out, &|i| physical(k, sigmoid(mean[i * p + k]))),
            Kind::Low(k) => each(out, &shifted(k, -WITHIN_90)),
            Kind::High(k) => each(out, &shifted(k, WITHIN_90)),
            Kind::Sd(k) => each(out, &|i| {
                let (_, sd) = self.table.moments(mean[i * p + k], sd[i * p + k]);
                (f64::from(sd) * self.ranges[k].1) as f32
            }),
            Kind::Product(j) => each(out, &|i| {
                let value = |k: usize| f64::from(physical(k, sigmoid(mean[i * p + k])));
                self.products[j].value(value) as f32
            }),
            Kind::ProductSd(j) => each(out, &|i| self.product_sd(j, estimates, i) as f32),
            Kind::PhysicsError => listed(out, &estimates.physics_error),
            Kind::ReconstructionError => listed(out, &estimates.reconstruction_error),
            Kind::Gate => listed(out, &estimates.gate),
            Kind::Flags => each(out, &|i| f32::from(estimates.flags[i])),
        }
    }

    fn product_sd(&self, product: usize, estimates: &Estimates, i: usize) -> f64 {
        let p = self.ranges.len();
        let product = &self.products[product];
        let u = |k: usize| estimates.mean[i * p + k];
        // where the encoder's answer stands, so do its deviations
        match estimates.refined.as_ref().filter(|it| !it.failed[i]) {
            None => product.sd_of_independent(|k| {
                let (mean, sd) = self.table.moments(u(k), estimates.sd[i * p + k]);
                let (low, width) = self.ranges[k];
                (f64::from(mean) * width + low, f64::from(sd) * width)
            }),
            Some(refined) => {
                let z = |k: usize| sigmoid(f64::from(u(k)));
                product.sd_by_covariance(
                    |k| self.ranges[k].0 + self.ranges[k].1 * z(k),
                    |k| self.ranges[k].1 * z(k) * (1.0 - z(k)),
                    refined.covariance.index_axis(ndarray::Axis(0), i),
                )
            }
        }
    }
}
