//! The samples that a configuration names.

use super::forward_model::{self, Wavelengths};
use crate::TrainerError;
use crate::config::{
    CheckedCsv, CheckedData, CheckedExperiment, CheckedPhysics, GeometriesConfig, SensorChoice,
};
use data::{
    CheckedLayout, Imperfection, ParameterRange, ReadReport, SEASON, Samples, SplitPaths,
    SplitTables, Splits, Standardization, StandardizationSource, SyntheticData, TableLayout,
    Values, read_table, rows_by_date, sentinel2_wavelengths_nm,
};
use physics::ForwardModel;
use std::collections::BTreeMap;
use std::path::Path;
use tracing::{info, warn};

/// Training, validation and test samples, and what was read of their tables, if they are in tables. `kept`: the mean
/// and scale of a run, where they are not to be measured anew.
pub(super) fn load(
    checked: &CheckedExperiment,
    forward: &dyn ForwardModel,
    kept: Option<&Standardization>,
) -> Result<(Splits, Vec<ReadReport>), TrainerError> {
    let measured = kept.map_or(StandardizationSource::Measure, |kept| {
        StandardizationSource::Given(kept.clone())
    });
    match &checked.data {
        CheckedData::Synthetic(synthetic) => {
            let ranges: Vec<_> = checked
                .physics
                .ranges()
                .iter()
                .map(|r| ParameterRange {
                    name: r.name.clone(),
                    min: r.min,
                    max: r.max,
                })
                .collect();
            let wanted = &synthetic.settings;
            let settings = SyntheticData {
                train: wanted.train_samples,
                valid: wanted.valid_samples,
                test: wanted.test_samples,
                seed: wanted.seed,
                noise: wanted.noise,
                model_error: wanted.model_error,
                geometries: wanted.geometries.as_ref().map(GeometriesConfig::geometries),
            };
            let mut imperfection = imperfection(checked)?;
            if let Some(noise) = wanted.band_noise {
                imperfection = imperfection.with_noise(noise.band_noise())?;
            }
            let tables = settings.simulate(forward, &ranges, &imperfection)?;
            let splits = Splits::from_tables(tables, &measured)?;
            Ok((splits, vec![]))
        }
        CheckedData::Csv(csv) => {
            let files = csv.files()?;
            let layout = layout(csv, forward)?;
            if csv.channels_by_default
                && let CheckedPhysics::Mogi(mogi) = &checked.physics
            {
                super::mogi::check_table(mogi, &files.train)?;
            }
            let paths = SplitPaths {
                train: files.train,
                valid: files.valid,
                test: files.test,
            };
            let (tables, reports) = SplitTables::read(&paths, &layout)?;
            let reports = vec![reports.train, reports.valid, reports.test];
            reports.iter().for_each(tell);
            let shared = tables.shared_sample_ids();
            if let Some(first) = shared.first() {
                warn!(
                    "{} sample ids are in more than one split, {first} among them: errors on the test \
                     split are then too small",
                    shared.len()
                );
            }
            let source = match files.standardization {
                None => measured,
                Some(s) => StandardizationSource::Files {
                    mean: s.mean,
                    scale: s.scale,
                },
            };
            let splits = Splits::from_tables(tables, &source)?;
            if checked.objective.temporal_smoothness.is_some() {
                // refused before there is a run
                rows_by_date(splits.train.labels())?;
            }
            Ok((with_season(checked, splits, forward)?, reports))
        }
    }
}

