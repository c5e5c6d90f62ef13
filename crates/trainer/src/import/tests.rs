//! Files of the original and of its successor.

use super::*;
use crate::assemble::check;
use crate::config::{ConfigSource, Overrides, load};

/// The files beside the project, if they are there.
fn reference() -> Option<(PathBuf, PathBuf)> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    shared
        .is_dir()
        .then(|| (shared.join("reference-configs"), shared))
}

/// The original's project: its configs folder with the files that the experiments name.
fn project(shared: &Path) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let configs = root.path().join("configs");
    std::fs::create_dir(&configs).unwrap();
    for (from, to) in [
        ("austria/rtm_paras.json", "rtm_paras.json"),
        ("mogi/mogi_paras.json", "mogi_paras.json"),
        ("mogi/station_info.json", "station_info.json"),
    ] {
        std::fs::copy(shared.join(from), configs.join(to)).unwrap();
    }
    root
}

#[test]
fn the_nine_experiments_become_configurations() {
    let Some((files, shared)) = reference() else {
        println!("SKIPPED: ../shared/data/reference-configs not found");
        return;
    };
    let root = project(&shared);
    let mut seen = 0;
    for file in std::fs::read_dir(files).unwrap() {
        let file = file.unwrap().path();
        let imported = import(&file, root.path()).unwrap();
        let path = root.path().join("new.json");
        std::fs::write(&path, imported.config.to_string()).unwrap();
        let loaded = load(&ConfigSource::File(path), &Overrides::default()).unwrap();
        let checked = check(&loaded).unwrap();
        let (original, mut leaves) = (json_of(&file).unwrap(), vec![]);
        collect(&original, String::new(), &mut leaves);
        let listed = imported.notes.iter().filter(|note| note.key != "(added)");
        assert_eq!(listed.count(), leaves.len(), "{}", file.display());
        let unknown =
            |note: &&Note| matches!(&note.fate, Fate::Ignored(why) if why.contains("no key of"));
        assert_eq!(imported.notes.iter().find(unknown), None);
        assert_eq!(checked.trainer.epochs, 150);
        assert_eq!(checked.optimizer.lr, 3e-4);
        let is_mogi = file.display().to_string().contains("Mogi");
        assert_eq!(checked.trainer.batch_size, if is_mogi { 320 } else { 256 });
        assert_eq!(checked.physics.ranges().len(), if is_mogi { 4 } else { 7 });
        seen += 1;
    }
    assert_eq!(seen, 9);
}

#[test]
fn values_and_reasons_of_one() {
    let Some((files, shared)) = reference() else {
        println!("SKIPPED: ../shared/data/reference-configs not found");
        return;
    };
    let root = project(&shared);
    let imported = import(&files.join("AE_RTM_A_wytham.json"), root.path()).unwrap();
    let config = &imported.config;
    assert_eq!(config["name"], "phys_vae_rtm_a_wytham_smpl");
    assert_eq!(config["phys_vae"]["dim_z_phy"], 0);
    assert_eq!(config["phys_vae"]["kl_without_physics"], false);
    let angles = import(&files.join("AE_RTM_C_wytham.json"), root.path()).unwrap();
    assert_eq!(angles.config["data"]["angles"]["tts"], "tts");
    assert_eq!(config["data"]["train"], "train.csv");
    assert_eq!(
        config["data"]["standardization"]["mean"],
        "train_x_mean.npy"
    );
    assert_eq!(config["physics"]["ranges"]["cab"]["max"], 80.0);
    let text: Vec<String> = imported.notes.iter().map(Note::to_string).collect();
    let line = |start: &str| text.iter().find(|line| line.starts_with(start)).unwrap();
    assert_eq!(
        line("trainer.epochs"),
        "trainer.epochs = 150: taken as trainer.epochs"
    );
    assert_eq!(
        line("trainer.wandb"),
        "trainer.wandb = true: ignored; nothing is sent anywhere"
    );
    assert!(line("lr_scheduler.args.T_max").contains("lr_scheduler.T_max = null; the clock"));
}

