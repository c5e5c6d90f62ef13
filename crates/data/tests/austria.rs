//! The published Austrian spectra, where they are at hand; they are not part of this repository.

mod common;

use common::{mean_and_scale, paths, published};
use data::{
    SENTINEL2_CHANNELS, SplitTables, Splits, Standardization, TableLayout, ValueSpace, Values,
};

fn layout(values: Values) -> TableLayout {
    TableLayout {
        class: Some("class".into()),
        sample_id: Some("sample_id".into()),
        date: Some("date".into()),
        ..common::layout(&SENTINEL2_CHANNELS, values)
    }
}

#[test]
fn the_published_spectra_are_read_whole() {
    let Some(folder) = published("austria") else {
        return;
    };
    let start = std::time::Instant::now();
    let (splits, reports) = Splits::load(
        &paths(&folder),
        &common::check(layout(Values::Standardized)),
        &mean_and_scale(&folder),
    )
    .unwrap();
    println!("17 962 rows read in {:?}", start.elapsed());

    assert_eq!(
        [splits.train.len(), splits.valid.len(), splits.test.len()],
        [11_480, 2_884, 3_598]
    );
    assert!(
        [reports.train, reports.valid, reports.test]
            .iter()
            .all(|report| report.dropped.is_empty())
    );
    assert!(splits.train.conditions().is_none() && splits.train.truth().is_none());
    for column in splits.train.x().columns() {
        assert!(column.mean().unwrap().abs() < 1e-10, "{:?}", column.mean());
        assert!((column.std(0.0) - 1.0).abs() < 1e-10, "{}", column.std(0.0));
    }
    assert!((splits.standardization.mean()[0] - 0.0211).abs() < 5e-5);
    assert!((splits.standardization.scale()[10] - 0.0264).abs() < 5e-5);
    let reflectance = splits.standardization.invert(splits.train.x()).unwrap();
    assert!(reflectance.iter().all(|r| (0.0..0.7).contains(r)));

    let labels = splits.train.labels();
    let first = [&labels.class, &labels.sample_id, &labels.date]
        .map(|column| column.as_ref().unwrap().get(0).unwrap());
    assert_eq!(first, ["Fagus sylvatica", "98", "2018.09.18"]);
}

#[test]
fn no_sample_is_in_two_splits() {
    let Some(folder) = published("austria") else {
        return;
    };
    let (tables, _) = SplitTables::read(
        &paths(&folder),
        &common::check(layout(Values::Standardized)),
    )
    .unwrap();
    assert_eq!(tables.shared_sample_ids(), [""; 0]);
    let ids = tables.train.labels().sample_id.as_ref().unwrap();
    assert_eq!(ids.distinct().count(), 820);
}

/// The published mean and scale are those of the training reflectance, and measuring finds them.
#[test]
fn measuring_finds_the_published_mean_and_scale() {
    let Some(folder) = published("austria") else {
        return;
    };
    let published = Standardization::load(
        &folder.join("train_x_mean.npy"),
        &folder.join("train_x_scale.npy"),
        11,
    )
    .unwrap();
    let (tables, _) = SplitTables::read(
        &paths(&folder),
        &common::check(layout(Values::Standardized)),
    )
    .unwrap();
    assert_eq!(tables.train.space(), ValueSpace::Standardized);
    let reflectance = published.invert(tables.train.values()).unwrap();
    let measured = Standardization::measure(reflectance.view(), tables.train.channels()).unwrap();
    for channel in 0..11 {
        assert!((measured.mean()[channel] / published.mean()[channel] - 1.0).abs() < 1e-10);
        assert!((measured.scale()[channel] / published.scale()[channel] - 1.0).abs() < 1e-10);
    }
}

#[test]
fn standardised_spectra_declared_as_reflectance_are_refused() {
    let Some(folder) = published("austria") else {
        return;
    };
    let error = SplitTables::read(&paths(&folder), &common::check(layout(Values::Reflectance)))
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("is outside the allowed range -0.1 to 1.6"),
        "{error}"
    );
}