/// The samples of one table, in the columns of the configuration's data.
///
/// # Errors
/// The table is refused, or the configuration's data are simulated.
pub fn read_samples(
    checked: &CheckedExperiment,
    path: &Path,
    standardization: &Standardization,
) -> Result<Samples, TrainerError> {
    let forward = forward_model::build(checked, Wavelengths::All)?;
    let layout = match &checked.data {
        CheckedData::Csv(csv) => layout(csv, forward.as_ref())?,
        // a table of simulated samples as `data::write_csv` writes it: channels, conditions and truth by their names
        CheckedData::Synthetic(synthetic) => {
            let values = match &checked.physics {
                CheckedPhysics::Inform(_) => Values::Reflectance,
                CheckedPhysics::Mogi(_) => Values::DisplacementMm,
            };
            let mut layout = TableLayout::new(synthetic.channels.clone(), values);
            let header = crate::files::first_line(path)?;
            let present: Vec<&str> = header.split(',').map(str::trim).collect();
            for parameter in forward.parameters() {
                if present.contains(&parameter.name.as_str()) {
                    layout
                        .truth
                        .insert(parameter.name.clone(), parameter.name.clone());
                }
            }
            for condition in forward.conditions() {
                if present.contains(&condition.name.as_str()) {
                    layout
                        .conditions
                        .insert(condition.name.clone(), condition.name.clone());
                }
            }
            layout.check(forward.conditions(), forward.parameters())?
        }
    };
    let (table, report) = read_table(path, &layout)?;
    tell(&report);
    let samples = Samples::from_table(table, standardization)?;
    if checked.phys_vae.low_rank.use_time {
        return Ok(samples.with_season(&conditions(forward.as_ref()))?);
    }
    Ok(samples)
}

// what the samples carry is what the residual takes
const _: () = assert!(SEASON.len() == model::SEASON);

/// The splits with the time of year behind the conditions, where the residual sees it.
fn with_season(
    checked: &CheckedExperiment,
    splits: Splits,
    forward: &dyn ForwardModel,
) -> Result<Splits, TrainerError> {
    if !checked.phys_vae.low_rank.use_time {
        return Ok(splits);
    }
    let defaults = conditions(forward);
    Ok(Splits {
        train: splits.train.with_season(&defaults)?,
        valid: splits.valid.with_season(&defaults)?,
        test: splits.test.with_season(&defaults)?,
        ..splits
    })
}

/// Names and values of the conditions of samples that have none.
fn conditions(forward: &dyn ForwardModel) -> Vec<(String, f64)> {
    let conditions = forward.conditions().iter();
    conditions.map(|q| (q.name.clone(), q.default)).collect()
}

fn tell(report: &ReadReport) {
    if report.dropped.is_empty() {
        info!("{report}");
    } else {
        warn!("{report}");
    }
}

fn layout(csv: &CheckedCsv, forward: &dyn ForwardModel) -> Result<CheckedLayout, TrainerError> {
    let mut conditions = BTreeMap::new();
    if let Some(angles) = &csv.angles {
        for (name, column) in [
            ("tts", &angles.tts),
            ("tto", &angles.tto),
            ("psi", &angles.psi),
        ] {
            conditions.insert(name.to_owned(), column.clone());
        }
    }
    let layout = TableLayout {
        columns: csv.columns.iter().map(|c| c.column.clone()).collect(),
        values: csv.values.values(),
        conditions,
        sun: csv.sun.clone(),
        class: csv.labels.class.clone(),
        sample_id: csv.labels.sample_id.clone(),
        date: csv.labels.date.clone(),
        truth: csv.truth.clone(),
        rows: csv.rows,
    };
    Ok(layout.check(forward.conditions(), forward.parameters())?)
}

