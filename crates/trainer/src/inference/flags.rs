//! What speaks against an estimate.

/// No estimate: a channel or an angle is missing or absurd, the mask leaves it out, or the physics cannot take the angles,
/// which then has [`OUTSIDE_ANGLES`] too.
pub const MASKED: u8 = 1;
/// The spectrum is unlike those that the model was trained on.
pub const OUTSIDE_DOMAIN: u8 = 2;
/// An angle is outside those that the model was trained on, or outside those that the physics takes.
pub const OUTSIDE_ANGLES: u8 = 4;
/// The median of a parameter is within 1 % of an end of its range.
pub const AT_EDGE: u8 = 8;
/// The physics alone errs by more than it does for 99 % of the validation samples.
pub const PHYSICS_ERROR: u8 = 16;
/// The reconstruction errs by more than it does for 99 % of the validation samples.
pub const RECONSTRUCTION_ERROR: u8 = 32;
/// The refinement found no better point, or no covariance: the encoder's answer stands.
pub const NOT_REFINED: u8 = 64;

/// Each flag with its meaning.
pub const FLAGS: [(u8, &str); 7] = [
    (MASKED, "masked, no estimate"),
    (OUTSIDE_DOMAIN, "input unlike the training data"),
    (OUTSIDE_ANGLES, "angle outside the training data"),
    (AT_EDGE, "a parameter at the edge of its range"),
    (PHYSICS_ERROR, "high error of the physics"),
    (RECONSTRUCTION_ERROR, "high error of the reconstruction"),
    (NOT_REFINED, "refinement failed"),
];

/// Share of a range that counts as its edge.
pub(super) const EDGE: f32 = 0.01;

/// One line that says what the numbers mean.
pub(super) fn explained() -> String {
    let parts = FLAGS.map(|(bit, meaning)| format!("{bit} {meaning}"));
    format!("sum of: {}", parts.join("; "))
}

/// How many observations have which flag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlagCounts {
    /// Observations.
    pub all: u64,
    /// Without any flag.
    pub none: u64,
    counts: [u64; FLAGS.len()],
    /// Observations without an estimate as this condition is outside of what the physics takes.
    beyond: Vec<u64>,
}

impl FlagCounts {
    /// Counts one observation.
    pub(super) fn add(&mut self, flags: u8) {
        self.all += 1;
        self.none += u64::from(flags == 0);
        for (count, (bit, _)) in self.counts.iter_mut().zip(FLAGS) {
            *count += u64::from(flags & bit != 0);
        }
    }

    /// Counts an observation whose condition of this place is outside of what the physics takes.
    pub(super) fn add_beyond(&mut self, condition: usize) {
        let places = self.beyond.len().max(condition + 1);
        self.beyond.resize(places, 0);
        self.beyond[condition] += 1;
    }

    /// How many observations there are whose condition of this place is outside of what the physics takes.
    pub fn beyond(&self, condition: usize) -> u64 {
        self.beyond.get(condition).copied().unwrap_or(0)
    }

    /// Adds other observations.
    pub fn merge(&mut self, other: &Self) {
        let places = self.beyond.len().max(other.beyond.len());
        self.beyond.resize(places, 0);
        for (count, more) in self.beyond.iter_mut().zip(&other.beyond) {
            *count += more;
        }
        self.all += other.all;
        self.none += other.none;
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count += more;
        }
    }

    /// Each flag's meaning with the number of observations that have it.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        FLAGS
            .iter()
            .zip(self.counts)
            .map(|((_, meaning), count)| (*meaning, count))
    }

    /// Observations with an estimate.
    pub fn estimated(&self) -> u64 {
        self.all - self.counts[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_is_a_bit_of_its_own() {
        let mut seen = 0_u8;
        for (bit, _) in FLAGS {
            assert_eq!((bit.count_ones(), seen & bit), (1, 0));
            seen |= bit;
        }
        let mut counts = FlagCounts::default();
        for flags in [0, MASKED, AT_EDGE | PHYSICS_ERROR, AT_EDGE] {
            counts.add(flags);
        }
        counts.add_beyond(2);
        let twice = counts.clone();
        counts.merge(&twice);
        assert_eq!([0, 2, 3].map(|k| counts.beyond(k)), [0, 2, 0]);
        let named: Vec<u64> = counts.named().map(|(_, count)| count).collect();
        assert_eq!(named, [2, 0, 0, 4, 2, 0, 0]);
        assert_eq!((counts.all, counts.none, counts.estimated()), (8, 2, 6));
    }
}
