//! What becomes of the numbers of a file, and what is refused.

use super::super::Kept;
use super::*;
use crate::config::{DigitalNumbers, SunConfig};
use crate::inference::Request;
use crate::inference::testing::shipped;
use std::sync::OnceLock;

fn model() -> &'static (Estimator, CheckedPhysics) {
    static MODEL: OnceLock<(Estimator, CheckedPhysics)> = OnceLock::new();
    MODEL.get_or_init(|| {
        let trained = shipped();
        let physics = trained.checked.physics.clone();
        (
            Estimator::new(trained, Request::default()).unwrap(),
            physics,
        )
    })
}

fn of(description: &InputDescription) -> Result<InputPlan, TrainerError> {
    let (estimator, physics) = model();
    InputPlan::new(description, estimator, physics)
}

fn holding(values: ChannelValues) -> InputDescription {
    InputDescription {
        values: Some(values),
        ..InputDescription::default()
    }
}

/// What B02 and the last channel, B12, of these cells become.
fn physical(description: &InputDescription, cells: &[f32]) -> Vec<f32> {
    let plan = of(description).unwrap();
    let (n, channels) = (cells.len(), model().0.channels().len());
    let numbers = 0..plan.numbers.len();
    let as_read = numbers.flat_map(|k| cells.iter().map(move |&cell| (k, cell)));
    let mut columns: Vec<f32> = as_read
        .map(|(k, cell)| plan.cell(k, f64::from(cell)))
        .collect();
    plan.physical(&mut columns, n);
    for channel in columns[n..channels * n].chunks_exact(n) {
        let alike = channel
            .iter()
            .zip(&columns)
            .all(|(a, b)| a.is_nan() == b.is_nan());
        assert!(alike, "{channel:?}");
    }
    // angles and masks stay as they are
    for other in columns[channels * n..].chunks_exact(n) {
        assert!(
            other
                .iter()
                .zip(cells)
                .all(|(a, b)| a.to_bits() == b.to_bits())
        );
    }
    columns[..n].to_vec()
}

fn close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    for (a, b) in found.iter().zip(expected) {
        assert!(
            (a.is_nan() && b.is_nan()) || (a - b).abs() < 1e-7,
            "{found:?}"
        );
    }
}

const NAN: f32 = f32::NAN;

#[test]
fn digital_numbers_become_reflectance() {
    let cells = [0.0, 65535.0, 1000.0, 3000.0, 500.0, 65534.0, NAN];
    let of = |values| physical(&holding(values), &cells);
    close(
        &of(ChannelValues::Sentinel2L2a),
        &[NAN, NAN, 0.0, 0.2, -0.05, 6.4534, NAN],
    );
    close(
        &of(ChannelValues::Sentinel2L2aBefore0400),
        &[NAN, NAN, 0.1, 0.3, 0.05, 6.5534, NAN],
    );
    let mut own = holding(ChannelValues::DigitalNumbers);
    own.digital_numbers = Some(DigitalNumbers {
        scale: 0.001,
        offset: -100.0,
    });
    own.nodata = Some(500.0);
    close(
        &physical(&own, &cells),
        &[NAN, NAN, 0.9, 2.9, NAN, 65.434, NAN],
    );
}

#[test]
fn other_values_become_reflectance() {
    let cells = [0.0, 25.0, 65535.0, -9999.0, f32::INFINITY];
    let mut percent = holding(ChannelValues::Percent);
    percent.nodata = Some(-9999.0);
    close(&physical(&percent, &cells), &[0.0, 0.25, 655.35, NAN, NAN]);
    let mut reflectance = holding(ChannelValues::Reflectance);
    reflectance
        .angles
        .insert("tts".into(), Source::Column("sun".into()));
    reflectance.mask = Some(Mask {
        column: "SCL".into(),
        keep: Kept::SclLand,
    });
    close(&physical(&reflectance, &[0.0, 0.3, 1.2]), &[0.0, 0.3, 1.2]);
    let standardization = &model().0.experiment().standardization;
    let (mean, scale) = (standardization.mean()[0], standardization.scale()[0]);
    close(
        &physical(&holding(ChannelValues::Standardized), &[0.0, 2.0, NAN]),
        &[mean as f32, (mean + 2.0 * scale) as f32, NAN],
    );
}

