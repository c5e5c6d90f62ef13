//! The built-in synthetic data.

mod common;

use common::{Toy, check, layout};
use data::{
    Imperfection, ParameterRange, SplitTables, Splits, StandardizationSource, SyntheticData,
    Values, model_error, noise_std, read_table, sentinel2_wavelengths_nm, write_csv,
};
use physics::ForwardModel;

fn ranges() -> Vec<ParameterRange> {
    [("a", 0.1, 0.6), ("b", 1.0, 5.0)]
        .map(|(name, min, max)| ParameterRange {
            name: name.into(),
            min,
            max,
        })
        .to_vec()
}

fn wavelengths() -> Vec<f64> {
    sentinel2_wavelengths_nm(Toy::new().outputs()).unwrap()
}

fn simulate(data: &SyntheticData) -> SplitTables {
    let imperfection = Imperfection::of_reflectance(&wavelengths()).unwrap();
    data.simulate(&Toy::new(), &ranges(), &imperfection)
        .unwrap()
}

fn small() -> SyntheticData {
    SyntheticData {
        train: 50,
        valid: 20,
        test: 30,
        seed: 123,
        ..SyntheticData::default()
    }
}

#[test]
fn the_default_is_the_default_run() {
    let default = SyntheticData::default();
    assert_eq!(
        (default.train, default.valid, default.test, default.seed),
        (8192, 2048, 2048, 123)
    );
    let tables = simulate(&default);
    let rows = [&tables.train, &tables.valid, &tables.test].map(|table| table.values().nrows());
    assert_eq!(rows, [8192, 2048, 2048]);
    assert_eq!(tables.train.channels(), ["B02_BLUE", "B04_RED", "B08_NIR1"]);
    assert_eq!(tables.train.truth().unwrap().names(), ["a", "b"]);
}

#[test]
fn model_error_and_noise_literals() {
    // s = 0, 1/2 and 1: the sines and cosines are known
    let sine = 0.7_f64.sin();
    assert!((model_error(0.4, 443.0) - (0.4 * (1.0 + 0.05 * sine) + 0.01)).abs() < 1e-15);
    assert!(
        (model_error(0.4, 443.0 + 1747.0 / 2.0) - (0.4 * (1.0 - 0.05 * sine) - 0.01)).abs() < 1e-15
    );
    assert!((model_error(0.4, 2190.0) - (0.4 * (1.0 + 0.05 * sine) + 0.01)).abs() < 1e-15);
    assert_eq!(noise_std(0.0), 0.002);
    assert!((noise_std(0.5) - 0.007).abs() < 1e-18);
}

/// With the truth, the noise can be taken out of every simulated value: it must be standard normal.
#[test]
fn values_are_physics_plus_model_error_plus_noise() {
    let tables = simulate(&SyntheticData::default());
    let truth = tables.train.truth().unwrap().values();
    let mut sums = [0.0; 4];
    let mut count = 0.0;
    for (x, p) in tables.train.values().rows().into_iter().zip(truth.rows()) {
        assert!((0.1..=0.6).contains(&p[0]) && (1.0..=5.0).contains(&p[1]));
        let clean = [p[0], p[1] / 10.0, p[0] * p[1] / 10.0];
        for ((&x, &r), &wavelength) in x.iter().zip(&clean).zip(&wavelengths()) {
            assert!(x >= 1e-4);
            let epsilon = (x - model_error(r, wavelength)) / noise_std(r);
            count += 1.0;
            for (k, sum) in sums.iter_mut().enumerate() {
                *sum += epsilon.powi(k as i32 + 1);
            }
        }
    }
    // 24 576 draws: standard errors 0.0064, 0.009, 0.025, 0.06; four of them allowed
    let [mean, variance, skewness, kurtosis] = sums.map(|sum| sum / count);
    assert!(mean.abs() < 0.026, "{mean}");
    assert!((variance - 1.0).abs() < 0.036, "{variance}");
    assert!(skewness.abs() < 0.1, "{skewness}");
    assert!((kurtosis - 3.0).abs() < 0.25, "{kurtosis}");
    let mean = truth.mean_axis(ndarray::Axis(0)).unwrap();
    assert!(
        (mean[0] - 0.35).abs() < 0.007 && (mean[1] - 3.0).abs() < 0.06,
        "{mean}"
    );
}

