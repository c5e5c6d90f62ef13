//! Which columns of a matrix span given sums of its columns best, and with which weights.
//!
//! Columns are wavelengths, rows what a sample says of them, and the targets are bands. Everything is done by
//! orthogonal projection of the columns themselves, never of their products, whose condition is the square.

use rayon::prelude::*;

/// A column counts as spanned by others when less than this part of its length is left.
const SPANNED: f64 = 1e-11;
/// Largest number of directions in which the columns are told apart. Spectra of leaves and soil vary in far
/// fewer: at 150 rounding is what is left.
const DIRECTIONS: usize = 200;

fn dot(a: &[f64], b: &[f64]) -> f64 {
    // four sums, which the processor can add at once
    let mut sums = [0.0; 4];
    let (mut a, mut b) = (a.chunks_exact(4), b.chunks_exact(4));
    for (a, b) in a.by_ref().zip(b.by_ref()) {
        for k in 0..4 {
            sums[k] += a[k] * b[k];
        }
    }
    let rest: f64 = a
        .remainder()
        .iter()
        .zip(b.remainder())
        .map(|(a, b)| a * b)
        .sum();
    sums.iter().sum::<f64>() + rest
}

/// b − factor·a
fn subtract(b: &mut [f64], factor: f64, a: &[f64]) {
    for (b, a) in b.iter_mut().zip(a) {
        *b -= factor * a;
    }
}

/// Makes a column of length 1; `false` where it has none.
fn normalise(column: &mut [f64]) -> bool {
    let length = dot(column, column).sqrt();
    for value in column.iter_mut() {
        *value /= length;
    }
    length > 0.0
}

/// The columns in coordinates of the few directions they span.
#[derive(Debug)]
pub(super) struct Candidates {
    columns: Vec<Vec<f64>>,
    targets: Vec<Vec<f64>>,
    /// Length of the noise of a column.
    noise: f64,
}

impl Candidates {
    /// `sums` are the weights, one per column, that make the targets of the columns. Each column carries noise
    /// of its own, whose length over all rows is `noise`: large weights that cancel are then no gain.
    pub fn new(mut columns: Vec<Vec<f64>>, sums: &[Vec<f64>], noise: f64) -> Self {
        let squares: Vec<f64> = columns.iter().map(|c| dot(c, c)).collect();
        let start = squares.iter().fold(0.0_f64, |m, s| m.max(*s));
        let mut coordinates: Vec<Vec<f64>> = vec![Vec::new(); columns.len()];
        let rows = columns.first().map_or(0, Vec::len);
        for _ in 0..DIRECTIONS.min(rows).min(columns.len()) {
            let squares: Vec<f64> = columns.par_iter().map(|c| dot(c, c)).collect();
            let Some(longest) = largest(squares.iter().copied()) else {
                break;
            };
            if squares[longest] <= start * SPANNED * SPANNED {
                break;
            }
            let mut direction = columns[longest].clone();
            normalise(&mut direction);
            columns
                .par_iter_mut()
                .zip(&mut coordinates)
                .for_each(|(column, coordinates)| {
                    let along = dot(column, &direction);
                    subtract(column, along, &direction);
                    coordinates.push(along);
                });
        }
        let targets = sums.iter().map(|weights| {
            let mut target = vec![0.0; coordinates.first().map_or(0, Vec::len)];
            for (weight, column) in weights.iter().zip(&coordinates) {
                if *weight != 0.0 {
                    subtract(&mut target, -weight, column);
                }
            }
            target
        });
        Self {
            targets: targets.collect(),
            columns: coordinates,
            noise,
        }
    }

