//! The terms of the training objective and their weighted total.
//!
//! Stage A (Pretrain): `data_aug` · synthetic. Stage B (Train): rec + β·kl + λ_g·gate + λ_Δ·pre-gate,
//! each term where the model has what it speaks of. [`Goal`] says what else can be asked for.

#![forbid(unsafe_code)]

mod distances;
mod goal;
mod kl_cost;
mod objective;
mod smoothness;
mod statistics;
mod terms;

pub use distances::{distance, edge, gaussian, kl_above, negative_log_likelihood};
pub use goal::{Distance, Goal, Smoothness};
pub use kl_cost::KlOfBatch;
pub use objective::{Objective, Pair, Terms, Weights};
pub use smoothness::smoothness;
pub use statistics::{Averages, Batch, Statistics};
pub use terms::{mean_of_elements, mean_of_row_sums, not_orthonormal, squared_error};
