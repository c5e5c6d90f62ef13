//! Consecutive samples of one series, taken together.

use crate::{DataError, Labels, Purpose, stream};
use rand::Rng;
use rand::seq::SliceRandom;
use std::num::NonZeroUsize;

/// The rows of a table that is one series, by date; those of one date in the order of the table.
///
/// # Errors
/// There are no dates, or one cannot be read.
pub fn rows_by_date(labels: &Labels) -> Result<Vec<usize>, DataError> {
    let dates = labels.dates()?;
    let mut rows: Vec<usize> = (0..dates.len()).collect();
    rows.sort_by_key(|&row| dates[row]);
    Ok(rows)
}

/// The rows of a series in the order of a training epoch: windows of `length` consecutive ones, one after the other
/// in random order, then the fewer than `length` rows at the ends of the series that are in no window.
///
/// Where the windows begin is drawn anew in every epoch; the same for the same seed, epoch and series.
pub fn epoch_order_of_windows(
    seed: u64,
    epoch: u32,
    series: &[usize],
    length: NonZeroUsize,
) -> Vec<usize> {
    let mut rng = stream(seed, Purpose::Shuffle, epoch, 1);
    let length = length.get();
    let over = series.len() % length;
    let (head, rest) = series.split_at(rng.gen_range(0..=over));
    let windows = rest.chunks_exact(length);
    let tail = windows.remainder();
    let mut windows: Vec<&[usize]> = windows.collect();
    windows.shuffle(&mut rng);
    [windows.concat(), head.to_vec(), tail.to_vec()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn length(length: usize) -> NonZeroUsize {
        NonZeroUsize::new(length).unwrap()
    }

    #[test]
    fn rows_are_put_in_the_order_of_their_dates() {
        let labels = Labels {
            date: Some(
                ["2008-03-01", "2007.12.31", "20080301", "2008-02-29"]
                    .into_iter()
                    .collect(),
            ),
            ..Labels::default()
        };
        assert_eq!(rows_by_date(&labels).unwrap(), [1, 3, 0, 2]);
        let spoilt = Labels {
            date: Some(["2008-03-01", "spring"].into_iter().collect()),
            ..Labels::default()
        };
        let message = rows_by_date(&spoilt).unwrap_err().to_string();
        assert!(
            message.contains("sample 2") && message.contains("spring"),
            "{message}"
        );
        assert!(rows_by_date(&Labels::default()).is_err());
    }

    #[test]
    fn windows_begin_elsewhere_in_another_epoch() {
        let series: Vec<usize> = (0..20).collect();
        let begins = |epoch| {
            let order = epoch_order_of_windows(1, epoch, &series, length(7));
            let mut begins: Vec<usize> = order[..14].iter().step_by(7).copied().collect();
            begins.sort_unstable();
            begins
        };
        let all: std::collections::BTreeSet<_> = (0..40).map(begins).collect();
        // 20 = 2 · 7 + 6: seven places for the first
        assert_eq!(all.len(), 7);
    }

    proptest! {
        #[test]
        fn every_row_once_and_windows_whole(seed: u64, epoch: u32, n in 0_usize..200, size in 1_usize..20) {
            // a series that is not in the order of its rows
            let series: Vec<usize> = (0..n).rev().collect();
            let order = epoch_order_of_windows(seed, epoch, &series, length(size));
            for window in order[..n - n % size].chunks(size) {
                prop_assert!(window.windows(2).all(|pair| pair[0] == pair[1] + 1));
            }
            let mut rows = order;
            rows.sort_unstable();
            prop_assert_eq!(rows, (0..n).collect::<Vec<_>>());
        }
    }
}