#[test]
fn what_is_not_of_the_original_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("other.json");
    let message = |text: &str| {
        std::fs::write(&file, text).unwrap();
        import(&file, folder.path()).unwrap_err().to_string()
    };
    assert!(message("{}").contains("arch.args.physics = null; allowed: \"RTM\" or \"Mogi\""));
    assert!(message("{").contains("other.json"));
    let base = r#"{"arch": {"args": {"physics": "RTM"}}, "loss": "bce"}"#;
    assert!(message(base).contains("loss = \"bce\"; allowed"));
    let base = r#"{"arch": {"args": {"physics": "RTM", "rtm_paras": "none.json"}}}"#;
    assert!(message(base).contains("none.json"));
}

/// A file of PILA: that of Akutan's C with its keys.
fn successor(training: &Value, network: &Value) -> Value {
    let mut file = json!({
        "name": "PILA_Mogi_C",
        "arch": {
            "type": "PHYS_VAE_SMPL",
            "args": {"physics": "Mogi", "mogi_paras": "configs/mogi_paras.json",
                     "station_info": "configs/station_info.json",
                     "standardization": {"x_mean": "data/x_mean.npy", "x_scale": "data/x_scale.npy"}},
            "phys_vae": {"no_phy": false, "dim_z_aux": 2, "dim_z_phy": 4, "residual_rank": 4, "tau_init": 3.0,
                         "r_warmup_epochs": 30, "ortho_penalty_weight": 0.0, "detach_x_P_for_bias": true}
        },
        "data_loader": {"type": "GPSDataLoader", "args": {"data_dir": "data/train.csv", "batch_size": 64}},
        "optimizer": {"type": "Adam", "args": {"lr": 3e-4}},
        "loss": "mse_loss",
        "trainer": {"epochs": 150, "phys_vae": {"epochs_pretrain": 0, "use_kl_term_z_phy": false,
                    "use_kl_term_z_aux": false, "beta_max_z_phy": 1.0, "kl_warmup_epochs": 50,
                    "balance_residual": 5.0}}
    });
    for (block, more) in [("trainer", training), ("arch", network)] {
        for (key, value) in more.as_object().unwrap() {
            file[block]["phys_vae"][key] = value.clone();
        }
    }
    file
}

/// The project of a file of Mogi, written here: ranges and stations.
fn small_project() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let configs = root.path().join("configs");
    std::fs::create_dir(&configs).unwrap();
    let ranges = r#"{"xcen": {"min": -3, "max": 3}, "ycen": {"min": -3, "max": 3}, "d": {"min": 2, "max": 9},
                     "dV": {"min": 0, "max": 200}}"#;
    std::fs::write(configs.join("mogi_paras.json"), ranges).unwrap();
    let stations = r#"{"AV07": {"xE": -7.1, "yN": 2.2}, "AV08": {"xE": 1.5, "yN": -3.1}}"#;
    std::fs::write(configs.join("station_info.json"), stations).unwrap();
    root
}

fn imported(file: &Value) -> Result<Imported, String> {
    let root = small_project();
    let path = root.path().join("experiment.json");
    std::fs::write(&path, file.to_string()).unwrap();
    let imported = import(&path, root.path()).map_err(|e| e.to_string())?;
    std::fs::write(&path, imported.config.to_string()).unwrap();
    let loaded =
        load(&ConfigSource::File(path), &Overrides::default()).map_err(|e| e.to_string())?;
    check(&loaded).map_err(|e| e.to_string())?;
    Ok(imported)
}

#[test]
fn a_file_of_the_successor_becomes_its_model() {
    let nothing = json!({});
    let plain = imported(&successor(&nothing, &nothing)).unwrap();
    let block = &plain.config["phys_vae"];
    assert_eq!(block["residual"], "low_rank");
    assert_eq!(block["low_rank"]["rank"], 4);
    assert_eq!(block["low_rank"]["r_warmup_epochs"], 30);
    assert_eq!(block["deterministic_latents"], true);
    assert_eq!(block["detach_x_p"], true);
    // what its code does not read is not taken over
    assert_eq!(block["low_rank"].get("ortho_penalty_weight"), None);
    assert_eq!(block.get("balance_residual"), None);
    let with_kl = json!({"use_kl_term_z_phy": true, "use_kl_term_z_aux": true, "beta_max_z_phy": 0.2,
                         "use_ema_prior": true, "ema_momentum": 0.999, "delta_penalty_weight": 0.01});
    let with_kl = imported(&successor(&with_kl, &nothing)).unwrap().config;
    assert_eq!(with_kl["phys_vae"].get("deterministic_latents"), None);
    assert_eq!(with_kl["objective"]["beta_max_z_phy"], 0.2);
    assert_eq!(with_kl["objective"]["ema_prior_momentum"], 0.999);
    assert_eq!(with_kl["phys_vae"]["balance_residual"], 0.01);
    let capacity = json!({"use_kl_term_z_phy": true, "use_kl_term_z_aux": true, "use_capacity_control": true,
                          "C_max": 7.0});
    let capacity = imported(&successor(&capacity, &nothing)).unwrap().config;
    assert_eq!(capacity["objective"]["capacity"], 7.0);
    let half = json!({"use_kl_term_z_phy": true});
    let message = imported(&successor(&half, &nothing)).unwrap_err();
    assert!(
        message.contains("allowed: both true or both false"),
        "{message}"
    );
    let smooth = json!({"temporal_smoothness_weight": 1.0});
    let message = imported(&successor(&smooth, &nothing)).unwrap_err();
    assert!(
        message.contains("temporal_smoothness_weight = 1.0"),
        "{message}"
    );
}

