//! Which rows a training step takes, and taking them.

use crate::{Purpose, Samples, stream};
use ndarray::{Array2, Axis};
use rand::seq::SliceRandom;
use std::num::NonZeroUsize;

/// A number type batches can be made of.
pub trait Element: Copy + sealed::Sealed {
    /// The nearest number of this type.
    fn from_f64(value: f64) -> Self;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

impl Element for f32 {
    fn from_f64(value: f64) -> Self {
        value as Self
    }
}

impl Element for f64 {
    fn from_f64(value: f64) -> Self {
        value
    }
}

/// Some rows of [`Samples`].
#[derive(Clone, Debug, PartialEq)]
pub struct Batch<E> {
    /// Where the rows come from: their indices in the samples, b.
    pub rows: Vec<usize>,
    /// Their standardised channels, b × d.
    pub x: Array2<E>,
    /// Their conditions, b × c, in f64 as the physics takes them; `None` for the model's defaults.
    pub conditions: Option<Array2<f64>>,
}

/// The rows 0 … n−1 in the order of a training epoch: a new permutation in every epoch, the same for
/// the same seed, epoch and n, whatever came before.
pub fn epoch_order(seed: u64, epoch: u32, n: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    order.shuffle(&mut stream(seed, Purpose::Shuffle, epoch, 0));
    order
}

/// Consecutive batches of `batch_size` rows of an order; the last one may be shorter and is kept.
pub fn batches(order: &[usize], batch_size: NonZeroUsize) -> std::slice::Chunks<'_, usize> {
    order.chunks(batch_size.get())
}

/// Number of batches of n rows, the last short one included.
pub fn batch_count(n: usize, batch_size: NonZeroUsize) -> usize {
    n.div_ceil(batch_size.get())
}

impl Samples {
    /// The given rows as a batch.
    ///
    /// # Panics
    /// If an index is not below [`Samples::len`]; those of [`epoch_order`] with n = `len` are.
    pub fn gather<E: Element>(&self, rows: &[usize]) -> Batch<E> {
        Batch {
            rows: rows.to_vec(),
            x: self.x().select(Axis(0), rows).mapv(E::from_f64),
            conditions: self
                .conditions()
                .map(|columns| columns.values().select(Axis(0), rows)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Labels, NamedColumns};
    use ndarray::array;
    use proptest::prelude::*;

    #[test]
    fn gathers_rows_with_their_conditions() {
        let conditions =
            NamedColumns::new(vec!["tts".into()], array![[10.0], [20.0], [30.0]]).unwrap();
        let x = array![[0.0, 0.5], [1.0, 1.5], [2.0, 2.5]];
        let samples = Samples::new(x, Some(conditions), Labels::default(), None).unwrap();
        let batch: Batch<f32> = samples.gather(&[2, 0]);
        assert_eq!(batch.rows, [2, 0]);
        assert_eq!(batch.x, array![[2.0_f32, 2.5], [0.0, 0.5]]);
        assert_eq!(batch.conditions, Some(array![[30.0], [10.0]]));
    }

    #[test]
    fn the_last_short_batch_is_kept() {
        let order: Vec<usize> = (0..600).collect();
        let size = NonZeroUsize::new(256).unwrap();
        let sizes: Vec<usize> = batches(&order, size).map(<[usize]>::len).collect();
        assert_eq!(sizes, [256, 256, 88]);
        assert_eq!(batch_count(600, size), 3);
        assert_eq!(batch_count(512, size), 2);
    }

    #[test]
    fn every_epoch_has_its_own_order() {
        assert_ne!(epoch_order(1, 0, 100), epoch_order(1, 1, 100));
        assert_ne!(epoch_order(1, 0, 100), epoch_order(2, 0, 100));
        assert_eq!(epoch_order(1, 5, 100), epoch_order(1, 5, 100));
        assert!(epoch_order(1, 0, 0).is_empty());
    }

    /// Results of old runs can be repeated only while these stay.
    #[test]
    fn the_order_is_frozen() {
        assert_eq!(epoch_order(123, 0, 8), [5, 0, 7, 6, 1, 4, 2, 3]);
    }

    proptest! {
        #[test]
        fn an_epoch_takes_every_row_once(seed: u64, epoch: u32, n in 0_usize..500, size in 1_usize..70) {
            let order = epoch_order(seed, epoch, n);
            let size = NonZeroUsize::new(size).unwrap();
            let mut rows: Vec<usize> = batches(&order, size).flatten().copied().collect();
            prop_assert_eq!(batches(&order, size).count(), batch_count(n, size));
            rows.sort_unstable();
            prop_assert_eq!(rows, (0..n).collect::<Vec<_>>());
        }
    }
}
