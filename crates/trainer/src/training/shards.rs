//! A batch in parts, worked on by several threads.

use super::Learner;
use nn::{Backend, Cpu, Scalar};
use rayon::prelude::*;
use std::ops::Range;

/// Most parts of a batch: enough for the cores of a workstation.
const MOST: usize = 8;
/// Fewest rows of a part: below this the weights cost more to read than the rows to multiply.
const FEWEST_ROWS: usize = 64;

/// A device with its way of sharing the rows of a batch among threads.
///
/// The parts depend on the number of rows alone (and hold whole windows of consecutive samples where the learner's
/// goal has such); results come in their order: what is summed over them is the same for any number of threads.
pub trait Shards<E: Scalar>: Backend<E> {
    /// How many parts so many rows have.
    fn parts(learner: &Learner<E, Self>, rows: usize) -> usize;

    /// `work` on each part of `rows` rows.
    fn on_shards<R: Send>(
        learner: &Learner<E, Self>,
        rows: usize,
        work: impl Fn(&Learner<E, Self>, Range<usize>) -> R + Sync,
    ) -> Vec<R>;
}

impl<E: Scalar> Shards<E> for Cpu
where
    Cpu: Backend<E>,
    Learner<E, Cpu>: Sync,
{
    fn parts(learner: &Learner<E, Self>, rows: usize) -> usize {
        shards(rows, window(learner)).len()
    }

    fn on_shards<R: Send>(
        learner: &Learner<E, Self>,
        rows: usize,
        work: impl Fn(&Learner<E, Self>, Range<usize>) -> R + Sync,
    ) -> Vec<R> {
        shards(rows, window(learner))
            .into_par_iter()
            .with_max_len(1)
            .map(|rows| work(learner, rows))
            .collect()
    }
}

/// One part: a GPU is not shared among threads.
#[cfg(feature = "cuda")]
impl<E: Scalar> Shards<E> for nn::Cuda
where
    nn::Cuda: Backend<E>,
{
    fn parts(_: &Learner<E, Self>, _: usize) -> usize {
        1
    }

    fn on_shards<R: Send>(
        learner: &Learner<E, Self>,
        rows: usize,
        work: impl Fn(&Learner<E, Self>, Range<usize>) -> R + Sync,
    ) -> Vec<R> {
        vec![work(learner, 0..rows)]
    }
}

/// Rows that a part must not cut.
fn window<E: Scalar, D: Backend<E>>(learner: &Learner<E, D>) -> usize {
    let smoothness = learner.goal.smoothness.as_ref();
    smoothness.map_or(1, |smooth| smooth.window.get())
}

/// 0..rows in at most [`MOST`] parts of at least [`FEWEST_ROWS`] rows (fewer in the last one), each but the last of
/// whole windows.
fn shards(rows: usize, window: usize) -> Vec<Range<usize>> {
    let at_once = rows.div_ceil(MOST).max(FEWEST_ROWS);
    let at_once = at_once.next_multiple_of(window);
    (0..rows)
        .step_by(at_once)
        .map(|from| from..(from + at_once).min(rows))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_few_and_not_too_small() {
        assert_eq!(shards(256, 1), [0..64, 64..128, 128..192, 192..256]);
        assert_eq!(shards(88, 1), [0..64, 64..88]);
        assert_eq!(shards(64, 1).len(), 1);
        assert_eq!(shards(64, 1)[0], 0..64);
        assert_eq!(shards(1, 1)[0], 0..1);
        assert!(shards(0, 1).is_empty());
        let sizes: Vec<usize> = shards(1025, 1).into_iter().map(|r| r.len()).collect();
        assert_eq!(sizes, [129, 129, 129, 129, 129, 129, 129, 122]);
    }

    #[test]
    fn parts_hold_whole_windows() {
        assert_eq!(
            shards(322, 7),
            [0..70, 70..140, 140..210, 210..280, 280..322]
        );
        assert_eq!(shards(251, 7), [0..70, 70..140, 140..210, 210..251]);
        assert_eq!(shards(200, 100), [0..100, 100..200]);
    }
}
