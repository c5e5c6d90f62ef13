//! Training schedules as pure functions of the epoch: phase, KL weight, learning rate.

#![forbid(unsafe_code)]
