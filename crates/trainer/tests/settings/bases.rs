//! Configurations of every kind, small enough to be run hundreds of times, each with all its defaults spelled out.

use crate::tiny_run::checked;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;

/// A configuration that others are made of.
pub struct Base {
    /// Its name.
    pub name: &'static str,
    /// The configuration, resolved.
    pub config: Value,
}

/// Puts the keys of `patch` over those of `config`.
fn merge(config: &mut Value, patch: &Value) {
    match (config, patch) {
        (Value::Object(object), Value::Object(patch)) => {
            for (key, value) in patch {
                merge(object.entry(key).or_insert(Value::Null), value);
            }
        }
        (config, patch) => *config = patch.clone(),
    }
}

fn network() -> Value {
    json!({
        "phys_vae": {
            "dim_z_phy": 4, "dim_z_aux": 2, "num_units_feat": 4, "hidlayers_feat": [3], "hidlayers_z_phy": [3],
            "hidlayers_z_aux": [3], "epochs_pretrain": 1, "kl_warmup_epochs": 2
        },
        "optimizer": {"lr": 0.01},
        "trainer": {"epochs": 4, "batch_size": 9}
    })
}

fn volcano() -> Value {
    json!({
        "name": "tiny",
        "physics": {
            "model": "mogi",
            "stations": {"AV07": {"xE": -7.188, "yN": 2.299}, "AV08": {"xE": 1.5, "yN": -3.1}},
            "ranges": {"xcen": {"min": -3, "max": 3}, "ycen": {"min": -3, "max": 3}, "d": {"min": 2, "max": 9},
                       "dV": {"min": 10, "max": 190}}
        },
        "data": {"source": "synthetic", "channels": ["ux_AV07", "uy_AV08", "uz_AV08"],
                 "train_samples": 27, "valid_samples": 12, "test_samples": 12}
    })
}

fn series() -> Value {
    json!({"data": {"source": "csv", "dir": "volcano", "values": "displacement_mm",
                    "channels": ["ux_AV07", "uz_AV08"], "labels": {"date": "date"}}})
}

fn forest() -> Value {
    json!({
        "name": "tiny",
        "physics": {"model": "inform", "ranges": {"cab": {"min": 10, "max": 80}, "LAI": {"min": 0.1, "max": 5}}},
        "data": {"source": "synthetic", "bands": ["B04", "B8A"],
                 "train_samples": 18, "valid_samples": 6, "test_samples": 6},
        "phys_vae": {"dim_z_phy": 2}
    })
}

fn plots() -> Value {
    json!({"data": {"source": "csv", "dir": "forest", "values": "reflectance", "bands": ["B04", "B8A"],
                    "labels": {"class": "class", "sample_id": "id", "date": "date"}, "truth": {"LAI": "LAI"}}})
}

const A: &str = r#"{"phys_vae": {"no_phy": true, "dim_z_phy": 0, "epochs_pretrain": 0}}"#;

