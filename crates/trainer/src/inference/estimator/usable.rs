//! Which observations there can be an estimate of.

use super::{Estimator, Observations};
use crate::inference::columns::Kind;
use crate::inference::flags::{self, FlagCounts};
use crate::inference::networks::Latents;
use physics::{Quantity, relative_azimuth};
use std::borrow::Cow;

/// A channel so many standard deviations from the training's mean is no measurement: it is missing.
const ABSURD: f64 = 1e9;
/// The condition that is the same in every turn.
const AZIMUTH: &str = "psi";

/// Numbers of observations.
#[derive(Default)]
pub(super) struct Sorted {
    pub(super) usable: Vec<usize>,
    /// Nothing is missing, but the physics does not take an angle.
    pub(super) beyond: Vec<usize>,
}

impl Estimator {
    /// Writes that these of n observations have no estimate.
    pub(super) fn leave_out(&self, rows: &[usize], flags: u8, n: usize, out: &mut [f32]) {
        if rows.is_empty() {
            return;
        }
        for (column, values) in self.columns.iter().zip(out.chunks_exact_mut(n)) {
            for &row in rows {
                values[row] = match column.kind {
                    Kind::Flags => f32::from(flags),
                    _ => f32::NAN,
                };
            }
        }
    }

    /// Conditions with every relative azimuth in 0 to 180 degrees.
    pub(super) fn folded<'a>(
        &self,
        conditions: Option<&'a [f32]>,
        n: usize,
    ) -> Option<Cow<'a, [f32]>> {
        let is_azimuth = |quantity: &Quantity| quantity.name == AZIMUTH;
        let all = conditions?;
        let Some(k) = self.conditions().iter().position(is_azimuth) else {
            return Some(Cow::Borrowed(all));
        };
        let own = k * n..(k + 1) * n;
        if all[own.clone()].iter().all(|v| (0.0..=180.0).contains(v)) {
            return Some(Cow::Borrowed(all));
        }
        let mut all = all.to_vec();
        for v in &mut all[own] {
            *v = relative_azimuth(f64::from(*v)) as f32;
        }
        Some(Cow::Owned(all))
    }

    /// Tells observations of which nothing is missing, and whose angles the physics takes, from the others.
    pub(super) fn sorted(&self, seen: &Observations, n: usize, counts: &mut FlagCounts) -> Sorted {
        let standardization = &self.experiment.standardization;
        let (mean, scale) = (standardization.mean(), standardization.scale());
        let is_whole = |row: usize| {
            seen.masked.is_none_or(|masked| !masked[row])
                && (seen.channels.iter().skip(row).step_by(n))
                    .zip(mean.iter().zip(scale))
                    // written so that NaN is missing
                    .all(|(&v, (mean, scale))| ((f64::from(v) - mean) / scale).abs() < ABSURD)
                && seen.conditions.is_none_or(|all| {
                    let mut own = all.iter().skip(row).step_by(n);
                    own.all(|v| !v.is_nan())
                })
        };
        let mut sorted = Sorted::default();
        for row in (0..n).filter(|&row| is_whole(row)) {
            let mut is_taken = true;
            if let Some(all) = seen.conditions {
                let own = all.iter().skip(row).step_by(n);
                for (k, (&v, q)) in own.zip(self.conditions()).enumerate() {
                    if !(q.min..=q.max).contains(&f64::from(v)) {
                        is_taken = false;
                        counts.add_beyond(k);
                    }
                }
            }
            let to = if is_taken {
                &mut sorted.usable
            } else {
                &mut sorted.beyond
            };
            to.push(row);
        }
        sorted
    }
}

/// Which of m observations the networks give no finite answer to. Theirs becomes u = 0, so that the others can go on.
pub(super) fn overflown(latents: &mut Latents, m: usize) -> Vec<bool> {
    let mut all = vec![false; m];
    let parts = [Some(&mut latents.physical), latents.auxiliary.as_mut()];
    for normals in parts.into_iter().flatten() {
        let width = normals.mean.len() / m.max(1);
        if width == 0 {
            continue;
        }
        let mean = normals.mean.chunks_exact_mut(width);
        let lnvar = normals.lnvar.chunks_exact_mut(width);
        for ((mean, lnvar), overflown) in mean.zip(lnvar).zip(&mut all) {
            let is_fine = mean.iter().chain(&*lnvar).all(|v| v.is_finite());
            if !is_fine {
                mean.fill(0.0);
                lnvar.fill(0.0);
                *overflown = true;
            }
        }
    }
    all
}