/// How simulated samples differ from the physics' outputs.
fn imperfection(checked: &CheckedExperiment) -> Result<Imperfection, TrainerError> {
    let channels = checked.data.channels();
    let wavelengths = match &checked.physics {
        CheckedPhysics::Mogi(_) => return Ok(Imperfection::of_displacements(&channels)),
        CheckedPhysics::Inform(inform) => match &inform.sensor {
            SensorChoice::BuiltIn("s2a" | "s2b") => sentinel2_wavelengths_nm(&channels)?,
            choice => forward_model::sensor(choice)?
                .with_bands(&channels)?
                .bands()
                .iter()
                .map(physics::tables::Band::mean_wavelength_nm)
                .collect(),
        },
    };
    Ok(Imperfection::of_reflectance(&wavelengths)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assemble::check;
    use crate::config::{ConfigSource, Overrides};
    use data::{Date, Overpass};
    use ndarray::Array2;

    /// Of training, and of a table that is evaluated: one sun, and the view of `physics.fixed`.
    #[test]
    fn wherever_a_table_is_read_its_dates_give_the_sun() {
        let folder = tempfile::tempdir().unwrap();
        let table = "B04,B8A,date\n0.03,0.3,2018.04.08\n0.05,0.4,2018-10-30\n";
        for name in ["train.csv", "valid.csv", "test.csv"] {
            std::fs::write(folder.path().join(name), table).unwrap();
        }
        let set = [
            r#"data.bands=["B04", "B8A"]"#,
            "data.columns={}",
            "data.values=reflectance",
            "data.standardization=measured",
            r#"data.labels={"date": "date"}"#,
            r#"data.sun={"latitude": 48.15, "longitude": 16.1, "time_utc": "10:00"}"#,
            r#"physics.fixed={"tts": 50, "tto": 5, "psi": 40}"#,
        ];
        let checked = checked_with(folder.path(), &set);
        let overpass = Overpass {
            latitude: 48.15,
            longitude: 16.1,
            time_utc: "10:00".into(),
        };
        let overpass = overpass.check().unwrap();
        let zenith = |date: &str| overpass.sun_zenith(Date::parse(date).unwrap()).unwrap();
        let expected = ndarray::array![
            [zenith("2018-04-08"), 5.0, 40.0],
            [zenith("2018-10-30"), 5.0, 40.0]
        ];
        let conditions = |samples: &Samples| samples.conditions().unwrap().values().to_owned();
        let forward = forward_model::build(&checked, Wavelengths::All).unwrap();
        let (splits, _) = load(&checked, forward.as_ref()).unwrap();
        for samples in [&splits.train, &splits.valid, &splits.test] {
            assert_eq!(conditions(samples), expected);
        }
        let path = folder.path().join("test.csv");
        let alone = read_samples(&checked, &path, &splits.standardization).unwrap();
        assert_eq!(conditions(&alone), expected);
        // and the physics takes them: the same forest under two suns
        let forest: Vec<f64> = forward.parameters().iter().map(|q| q.default).collect();
        let forests = Array2::from_shape_fn((2, forest.len()), |(_, k)| forest[k]);
        let mut spectra = Array2::zeros((2, 2));
        forward
            .evaluate(forests.view(), Some(expected.view()), spectra.view_mut())
            .unwrap();
        assert_ne!(spectra.row(0), spectra.row(1));
    }

    /// Behind the defaults of the physics, which the table does not have: of training, and of a table that is evaluated.
    #[test]
    fn wherever_a_table_is_read_its_dates_give_the_season() {
        let folder = tempfile::tempdir().unwrap();
        let table = "B04,B8A,date\n0.03,0.3,2018.04.08\n0.05,0.4,2018-10-30\n";
        for name in ["train.csv", "valid.csv", "test.csv"] {
            std::fs::write(folder.path().join(name), table).unwrap();
        }
        let set = [
            r#"data.bands=["B04", "B8A"]"#,
            "data.columns={}",
            "data.values=reflectance",
            "data.standardization=measured",
            r#"data.labels={"date": "date"}"#,
            r#"physics.fixed={"tts": 50, "tto": 5, "psi": 40}"#,
            "phys_vae.residual=low_rank",
            "phys_vae.low_rank.use_time=true",
        ];
        let checked = checked_with(folder.path(), &set);
        let forward = forward_model::build(&checked, Wavelengths::All).unwrap();
        let (splits, _) = load(&checked, forward.as_ref()).unwrap();
        let season = data::season(splits.train.labels()).unwrap();
        let path = folder.path().join("test.csv");
        let alone = read_samples(&checked, &path, &splits.standardization).unwrap();
        for samples in [&splits.train, &splits.valid, &splits.test, &alone] {
            for (row, season) in season.rows().into_iter().enumerate() {
                let conditions = samples.conditions().unwrap().values().row(row).to_vec();
                assert_eq!(conditions[..3], [50.0, 5.0, 40.0]);
                assert_eq!(conditions[3..], season.to_vec());
            }
        }
        // a date that says nothing is refused before there is a run
        std::fs::write(&path, table.replace("2018-10-30", "autumn")).unwrap();
        let message = load(&checked, forward.as_ref()).unwrap_err().to_string();
        assert!(message.contains("autumn"), "{message}");
    }

    fn checked_with(folder: &Path, set: &[&str]) -> CheckedExperiment {
        let overrides = Overrides {
            set: set.iter().map(|&it| it.to_owned()).collect(),
            data_dir: Some(folder.to_owned()),
            ..Overrides::default()
        };
        let configs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
        let source = ConfigSource::File(configs.join("rtm_c_austria.json"));
        check(&crate::config::load(&source, &overrides).unwrap()).unwrap()
    }
}