/// Name, blocks, and what is put over them.
type Recipe = (&'static str, Vec<Value>, Value);

fn of_volcanoes() -> Vec<Recipe> {
    let a: Value = serde_json::from_str(A).unwrap();
    let gated = |name, patch: Value| (name, vec![volcano()], patch);
    let simulated =
        json!({"objective": {"posterior": "simulation"}, "pretrain": {"loss": "likelihood"}});
    let low_rank = json!({"phys_vae": {"residual": "low_rank", "low_rank": {"tau_warmup_epochs": 2, "r_warmup_epochs": 2}}});
    let with = |first: &Value, second: Value| {
        let mut both = first.clone();
        merge(&mut both, &second);
        both
    };
    vec![
        gated("gated", json!({})),
        gated("low rank", low_rank.clone()),
        gated(
            "low rank without ramps",
            with(
                &low_rank,
                json!({
            "phys_vae": {"epochs_pretrain": 0, "low_rank": {"tau_warmup_epochs": 0, "r_init": 1.0, "r_warmup_epochs": 20}}}),
            ),
        ),
        gated(
            "physics only",
            json!({"phys_vae": {"dim_z_aux": 0, "residual": "none"}}),
        ),
        gated("no physics", a.clone()),
        gated(
            "no physics, no KL",
            with(&a, json!({"phys_vae": {"kl_without_physics": false}})),
        ),
        gated("simulated", simulated.clone()),
        gated(
            "simulated alone",
            with(&simulated, json!({"phys_vae": {"dim_z_aux": 0}})),
        ),
        gated(
            "simulated with learned noise",
            with(
                &simulated,
                json!({"objective": {"likelihood": "learned_noise", "physics_weight": 1}}),
            ),
        ),
        gated(
            "fixed noise",
            json!({"objective": {"likelihood": "fixed_noise", "physics_weight": 0.5}}),
        ),
        gated(
            "huber",
            json!({"objective": {"likelihood": "huber", "huber_delta": 0.3, "free_bits": 0.2}}),
        ),
        gated(
            "capacity",
            json!({"objective": {"capacity": 2, "ema_prior_momentum": 0.9}}),
        ),
        gated(
            "edge",
            json!({"objective": {"edge_penalty_weight": 0.1}, "phys_vae": {"detach_x_p": true}}),
        ),
        gated(
            "calibrated",
            json!({"phys_vae": {"calibration": "gain_and_offset"}}),
        ),
        gated(
            "calibrated without stage A",
            json!({"phys_vae": {"calibration": "offset", "epochs_pretrain": 0}}),
        ),
        gated("no stage A", json!({"phys_vae": {"epochs_pretrain": 0}})),
        gated(
            "stage A with noise",
            json!({"pretrain": {"band_noise": {"absolute": 0.5, "relative": 0.1},
              "spectra_per_epoch": 20}, "trainer": {"pretrain_lr": 0.02}}),
        ),
        gated(
            "deterministic",
            json!({"phys_vae": {"deterministic_latents": true}}),
        ),
        gated(
            "deterministic, no physics",
            with(&a, json!({"phys_vae": {"deterministic_latents": true}})),
        ),
        gated(
            "linear",
            json!({"phys_vae": {"dim_z_aux": 0, "hidlayers_feat": [], "hidlayers_z_phy": []}}),
        ),
        gated(
            "plateau",
            json!({"lr_scheduler": {"type": "ReduceLROnPlateau", "patience": 0, "threshold": 0.9},
              "phys_vae": {"kl_warmup_epochs": 0}, "trainer": {"epochs": 6, "early_stop": 4}}),
        ),
        gated(
            "steps",
            json!({"lr_scheduler": {"type": "StepLR", "step_size": 1}}),
        ),
        gated(
            "exponential",
            json!({"lr_scheduler": {"type": "ExponentialLR", "gamma": 0.5}}),
        ),
        gated("constant", json!({"lr_scheduler": {"type": "None"}})),
        (
            "series",
            vec![volcano(), series()],
            json!({
            "objective": {"temporal_smoothness": {"weight": 1, "samples": 3}}}),
        ),
        ("series without physics", vec![volcano(), series()], a),
        (
            "series and season",
            vec![volcano(), series()],
            with(
                &low_rank,
                json!({
            "phys_vae": {"low_rank": {"use_time": true}}}),
            ),
        ),
    ]
}

fn of_forests() -> Vec<Recipe> {
    let a: Value = serde_json::from_str(A).unwrap();
    let drops = json!({"data": {"missing": "drop_row", "max_dropped": 0.5}});
    vec![
        ("forest", vec![forest()], json!({})),
        (
            "forest at nodes",
            vec![forest()],
            json!({"physics": {"spectral": {"sampling": "quadrature"}, "fixed": {"cw": 0.01}}}),
        ),
        (
            "forest of free leaf angles",
            vec![forest()],
            json!({
            "physics": {"ranges": {"ALA": {"min": 30, "max": 70}}}, "phys_vae": {"dim_z_phy": 3}}),
        ),
        (
            "forest under many suns",
            vec![forest()],
            json!({
            "data": {"geometries": {"latitude": [35, 60]}, "band_noise": {"absolute": 0.01, "relative": 0.1}},
            "phys_vae": {"sees_conditions": true}}),
        ),
        ("forest without physics", vec![forest()], a.clone()),
        ("forest in tables", vec![forest(), plots()], drops),
        (
            "forest in tables with angles",
            vec![forest(), plots()],
            json!({
            "data": {"angles": {"tts": "tts", "tto": "tto", "psi": "psi"}}}),
        ),
        (
            "forest in tables with a sun",
            vec![forest(), plots()],
            json!({
            "data": {"sun": {"latitude": 48.15, "longitude": 16.1, "time_utc": "10:00"}},
            "phys_vae": {"sees_conditions": true}}),
        ),
        (
            "forest in tables of digital numbers",
            vec![forest(), plots()],
            json!({
            "data": {"values": "digital_numbers", "digital_numbers": {"scale": 1e-4, "offset": 0}, "dir": "numbers",
                     "standardization": {"mean": "mean.npy", "scale": "scale.npy"}}}),
        ),
        (
            "forest in tables without physics",
            vec![forest(), plots()],
            {
                let mut a = a;
                merge(&mut a, &json!({"data": {"truth": null}}));
                a
            },
        ),
    ]
}

/// All of them.
pub fn bases() -> Vec<Base> {
    let folder = tempfile::tempdir().unwrap();
    write_tables(folder.path());
    let recipes = of_volcanoes().into_iter().chain(of_forests());
    let mut refused = vec![];
    let bases = recipes
        .filter_map(|(name, blocks, patch)| {
            let mut config = json!({});
            merge(&mut config, &network());
            let mut blocks = blocks.into_iter();
            for block in blocks.by_ref() {
                if block["data"]["source"] == "csv" {
                    config["data"] = json!({});
                }
                merge(&mut config, &block);
            }
            merge(&mut config, &patch);
            let network = config["phys_vae"].as_object_mut().unwrap();
            // β rises only where there is a KL
            let off = |key: &str, value: bool| network.get(key) == Some(&json!(value));
            if off("kl_without_physics", false) || off("deterministic_latents", true) {
                network.remove("kl_warmup_epochs");
            }
            // the widths of heads that are not there are not written
            if network["dim_z_aux"] == 0 {
                network.remove("hidlayers_z_aux");
            }
            if network.get("no_phy") == Some(&json!(true)) {
                network.remove("hidlayers_z_phy");
            }
            if config["data"]["truth"].is_null()
                && let Some(data) = config["data"].as_object_mut()
            {
                data.remove("truth");
            }
            let checked = checked(&config, folder.path(), false);
            let checked = match checked {
                Ok(checked) => checked,
                Err(error) => {
                    refused.push(format!("{name}: {error}"));
                    return None;
                }
            };
            let mut resolved: Value = serde_json::from_str(&checked.to_json()).unwrap();
            if let Some(dir) = config["data"].get("dir") {
                // the folder of the tables is that of the file
                resolved["data"]["dir"] = dir.clone();
            }
            Some(Base {
                name,
                config: resolved,
            })
        })
        .collect();
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    bases
}

/// A table: its header, and rows of numbers that look drawn.
fn table(header: &str, rows: usize, row: impl Fn(f64, f64, usize) -> String) -> String {
    let mut text = format!("{header}\n");
    let mut state: u32 = 7;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 8) / f64::from(1_u32 << 24)
    };
    for index in 0..rows {
        let (a, b) = (next(), next());
        let _ = writeln!(text, "{}", row(a, b, index));
    }
    text
}

