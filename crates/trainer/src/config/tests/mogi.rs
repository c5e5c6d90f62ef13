//! Configurations of a volcano: the shipped ones, and bad ones with their messages.

use super::{configs, load_and_check, set};
use crate::config::{
    CheckedData, CheckedPhysics, CheckedValues, ConfigSource, ModelVariant, Overrides,
};

const C: &str = "mogi_c_akutan.json";
const STATIONS: &str = "stations/akutan.json";
const RANGES: &str = "ranges/mogi.json";

/// Message for the Akutan configuration with `from` replaced by `to` in `file`, paths shortened.
fn after(file: &str, from: &str, to: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut replaced = false;
    for name in [C, STATIONS, RANGES] {
        let mut text = std::fs::read_to_string(configs().join(name)).unwrap();
        if name == file {
            replaced = text.contains(from);
            text = text.replacen(from, to, 1);
        }
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    assert!(replaced, "{file} has no {from}");
    let source = ConfigSource::File(folder.path().join(C));
    let error = load_and_check(&source, &Overrides::default()).expect_err("a bad configuration");
    error
        .to_string()
        .replace(&format!("{}/", folder.path().display()), "")
}

fn with(assignments: &[&str]) -> String {
    let source = ConfigSource::File(configs().join(C));
    let error = load_and_check(&source, &set(assignments)).expect_err("a bad configuration");
    error
        .to_string()
        .replace(&format!("{}/", configs().display()), "")
}

#[test]
fn the_experiments_of_akutan() {
    for (variant, expected) in [
        ("a", (ModelVariant::NoPhysics, 0, 4, 0)),
        ("b", (ModelVariant::PhysicsOnly, 4, 0, 20)),
        ("c", (ModelVariant::PhysicsAndResidual, 4, 2, 20)),
    ] {
        let name = format!("mogi_{variant}_akutan");
        let source = ConfigSource::File(configs().join(format!("{name}.json")));
        let experiment = load_and_check(&source, &Overrides::default()).unwrap();
        let block = &experiment.phys_vae;
        let found = (
            experiment.variant(),
            block.dim_z_phy,
            block.dim_z_aux,
            block.epochs_pretrain,
        );
        assert_eq!((experiment.name.as_str(), found), (name.as_str(), expected));
        assert_eq!(experiment.trainer.early_stop, Some(20));
        let CheckedPhysics::Mogi(mogi) = &experiment.physics else {
            panic!("{name} is of a volcano")
        };
        let ranges: Vec<_> = mogi.ranges.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(ranges, ["xcen", "ycen", "d", "dV"]);
        assert_eq!((mogi.stations.0.len(), mogi.poisson_ratio), (12, 0.25));
        let channels = experiment.data.channels();
        assert_eq!(channels.len(), 36);
        assert_eq!(
            [&channels[0], &channels[12], &channels[35]],
            ["ux_AKGG", "uy_AKGG", "uz_AV15"]
        );
        let CheckedData::Csv(csv) = &experiment.data else {
            panic!("tables")
        };
        assert_eq!(csv.values, CheckedValues::Standardized);
    }
}

#[test]
fn stations() {
    insta::assert_snapshot!(after(C, "stations/akutan.json", "stations/none.json"), @r#"mogi_c_akutan.json:6:5: physics.stations = "stations/none.json"; allowed: a readable JSON file (stations/none.json: No such file or directory (os error 2))"#);
    insta::assert_snapshot!(after(C, "    \"stations\": \"stations/akutan.json\",\n", ""), @"mogi_c_akutan.json:4:3: `physics.stations` is missing; allowed: a string that is not empty or an object of names, each with an object with xE, yN, zV");
    insta::assert_snapshot!(after(C, "\"stations/akutan.json\"", "{}"), @"mogi_c_akutan.json:6:5: physics.stations = {}; allowed: at least one station");
    insta::assert_snapshot!(after(C, "\"stations\":", "\"station\":"), @"mogi_c_akutan.json:6:5: unknown key `physics.station` (did you mean `physics.stations`?); known keys here: model, stations, poisson_ratio, ranges");
    insta::assert_snapshot!(after(STATIONS, "\"AKLV\"", "\"AKGG\""), @"stations/akutan.json:3:3: `AKGG` is given twice; keep one of them");
    insta::assert_snapshot!(after(STATIONS, "\"AKLV\"", "\"\""), @r#"stations/akutan.json:3:3: physics.stations. = {"xE":-1.7677533644105052,"yN":2.2725848191107487}; allowed: a name for each station"#);
    insta::assert_snapshot!(after(STATIONS, "\"yN\": 2.2725848191107487", "\"yn\": 2.27"), @"stations/akutan.json:3:40: unknown key `physics.stations.AKLV.yn` (did you mean `physics.stations.AKLV.yN`?); known keys here: xE, yN, zV");
    insta::assert_snapshot!(after(STATIONS, "\"yN\": 2.2725848191107487", "\"yN\": 2272.58"), @"stations/akutan.json:3:40: physics.stations.AKLV.yN = 2272.58; allowed: a number from -1000 to 1000");
    insta::assert_snapshot!(after(STATIONS, ", \"yN\": 2.2725848191107487", ""), @"stations/akutan.json:3:3: `physics.stations.AKLV.yN` is missing; allowed: a number from -1000 to 1000");
    insta::assert_snapshot!(after(STATIONS, "\"yN\": 2.2725848191107487", "\"yN\": \"2\""), @r#"stations/akutan.json:3:40: physics.stations.AKLV.yN = "2"; allowed: a number from -1000 to 1000"#);
    // a station of the channels that the file lacks
    insta::assert_snapshot!(after(C, "\"values\"", "\"channels\": [\"uz_AKGG\", \"uz_AV99\"], \"values\""), @r#"mogi_c_akutan.json:16:29: data.channels.1 = "uz_AV99"; allowed: ux_, uy_ or uz_ with a station of physics.stations: AKGG, AKLV, AKMO, AKRB, AV06, AV07, AV08, AV10, AV12, AV13, AV14, AV15"#);
}

#[test]
fn poisson_ratio_and_ranges() {
    insta::assert_snapshot!(after(C, "\"poisson_ratio\": 0.25", "\"poisson_ratio\": 0.6"), @"mogi_c_akutan.json:7:5: physics.poisson_ratio = 0.6; allowed: a number from 0 to 0.5");
    insta::assert_snapshot!(after(C, "\"poisson_ratio\"", "\"poisson\""), @"mogi_c_akutan.json:7:5: unknown key `physics.poisson`; known keys here: model, stations, poisson_ratio, ranges");
    insta::assert_snapshot!(after(RANGES, "\"dV\"", "\"dv\""), @r#"ranges/mogi.json:5:3: physics.ranges.dv = {"min": 0, "max": 200}; allowed: the parameters of the physics: xcen, ycen, d, dV"#);
    insta::assert_snapshot!(after(RANGES, "\"min\": 2,", "\"min\": 0,"), @"ranges/mogi.json:4:10: physics.ranges.d.min = 0; allowed: 0.1 to 100 km, the limits of the physics");
    insta::assert_snapshot!(after(RANGES, "\"max\": 14.35", "\"max\": 14350"), @"ranges/mogi.json:2:27: physics.ranges.xcen.max = 14350; allowed: -1000 to 1000 km, the limits of the physics");
    insta::assert_snapshot!(after(RANGES, ",\n  \"dV\": { \"min\": 0, \"max\": 200 }", ""), @"ranges/mogi.json:1:1: `physics.ranges.dV` is missing; allowed: min and max from -100000 to 100000 1e5 m3 above -1e7 m3; the physics needs a range for each of xcen, ycen, d, dV");
    insta::assert_snapshot!(after(C, "\"dim_z_phy\": 4", "\"dim_z_phy\": 7"), @"mogi_c_akutan.json:23:5: phys_vae.dim_z_phy = 7; allowed: 4, the number of entries of physics.ranges (xcen, ycen, d, dV)");
    insta::assert_snapshot!(with(&["phys_vae.sees_conditions=true"]), @r#"mogi_c_akutan.json with phys_vae.sees_conditions=true: phys_vae.sees_conditions = true; allowed: false, because physics.model is "mogi", which has no conditions"#);
    insta::assert_snapshot!(with(&["physics.ranges=ranges/rtm.json", "physics.sensor=s2a"]), @"mogi_c_akutan.json with physics.sensor=s2a: unknown key `physics.sensor`; known keys here: model, stations, poisson_ratio, ranges");
}

#[test]
fn data_of_a_volcano() {
    insta::assert_snapshot!(after(C, "\"values\"", "\"channels\": [\"uz_AKGG\", \"uz_AKGG\"], \"values\""), @r#"mogi_c_akutan.json:16:29: data.channels.1 = "uz_AKGG"; allowed: each displacement once"#);
    insta::assert_snapshot!(after(C, "\"values\"", "\"channels\": [], \"values\""), @"mogi_c_akutan.json:16:5: data.channels = []; allowed: at least one of ux_, uy_ or uz_ with a station of physics.stations: AKGG, AKLV, AKMO, AKRB, AV06, AV07, AV08, AV10, AV12, AV13, AV14, AV15");
    insta::assert_snapshot!(after(C, "\"values\"", "\"bands\": [\"B02\"], \"values\""), @r#"mogi_c_akutan.json:16:15: data.bands.0 = "B02"; allowed: ux_, uy_ or uz_ with a station of physics.stations: AKGG, AKLV, AKMO, AKRB, AV06, AV07, AV08, AV10, AV12, AV13, AV14, AV15"#);
    insta::assert_snapshot!(after(C, "\"values\"", "\"bands\": [\"uz_AKGG\"], \"channels\": [\"uz_AKGG\"], \"values\""), @r#"mogi_c_akutan.json:16:5: data.bands = ["uz_AKGG"]; allowed: null, because data.channels says the same"#);
    insta::assert_snapshot!(after(C, "\"values\"", "\"channels\": [\"uz_AKGG\"], \"columns\": {\"AKGG\": \"up\"}, \"values\""), @r#"mogi_c_akutan.json:16:42: data.columns.AKGG = "up"; allowed: entries for the channels of data.channels: uz_AKGG"#);
    insta::assert_snapshot!(after(C, "\"values\": \"standardized\"", "\"values\": \"reflectance\""), @r#"mogi_c_akutan.json:16:5: data.values = "reflectance"; allowed: "standardized", "displacement_mm", because physics.model is "mogi""#);
    insta::assert_snapshot!(after(C, "\"missing\"", "\"angles\": {\"tts\": \"a\", \"tto\": \"b\", \"psi\": \"c\"}, \"missing\""), @r#"mogi_c_akutan.json:19:5: data.angles = {"tts":"a","tto":"b","psi":"c"}; allowed: null, because physics.model is "mogi", which has no angles"#);
    insta::assert_snapshot!(after(C, "\"missing\"", "\"sun\": {\"latitude\": 54, \"longitude\": -166, \"time_utc\": \"22:00\"}, \"missing\""), @r#"mogi_c_akutan.json:19:5: data.sun = {"latitude":54.0,"longitude":-166.0,"time_utc":"22:00"}; allowed: null, because physics.model is "mogi", which has no sun"#);
    insta::assert_snapshot!(after(C, "\"date\": \"date\"", "\"date\": \"ux_AKGG\""), @r#"mogi_c_akutan.json:18:51: data.labels.date = "ux_AKGG"; allowed: a column of its own (data.channels names it already)"#);
    let forest = ConfigSource::File(configs().join("rtm_c_austria.json"));
    let error = load_and_check(&forest, &set(&["data.values=displacement_mm"])).unwrap_err();
    insta::assert_snapshot!(error.to_string().rsplit('/').next().unwrap(), @r#"rtm_c_austria.json with data.values=displacement_mm: data.values = "displacement_mm"; allowed: "standardized", "reflectance", "percent", "digital_numbers", "sentinel2_l2a", "sentinel2_l2a_before_0400", because physics.model is "inform""#);
}

#[test]
fn series_of_consecutive_samples() {
    let smooth = "objective.temporal_smoothness={}";
    insta::assert_snapshot!(with(&[smooth]), @"mogi_c_akutan.json:50:5: trainer.batch_size = 320; allowed: a multiple of objective.temporal_smoothness.samples = 7, such as 322");
    insta::assert_snapshot!(with(&[smooth, "trainer.batch_size=322", "data.labels.date=null"]), @r#"mogi_c_akutan.json with objective.temporal_smoothness={}: objective.temporal_smoothness = {"weight":1.0,"samples":7,"parameters":null}; allowed: null, or data.labels.date with the column of the dates, because windows are of consecutive ones"#);
    insta::assert_snapshot!(with(&[smooth, "trainer.batch_size=322", "data.labels.sample_id=station"]), @r#"mogi_c_akutan.json with data.labels.sample_id=station: data.labels.sample_id = "station"; allowed: null, because objective.temporal_smoothness takes the whole table for one series"#);
    insta::assert_snapshot!(with(&[smooth, "trainer.batch_size=322", "data={\"source\": \"synthetic\"}"]), @r#"mogi_c_akutan.json with objective.temporal_smoothness={}: objective.temporal_smoothness = {"weight":1.0,"samples":7,"parameters":null}; allowed: null, because simulated samples are no series"#);
    insta::assert_snapshot!(with(&["objective.temporal_smoothness={\"samples\": 1}"]), @r#"mogi_c_akutan.json with objective.temporal_smoothness={"samples": 1}: objective.temporal_smoothness.samples = 1; allowed: a whole number from 2 to 1048576"#);
    insta::assert_snapshot!(with(&["objective.temporal_smoothness={\"weight\": -1}"]), @r#"mogi_c_akutan.json with objective.temporal_smoothness={"weight": -1}: objective.temporal_smoothness.weight = -1; allowed: a number ≥ 0"#);
    insta::assert_snapshot!(with(&["objective.temporal_smoothness={\"parameters\": [\"xcen\", \"depth\"]}"]), @r#"mogi_c_akutan.json with objective.temporal_smoothness={"parameters": ["xcen", "depth"]}: objective.temporal_smoothness.parameters.1 = "depth"; allowed: parameters of physics.ranges, each once: xcen, ycen, d, dV"#);
    insta::assert_snapshot!(with(&["objective.temporal_smoothness={\"parameters\": [\"xcen\", \"xcen\"]}"]), @r#"mogi_c_akutan.json with objective.temporal_smoothness={"parameters": ["xcen", "xcen"]}: objective.temporal_smoothness.parameters.1 = "xcen"; allowed: parameters of physics.ranges, each once: xcen, ycen, d, dV"#);
    insta::assert_snapshot!(with(&["objective.temporal_smoothness={\"parameters\": []}"]), @r#"mogi_c_akutan.json with objective.temporal_smoothness={"parameters": []}: objective.temporal_smoothness.parameters = []; allowed: null or some of xcen, ycen, d, dV"#);
    insta::assert_snapshot!(with(&[smooth, "phys_vae.no_phy=true", "phys_vae.dim_z_phy=0", "phys_vae.epochs_pretrain=0"]), @r#"mogi_c_akutan.json with objective.temporal_smoothness={}: objective.temporal_smoothness = {"weight":1.0,"samples":7,"parameters":null}; allowed: null, because phys_vae.no_phy is true and there are no physical parameters"#);
}

#[test]
fn a_residual_that_follows_the_season() {
    let time = "phys_vae.low_rank.use_time=true";
    let low_rank = "phys_vae.residual=low_rank";
    insta::assert_snapshot!(with(&[time]), @"mogi_c_akutan.json with phys_vae.low_rank.use_time=true: phys_vae.low_rank.use_time = true; allowed: false, unless phys_vae.residual is low_rank");
    insta::assert_snapshot!(with(&[time, "phys_vae.residual=none", "phys_vae.dim_z_aux=0"]), @"mogi_c_akutan.json with phys_vae.low_rank.use_time=true: phys_vae.low_rank.use_time = true; allowed: false, because this variant has no residual");
    insta::assert_snapshot!(with(&[time, low_rank, "data.labels.date=null"]), @"mogi_c_akutan.json with phys_vae.low_rank.use_time=true: phys_vae.low_rank.use_time = true; allowed: false, or data.labels.date with the column of the dates, from which it follows");
    insta::assert_snapshot!(with(&[time, low_rank, "data={\"source\": \"synthetic\"}"]), @"mogi_c_akutan.json with phys_vae.low_rank.use_time=true: phys_vae.low_rank.use_time = true; allowed: false, because simulated samples have no dates");
}

/// `config show` prints what needs no other file: channels, stations and ranges are inside.
#[test]
fn shown_it_needs_no_other_file() {
    let source = ConfigSource::File(configs().join(C));
    let experiment = load_and_check(&source, &Overrides::default()).unwrap();
    let shown = experiment.to_json();
    assert!(
        shown.contains("\"AV15\"")
            && shown.contains("\"uz_AV15\"")
            && !shown.contains("akutan.json\"")
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shown.json");
    std::fs::write(&path, &shown).unwrap();
    let again = load_and_check(&ConfigSource::File(path), &Overrides::default()).unwrap();
    assert_eq!(again.physics, experiment.physics);
    assert_eq!(again.to_json(), shown);
}
