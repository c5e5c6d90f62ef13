//! What the logs of a run must show: schedules at the epochs of the specification, and what each variant
//! has.

use serde_json::Value;
use stories::{Run, SMALL};

/// 150 epochs of a tiny experiment.
fn long(more: &[&'static str]) -> Run {
    let runs = tempfile::tempdir().unwrap();
    let tiny = [
        "--set",
        "data.train_samples=8",
        "--set",
        "data.valid_samples=4",
    ];
    let arguments: Vec<_> = SMALL.iter().chain(&tiny).chain(more).copied().collect();
    let run = Run::train(runs.path(), &arguments);
    // the folder must outlive the run's use
    std::mem::forget(runs);
    run
}

fn parameter_names(run: &Run) -> Vec<String> {
    let bytes = std::fs::read(run.path.join("checkpoints/last.safetensors")).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    file.names()
        .into_iter()
        .filter(|n| n.starts_with("model/"))
        .map(ToString::to_string)
        .collect()
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn schedules_are_the_specified_ones_at_every_named_epoch() {
    let run = long(&[]);
    let epochs = run.epochs();
    assert_eq!(epochs.len(), 150);
    // (epoch, phase, beta, learning rate as printed in the specification)
    for (epoch, phase, beta, lr) in [
        (0, "pretrain", 0.0, "3.000000e-4"),
        (19, "pretrain", 0.0, "3.000000e-4"),
        (20, "train", 0.0, "3.000000e-4"),
        (21, "train", 0.02, "2.999562e-4"),
        (45, "train", 0.5, "2.734476e-4"),
        (70, "train", 1.0, "2.031907e-4"),
        (149, "train", 1.0, "4.3798e-8"),
    ] {
        let record = &epochs[epoch];
        assert_eq!(record["epoch"], epoch);
        assert_eq!(record["phase"], phase, "epoch {epoch}");
        assert_eq!(number(&record["beta"]), beta, "epoch {epoch}");
        let digits = lr.split_once('e').unwrap().0.len() - 2;
        assert_eq!(
            format!("{:.digits$e}", number(&record["lr"])),
            lr,
            "epoch {epoch}"
        );
    }
    for step in run.metrics().iter().filter(|r| r["kind"] == "step") {
        let epoch = &epochs[usize::try_from(step["epoch"].as_u64().unwrap()).unwrap()];
        assert_eq!(
            (&step["beta"], &step["lr"], &step["phase"]),
            (&epoch["beta"], &epoch["lr"], &epoch["phase"])
        );
    }
    assert_eq!(run.summary()["checks"]["lr_switches_at_boundary"], true);
}

#[test]
fn variant_b_has_no_residual_network() {
    let run = long(&[
        "--config",
        "configs/rtm_b_synthetic.json",
        "--epochs",
        "23",
        // there is no such head
        "--set",
        "phys_vae.hidlayers_z_aux=[128]",
    ]);
    let names = parameter_names(&run);
    assert!(names.iter().any(|name| name.contains("u_phy_mean")));
    assert!(
        names.iter().all(|name| name.starts_with("model/encoder.")),
        "{names:?}"
    );
    assert!(!names.iter().any(|name| name.contains("z_aux")));
    let last = &run.epochs()[22];
    assert!(number(&last["train"]["kl_phy"]) > 0.0);
    for absent in ["gate", "residual", "pre_gate_residual", "kl_aux"] {
        assert_eq!(last["train"][absent], Value::Null, "{absent}");
    }
    // x_PB is x_P
    assert_eq!(last["valid"]["rec"], last["valid"]["physics_rec"]);
}

/// A residual of low rank has directions and no gate, and adds nothing before its warm-up.
#[test]
fn a_low_rank_residual_comes_in_with_its_warm_up() {
    let run = long(&[
        "--epochs",
        "45",
        "--set",
        "phys_vae.residual=low_rank",
        "--set",
        "phys_vae.low_rank.rank=3",
    ]);
    let names = parameter_names(&run);
    let mut residual: Vec<_> = names
        .iter()
        .filter_map(|name| name.strip_prefix("model/residual."))
        .collect();
    residual.sort_unstable();
    assert_eq!(
        residual,
        [
            "coefficients.0.bias",
            "coefficients.0.weight",
            "directions",
            "sizes"
        ]
    );
    let epochs = run.epochs();
    // r = 0 in the first epoch of stage B and in stage A
    for epoch in [0, 19, 20] {
        let valid = &epochs[epoch]["valid"];
        assert_eq!(valid["rec"], valid["physics_rec"], "epoch {epoch}");
        assert_eq!(number(&valid["residual"]), 0.0, "epoch {epoch}");
    }
    let last = &epochs[44]["valid"];
    assert_eq!(last["gate"], Value::Null);
    assert_ne!(last["rec"], last["physics_rec"]);
    assert!(number(&last["residual"]) > 0.0 && number(&last["pre_gate_residual"]) > 0.0);
}

#[test]
fn variant_a_gets_its_kl() {
    let short = [
        "--config",
        "configs/rtm_a_synthetic.json",
        "--epochs",
        "60",
        // there is no such head
        "--set",
        "phys_vae.hidlayers_z_phy=[128]",
    ];
    let run = long(&short);
    let names = parameter_names(&run);
    assert!(names.iter().any(|name| name.starts_with("model/decoder.")));
    assert!(
        !names
            .iter()
            .any(|name| name.contains("u_phy") || name.contains("residual"))
    );
    let epochs = run.epochs();
    assert_eq!(number(&epochs[0]["beta"]), 0.0);
    assert_eq!(number(&epochs[50]["beta"]), 1.0);
    let last = &epochs[59]["train"];
    // the minimised loss holds the KL at its full weight
    let expected = number(&last["rec"]) + number(&last["kl_aux"]);
    assert!(
        (number(&last["loss"]) - expected).abs() < 1e-4 * expected,
        "{last}"
    );
    assert_eq!(last["physics_rec"], Value::Null);

    let without: Vec<_> = short
        .iter()
        .chain(&["--set", "phys_vae.kl_without_physics=false"])
        .copied()
        .collect();
    let run = long(&without);
    assert!(run.epochs().iter().all(|e| number(&e["beta"]) == 0.0));
    let kl_without = number(&run.epochs()[59]["train"]["kl"]);
    assert!(
        kl_without > number(&last["kl"]),
        "the KL weight lowers the KL"
    );
}

#[test]
fn too_short_a_run_has_checks_without_meaning() {
    let run = long(&["--epochs", "20"]);
    let summary = run.summary();
    assert_eq!(summary["checks"]["beta_zero_in_pretrain"], true);
    for check in [
        "beta_anneals_to_one",
        "lr_switches_at_boundary",
        "kl_balances_naturally",
    ] {
        assert_eq!(summary["checks"][check], Value::Null, "{check}");
    }
    assert!(!run.path.join("checkpoints/best.safetensors").exists());
}