#[test]
fn digital_numbers_leave_the_scale_of_a_file_aside() {
    assert!(
        !of(&holding(ChannelValues::Sentinel2L2a))
            .unwrap()
            .takes_declared_scales()
    );
    assert!(
        of(&holding(ChannelValues::Reflectance))
            .unwrap()
            .takes_declared_scales()
    );
}

#[test]
fn columns_are_named_once_and_the_mask_is_last() {
    let mut description = holding(ChannelValues::Reflectance);
    description.columns.insert("B03".into(), "green".into());
    for (name, column) in [("tts", "sun"), ("psi", "azimuth"), ("tto", "sun")] {
        description
            .angles
            .insert(name.into(), Source::Column(column.into()));
    }
    description.mask = Some(Mask {
        column: "sun".into(),
        keep: Kept::Values(vec![3]),
    });
    let plan = of(&description).unwrap();
    assert_eq!(
        plan.numbers.join(" "),
        "B02 green B04 B05 B06 B07 B08 B8A B11 B12 sun azimuth sun"
    );
    assert_eq!((plan.mask(), plan.conditions()), (Some(12), 3));
    // without a word about angles the physics has its own
    let plan = of(&holding(ChannelValues::Reflectance)).unwrap();
    assert_eq!((plan.mask(), plan.conditions()), (None, 0));
}

fn conditions(description: &InputDescription, cells: &[f32], sun: Option<&[f32]>) -> Vec<f32> {
    let plan = of(description).unwrap();
    let mut out = vec![7.0; 99];
    plan.fill_conditions(
        &cells.repeat(plan.numbers.len()),
        cells.len(),
        sun,
        &mut out,
    );
    out
}

#[test]
fn angles_are_constants_columns_or_the_physics_own() {
    let mut description = holding(ChannelValues::Reflectance);
    description
        .angles
        .insert("tto".into(), Source::Column("view".into()));
    description
        .angles
        .insert("psi".into(), Source::Constant(120.0));
    let found = conditions(&description, &[3.0, 4.0], None);
    // the model's sun zenith is 30 unless it is said
    assert_eq!(found, [30.0, 30.0, 3.0, 4.0, 120.0, 120.0]);
    assert_eq!(
        conditions(&holding(ChannelValues::Reflectance), &[3.0], None),
        [0.0; 0]
    );
}

fn with_sun(date: Option<&str>) -> InputDescription {
    InputDescription {
        sun: Some(SunConfig {
            latitude: 48.0,
            longitude: 16.0,
            time_utc: "10:00".into(),
        }),
        date: date.map(str::to_owned),
        ..holding(ChannelValues::Reflectance)
    }
}

#[test]
fn the_sun_follows_from_a_date_for_all_or_of_each_row() {
    // 23.44° of declination at noon leave 48 − 23.44 = 24.6° from the zenith, and 10:00 UTC is an hour before it
    let one = conditions(&with_sun(Some("2020-06-21")), &[0.1, 0.2], None);
    let expected = one[0];
    assert!((26.0..31.0).contains(&expected), "{expected}");
    assert_eq!(one, [expected, expected, 0.0, 0.0, 0.0, 0.0]);
    let description = with_sun(Some("day"));
    let plan = of(&description).unwrap();
    assert_eq!(plan.dates.as_deref(), Some("day"));
    assert!(!plan.numbers.contains(&"day".to_owned()));
    let zenith = |date: &str| plan.sun_zenith(date).unwrap();
    for date in ["2020-06-21", "2020-6-21", "20200621", " 2020/06/21 "] {
        assert_eq!(
            zenith(date).map(f32::to_bits),
            Some(expected.to_bits()),
            "{date}"
        );
    }
    for missing in ["", "NA", "NaT", " "] {
        assert!(zenith(missing).is_some_and(f32::is_nan), "{missing:?}");
    }
    assert_eq!([zenith("autumn"), zenith("21.06.2020")], [None; 2]);
    let found = conditions(&description, &[0.1, 0.2], Some(&[expected, NAN]));
    assert_eq!(found[0].to_bits(), expected.to_bits());
    assert!(found[1].is_nan());
    // of a raster no row has a date: nothing is guessed
    assert!(conditions(&description, &[0.1], None)[0].is_nan());
    // an angle that is given wins
    let mut both = with_sun(Some("2020-06-21"));
    both.angles.insert("tts".into(), Source::Constant(50.0));
    assert_eq!(conditions(&both, &[0.1], None), [50.0, 0.0, 0.0]);
}