    /// The places of `count` columns, ascending: one after the other that which takes most of the targets'
    /// residual sums of squares; then, up to `sweeps` times, each exchanged for a better one.
    pub fn choose(&self, count: usize, sweeps: usize) -> Vec<usize> {
        let mut left = self.left();
        let mut chosen = Vec::new();
        while chosen.len() < count.min(self.columns.len()) {
            let Some((best, _)) = left.best() else {
                break;
            };
            left.choose(best);
            chosen.push(best);
        }
        for _ in 0..sweeps {
            let mut exchanged = false;
            for i in 0..chosen.len() {
                let mut left = self.left();
                for (j, other) in chosen.iter().enumerate() {
                    if j != i {
                        left.choose(*other);
                    }
                }
                let Some((best, gain)) = left.best() else {
                    continue;
                };
                // rounding is no reason to change
                if best != chosen[i] && gain > left.gain(chosen[i]) * (1.0 + 1e-9) {
                    chosen[i] = best;
                    exchanged = true;
                }
            }
            if !exchanged {
                break;
            }
        }
        chosen.sort_unstable();
        chosen
    }

    fn left(&self) -> Left {
        Left {
            least: self
                .columns
                .iter()
                .map(|c| dot(c, c) * SPANNED * SPANNED)
                .collect(),
            columns: self.columns.clone(),
            targets: self.targets.clone(),
            noise: self.noise,
        }
    }
}

/// The place of the largest number.
fn largest(values: impl Iterator<Item = f64>) -> Option<usize> {
    values
        .enumerate()
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(place, _)| place)
}

/// What the chosen columns leave of columns and targets.
struct Left {
    columns: Vec<Vec<f64>>,
    /// Squared lengths below which a column is spanned.
    least: Vec<f64>,
    targets: Vec<Vec<f64>>,
    noise: f64,
}

impl Left {
    /// By how much the targets' sums of squares fall with this column.
    fn gain(&self, place: usize) -> f64 {
        let column = &self.columns[place];
        let square = dot(column, column);
        if square <= self.least[place] {
            return 0.0;
        }
        let along = self.targets.iter().map(|target| dot(target, column));
        along.map(|a| a * a).sum::<f64>() / (square + self.noise * self.noise)
    }

    /// The column of the largest gain, and the gain.
    fn best(&self) -> Option<(usize, f64)> {
        let gains: Vec<f64> = (0..self.columns.len())
            .into_par_iter()
            .map(|place| self.gain(place))
            .collect();
        let best = largest(gains.iter().copied())?;
        (gains[best] > 0.0).then_some((best, gains[best]))
    }

    fn choose(&mut self, place: usize) {
        // its noise is a direction of its own
        for column in self.columns.iter_mut().chain(&mut self.targets) {
            column.push(0.0);
        }
        if let Some(last) = self.columns[place].last_mut() {
            *last = self.noise;
        }
        let mut direction = self.columns[place].clone();
        if !normalise(&mut direction) {
            return;
        }
        self.columns
            .par_iter_mut()
            .chain(&mut self.targets)
            .for_each(|column| {
                let along = dot(column, &direction);
                subtract(column, along, &direction);
            });
        // not to be chosen again
        self.columns[place].fill(0.0);
    }
}

