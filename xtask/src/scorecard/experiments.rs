//! What the scorecard trains.

/// Learned noise, the physics judged by itself: docs/recipe.md.
const RECIPE: &str = "--set objective.likelihood=learned_noise --set objective.physics_weight=10 \
    --set pretrain.loss=likelihood --set pretrain.noise=0.05 \
    --set optimizer.lr=1e-3 --set optimizer.weight_decay=0 --set trainer.grad_clip_norm=null";
/// The residual sees the physics and cannot bend it; where there is a residual, part of the recipe.
const DETACHED: &str = "--set phys_vae.detach_x_p=true";
const QUADRATURE: &str = "--set physics.spectral.sampling=quadrature --set trainer.early_stop=null";
/// The default weight of the gate, which the shipped file of Austria raises.
const DEFAULT_GATE: &str = "--set phys_vae.balance_gate=1e-3";
const PUBLISHED: &str = "--set physics.variant=published";
const LOW_RANK: &str = "--set phys_vae.residual=low_rank";
/// A posterior of simulations: docs/recipe.md, "Intervals that hold".
const SIMULATION: &str = "--set objective.likelihood=learned_noise --set objective.posterior=simulation \
    --set pretrain.loss=likelihood --set pretrain.noise=0.1 --set pretrain.spectra_per_epoch=40000 \
    --set phys_vae.epochs_pretrain=30 --set phys_vae.kl_warmup_epochs=20 --set trainer.epochs=80 \
    --set optimizer.lr=1e-3 --set optimizer.weight_decay=0 --set trainer.grad_clip_norm=null";
const CALIBRATED: &str = "--set phys_vae.calibration=gain_and_offset";
const LAST_EPOCH: &str = "--set trainer.early_stop=null";

/// Which of its stages an experiment has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stages {
    Both,
    /// A alone: a regressor on simulated spectra.
    Pretraining,
    /// B alone.
    Training,
}

/// One line of the table.
pub struct Experiment {
    pub name: &'static str,
    pub config: &'static str,
    /// Folder below the data, if it needs tables.
    pub data: Option<&'static str>,
    /// What is set beside the file.
    pub set: &'static [&'static str],
    pub stages: Stages,
    /// What the Python code of MAGIC reaches: test MSE and the physics alone at its best epoch
    /// (../shared/docs/targets.md).
    pub original: &'static str,
}

const fn of(name: &'static str, config: &'static str, set: &'static [&'static str]) -> Experiment {
    Experiment {
        name,
        config,
        data: Some("austria"),
        set,
        stages: Stages::Both,
        original: "",
    }
}

const fn volcano(
    name: &'static str,
    config: &'static str,
    set: &'static [&'static str],
) -> Experiment {
    Experiment {
        data: Some("mogi"),
        ..of(name, config, set)
    }
}

const fn simulated(
    name: &'static str,
    config: &'static str,
    set: &'static [&'static str],
) -> Experiment {
    Experiment {
        data: None,
        ..of(name, config, set)
    }
}

/// The experiments, in the order of the table.
pub const EXPERIMENTS: &[Experiment] = &[
    Experiment {
        original: ".0322, .255",
        ..of(
            "Austria C, enmap_box, default objective",
            "rtm_c_austria",
            &[QUADRATURE, DEFAULT_GATE],
        )
    },
    of(
        "Austria C, enmap_box, recipe",
        "rtm_c_austria",
        &[QUADRATURE, RECIPE, DETACHED],
    ),
    of(
        "Austria C, enmap_box, low rank, default objective",
        "rtm_c_austria",
        &[QUADRATURE, LOW_RANK, DEFAULT_GATE],
    ),
    of(
        "Austria C, enmap_box, low rank, recipe",
        "rtm_c_austria",
        &[QUADRATURE, LOW_RANK, DEFAULT_GATE, RECIPE, DETACHED],
    ),
    of(
        "Austria C, published, default objective",
        "rtm_c_austria",
        &[QUADRATURE, DEFAULT_GATE, PUBLISHED],
    ),
    of(
        "Austria C, published, recipe",
        "rtm_c_austria",
        &[QUADRATURE, RECIPE, DETACHED, PUBLISHED],
    ),
    of(
        "Austria C, published, low rank, default objective",
        "rtm_c_austria",
        &[QUADRATURE, LOW_RANK, DEFAULT_GATE, PUBLISHED],
    ),
    of(
        "Austria C, published, low rank, recipe",
        "rtm_c_austria",
        &[
            QUADRATURE,
            LOW_RANK,
            DEFAULT_GATE,
            RECIPE,
            DETACHED,
            PUBLISHED,
        ],
    ),
    Experiment {
        original: ".0448, .278",
        ..of(
            "Austria B, enmap_box, default objective",
            "rtm_b_austria",
            &[QUADRATURE],
        )
    },
    Experiment {
        stages: Stages::Training,
        original: ".0020",
        ..of("Austria A", "rtm_a_austria", &[LAST_EPOCH])
    },
    of(
        "Austria, recommended (twelve parameters)",
        "rtm_recommended",
        &[],
    ),
    Experiment {
        original: ".527, 1.02",
        ..volcano("Akutan C", "mogi_c_akutan", &[LAST_EPOCH])
    },
    volcano("Akutan C, recipe", "mogi_recommended", &[]),
    volcano(
        "Akutan C, low rank",
        "mogi_c_akutan",
        &[LAST_EPOCH, LOW_RANK],
    ),
    volcano(
        "Akutan C, low rank, recipe",
        "mogi_recommended",
        &[LOW_RANK],
    ),
    Experiment {
        original: ".767, .918",
        ..volcano("Akutan B", "mogi_b_akutan", &[LAST_EPOCH])
    },
    Experiment {
        stages: Stages::Training,
        original: ".567",
        ..volcano("Akutan A", "mogi_a_akutan", &[LAST_EPOCH])
    },
    simulated(
        "synthetic C, default objective",
        "rtm_c_synthetic",
        &[QUADRATURE],
    ),
    simulated(
        "synthetic C, recipe",
        "rtm_c_synthetic",
        &[QUADRATURE, RECIPE, DETACHED],
    ),
    simulated(
        "synthetic B, recipe",
        "rtm_b_synthetic",
        &[QUADRATURE, RECIPE],
    ),
    simulated(
        "synthetic C, calibrated, simulation",
        "rtm_c_synthetic",
        &[QUADRATURE, SIMULATION, CALIBRATED],
    ),
    simulated(
        "synthetic B, simulation",
        "rtm_b_synthetic",
        &[QUADRATURE, SIMULATION],
    ),
    Experiment {
        stages: Stages::Pretraining,
        ..simulated(
            "synthetic, regressor",
            "rtm_c_synthetic",
            &[QUADRATURE, SIMULATION],
        )
    },
];

/// Fits without a network, whose figures stand below the table: name, configuration, folder of data, what is set.
pub const BASELINES: &[(&str, &str, &str, &str)] = &[
    (
        "Austria, enmap_box",
        "rtm_c_austria",
        "austria",
        "--table 50000",
    ),
    (
        "Austria, published",
        "rtm_c_austria",
        "austria",
        "--table 50000 --set physics.variant=published",
    ),
    ("Akutan", "mogi_c_akutan", "mogi", "--table 50000"),
];