#[test]
fn a_mask_keeps_its_values() {
    for (keep, expected) in [
        (Kept::SclVegetation, "4"),
        (Kept::SclLand, "4 5"),
        (Kept::SclClear, "4 5 6 7 11"),
        (Kept::Values(vec![0, 9]), "0 9"),
    ] {
        let mut description = holding(ChannelValues::Reflectance);
        description.mask = Some(Mask {
            column: "SCL".into(),
            keep,
        });
        let plan = of(&description).unwrap();
        let classes: Vec<f32> = (0..12).map(|v| v as f32).chain([NAN, 4.5]).collect();
        let mut masked = vec![true];
        plan.fill_mask(
            &classes.repeat(plan.numbers.len()),
            classes.len(),
            &mut masked,
        );
        let kept: Vec<String> = classes
            .iter()
            .zip(&masked)
            .filter(|(_, masked)| !**masked)
            .map(|(class, _)| class.to_string())
            .collect();
        assert_eq!(kept.join(" "), expected);
    }
    let mut masked = vec![true];
    of(&holding(ChannelValues::Reflectance))
        .unwrap()
        .fill_mask(&[0.0; 10], 1, &mut masked);
    assert!(masked.is_empty());
}

fn refusal(change: impl Fn(&mut InputDescription)) -> String {
    let mut description = holding(ChannelValues::Reflectance);
    change(&mut description);
    of(&description).unwrap_err().to_string()
}

#[test]
fn what_does_not_fit_the_model_is_refused() {
    insta::assert_snapshot!(refusal(|it| { it.columns.insert("B01".into(), "blue".into()); }), @r#"channel B01 is not allowed: the model has ["B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12"]"#);
    insta::assert_snapshot!(refusal(|it| { it.angles.insert("raa".into(), Source::Constant(1.0)); }), @r#"angle raa is not allowed: the physics has ["tts", "tto", "psi"]"#);
    insta::assert_snapshot!(refusal(|it| { it.angles.insert("tts".into(), Source::Constant(95.0)); }), @"angle tts = 95 is not allowed: 0 to 80 deg");
    insta::assert_snapshot!(refusal(|it| { it.angles.insert("tts".into(), Source::Constant(f64::NAN)); }), @"angle tts = NaN is not allowed: 0 to 80 deg");
    insta::assert_snapshot!(refusal(|it| it.sun = with_sun(None).sun), @"sun without a date is not allowed: a date, or a column of dates, as date");
    insta::assert_snapshot!(refusal(|it| it.values = None), @"values not given is not allowed: standardized, reflectance, percent, digital_numbers, sentinel2_l2a, sentinel2_l2a_before_0400 (this model's own data do not say it)");
    insta::assert_snapshot!(refusal(|it| it.values = Some(ChannelValues::DisplacementMm)), @"values displacement_mm is not allowed: standardized, reflectance, percent, digital_numbers, sentinel2_l2a, sentinel2_l2a_before_0400");
    insta::assert_snapshot!(refusal(|it| it.values = Some(ChannelValues::DigitalNumbers)), @r#"values digital_numbers is not allowed: digital_numbers {"scale": 1e-4, "offset": -1000} with values digital_numbers, and with no other"#);
    let conversion = |scale| Some(DigitalNumbers { scale, offset: 0.0 });
    insta::assert_snapshot!(refusal(|it| it.digital_numbers = conversion(1.0)), @r#"values reflectance is not allowed: digital_numbers {"scale": 1e-4, "offset": -1000} with values digital_numbers, and with no other"#);
    insta::assert_snapshot!(refusal(|it| {
        it.values = Some(ChannelValues::DigitalNumbers);
        it.digital_numbers = conversion(0.0);
    }), @"digital_numbers scale 0, offset 0 is not allowed: a finite scale above 0, a finite offset");
    insta::assert_snapshot!(refusal(|it| {
        *it = with_sun(Some("2020-06-21"));
        it.sun.as_mut().unwrap().latitude = 95.0;
    }), @"latitude of sun = 95 is not allowed: -90 to 90 degrees, north positive");
}