/// Weights of least squares: of each target one weight per column. Noise as in [`Candidates::new`].
pub(super) fn least_squares(
    columns: &[Vec<f64>],
    targets: &[Vec<f64>],
    noise: f64,
) -> Vec<Vec<f64>> {
    let count = columns.len();
    // a row for the noise of each column
    let with_noise = |(place, column): (usize, &Vec<f64>)| {
        let mut column = column.clone();
        column.resize(column.len() + count, 0.0);
        let row = column.len() - count + place;
        column[row] = noise;
        column
    };
    let columns: Vec<Vec<f64>> = columns.iter().enumerate().map(with_noise).collect();
    let mut directions: Vec<Vec<f64>> = Vec::new();
    // columns = directions × triangle, each row of it that of a column
    let mut triangle: Vec<Vec<f64>> = Vec::new();
    for column in columns {
        let mut rest = column;
        let mut along = vec![0.0; directions.len()];
        // the second turn removes what rounding has left of the first
        for _ in 0..2 {
            for (sum, direction) in along.iter_mut().zip(&directions) {
                let part = dot(&rest, direction);
                subtract(&mut rest, part, direction);
                *sum += part;
            }
        }
        along.push(dot(&rest, &rest).sqrt());
        normalise(&mut rest);
        directions.push(rest);
        triangle.push(along);
    }
    let solve = |target: &Vec<f64>| {
        let mut rest = target.clone();
        rest.resize(rest.len() + count, 0.0);
        let mut weights: Vec<f64> = Vec::with_capacity(count);
        for direction in &directions {
            let part = dot(&rest, direction);
            subtract(&mut rest, part, direction);
            weights.push(part);
        }
        for i in (0..count).rev() {
            let known: f64 = (i + 1..count).map(|j| triangle[j][i] * weights[j]).sum();
            weights[i] = (weights[i] - known) / triangle[i][i];
        }
        weights
    };
    targets.par_iter().map(solve).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Columns: smooth functions of the place that span four directions.
    fn columns() -> Vec<Vec<f64>> {
        (0..40)
            .map(|place| {
                let x = f64::from(place) / 40.0;
                (0..30)
                    .map(|row| {
                        let t = f64::from(row) / 3.0;
                        1.0 + t.sin() * x + t.cos() * x * x + (2.0 * t).sin() * x * x * x
                    })
                    .collect()
            })
            .collect()
    }

    #[test]
    fn as_many_columns_as_directions_give_any_sum_exactly() {
        let columns = columns();
        let sums = vec![vec![1.0 / 40.0; 40], {
            let mut weights = vec![0.0; 40];
            weights[7] = 0.25;
            weights[31] = 0.75;
            weights
        }];
        let chosen = Candidates::new(columns.clone(), &sums, 0.0).choose(4, 2);
        assert_eq!(chosen.len(), 4);
        assert!(chosen.is_sorted_by(|a, b| a < b));
        let nodes: Vec<Vec<f64>> = chosen.iter().map(|p| columns[*p].clone()).collect();
        let targets: Vec<Vec<f64>> = sums
            .iter()
            .map(|weights| {
                (0..30)
                    .map(|row| (0..40).map(|j| weights[j] * columns[j][row]).sum())
                    .collect()
            })
            .collect();
        for (weights, target) in least_squares(&nodes, &targets, 0.0).iter().zip(&targets) {
            for row in 0..30 {
                let found: f64 = (0..4).map(|i| weights[i] * nodes[i][row]).sum();
                assert!((found - target[row]).abs() < 1e-12, "{found}");
            }
        }
    }

    #[test]
    fn a_target_that_is_a_column_takes_that_column() {
        let columns = columns();
        let mut weights = vec![0.0; 40];
        weights[17] = 1.0;
        assert_eq!(Candidates::new(columns, &[weights], 0.0).choose(1, 3), [17]);
    }

    #[test]
    fn least_squares_solves_the_normal_equations_of_a_literal_case() {
        // a line through (0, 0), (1, 1), (2, 3): intercept −1/6, slope 3/2
        let columns = [vec![1.0, 1.0, 1.0], vec![0.0, 1.0, 2.0]];
        let weights = least_squares(&columns, &[vec![0.0, 1.0, 3.0]], 0.0);
        assert!((weights[0][0] + 1.0 / 6.0).abs() < 1e-14);
        assert!((weights[0][1] - 1.5).abs() < 1e-14);
    }

    #[test]
    fn noise_shares_a_sum_between_equal_columns() {
        // each half of 1, and less by the noise: w = 1/(2 + noise²)
        let columns = [vec![1.0], vec![1.0]];
        let weights = least_squares(&columns, &[vec![1.0]], 0.1);
        for weight in &weights[0] {
            assert!((weight - 1.0 / 2.01).abs() < 1e-14);
        }
    }
}
