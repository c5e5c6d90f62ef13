//! Points that fill a box more evenly than random ones, without a random generator.

/// The additive recurrence u_i = frac(½ + i·α) with α_k = g^−k, k = 1 to D, where g > 1 solves
/// g^(D+1) = g + 1 (Roberts 2018, "The unreasonable effectiveness of quasirandom sequences").
/// Any run of it covers the open unit cube evenly, so that a table may stop at any length.
pub struct EvenPoints<const D: usize> {
    steps: [f64; D],
    next: u64,
}

impl<const D: usize> EvenPoints<D> {
    /// The sequence from its start.
    pub fn new() -> Self {
        let mut g = 2.0_f64;
        // g ← (1 + g)^(1/(D+1)) contracts by more than half at each turn: 64 turns reach the last bit
        for _ in 0..64 {
            g = (1.0 + g).powf(1.0 / (D + 1) as f64);
        }
        Self {
            steps: std::array::from_fn(|k| g.powi(-(k as i32) - 1)),
            next: 1,
        }
    }
}

impl<const D: usize> Iterator for EvenPoints<D> {
    type Item = [f64; D];

    fn next(&mut self) -> Option<[f64; D]> {
        let i = self.next as f64;
        self.next += 1;
        Some(self.steps.map(|step| (0.5 + i * step).fract()))
    }
}