/// Every key of a file, of the nine experiments and of PILA, changed one by one: the configuration changes, or the file is
/// refused, or a line says why the key has no counterpart. None is passed over.
#[test]
fn no_key_is_passed_over() {
    let nothing = json!({});
    let more = json!({"use_ema_prior": false, "ema_momentum": 0.99, "use_capacity_control": false, "C_max": 4,
        "C_gamma": 10, "beta_aux": 1, "ortho_penalty_weight": 0.1, "coeff_penalty_weight": 1e-4,
        "delta_penalty_weight": 1e-4, "edge_penalty_weight": 0.0, "edge_penalty_power": 1.0,
        "temporal_smoothness_weight": 0.0, "beta_max_z_aux": 1.0, "balance_gate": 1e-3, "use_kl_term": true,
        "beta_max": 1.0, "balance_data_aug": 1.0});
    let mut files = vec![successor(&nothing, &nothing), successor(&more, &nothing)];
    let shared = reference();
    if let Some((folder, _)) = &shared {
        for file in std::fs::read_dir(folder).unwrap() {
            files.push(json_of(&file.unwrap().path()).unwrap());
        }
    } else {
        println!("SKIPPED: ../shared/data/reference-configs not found");
    }
    let root = shared.map_or_else(small_project, |(_, shared)| project(&shared));
    let (mut tried, mut changed, mut refused, mut named) = (0, 0, 0, 0);
    for file in &files {
        let path = root.path().join("experiment.json");
        let of = |file: &Value| {
            std::fs::write(&path, file.to_string()).unwrap();
            import(&path, root.path())
        };
        let own = of(file).unwrap();
        let mut leaves = vec![];
        collect(file, String::new(), &mut leaves);
        for (key, value) in leaves {
            let other = match value {
                Value::Bool(b) => json!(!b),
                Value::Number(n) if n.is_u64() => json!(n.as_u64().unwrap() + 1),
                Value::Number(n) => json!(n.as_f64().unwrap() * 2.0 + 0.01),
                Value::String(text) => json!(format!("{text}x")),
                other => json!([other, 1]),
            };
            let mut with_other = file.clone();
            *key.split('.')
                .fold(&mut with_other, |place, key| &mut place[key]) = other;
            tried += 1;
            match of(&with_other) {
                Err(_) => refused += 1,
                Ok(imported) if imported.config != own.config => changed += 1,
                Ok(imported) => {
                    let note = imported.notes.iter().find(|note| note.key == key);
                    let fate = note.map(|note| &note.fate);
                    let is_named = matches!(fate, Some(Fate::Ignored(why)) if !why.is_empty());
                    let same_anyway = matches!(fate, Some(Fate::Changed { .. }));
                    assert!(is_named || same_anyway, "{key}: {fate:?}");
                    named += 1;
                }
            }
        }
        // a key that nobody knows, in each of the blocks that say what is trained
        for block in ["arch.phys_vae", "trainer.phys_vae", "optimizer.args"] {
            let mut unknown = file.clone();
            *format!("{block}.new_key")
                .split('.')
                .fold(&mut unknown, |place, key| &mut place[key]) = json!(1);
            let message = of(&unknown).unwrap_err().to_string();
            assert!(message.contains("new_key"), "{message}");
            tried += 1;
            refused += 1;
        }
    }
    println!(
        "{tried} keys changed: {changed} change the configuration, {refused} refused, {named} named without effect"
    );
}