/// The tables that the configurations name, below a folder.
pub fn write_tables(folder: &Path) {
    let write = |name: &str, text: &str| {
        for set in ["", "others/"] {
            let file = folder.join(name.replace('/', &format!("/{set}")));
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            let rows: Vec<&str> = text.lines().collect();
            let kept = if set.is_empty() {
                rows.len()
            } else {
                rows.len() - 3
            };
            std::fs::write(file, rows[..kept].join("\n")).unwrap();
        }
    };
    for (split, rows) in [("train", 24), ("valid", 9), ("test", 9)] {
        let volcano = table("ux_AV07,uz_AV08,uy_AV08,date,depth", rows, |a, b, i| {
            format!(
                "{:.3},{:.3},{:.3},2010-01-{:02},{:.2}",
                40.0 * a,
                90.0 * b,
                9.0 * a * b,
                i + 1,
                3.0 + 5.0 * b
            )
        });
        write(&format!("volcano/{split}.csv"), &volcano);
        let header = "B03,B04,B8A,B11,B12,other,class,id,date,LAI,cab,tts,tto,psi,angle";
        let forest = |unit: f64| {
            table(header, rows, |a, b, i| {
                let r = |v: f64| (v * unit * 1e4).round() / 1e4;
                format!(
                    "{},{},{},{},{},{},{},p{},2018-{:02}-11,{:.2},{:.1},{:.1},{:.1},{:.1},{:.1}",
                    r(0.04 + 0.02 * a),
                    r(0.02 + 0.05 * a),
                    r(0.2 + 0.3 * b),
                    r(0.2 + 0.1 * a),
                    r(0.1 + 0.1 * b),
                    r(0.05 + 0.1 * b),
                    ["beech", "pine"][i % 2],
                    i / 2,
                    4 + i % 6,
                    0.5 + 4.0 * b,
                    20.0 + 40.0 * a,
                    25.0 + 30.0 * a,
                    10.0 * b,
                    180.0 * a,
                    20.0 + 20.0 * b
                )
            })
        };
        write(&format!("forest/{split}.csv"), &forest(1.0));
        write(&format!("numbers/{split}.csv"), &forest(1e4));
    }
    for set in ["volcano", "forest", "numbers"] {
        std::fs::write(folder.join(set).join("mean.npy"), npy(&[0.04, 0.3])).unwrap();
        std::fs::write(folder.join(set).join("scale.npy"), npy(&[0.02, 0.1])).unwrap();
    }
}

/// A vector in numpy's format.
fn npy(values: &[f64]) -> Vec<u8> {
    let mut header = format!(
        "{{'descr': '<f8', 'fortran_order': False, 'shape': ({},), }}",
        values.len()
    );
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
    bytes
}
