//! A value that goes from one to another over the first epochs of Train.

/// Linear from `from` to `to` over the first `epochs` Train epochs, `from` before and `to` after.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ramp {
    /// Value in Pretrain and at the first Train epoch.
    pub from: f64,
    /// Value at the end.
    pub to: f64,
    /// Train epochs until it is reached; 0 and 1 both mean that only the first Train epoch has `from`.
    pub epochs: usize,
}

impl Ramp {
    /// from + (to − from) · min(1, t/max(1, `epochs`)) at the clock of [`crate::PhaseSchedule::train_clock`].
    ///
    /// `train_clock` is `None` in [`crate::Phase::Pretrain`].
    pub fn at(&self, train_clock: Option<usize>) -> f64 {
        let share = train_clock.map_or(0.0, |t| (t as f64 / self.epochs.max(1) as f64).min(1.0));
        // exact at both ends
        self.from * (1.0 - share) + self.to * share
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Phase, PhaseSchedule};

    #[test]
    fn literals() {
        let ramp = Ramp {
            from: 3.0,
            to: 1.0,
            epochs: 20,
        };
        let phases = PhaseSchedule { epochs_pretrain: 5 };
        for (epoch, value) in [
            (0, 3.0),
            (4, 3.0),
            (5, 3.0),
            (15, 2.0),
            (20, 1.5),
            (25, 1.0),
            (500, 1.0),
        ] {
            assert_eq!(ramp.at(phases.train_clock(epoch)), value, "epoch {epoch}");
        }
        assert_eq!(phases.phase(4), Phase::Pretrain);
    }

    #[test]
    fn no_epochs_means_at_once() {
        for epochs in [0, 1] {
            let ramp = Ramp {
                from: 0.0,
                to: 0.3,
                epochs,
            };
            assert_eq!(
                [None, Some(0), Some(1), Some(2)].map(|t| ramp.at(t)),
                [0.0, 0.0, 0.3, 0.3]
            );
        }
    }
}
