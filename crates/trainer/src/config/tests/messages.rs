//! The message of every kind of bad configuration.

use super::{configs, load_and_check, set};
use crate::config::{ConfigSource, Overrides};
use std::path::Path;

/// Message for the Austria configuration with `from` replaced by `to`, paths shortened.
fn after(file: &str, from: &str, to: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("ranges")).unwrap();
    let mut replaced = false;
    for name in [
        "rtm_a_austria.json",
        "rtm_c_austria.json",
        "rtm_c_synthetic.json",
        "ranges/rtm.json",
    ] {
        let mut text = std::fs::read_to_string(configs().join(name)).unwrap();
        if name == file {
            replaced = text.contains(from);
            text = text.replacen(from, to, 1);
        }
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    assert!(replaced, "{file} has no {from}");
    let experiment = if file.starts_with("ranges") {
        "rtm_c_austria.json"
    } else {
        file
    };
    message_of(folder.path(), experiment, &Overrides::default())
}

fn message_of(folder: &Path, file: &str, overrides: &Overrides) -> String {
    let source = ConfigSource::File(folder.join(file));
    let error = load_and_check(&source, overrides).expect_err("a bad configuration");
    error
        .to_string()
        .replace(&format!("{}/", folder.display()), "")
}

fn with(overrides: &[&str]) -> String {
    message_of(&configs(), "rtm_c_austria.json", &set(overrides))
}

const C: &str = "rtm_c_austria.json";

#[test]
fn unknown_keys() {
    insta::assert_snapshot!(after(C, "\"batch_size\"", "\"batchsize\""), @"rtm_c_austria.json:67:5: unknown key `trainer.batchsize` (did you mean `trainer.batch_size`?); known keys here: epochs, batch_size, pretrain_lr, early_stop, grad_clip_norm, stablize_grad, max_skipped_steps");
    insta::assert_snapshot!(after(C, "\"epochs\": 150", "\"epochs\": 150, \"epochs_pretrain\": 20"), @"rtm_c_austria.json:66:20: unknown key `trainer.epochs_pretrain` (did you mean `phys_vae.epochs_pretrain`?); known keys here: epochs, batch_size, pretrain_lr, early_stop, grad_clip_norm, stablize_grad, max_skipped_steps");
    insta::assert_snapshot!(after(C, "\"seed\"", "\"n_gpu\""), @"rtm_c_austria.json:3:3: unknown key `n_gpu`; known keys here: name, seed, physics, data, phys_vae, objective, optimizer, lr_scheduler, pretrain, trainer");
    insta::assert_snapshot!(after(C, "\"T_max\"", "\"step_size\""), @"rtm_c_austria.json:63:5: unknown key `lr_scheduler.step_size`; known keys here: type, T_max, eta_min");
    insta::assert_snapshot!(after(C, "\"mean\"", "\"x_mean\""), @"rtm_c_austria.json:33:26: unknown key `data.standardization.x_mean`; known keys here: mean, scale");
    insta::assert_snapshot!(after("ranges/rtm.json", "\"max\": 80", "\"maximum\": 80"), @"ranges/rtm.json:3:23: unknown key `physics.ranges.cab.maximum`; known keys here: min, max");
}

#[test]
fn messages_stay_on_one_short_line() {
    insta::assert_snapshot!(after(C, "\"seed\"", "\"a\\nb\""), @r"rtm_c_austria.json:3:3: unknown key `a\nb`; known keys here: name, seed, physics, data, phys_vae, objective, optimizer, lr_scheduler, pretrain, trainer");
    let list = format!("\"epochs\": [{}0]", "0, ".repeat(1000));
    insta::assert_snapshot!(after(C, "\"epochs\": 150", &list), @"rtm_c_austria.json:66:5: trainer.epochs = [0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0…; allowed: a whole number from 1 to 1000000");
}

