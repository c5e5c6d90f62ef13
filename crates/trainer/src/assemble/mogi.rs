//! Mogi's source with the stations of the channels.

use super::rearranged::Rearranged;
use crate::TrainerError;
use crate::config::CheckedMogi;
use crate::files::first_line;
use physics::{Mogi, Station};
use std::path::Path;

/// The model whose parameters are in the order of the ranges and whose outputs are the channels: its stations stand in the order in which the channels first
/// name them, and stations without a channel are left out.
pub(super) fn build(
    mogi: &CheckedMogi,
    channels: &[String],
) -> Result<Rearranged<Mogi>, TrainerError> {
    let mut stations: Vec<Station> = Vec::new();
    for name in channels.iter().filter_map(|it| Mogi::station_of(it)) {
        if stations.iter().any(|station| station.name == name) {
            continue;
        }
        // a channel of an unknown station is refused by `Rearranged`, which names it
        if let Some((_, position)) = mogi.stations.0.iter().find(|(known, _)| known == name) {
            stations.push(position.station(name));
        }
    }
    let model = Mogi::new(stations, mogi.poisson_ratio)?;
    let order = mogi.ranges.iter().map(|range| range.position).collect();
    Ok(Rearranged::new(model, order, channels)?)
}

/// Refuses a table with displacements of a station that the configuration does not know. Where all
/// displacements are channels, leaving some out would be a guess.
pub(super) fn check_table(mogi: &CheckedMogi, path: &Path) -> Result<(), TrainerError> {
    let header = first_line(path)?;
    for column in header.split(',').map(|it| it.trim().trim_matches('"')) {
        if let Some(station) = Mogi::station_of(column)
            && mogi.stations.names().all(|known| known != station)
        {
            return Err(TrainerError::Table {
                path: path.to_owned(),
                why: format!(
                    "line 1: column {column:?} is of a station that physics.stations lacks; allowed: the \
                     position of {station} there, or data.channels with the displacements to learn from"
                ),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::TrainerError;
    use crate::assemble::forward_model::Wavelengths;
    use crate::assemble::{assemble, check, forward_model};
    use crate::config::{CheckedExperiment, ConfigSource, Overrides, Ranges, load};
    use ndarray::{Array2, Array3};
    use serde_json::Value;
    use std::fmt::Write as _;
    use std::io::Write as _;
    use std::path::{Path, PathBuf};

    /// Displacements and Jacobians of the golden file, of the largest of the row or column.
    const GOLDEN: f64 = 1e-10;

    fn workspace(path: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../..")
            .join(path)
    }

    fn akutan(set: &[String]) -> Result<CheckedExperiment, TrainerError> {
        let overrides = Overrides {
            set: set.to_vec(),
            ..Overrides::default()
        };
        let file = ConfigSource::File(workspace("configs/mogi_c_akutan.json"));
        check(&load(&file, &overrides)?)
    }

    fn skipped(file: &str) {
        let text = format!("SKIPPED: ../shared/data/mogi/{file} not found\n");
        // straight to the stream: the test harness keeps what passing tests print to itself
        let _ = std::io::stderr().write_all(text.as_bytes());
    }

    fn golden() -> Value {
        let text = std::fs::read_to_string(workspace("tests/golden/mogi.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// What an experiment says where the golden file has unit latents `z` (in the order xcen, ycen, d, dV):
    /// values, and the Jacobian to the latents in the experiment's order.
    fn run(experiment: &CheckedExperiment, z: &Value) -> (Array2<f64>, Array3<f64>) {
        let model = forward_model::build(experiment, Wavelengths::All).unwrap();
        let ranges = experiment.physics.ranges();
        let rows = z.as_array().unwrap();
        let outputs = experiment.data.channels().len();
        let parameters = Array2::from_shape_fn((rows.len(), 4), |(i, k)| {
            let range = &ranges[k];
            rows[i][range.position].as_f64().unwrap() * (range.max - range.min) + range.min
        });
        let mut values = Array2::zeros((rows.len(), outputs));
        let mut jacobian = Array3::zeros((rows.len(), outputs, 4));
        model
            .evaluate_with_jacobian(
                parameters.view(),
                None,
                values.view_mut(),
                jacobian.view_mut(),
            )
            .unwrap();
        for ((.., k), slope) in jacobian.indexed_iter_mut() {
            *slope *= ranges[k].max - ranges[k].min;
        }
        let mut alone = Array2::zeros(values.dim());
        model
            .evaluate(parameters.view(), None, alone.view_mut())
            .unwrap();
        assert_eq!(values, alone);
        (values, jacobian)
    }

    /// Compares with the golden file; `order` has its parameter for each of the experiment's, `outputs`
    /// its output for each of the experiment's.
    fn assert_golden(experiment: &CheckedExperiment, order: [usize; 4], outputs: &[usize]) {
        let file = golden();
        let (values, jacobian) = run(experiment, &file["z"]);
        for i in 0..values.nrows() {
            let number = |value: &Value| value.as_f64().unwrap();
            let displacement = |j: usize| number(&file["u_mm"][i][j]);
            let top = (0..36).fold(0.0_f64, |m, j| m.max(displacement(j).abs()));
            for (j, &golden) in outputs.iter().enumerate() {
                let off = (values[[i, j]] - displacement(golden)).abs();
                assert!(off <= GOLDEN * top, "row {i} output {j}: {off}");
            }
            for (k, &golden_k) in order.iter().enumerate() {
                let slope = |j: usize| number(&file["jac_du_dz"][i][j][golden_k]);
                let top = (0..36).fold(0.0_f64, |m, j| m.max(slope(j).abs()));
                for (j, &golden) in outputs.iter().enumerate() {
                    let off = (jacobian[[i, j, k]] - slope(golden)).abs();
                    assert!(
                        off <= GOLDEN * top,
                        "row {i} output {j} parameter {k}: {off}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_shipped_stations_and_ranges_give_the_golden_displacements() {
        let all: Vec<usize> = (0..36).collect();
        assert_golden(&akutan(&[]).unwrap(), [0, 1, 2, 3], &all);
    }

    #[test]
    fn the_volume_goes_from_deflation_to_inflation() {
        let experiment = akutan(&[]).unwrap();
        let at = |dv: f64| run(&experiment, &serde_json::json!([[0.4, 0.6, 0.2, dv]])).0;
        let (least, none, most) = (at(0.0), at(0.5), at(1.0));
        assert!(none.iter().all(|u| *u == 0.0));
        // −1e7 m³ and 1e7 m³
        for (a, b) in least.iter().zip(&most) {
            assert!((a + b).abs() <= 1e-12 * b.abs());
        }
        let up = most.row(0).iter().skip(24).fold(0.0_f64, |m, u| m.max(*u));
        assert!((50.0..500.0).contains(&up), "{up} mm");
    }

    #[test]
    fn another_order_of_the_ranges_is_the_order_of_the_jacobian() {
        let text = std::fs::read_to_string(workspace("configs/ranges/mogi.json")).unwrap();
        let mut ranges: Ranges = serde_json::from_str(&text).unwrap();
        ranges.0.rotate_right(1);
        ranges.0.swap(1, 3);
        let names: Vec<_> = ranges.names().collect();
        assert_eq!(names, ["dV", "d", "ycen", "xcen"]);
        let inline = serde_json::to_string(&ranges).unwrap();
        let experiment = akutan(&[format!("physics.ranges={inline}")]).unwrap();
        let all: Vec<usize> = (0..36).collect();
        assert_golden(&experiment, [3, 2, 1, 0], &all);
    }

    #[test]
    fn channels_are_any_displacements_in_any_order() {
        let channels = ["uz_AV15", "ux_AV06", "uz_AKGG", "uy_AV06"];
        let set = format!("data.channels={}", serde_json::json!(channels));
        let ranges = r#"{"d":{"min":2,"max":20},"xcen":{"min":-9.33,"max":14.35},"dV":{"min":0,"max":200},"ycen":{"min":-5.8,"max":7.62}}"#;
        let experiment = akutan(&[set, format!("physics.ranges={ranges}")]).unwrap();
        let model = forward_model::build(&experiment, Wavelengths::All).unwrap();
        assert_eq!(model.outputs(), channels);
        // AKGG, AKLV, AKMO, AKRB, AV06 … AV15, east, north and up
        assert_golden(&experiment, [2, 0, 3, 1], &[35, 4, 24, 16]);
    }

    /// A table may hold more than is learned from only where the configuration says what that is.
    #[test]
    fn a_station_without_a_position_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut table = String::from("date,ux_AV07,uy_AV07,uz_AV07,ux_NEW,uz_NEW\n");
        for row in 0..4 {
            let _ = writeln!(table, "2009.07.30,{row},-{row},{},1,2", row * 5 % 3);
        }
        for name in ["train.csv", "valid.csv", "test.csv"] {
            std::fs::write(folder.path().join(name), &table).unwrap();
        }
        let mut set = vec![
            format!("data.dir={}", folder.path().display()),
            "data.values=displacement_mm".to_owned(),
            "data.standardization=measured".to_owned(),
            r#"physics.stations={"AV07":{"xE":-7.2,"yN":2.3}}"#.to_owned(),
        ];
        let message = assemble(&akutan(&set).unwrap()).err().unwrap().to_string();
        let message = message.rsplit('/').next().unwrap().to_owned();
        insta::assert_snapshot!(message, @r#"train.csv: line 1: column "ux_NEW" is of a station that physics.stations lacks; allowed: the position of NEW there, or data.channels with the displacements to learn from"#);
        set.push(r#"data.channels=["ux_AV07", "uy_AV07", "uz_AV07"]"#.to_owned());
        let assembled = assemble(&akutan(&set).unwrap()).unwrap();
        assert_eq!(
            (
                assembled.experiment.dimensions.channels.len(),
                assembled.samples.train.len()
            ),
            (3, 4)
        );
    }

    /// The ranges beside the project, where they are at hand, are the shipped ones.
    #[test]
    fn ranges_are_the_published_ones() {
        let Ok(text) = std::fs::read_to_string(workspace("../shared/data/mogi/mogi_paras.json"))
        else {
            skipped("mogi_paras.json");
            return;
        };
        let published: Ranges = serde_json::from_str(&text).unwrap();
        let experiment = akutan(&[]).unwrap();
        let ranges = experiment.physics.ranges().iter();
        let found: Vec<_> = ranges.map(|r| (r.name.as_str(), r.min, r.max)).collect();
        let published = published.0.iter();
        let expected: Vec<_> = published.map(|(n, r)| (n.as_str(), r.min, r.max)).collect();
        assert_eq!(found, expected);
    }

    /// As published, with the heights that nothing needs.
    #[test]
    fn a_published_file_of_stations_is_read() {
        let path = workspace("../shared/data/mogi/station_info.json");
        if !path.is_file() {
            skipped("station_info.json");
            return;
        }
        let experiment = akutan(&[format!("physics.stations={}", path.display())]).unwrap();
        let all: Vec<usize> = (0..36).collect();
        assert_golden(&experiment, [0, 1, 2, 3], &all);
    }
}
