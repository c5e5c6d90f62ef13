//! The files in configs/.

use super::{configs, load_and_check, set};
use crate::assemble::inform_parameters;
use crate::config::schema::{configuration_schema, object_schemas};
use crate::config::{
    ChannelValues, CheckContext, CheckedData, CheckedExperiment, CheckedPhysics, CheckedValues,
    ConfigSource, DataConfig, ExperimentConfig, InformVariant, ModelVariant, Overrides, Ranges,
    RangesSource, load,
};
use physics::CanopyParameters;
use serde_json::Value;
use std::collections::BTreeMap;

fn shipped() -> BTreeMap<String, CheckedExperiment> {
    let files = std::fs::read_dir(configs())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|it| it == "json"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let experiment = load_and_check(&ConfigSource::File(path), &Overrides::default());
            (name, experiment.unwrap_or_else(|error| panic!("{error}")))
        })
        .collect()
}

#[test]
fn every_file_checks_under_its_own_name() {
    let shipped = shipped();
    for variant in ["a", "b", "c"] {
        for data in ["synthetic", "austria", "wytham"] {
            let name = format!("rtm_{variant}_{data}");
            let experiment = &shipped[&name];
            assert_eq!(experiment.name, name);
            let expected = match variant {
                "a" => (ModelVariant::NoPhysics, 0, 9, 0),
                "b" => (ModelVariant::PhysicsOnly, 7, 0, 20),
                _ => (ModelVariant::PhysicsAndResidual, 7, 2, 20),
            };
            let block = &experiment.phys_vae;
            let found = (
                experiment.variant(),
                block.dim_z_phy,
                block.dim_z_aux,
                block.epochs_pretrain,
            );
            assert_eq!(found, expected, "{name}");
            let CheckedPhysics::Inform(inform) = &experiment.physics else {
                panic!("{name} is of forests")
            };
            let published = inform.variant == InformVariant::Published;
            assert_eq!(published, data == "synthetic", "{name}");
            assert_eq!(
                experiment.trainer.early_stop,
                (data == "wytham").then_some(20),
                "{name}"
            );
            let names: Vec<_> = inform.ranges.iter().map(|it| it.name.as_str()).collect();
            assert_eq!(names, ["N", "cab", "cw", "cm", "LAI", "LAIu", "fc"]);
        }
    }
}

/// Written out in full, the files differ from the defaults only where they mean to.
#[test]
fn defaults_are_the_values_of_the_built_in_experiment() {
    let built_in = load(&ConfigSource::BuiltIn, &Overrides::default()).unwrap();
    let physics = r#"{"model": "inform", "ranges": "ranges/rtm.json"}"#;
    let text = format!(
        r#"{{"name": "rtm_c_synthetic", "physics": {physics}, "data": {{"source": "synthetic"}}}}"#
    );
    let mut shortest: ExperimentConfig = serde_json::from_str(&text).unwrap();
    // a relative path would be looked for in the working directory
    let ranges = std::fs::read_to_string(configs().join("ranges/rtm.json")).unwrap();
    *shortest.physics.ranges_mut() = RangesSource::Inline(serde_json::from_str(&ranges).unwrap());
    let parameters = inform_parameters();
    let shortest = shortest.check(&CheckContext {
        parameters: &parameters,
        bands: None,
    });
    assert_eq!(built_in.config(), shortest.unwrap().resolved());
}

#[test]
fn the_built_in_experiment_is_the_file() {
    let file = ConfigSource::File(configs().join("rtm_c_synthetic.json"));
    let built_in = load_and_check(&ConfigSource::BuiltIn, &Overrides::default()).unwrap();
    assert_eq!(
        built_in,
        load_and_check(&file, &Overrides::default()).unwrap()
    );
}

#[test]
fn austria_declares_its_columns() {
    let shipped = shipped();
    let CheckedData::Csv(csv) = &shipped["rtm_c_austria"].data else {
        panic!("tables")
    };
    assert_eq!(csv.values, CheckedValues::Standardized);
    assert_eq!(csv.columns.len(), 11);
    assert_eq!(
        (
            csv.columns[7].channel.as_str(),
            csv.columns[7].column.as_str()
        ),
        ("B8A", "B8A_NIR2")
    );
    assert_eq!(csv.dir, None);
    assert_eq!(csv.angles, None);
    insta::assert_snapshot!(csv.files().unwrap_err().to_string().rsplit('/').next().unwrap(), @"rtm_c_austria.json: data.dir is null; allowed: the folder of train.csv, valid.csv, test.csv");
    let CheckedData::Csv(csv) = &shipped["rtm_c_wytham"].data else {
        panic!("tables")
    };
    assert_eq!(csv.angles.as_ref().unwrap().tts, "tts");
}