#[test]
fn a_row_depends_on_seed_split_and_number_only() {
    let tables = simulate(&small());
    assert_eq!(simulate(&small()), tables);
    let longer = simulate(&SyntheticData {
        train: 80,
        ..small()
    });
    assert_eq!(
        longer
            .train
            .values()
            .slice_axis(ndarray::Axis(0), (..50).into()),
        tables.train.values()
    );
    assert_eq!(longer.valid, tables.valid);
    assert_ne!(tables.train.values().row(0), tables.valid.values().row(0));
    assert_ne!(
        simulate(&SyntheticData {
            seed: 124,
            ..small()
        })
        .train,
        tables.train
    );
}

#[test]
fn written_as_csv_it_is_read_back_exactly() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("synthetic.csv");
    let tables = simulate(&small());
    write_csv(&tables.train, &path).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().next(), Some("B02_BLUE,B04_RED,B08_NIR1,a,b"));
    let mut layout = layout(&["B02_BLUE", "B04_RED", "B08_NIR1"], Values::Reflectance);
    layout.truth = ["a", "b"]
        .map(|name| (name.to_string(), name.to_string()))
        .into();
    let (table, _) = read_table(&path, &check(layout)).unwrap();
    assert_eq!(table, tables.train);
}

#[test]
fn conditions_and_labels_are_written_too() {
    let mut layout = layout(&["B02", "B04", "B08"], Values::Reflectance);
    layout.conditions = ["tts", "tto", "psi"]
        .map(|name| (name.to_string(), name.to_string()))
        .into();
    layout.class = Some("class".into());
    layout.date = Some("date".into());
    let text =
        "B02,B04,B08,tts,tto,psi,class,date\n0.1,0.2,0.3,35,2.5,100,\"Fagus, old\",2018.04.08\n";
    let (table, _) = common::read(text, layout).unwrap();
    let file = common::File::new("");
    write_csv(&table, &file.path()).unwrap();
    assert_eq!(std::fs::read_to_string(file.path()).unwrap(), text);
}

#[test]
fn simulated_data_are_standardised_like_any_other() {
    let splits = Splits::from_tables(simulate(&small()), &StandardizationSource::Measure).unwrap();
    for column in splits.train.x().columns() {
        assert!(column.mean().unwrap().abs() < 1e-12 && (column.std(0.0) - 1.0).abs() < 1e-12);
    }
    assert_eq!(splits.train.truth().unwrap().values().dim(), (50, 2));
}

#[test]
fn nonsense_is_refused() {
    let message = |data: &SyntheticData, ranges: &[ParameterRange], wavelengths: &[f64]| {
        Imperfection::of_reflectance(wavelengths)
            .and_then(|imperfection| data.simulate(&Toy::new(), ranges, &imperfection))
            .unwrap_err()
            .to_string()
    };
    let good = wavelengths();
    assert_eq!(
        message(
            &SyntheticData {
                valid: 0,
                ..small()
            },
            &ranges(),
            &good
        ),
        "valid = 0 is not allowed: 1 to 4294967295 rows"
    );
    assert_eq!(
        message(&small(), &ranges(), &good[1..]),
        "the number of wavelengths is 2, expected 3"
    );
    assert!(
        message(&small(), &ranges(), &[490.0, f64::NAN, 842.0]).starts_with("wavelength = NaN")
    );
    let mut swapped = ranges();
    swapped.reverse();
    assert_eq!(
        message(&small(), &swapped, &good),
        "ranges = [\"b\", \"a\"] is not allowed: the parameters of toy in its order, [\"a\", \"b\"]"
    );
    for (min, max) in [(0.5, 0.4), (-0.1, 0.5), (0.1, 1.1), (f64::NAN, 1.0)] {
        let mut wrong = ranges();
        (wrong[0].min, wrong[0].max) = (min, max);
        let message = message(&small(), &wrong, &good);
        assert!(
            message.starts_with("range of a = ") && message.ends_with("min ≤ max within 0 to 1"),
            "{message}"
        );
    }
}
