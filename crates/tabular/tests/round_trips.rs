//! What is written is read back, whatever the format and the sizes of the blocks.

use ndarray::{Array2, s};
use proptest::prelude::*;
use std::path::Path;
use tabular::{Block, OutputColumn, Wanted};

fn columns(n: usize) -> Vec<OutputColumn> {
    (0..n)
        .map(|i| OutputColumn {
            name: format!("c{i}"),
            unit: "m2/m2".into(),
            description: "a, \"quoted\" one".into(),
        })
        .collect()
}

fn read_all(path: &Path, wanted: &Wanted, rows: usize) -> Block {
    let mut table = tabular::open(path, wanted).unwrap();
    let mut all = Block {
        first_row: 0,
        numbers: Array2::zeros((0, wanted.numbers.len())),
        kept: vec![Vec::new(); wanted.kept.len()],
    };
    while let Some(block) = table.next_block(rows).unwrap() {
        assert_eq!(block.first_row, all.rows() as u64);
        assert!(block.rows() <= rows.max(1));
        all.numbers
            .append(ndarray::Axis(0), block.numbers.view())
            .unwrap();
        for (all, texts) in all.kept.iter_mut().zip(block.kept) {
            all.extend(texts);
        }
    }
    assert!(table.next_block(rows).unwrap().is_none());
    if let Some(total) = table.total_rows() {
        assert_eq!(total, all.rows() as u64);
    }
    all
}

/// NaN equals NaN, unlike in `==`.
fn same(a: &Array2<f64>, b: &Array2<f64>) -> bool {
    // the shortest digits of an f32 in a .csv give that f32 back, not the f64 of the same value
    let (a, b) = (a.mapv(|v| v as f32), b.mapv(|v| v as f32));
    a.dim() == b.dim()
        && a.iter()
            .zip(&b)
            .all(|(a, b)| a == b || (a.is_nan() && b.is_nan()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn of_each_format(
        ending in prop::sample::select(vec!["csv", "parquet", "npy"]),
        bits in prop::collection::vec(any::<u32>(), 1..200),
        texts in prop::collection::vec("[^\r]{0,6}", 200),
        width in 1_usize..5,
        written_at_once in 1_usize..80,
        read_at_once in 0_usize..80,
        skipped in 0_u64..100,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("table.{ending}"));
        let rows = bits.len() / width;
        let values = Array2::from_shape_fn((rows, width), |(r, c)| f32::from_bits(bits[r * width + c]));
        let columns = columns(width);
        let kept: Vec<String> = if ending == "npy" { vec![] } else { vec!["plot".into(), "a,\"b".into()] };
        let texts: Vec<Vec<String>> = kept.iter().map(|_| texts[..rows].to_vec()).collect();
        let mut writer = tabular::create(&path, &kept, &columns).unwrap();
        for first in (0..rows).step_by(written_at_once) {
            let end = rows.min(first + written_at_once);
            let texts: Vec<_> = texts.iter().map(|texts| texts[first..end].to_vec()).collect();
            writer.append(&texts, values.slice(s![first..end, ..])).unwrap();
        }
        prop_assert_eq!(writer.finish().unwrap(), rows as u64);

        let mut names = kept.clone();
        names.extend(columns.iter().map(|column| column.name.clone()));
        prop_assert_eq!(tabular::column_names(&path).unwrap(), names);
        let wanted = Wanted { kept, ..Wanted::numbers(columns.iter().rev().map(|c| c.name.clone())) };
        let expected = values.slice(s![.., ..;-1]).mapv(f64::from);
        let all = read_all(&path, &wanted, read_at_once);
        prop_assert!(same(&all.numbers, &expected), "{} is not {}", all.numbers, expected);
        prop_assert_eq!(&all.kept, &texts);

        let mut table = tabular::open(&path, &wanted).unwrap();
        let passed = table.skip_rows(skipped).unwrap();
        prop_assert_eq!(passed, skipped.min(rows as u64));
        if let Some(block) = table.next_block(usize::MAX).unwrap() {
            prop_assert_eq!(block.first_row, passed);
            let rest = expected.slice(s![passed as usize.., ..]).to_owned();
            prop_assert!(same(&block.numbers, &rest));
        } else {
            prop_assert_eq!(passed, rows as u64);
        }
    }
}

#[test]
fn more_rows_than_a_row_group() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let rows = 2 * tabular::ROWS_OF_A_GROUP + 10;
    let values = Array2::from_shape_fn((rows, 1), |(r, _)| r as f32);
    let mut writer = tabular::create(&path, &[], &columns(1)).unwrap();
    writer.append(&[], values.view()).unwrap();
    writer.finish().unwrap();
    let wanted = Wanted::numbers(["c0"]);
    for at_once in [1000, 65_536, 100_000, rows, usize::MAX] {
        assert_eq!(
            read_all(&path, &wanted, at_once).numbers,
            values.mapv(f64::from)
        );
    }
    for skipped in [1, 65_535, 65_536, 65_537, 131_080] {
        let mut table = tabular::open(&path, &wanted).unwrap();
        table.next_block(1).unwrap();
        assert_eq!(table.skip_rows(skipped).unwrap(), skipped);
        let block = table.next_block(2).unwrap().unwrap();
        assert_eq!(block.numbers[(0, 0)], (1 + skipped) as f64);
        assert_eq!(block.first_row, 1 + skipped);
    }
}

#[test]
fn a_writer_that_is_dropped_leaves_what_was_there() {
    for ending in ["csv", "parquet", "npy"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("a.{ending}"));
        std::fs::write(&path, "old").unwrap();
        let mut writer = tabular::create(&path, &[], &columns(2)).unwrap();
        writer.append(&[], Array2::zeros((3, 2)).view()).unwrap();
        let error = writer
            .append(&[], Array2::zeros((3, 1)).view())
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "the number of columns of values is 1, expected 2"
        );
        drop(writer);
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