#[test]
fn a_data_folder_is_found_and_its_files_are_looked_for() {
    let folder = tempfile::tempdir().unwrap();
    let overrides = Overrides {
        data_dir: Some(folder.path().to_owned()),
        ..Overrides::default()
    };
    let file = ConfigSource::File(configs().join("rtm_c_austria.json"));
    let experiment = load_and_check(&file, &overrides).unwrap();
    let CheckedData::Csv(csv) = &experiment.data else {
        panic!("tables")
    };
    let message = csv.files().unwrap_err().to_string();
    assert!(
        message.contains("train_x_mean.npy: no such file, named by data.standardization.mean"),
        "{message}"
    );
    for name in [
        "train.csv",
        "valid.csv",
        "test.csv",
        "train_x_mean.npy",
        "train_x_scale.npy",
    ] {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    assert_eq!(csv.files().unwrap().train, folder.path().join("train.csv"));
}

/// What `config show` prints needs no other file, checks, and gives the same experiment.
#[test]
fn shown_configurations_check_with_the_same_result() {
    let folder = tempfile::tempdir().unwrap();
    for (name, experiment) in shipped() {
        let path = folder.path().join(format!("{name}.json"));
        std::fs::write(&path, experiment.to_json()).unwrap();
        let again = load_and_check(&ConfigSource::File(path), &Overrides::default()).unwrap();
        assert_eq!(again.resolved(), experiment.resolved(), "{name}");
        assert_eq!(again.to_json(), experiment.to_json(), "{name}");
        assert_eq!(again.schedule, experiment.schedule, "{name}");
    }
    let built_in = load_and_check(&ConfigSource::BuiltIn, &Overrides::default()).unwrap();
    insta::assert_snapshot!("shown_rtm_c_synthetic", built_in.to_json());
}

#[test]
fn overrides_reach_their_values() {
    let overrides = Overrides {
        set: vec![
            "physics.variant=published".into(),
            "trainer.early_stop=20".into(),
            "phys_vae.hidlayers_feat=[64,32]".into(),
            "lr_scheduler.T_max=100".into(),
            "physics.fixed.lidf=57".into(),
            "trainer.epochs=30".into(),
        ],
        seed: Some(u64::MAX),
        epochs: Some(40),
        data_dir: Some("somewhere".into()),
    };
    let file = ConfigSource::File(configs().join("rtm_c_austria.json"));
    let experiment = load_and_check(&file, &overrides).unwrap();
    assert_eq!(experiment.seed, u64::MAX);
    assert_eq!(experiment.trainer.epochs, 40);
    assert_eq!(experiment.trainer.early_stop, Some(20));
    assert_eq!(experiment.phys_vae.hidlayers_feat, [64, 32]);
    let CheckedData::Csv(csv) = &experiment.data else {
        panic!("tables")
    };
    // a path of the command line is relative to the working directory
    assert_eq!(
        csv.dir,
        Some(std::env::current_dir().unwrap().join("somewhere"))
    );
}

#[test]
fn paths_in_a_file_are_relative_to_the_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("ranges")).unwrap();
    std::fs::copy(
        configs().join("ranges/rtm.json"),
        folder.path().join("ranges/rtm.json"),
    )
    .unwrap();
    let text = std::fs::read_to_string(configs().join("rtm_b_austria.json")).unwrap();
    let text = text
        .replace("\"dir\": null", "\"dir\": \"tables\"")
        .replace("\"s2a\"", "\"my.csv\"");
    std::fs::write(folder.path().join("mine.json"), text).unwrap();
    let file = ConfigSource::File(folder.path().join("mine.json"));
    let experiment = load_and_check(&file, &Overrides::default()).unwrap();
    let CheckedData::Csv(csv) = &experiment.data else {
        panic!("tables")
    };
    assert_eq!(csv.dir, Some(folder.path().join("tables")));
    let sensor = crate::config::SensorChoice::Csv(folder.path().join("my.csv"));
    assert_eq!(experiment.physics.sensor(), Some(&sensor));
}

#[test]
fn ranges_of_the_volcano_are_shipped_in_order() {
    let text = std::fs::read_to_string(configs().join("ranges/mogi.json")).unwrap();
    let ranges: Ranges = serde_json::from_str(&text).unwrap();
    let names: Vec<_> = ranges.0.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["xcen", "ycen", "d", "dV"]);
}