#[test]
fn wrong_types() {
    insta::assert_snapshot!(after(C, "\"dim_z_phy\": 7", "\"dim_z_phy\": \"7\""), @r#"rtm_c_austria.json:40:5: phys_vae.dim_z_phy = "7"; allowed: a whole number from 0 to 1024"#);
    insta::assert_snapshot!(after(C, "\"epochs\": 150", "\"epochs\": 1.5"), @"rtm_c_austria.json:66:5: trainer.epochs = 1.5; allowed: a whole number from 1 to 1000000");
    insta::assert_snapshot!(after(C, "\"amsgrad\": true", "\"amsgrad\": \"yes\""), @r#"rtm_c_austria.json:59:5: optimizer.amsgrad = "yes"; allowed: true or false"#);
    insta::assert_snapshot!(after(C, "\"hidlayers_feat\": [128]", "\"hidlayers_feat\": 128"), @"rtm_c_austria.json:44:5: phys_vae.hidlayers_feat = 128; allowed: a list, each a whole number from 1 to 65536");
    insta::assert_snapshot!(after(C, "\"hidlayers_feat\": [128]", "\"hidlayers_feat\": [128, 0]"), @"rtm_c_austria.json:44:29: phys_vae.hidlayers_feat.1 = 0; allowed: a whole number from 1 to 65536");
    insta::assert_snapshot!(after(C, "\"betas\": [0.9, 0.999]", "\"betas\": [0.9]"), @"rtm_c_austria.json:56:5: optimizer.betas = [0.9]; allowed: a list of 2, each a number ≥ 0 and < 1");
    insta::assert_snapshot!(after(C, "\"seed\": 123", "\"seed\": null"), @"rtm_c_austria.json:3:3: seed = null; allowed: a whole number ≥ 0");
    insta::assert_snapshot!(after(C, "\"angles\": null", "\"angles\": [\"tts\"]"), @r#"rtm_c_austria.json:34:5: data.angles = ["tts"]; allowed: an object with tts, tto, psi or null"#);
    insta::assert_snapshot!(after("ranges/rtm.json", "\"max\": 80", "\"max\": \"80\""), @r#"ranges/rtm.json:3:23: physics.ranges.cab.max = "80"; allowed: a number"#);
}

#[test]
fn values_out_of_range() {
    insta::assert_snapshot!(after(C, "\"dim_z_aux\": 2", "\"dim_z_aux\": -1"), @"rtm_c_austria.json:41:5: phys_vae.dim_z_aux = -1; allowed: a whole number from 0 to 1024");
    insta::assert_snapshot!(after(C, "\"epochs\": 150", "\"epochs\": 0"), @"rtm_c_austria.json:66:5: trainer.epochs = 0; allowed: a whole number from 1 to 1000000");
    insta::assert_snapshot!(after(C, "\"batch_size\": 256", "\"batch_size\": 0"), @"rtm_c_austria.json:67:5: trainer.batch_size = 0; allowed: a whole number from 1 to 1048576");
    insta::assert_snapshot!(after(C, "\"lr\": 1e-3", "\"lr\": 0"), @"rtm_c_austria.json:55:5: optimizer.lr = 0; allowed: a number > 0");
    insta::assert_snapshot!(after(C, "0.999]", "1.0]"), @"rtm_c_austria.json:56:20: optimizer.betas.1 = 1.0; allowed: a number ≥ 0 and < 1");
    insta::assert_snapshot!(after(C, "\"balance_gate\": 2.0", "\"balance_gate\": -1e-3"), @"rtm_c_austria.json:49:5: phys_vae.balance_gate = -0.001; allowed: a number ≥ 0");
    insta::assert_snapshot!(after(C, "\"tts\": 30", "\"tts\": 85"), @"rtm_c_austria.json:10:16: physics.fixed.tts = 85; allowed: a number from 0 to 80");
    insta::assert_snapshot!(after(C, "\"T_max\": null", "\"T_max\": 0"), @"rtm_c_austria.json:63:5: lr_scheduler.T_max = 0; allowed: a whole number ≥ 1 or null");
    insta::assert_snapshot!(after(C, "\"T_max\": null", "\"eta_min\": 1e-2"), @"rtm_c_austria.json:63:5: lr_scheduler.eta_min = 0.01; allowed: 0 to the initial learning rate 0.001");
    insta::assert_snapshot!(after(C, "\"name\": \"rtm_c_austria\"", "\"name\": \"../elsewhere\""), @r#"rtm_c_austria.json:2:3: name = "../elsewhere"; allowed: at most 100 letters a–z, A–Z, digits, `_`, `-` and `.`, not starting with `.`"#);
}

#[test]
fn unknown_names() {
    insta::assert_snapshot!(after(C, "\"elu\"", "\"gelu\""), @r#"rtm_c_austria.json:42:5: phys_vae.activation = "gelu"; allowed: "elu", "relu", "leakyrelu", "softplus", "tanh", "prelu""#);
    insta::assert_snapshot!(after(C, "\"inform\"", "\"prosail\""), @r#"rtm_c_austria.json:5:5: physics.model = "prosail"; allowed: "inform", "mogi""#);
    insta::assert_snapshot!(after(C, "\"enmap_box\"", "\"enmap\""), @r#"rtm_c_austria.json:6:5: physics.variant = "enmap"; allowed: "published", "enmap_box""#);
    insta::assert_snapshot!(after(C, "\"s2a\"", "\"S2A\""), @r#"rtm_c_austria.json:7:5: physics.sensor = "S2A"; allowed: "s2a", "s2b", "l8", "l9" or the path of a CSV file of response functions (*.csv)"#);
    insta::assert_snapshot!(after(C, "\"Adam\"", "\"SGD\""), @r#"rtm_c_austria.json:54:5: optimizer.type = "SGD"; allowed: "Adam""#);
    insta::assert_snapshot!(after(C, "\"CosineAnnealingLR\"", "\"CosineLR\""), @r#"rtm_c_austria.json:62:5: lr_scheduler.type = "CosineLR"; allowed: "CosineAnnealingLR", "StepLR", "ExponentialLR", "ReduceLROnPlateau", "None""#);
    insta::assert_snapshot!(after(C, "\"values\": \"standardized\"", "\"values\": \"radiance\""), @r#"rtm_c_austria.json:32:5: data.values = "radiance"; allowed: "standardized", "reflectance", "percent", "digital_numbers", "sentinel2_l2a", "sentinel2_l2a_before_0400", "displacement_mm""#);
    insta::assert_snapshot!(after(C, "\"B8A\", \"B09\"", "\"B8B\", \"B09\""), @r#"rtm_c_austria.json:18:64: data.bands.7 = "B8B"; allowed: the bands of the sensor: B01, B02, B03, B04, B05, B06, B07, B08, B8A, B09, B10, B11, B12"#);
    insta::assert_snapshot!(after(C, "\"B03\", \"B04\"", "\"B03\", \"B03\""), @r#"rtm_c_austria.json:18:29: data.bands.2 = "B03"; allowed: each band once"#);
    insta::assert_snapshot!(after(C, "\"B03\": \"B03_GREEN\"", "\"B10\": \"B10_CIRRUS\""), @r#"rtm_c_austria.json:21:7: data.columns.B10 = "B10_CIRRUS"; allowed: entries for the bands of data.bands: B02, B03, B04, B05, B06, B07, B08, B8A, B09, B11, B12"#);
}

#[test]
fn ranges() {
    let file = "ranges/rtm.json";
    insta::assert_snapshot!(after(file, "\"min\": 10, \"max\": 80", "\"min\": 80, \"max\": 80"), @"ranges/rtm.json:3:12: physics.ranges.cab.min = 80; allowed: less than cab.max = 80");
    insta::assert_snapshot!(after(file, "\"min\": 10, \"max\": 80", "\"min\": 10, \"max\": 150"), @"ranges/rtm.json:3:23: physics.ranges.cab.max = 150; allowed: 0 to 120 ug/cm2, the limits of the physics");
    insta::assert_snapshot!(after(file, "\"min\": 0.1, \"max\": 1", "\"min\": -0.1, \"max\": 1"), @"ranges/rtm.json:8:11: physics.ranges.fc.min = -0.1; allowed: 0.000001 to 10, the limits of the physics");
    insta::assert_snapshot!(after(file, "\"cab\"", "\"chlorophyll\""), @r#"ranges/rtm.json:3:3: physics.ranges.chlorophyll = {"min": 10, "max": 80}; allowed: the parameters of the physics: N, cab, car, anth, cbrown, cw, cm, LAI, LAIu, fc, sd, cd, h, hspot, psoil, rsoil, skyl, tts, tto, psi, ALA, LIDFa, LIDFb"#);
    insta::assert_snapshot!(after(file, "\"cw\"", "\"cab\""), @"ranges/rtm.json:4:3: `cab` is given twice; keep one of them");
    insta::assert_snapshot!(after(file, "\"fc\": { \"min\": 0.1, \"max\": 1 }", "\"cp\": { \"min\": 0, \"max\": 30 }"), @r#"ranges/rtm.json:8:3: physics.ranges.cp = {"min": 0, "max": 30}; allowed: the parameters of the physics: N, cab, car, anth, cbrown, cw, cm, LAI, LAIu, fc, sd, cd, h, hspot, psoil, rsoil, skyl, tts, tto, psi, ALA, LIDFa, LIDFb"#);
    insta::assert_snapshot!(after(file, ",\n  \"fc\": { \"min\": 0.1, \"max\": 1 }", ""), @"rtm_c_austria.json:40:5: phys_vae.dim_z_phy = 7; allowed: 6, the number of entries of physics.ranges (N, cab, cw, cm, LAI, LAIu)");
    insta::assert_snapshot!(after(file, "\"min\": 1, ", ""), @"ranges/rtm.json:2:3: `physics.ranges.N.min` is missing; allowed: a number");
    insta::assert_snapshot!(after(C, "ranges/rtm.json", "ranges/none.json"), @r#"rtm_c_austria.json:9:5: physics.ranges = "ranges/none.json"; allowed: a readable JSON file (ranges/none.json: No such file or directory (os error 2))"#);
}

#[test]
fn angles_are_given_or_free() {
    let free = set(&[
        "physics.ranges={\"cab\": {\"min\": 10, \"max\": 80}, \"tts\": {\"min\": 20, \"max\": 60}}",
        "phys_vae.dim_z_phy=2",
        "data.angles={\"tts\": \"sun\", \"tto\": \"view\", \"psi\": \"azimuth\"}",
    ]);
    let file = ConfigSource::File(configs().join(C));
    let error = load_and_check(&file, &free).unwrap_err().to_string();
    assert!(
        error.contains("null, because physics.ranges sets tts free"),
        "{error}"
    );
}

#[test]
fn a_sun_that_cannot_be_computed() {
    let sun = "\"angles\": null, \"sun\": {\"latitude\": 48.15, \"longitude\": 16.1, \"time_utc\": \"10:00\"}";
    let replaced = |from: &str, to: &str| {
        let changed = sun.replacen(from, to, 1);
        assert_ne!(changed, sun, "{from}");
        after(C, "\"angles\": null", &changed)
    };
    insta::assert_snapshot!(replaced("null", "{\"tts\": \"sun\", \"tto\": \"view\", \"psi\": \"azimuth\"}"), @r#"rtm_c_austria.json:34:64: data.sun = {"latitude":48.15,"longitude":16.1,"time_utc":"10:00"}; allowed: null, because data.angles names the column of the sun zenith angle"#);
    insta::assert_snapshot!(replaced("48.15", "98.15"), @"rtm_c_austria.json:34:29: data.sun.latitude = 98.15; allowed: a number from -90 to 90");
    insta::assert_snapshot!(replaced("16.1", "-180.5"), @"rtm_c_austria.json:34:48: data.sun.longitude = -180.5; allowed: a number from -180 to 180");
    insta::assert_snapshot!(replaced("10:00", "25:00"), @r#"rtm_c_austria.json:34:67: data.sun.time_utc = "25:00"; allowed: a time of day in UTC, "hh:mm" or "hh:mm:ss""#);
    insta::assert_snapshot!(replaced("\"10:00\"", "10"), @"rtm_c_austria.json:34:67: data.sun.time_utc = 10; allowed: a string that is not empty");
    insta::assert_snapshot!(replaced(", \"time_utc\": \"10:00\"", ""), @"rtm_c_austria.json:34:21: `data.sun.time_utc` is missing; allowed: a string that is not empty");
    insta::assert_snapshot!(replaced("\"latitude\"", "\"lat\""), @"rtm_c_austria.json:34:29: unknown key `data.sun.lat`; known keys here: latitude, longitude, time_utc");
    let sun = "data.sun={\"latitude\": 48.15, \"longitude\": 16.1, \"time_utc\": \"10:00\"}";
    insta::assert_snapshot!(with(&[sun, "data.labels.date=null"]), @r#"rtm_c_austria.json with data.sun={"latitude": 48.15, "longitude": 16.1, "time_utc": "10:00"}: data.sun = {"latitude":48.15,"longitude":16.1,"time_utc":"10:00"}; allowed: null, or data.labels.date with the column of the dates, because the sun follows from them"#);
    insta::assert_snapshot!(with(&[
        sun,
        "physics.ranges={\"cab\": {\"min\": 10, \"max\": 80}, \"tts\": {\"min\": 20, \"max\": 60}}",
        "phys_vae.dim_z_phy=2",
    ]), @r#"rtm_c_austria.json with data.sun={"latitude": 48.15, "longitude": 16.1, "time_utc": "10:00"}: data.sun = {"latitude":48.15,"longitude":16.1,"time_utc":"10:00"}; allowed: null, because physics.ranges sets tts free"#);
}

#[test]
fn dimensions_that_do_not_match() {
    insta::assert_snapshot!(after(C, "\"dim_z_phy\": 7", "\"dim_z_phy\": 6"), @"rtm_c_austria.json:40:5: phys_vae.dim_z_phy = 6; allowed: 7, the number of entries of physics.ranges (N, cab, cw, cm, LAI, LAIu, fc)");
    let a = "rtm_a_austria.json";
    insta::assert_snapshot!(after(a, "\"dim_z_phy\": 0", "\"dim_z_phy\": 7"), @"rtm_a_austria.json:39:5: phys_vae.dim_z_phy = 7; allowed: 0, because phys_vae.no_phy is true");
    insta::assert_snapshot!(after(a, "    \"dim_z_phy\": 0,\n", ""), @"rtm_a_austria.json:37:3: phys_vae.dim_z_phy = 7 (default); allowed: 0, because phys_vae.no_phy is true");
    insta::assert_snapshot!(after(a, "\"dim_z_aux\": 9", "\"dim_z_aux\": 0"), @"rtm_a_austria.json:40:5: phys_vae.dim_z_aux = 0; allowed: at least 1, because phys_vae.no_phy is true");
    insta::assert_snapshot!(after(a, "\"epochs_pretrain\": 0", "\"epochs_pretrain\": 20"), @"rtm_a_austria.json:46:5: phys_vae.epochs_pretrain = 20; allowed: 0, because phys_vae.no_phy is true");
    insta::assert_snapshot!(with(&["phys_vae.kl_without_physics=false"]), @"rtm_c_austria.json with phys_vae.kl_without_physics=false: phys_vae.kl_without_physics = false; allowed: true, unless phys_vae.no_phy is true");
}

#[test]
fn epochs_shorter_than_the_pretraining() {
    insta::assert_snapshot!(after(C, "\"epochs\": 150", "\"epochs\": 10"), @"rtm_c_austria.json:66:5: trainer.epochs = 10; allowed: at least phys_vae.epochs_pretrain = 20, the epochs of stage A, which count as epochs (for a shorter run set phys_vae.epochs_pretrain too)");
    let overrides = Overrides {
        epochs: Some(10),
        ..Overrides::default()
    };
    insta::assert_snapshot!(message_of(&configs(), C, &overrides), @"rtm_c_austria.json with trainer.epochs=10: trainer.epochs = 10; allowed: at least phys_vae.epochs_pretrain = 20, the epochs of stage A, which count as epochs (for a shorter run set phys_vae.epochs_pretrain too)");
    insta::assert_snapshot!(with(&["phys_vae.epochs_pretrain=151"]), @"rtm_c_austria.json:66:5: trainer.epochs = 150; allowed: at least phys_vae.epochs_pretrain = 151, the epochs of stage A, which count as epochs (for a shorter run set phys_vae.epochs_pretrain too)");
}

#[test]
fn residuals_that_cannot_be() {
    insta::assert_snapshot!(with(&["phys_vae.residual=none"]), @r#"rtm_c_austria.json with phys_vae.residual=none: phys_vae.residual = "none"; allowed: gated or low_rank, because phys_vae.dim_z_aux is not 0"#);
    insta::assert_snapshot!(with(&["phys_vae.residual=low_rank", "phys_vae.low_rank.rank=12"]), @"rtm_c_austria.json with phys_vae.low_rank.rank=12: phys_vae.low_rank.rank = 12; allowed: at most 11, the number of channels, with residual low_rank");
    insta::assert_snapshot!(with(&["phys_vae.residual=low_rank", "phys_vae.dim_z_aux=12"]), @"rtm_c_austria.json with phys_vae.dim_z_aux=12: phys_vae.dim_z_aux = 12; allowed: at most 11, the number of channels, with residual low_rank");
    insta::assert_snapshot!(with(&["phys_vae.low_rank.tau_init=0"]), @"rtm_c_austria.json with phys_vae.low_rank.tau_init=0: phys_vae.low_rank.tau_init = 0; allowed: a number > 0");
}

#[test]
fn conditions_that_no_encoder_can_see() {
    insta::assert_snapshot!(after("rtm_a_austria.json", "\"dim_z_aux\"", "\"sees_conditions\": true, \"dim_z_aux\""), @"rtm_a_austria.json:40:5: phys_vae.sees_conditions = true; allowed: false, because phys_vae.no_phy is true");
    let angles = r#"physics.ranges={"cab": {"min": 10, "max": 80}, "tts": {"min": 10, "max": 60}, "tto": {"min": 0, "max": 10}, "psi": {"min": 0, "max": 180}}"#;
    insta::assert_snapshot!(with(&["phys_vae.sees_conditions=true", "phys_vae.dim_z_phy=4", angles]), @"rtm_c_austria.json with phys_vae.sees_conditions=true: phys_vae.sees_conditions = true; allowed: false, because physics.ranges sets tts, tto and psi free and no condition is left");
}

#[test]
fn posteriors_and_calibrations_that_cannot_be() {
    insta::assert_snapshot!(with(&["objective.posterior=simulation"]), @r#"rtm_c_austria.json with objective.posterior=simulation: objective.posterior = "simulation"; allowed: elbo, unless pretrain.loss is likelihood"#);
    insta::assert_snapshot!(with(&["phys_vae.calibration=offset", "phys_vae.dim_z_aux=0"]), @r#"rtm_c_austria.json with phys_vae.calibration=offset: phys_vae.calibration = "offset"; allowed: none, because phys_vae.dim_z_aux is 0: without a residual the physics stands alone"#);
    insta::assert_snapshot!(with(&["objective.posterior=sleep"]), @r#"rtm_c_austria.json with objective.posterior=sleep: objective.posterior = "sleep"; allowed: "elbo", "simulation""#);
}

#[test]
fn data_that_is_not_declared_consistently() {
    insta::assert_snapshot!(after(C, "\"values\": \"standardized\"", "\"values\": \"digital_numbers\""), @r#"rtm_c_austria.json:12:3: data.digital_numbers = null (default); allowed: {"scale": 1e-4, "offset": -1000} or the like, because data.values is "digital_numbers" (offset −1000 from processing baseline 04.00 on, 0 before)"#);
    insta::assert_snapshot!(
        after(C, "\"values\": \"standardized\"", "\"digital_numbers\": {\"offset\": -1000}, \"values\": \"reflectance\""), @r#"rtm_c_austria.json:32:5: data.digital_numbers = {"scale":0.0001,"offset":-1000.0}; allowed: null, because data.values is "reflectance""#);
    insta::assert_snapshot!(with(&["data.standardization=measured"]), @r#"rtm_c_austria.json with data.standardization=measured: data.standardization = "measured"; allowed: {"mean": file, "scale": file}, because data.values is "standardized" and the physics is standardized with the same mean and scale"#);
    insta::assert_snapshot!(after(C, "    \"values\": \"standardized\",\n", ""), @r#"rtm_c_austria.json:12:3: `data.values` is missing; allowed: "standardized", "reflectance", "percent", "digital_numbers", "sentinel2_l2a", "sentinel2_l2a_before_0400", "displacement_mm""#);
    insta::assert_snapshot!(after(C, "B03_GREEN", "B02_BLUE"), @r#"rtm_c_austria.json:21:7: data.columns.B03 = "B02_BLUE"; allowed: a column of its own (data.columns.B02 names it already)"#);
    insta::assert_snapshot!(after(C, "\"date\": \"date\"", "\"date\": \"class\""), @r#"rtm_c_austria.json:35:61: data.labels.date = "class"; allowed: a column of its own (data.labels.class names it already)"#);
    insta::assert_snapshot!(after(C, "\"angles\": null", "\"angles\": {\"tts\": \"SUN\", \"tto\": \"VIEW\"}"), @"rtm_c_austria.json:34:5: `data.angles.psi` is missing; allowed: a string");
    insta::assert_snapshot!(with(&["data.truth.lai=LAI_MEASURED"]), @r#"rtm_c_austria.json with data.truth.lai=LAI_MEASURED: data.truth.lai = "LAI_MEASURED"; allowed: entries for the parameters of the physics: N, cab, cw, cm, LAI, LAIu, fc"#);
    insta::assert_snapshot!(with(&["data.truth.LAI=B03_GREEN"]), @r#"rtm_c_austria.json with data.truth.LAI=B03_GREEN: data.truth.LAI = "B03_GREEN"; allowed: a column of its own (data.columns.B03 names it already)"#);
    let overrides = Overrides {
        data_dir: Some("tables".into()),
        ..Overrides::default()
    };
    insta::assert_snapshot!(message_of(&configs(), "rtm_c_synthetic.json", &overrides), @r#"rtm_c_synthetic.json with data.dir=tables: data.source = "synthetic"; allowed: "csv" where a folder of tables is given (synthetic samples are simulated)"#);
}

#[test]
fn bad_overrides() {
    insta::assert_snapshot!(with(&["trainer.epochs"]), @"trainer.epochs: not of the form path.to.key=value, such as trainer.epochs=50");
    insta::assert_snapshot!(with(&["trainer..epochs=3"]), @"trainer..epochs=3: not of the form path.to.key=value, such as trainer.epochs=50");
    insta::assert_snapshot!(with(&["trainer.epoch=3"]), @"rtm_c_austria.json with trainer.epoch=3: unknown key `trainer.epoch` (did you mean `trainer.epochs`?); known keys here: epochs, batch_size, pretrain_lr, early_stop, grad_clip_norm, stablize_grad, max_skipped_steps");
    insta::assert_snapshot!(with(&["dim_z_aux=0"]), @"rtm_c_austria.json with dim_z_aux=0: unknown key `dim_z_aux` (did you mean `phys_vae.dim_z_aux`?); known keys here: name, seed, physics, data, phys_vae, objective, optimizer, lr_scheduler, pretrain, trainer");
    insta::assert_snapshot!(with(&["trainer.epochs=many"]), @r#"rtm_c_austria.json with trainer.epochs=many: trainer.epochs = "many"; allowed: a whole number from 1 to 1000000"#);
    insta::assert_snapshot!(with(&["trainer={\"epochs\": 0}"]), @r#"rtm_c_austria.json with trainer={"epochs": 0}: trainer.epochs = 0; allowed: a whole number from 1 to 1000000"#);
    insta::assert_snapshot!(with(&["seed.value=3"]), @"rtm_c_austria.json with seed.value=3: seed = 123; allowed: no keys below it, only a whole number ≥ 0");
    insta::assert_snapshot!(with(&["physics.ranges.cab.max=60"]), @r#"rtm_c_austria.json with physics.ranges.cab.max=60: physics.ranges = "ranges/rtm.json"; allowed: no keys below it while it is not an object; replace it as a whole with a string that is not empty or an object of names, each with an object with min, max"#);
    insta::assert_snapshot!(with(&["phys_vae.dim_z_phy=5"]), @"rtm_c_austria.json with phys_vae.dim_z_phy=5: phys_vae.dim_z_phy = 5; allowed: 7, the number of entries of physics.ranges (N, cab, cw, cm, LAI, LAIu, fc)");
    insta::assert_snapshot!(with(&["lr_scheduler.type=StepLR"]), @"rtm_c_austria.json:63:5: unknown key `lr_scheduler.T_max`; known keys here: type, step_size, gamma");
    insta::assert_snapshot!(with(&["physics.ranges=none.json"]), @r#"rtm_c_austria.json with physics.ranges=none.json: physics.ranges = "none.json"; allowed: a readable JSON file (none.json: No such file or directory (os error 2))"#);
}

#[test]
fn files_that_are_missing_or_not_json() {
    insta::assert_snapshot!(message_of(&configs(), "none.json", &Overrides::default()), @"none.json: cannot read the configuration: No such file or directory (os error 2)");
    insta::assert_snapshot!(after(C, "\"seed\": 123,", "\"seed\": 123"), @"rtm_c_austria.json:4:3: not valid JSON: expected `,` or `}`");
    insta::assert_snapshot!(after(C, "\"seed\": 123,", "\"seed\": 123, // fixed"), @"rtm_c_austria.json:3:16: not valid JSON: key must be a string");
    insta::assert_snapshot!(after(C, "\"seed\": 123,", "\"seed\": 123, \"seed\": 124,"), @"rtm_c_austria.json:3:16: `seed` is given twice; keep one of them");
    insta::assert_snapshot!(after(C, "\"seed\": 123,", "'seed': 123,"), @"rtm_c_austria.json:3:3: not valid JSON: key must be a string");
    insta::assert_snapshot!(after(C, "\"epochs\": 150", "\"epochs\": 0x96"), @"rtm_c_austria.json:66:16: not valid JSON: expected `,` or `}`");
    insta::assert_snapshot!(after("ranges/rtm.json", "\"fc\"", "fc"), @"ranges/rtm.json:8:3: not valid JSON: key must be a string");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("list.json"), "[1, 2]").unwrap();
    insta::assert_snapshot!(message_of(folder.path(), "list.json", &Overrides::default()), @"list.json:1:1: the whole file = [1,2] (default); allowed: an object with name, seed, physics, data, phys_vae, objective, optimizer, lr_scheduler, pretrain, trainer");
    std::fs::write(folder.path().join("empty.json"), "{}").unwrap();
    insta::assert_snapshot!(message_of(folder.path(), "empty.json", &Overrides::default()), @"empty.json:1:1: `name` is missing; allowed: a string that is not empty");
    std::fs::write(folder.path().join("latin1.json"), b"{\"name\": \"\xe9\"}").unwrap();
    insta::assert_snapshot!(message_of(folder.path(), "latin1.json", &Overrides::default()), @"latin1.json: cannot read the configuration: stream did not contain valid UTF-8");
}

/// One of each block; tests/settings tries every key.
#[test]
fn settings_that_have_no_effect() {
    for (assignment, message) in [
        (
            "objective.noise=0.5",
            "objective.noise = 0.5; allowed: 0.2, because it has no effect unless objective.likelihood",
        ),
        (
            "objective.huber_delta=3",
            "objective.huber_delta = 3.0; allowed: 1.0, because it has no effect unless",
        ),
        (
            "phys_vae.low_rank.rank=3",
            "allowed: null, because it has no effect unless phys_vae.residual is \"low_rank\"",
        ),
        (
            "physics.fixed.LAI=3",
            "physics.fixed.LAI = 3.0; allowed: 7.0, because it has no effect while physics.ranges sets it free",
        ),
        (
            "objective.capacity_weight=1",
            "while objective.capacity is null",
        ),
        (
            "physics.spectral.nodes=32",
            "while physics.spectral.sampling is \"exact\"",
        ),
        ("data.max_dropped=0.5", "while no row is left out"),
    ] {
        let found = with(&[assignment]);
        assert!(found.contains(message), "{found}");
        assert!(found.contains(&format!("with {assignment}")), "{found}");
    }
    // a default that is written out is none
    let defaults = [
        "objective.noise=0.2",
        "physics.fixed.LAI=7",
        "phys_vae.low_rank.rank=null",
    ];
    let file = ConfigSource::File(configs().join(C));
    assert!(load_and_check(&file, &set(&defaults)).is_ok());
}
