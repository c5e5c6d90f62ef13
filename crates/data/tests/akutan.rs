//! The published displacements of Akutan, where they are at hand; they are not part of this repository.

mod common;

use common::{mean_and_scale, paths, published};
use data::{Splits, TableLayout, Values};

const STATIONS: [&str; 12] = [
    "AKGG", "AKLV", "AKMO", "AKRB", "AV06", "AV07", "AV08", "AV10", "AV12", "AV13", "AV14", "AV15",
];

#[test]
fn the_published_displacements_are_read_whole() {
    let Some(folder) = published("mogi") else {
        return;
    };
    let columns = ["ux", "uy", "uz"]
        .iter()
        .flat_map(|u| STATIONS.map(|station| format!("{u}_{station}")))
        .collect();
    let layout = TableLayout {
        date: Some("date".into()),
        ..TableLayout::new(columns, Values::Standardized)
    };
    let (splits, _) = Splits::load(
        &paths(&folder),
        &common::check(layout),
        &mean_and_scale(&folder),
    )
    .unwrap();
    assert_eq!(
        [splits.train.len(), splits.valid.len(), splits.test.len()],
        [4_437, 783, 1_305]
    );
    for column in splits.train.x().columns() {
        assert!(column.mean().unwrap().abs() < 1e-10 && (column.std(0.0) - 1.0).abs() < 1e-10);
    }
    assert!(
        splits
            .standardization
            .scale()
            .iter()
            .all(|mm| (2.2..9.2).contains(mm))
    );
    let dates = splits.train.labels().date.as_ref().unwrap();
    assert_eq!(dates.get(0), Some("2009.07.30"));
}