/// The recipe of the volcano (docs/recipe.md) is mogi_c_akutan with these keys set.
#[test]
fn the_recommended_volcano_is_the_original_with_the_recipe() {
    let recipe = [
        "name=mogi_recommended",
        "trainer.early_stop=null",
        "objective.likelihood=learned_noise",
        "objective.physics_weight=1",
        "phys_vae.detach_x_p=true",
        "pretrain.loss=likelihood",
        "pretrain.noise=0.6",
        "pretrain.draw=normal_u",
        "optimizer.lr=1e-3",
        "trainer.grad_clip_norm=null",
    ];
    let original = ConfigSource::File(configs().join("mogi_c_akutan.json"));
    let original = load_and_check(&original, &set(&recipe)).unwrap();
    let recommended = &shipped()["mogi_recommended"];
    assert_eq!(recommended.to_json(), original.to_json());
}

#[test]
fn a_configuration_built_by_a_program_is_checked_alike() {
    let parameters = inform_parameters();
    let context = CheckContext {
        parameters: &parameters,
        bands: None,
    };
    let loaded = load(&ConfigSource::BuiltIn, &set(&[])).unwrap();
    let mut config = loaded.config().clone();
    assert_eq!(
        config.check(&context).unwrap(),
        loaded.check(&context).unwrap()
    );
    config.optimizer.lr = -1.0;
    insta::assert_snapshot!(config.check(&context).unwrap_err(), @"configuration: optimizer.lr = -1.0; allowed: a number > 0");
    config.optimizer.lr = f64::NAN;
    insta::assert_snapshot!(config.check(&context).unwrap_err(), @"configuration: optimizer.lr = null; allowed: a number > 0");
    config.optimizer.lr = 1e-3;
    config.phys_vae.dim_z_phy = 6;
    insta::assert_snapshot!(config.check(&context).unwrap_err(), @"configuration: phys_vae.dim_z_phy = 6; allowed: 7, the number of entries of physics.ranges (N, cab, cw, cm, LAI, LAIu, fc)");
}

#[test]
fn a_sensor_of_ones_own_brings_its_bands() {
    let parameters = inform_parameters();
    let bands = ["red".to_owned(), "green".to_owned()];
    let loaded = load(
        &ConfigSource::BuiltIn,
        &set(&["physics.sensor=camera.csv", "data.bands=[\"green\"]"]),
    )
    .unwrap();
    let check = |bands| {
        loaded.check(&CheckContext {
            parameters: &parameters,
            bands,
        })
    };
    assert_eq!(check(Some(&bands)).unwrap().data.channels(), ["green"]);
    assert_eq!(check(None).unwrap().data.channels(), ["green"]);
    assert!(check(Some(&bands[..1])).is_err());
}

#[test]
fn digital_numbers_are_declared_with_their_offset() {
    let file = ConfigSource::File(configs().join("rtm_c_austria.json"));
    let overrides = set(&[
        "data.values=digital_numbers",
        "data.digital_numbers={\"offset\": -1000}",
        "data.standardization=measured",
    ]);
    let loaded = load(&file, &overrides).unwrap();
    let DataConfig::Csv(csv) = &loaded.config().data else {
        panic!("tables")
    };
    assert_eq!(csv.values, ChannelValues::DigitalNumbers);
    let experiment = load_and_check(&file, &overrides).unwrap();
    let CheckedData::Csv(csv) = &experiment.data else {
        panic!("tables")
    };
    let CheckedValues::DigitalNumbers(conversion) = csv.values else {
        panic!("digital numbers")
    };
    assert_eq!((conversion.scale, conversion.offset), (1e-4, -1000.0));
}

/// The schema states limits and defaults of what is held fixed; the physics has the last word on them.
#[test]
fn fixed_parameters_have_the_limits_and_defaults_of_the_physics() {
    let schema = configuration_schema();
    let fixed =
        &object_schemas(&schema["properties"]["physics"], &Value::Null)[0]["properties"]["fixed"];
    let quantities = CanopyParameters::quantities();
    for (name, limits) in fixed["properties"].as_object().unwrap() {
        if name == "lidf" {
            continue;
        }
        let quantity = quantities.iter().find(|it| it.name == *name).unwrap();
        let stated = ["minimum", "maximum", "default"].map(|key| limits[key].as_f64().unwrap());
        assert_eq!(
            stated,
            [quantity.min, quantity.max, quantity.default],
            "{name}"
        );
    }
}
