//! What becomes of each key of an experiment file of MAGIC (She et al. 2024, arXiv:2405.18953v1).

/// What is done with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Its value goes there.
    To(&'static str),
    /// A path of a table or of mean and scale, which goes there relative to the folder of the data.
    DataFile(&'static str),
    /// A path of a JSON file of the Python project, whose content goes there.
    Content(&'static str),
    /// One of those that need more than their own value.
    Special,
    /// Nothing, for this reason.
    Ignored(&'static str),
}

use Rule::{Content, DataFile, Ignored, Special, To};

const FOLLOWS_CHANNELS: &str = "follows from the channels";
const LOW_RANK: &str = "a key of the low-rank successor (PILA) in a file that has none of its switches \
                        (trainer.phys_vae.use_kl_term_z_phy and the like), so the file is taken for one of MAGIC, whose \
                        gated residual does not read it; for the successor's model set phys_vae.residual = low_rank and \
                        phys_vae.deterministic_latents = true";
const ROWS: &str = "a training row is one sample; all are shuffled one by one in every epoch";
const SAVING: &str =
    "states are saved every few minutes and after every epoch; see --save-minutes, --keep-epochs";
const LOOKS: &str = "every step is in metrics.jsonl, every epoch on the screen";

/// The keys of MAGIC's nine experiments, by their path, and those of its schedulers.
pub(super) const KEYS: &[(&str, Rule)] = &[
    ("name", Special),
    ("n_gpu", Ignored("see --device")),
    ("arch.type", Ignored("there is one model")),
    ("arch.args.physics", Special),
    ("arch.args.input_dim", Ignored(FOLLOWS_CHANNELS)),
    ("arch.args.hidden_dim", Ignored("follows from the ranges")),
    ("arch.args.rtm_paras", Content("physics.ranges")),
    ("arch.args.mogi_paras", Content("physics.ranges")),
    ("arch.args.station_info", Content("physics.stations")),
    (
        "arch.args.standardization.x_mean",
        DataFile("data.standardization.mean"),
    ),
    (
        "arch.args.standardization.x_scale",
        DataFile("data.standardization.scale"),
    ),
    ("arch.phys_vae.no_phy", To("phys_vae.no_phy")),
    ("arch.phys_vae.dim_z_aux", To("phys_vae.dim_z_aux")),
    ("arch.phys_vae.dim_z_phy", Special),
    ("arch.phys_vae.activation", To("phys_vae.activation")),
    (
        "arch.phys_vae.num_units_feat",
        To("phys_vae.num_units_feat"),
    ),
    (
        "arch.phys_vae.hidlayers_feat",
        To("phys_vae.hidlayers_feat"),
    ),
    (
        "arch.phys_vae.hidlayers_z_phy",
        To("phys_vae.hidlayers_z_phy"),
    ),
    (
        "arch.phys_vae.hidlayers_z_aux",
        To("phys_vae.hidlayers_z_aux"),
    ),
    ("arch.phys_vae.residual_rank", Ignored(LOW_RANK)),
    ("arch.phys_vae.tau_init", Ignored(LOW_RANK)),
    ("arch.phys_vae.tau_final", Ignored(LOW_RANK)),
    ("arch.phys_vae.tau_warmup_epochs", Ignored(LOW_RANK)),
    ("arch.phys_vae.r_init", Ignored(LOW_RANK)),
    ("arch.phys_vae.r_final", Ignored(LOW_RANK)),
    ("arch.phys_vae.r_warmup_epochs", Ignored(LOW_RANK)),
    ("arch.phys_vae.ortho_penalty_weight", Ignored(LOW_RANK)),
    ("arch.phys_vae.coeff_penalty_weight", Ignored(LOW_RANK)),
    ("arch.phys_vae.delta_penalty_weight", Ignored(LOW_RANK)),
    ("data_loader.type", Ignored(ROWS)),
    ("data_loader.type_test", Ignored(ROWS)),
    ("data_loader.args.data_dir", DataFile("data.train")),
    ("data_loader.data_dir_valid", DataFile("data.valid")),
    ("data_loader.data_dir_test", DataFile("data.test")),
    ("data_loader.args.batch_size", Special),
    ("data_loader.args.shuffle", Ignored(ROWS)),
    (
        "data_loader.args.validation_split",
        Ignored("there is a table of validation samples"),
    ),
    ("data_loader.args.num_workers", Ignored("see --threads")),
    (
        "data_loader.args.with_const",
        Ignored("data.angles says it"),
    ),
    ("optimizer.type", To("optimizer.type")),
    ("optimizer.args.lr", To("optimizer.lr")),
    ("optimizer.args.betas", To("optimizer.betas")),
    ("optimizer.args.eps", To("optimizer.eps")),
    ("optimizer.args.weight_decay", To("optimizer.weight_decay")),
    ("optimizer.args.amsgrad", To("optimizer.amsgrad")),
    ("loss", Special),
    ("loss_test", Ignored("errors are mean squares")),
    ("metrics", Ignored("all that is monitored is recorded")),
    ("lr_scheduler.type", To("lr_scheduler.type")),
    ("lr_scheduler.args.T_max", Special),
    ("lr_scheduler.args.step_size", To("lr_scheduler.step_size")),
    ("lr_scheduler.args.gamma", To("lr_scheduler.gamma")),
    ("lr_scheduler.args.eta_min", To("lr_scheduler.eta_min")),
    ("lr_scheduler.args.factor", To("lr_scheduler.factor")),
    ("lr_scheduler.args.patience", To("lr_scheduler.patience")),
    ("lr_scheduler.args.threshold", To("lr_scheduler.threshold")),
    ("lr_scheduler.args.cooldown", To("lr_scheduler.cooldown")),
    ("lr_scheduler.args.min_lr", To("lr_scheduler.min_lr")),
    ("trainer.epochs", To("trainer.epochs")),
    ("trainer.save_dir", Ignored("see --runs-dir")),
    ("trainer.save_period", Ignored(SAVING)),
    ("trainer.log_step", Ignored(LOOKS)),
    ("trainer.verbosity", Ignored(LOOKS)),
    (
        "trainer.monitor",
        Ignored("the validation error of the reconstruction selects the epoch"),
    ),
    ("trainer.early_stop", To("trainer.early_stop")),
    ("trainer.input_key", Ignored("follows from the physics")),
    ("trainer.output_key", Ignored("follows from the physics")),
    ("trainer.input_const_keys", Special),
    ("trainer.stablize_grad", To("trainer.stablize_grad")),
    ("trainer.grad_clip_norm", To("trainer.grad_clip_norm")),
    (
        "trainer.tensorboard",
        Ignored("event files are always written"),
    ),
    ("trainer.wandb", Ignored("nothing is sent anywhere")),
    (
        "trainer.phys_vae.epochs_pretrain",
        To("phys_vae.epochs_pretrain"),
    ),
    (
        "trainer.phys_vae.kl_warmup_epochs",
        To("phys_vae.kl_warmup_epochs"),
    ),
    ("trainer.phys_vae.balance_gate", To("phys_vae.balance_gate")),
    (
        "trainer.phys_vae.balance_residual",
        To("phys_vae.balance_residual"),
    ),
    (
        "trainer.phys_vae.balance_data_aug",
        To("phys_vae.balance_data_aug"),
    ),
];

/// The rule of a key; `None` of one that is not known.
pub(super) fn rule(path: &str) -> Option<Rule> {
    KEYS.iter()
        .find(|(key, _)| *key == path)
        .map(|(_, rule)| *rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_stands_once() {
        for (i, (key, _)) in KEYS.iter().enumerate() {
            assert!(KEYS[..i].iter().all(|(other, _)| other != key), "{key}");
        }
    }
}
