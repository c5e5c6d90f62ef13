//! Every key of the configuration, and what its change means for a run that goes on.

/// What a changed key means for a run that goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It holds from the next step on.
    Free,
    /// What is minimised or measured changes: the best epoch, early stopping and a plateau begin anew, and so does an
    /// unfinished epoch.
    Anew,
    /// It says where the samples come from. Where they are the same nothing changes; where they are not, the change
    /// needs `--allow-changed-data` and everything is measured anew.
    Samples,
    /// Weights, moments or their meaning depend on it: refused.
    State,
}

use Standing::{Anew, Free, Samples, State};

/// Every key of the schema once; a key stands for those below it.
pub const KEYS: &[(&str, Standing)] = &[
    ("name", Free),
    ("seed", Anew),
    ("physics.model", State),
    ("physics.variant", State),
    ("physics.sensor", State),
    ("physics.tables", State),
    ("physics.precision", Anew),
    ("physics.spectral.sampling", Anew),
    ("physics.spectral.nodes", Anew),
    ("physics.spectral.file", Anew),
    ("physics.ranges", State),
    ("physics.fixed", State),
    ("physics.stations", State),
    ("physics.poisson_ratio", State),
    ("data.source", Samples),
    ("data.channels", State),
    ("data.bands", State),
    ("data.train_samples", Samples),
    ("data.valid_samples", Samples),
    ("data.test_samples", Samples),
    ("data.seed", Samples),
    ("data.noise", Samples),
    ("data.band_noise", Samples),
    ("data.model_error", Samples),
    ("data.geometries", Samples),
    ("data.dir", Samples),
    ("data.train", Samples),
    ("data.valid", Samples),
    ("data.test", Samples),
    ("data.columns", Samples),
    ("data.values", Samples),
    ("data.digital_numbers", Samples),
    ("data.standardization", State),
    ("data.angles", Samples),
    ("data.sun", Samples),
    ("data.labels.class", Free),
    ("data.labels.sample_id", Free),
    ("data.labels.date", Anew),
    ("data.truth", Free),
    ("data.missing", Samples),
    ("data.out_of_range", Samples),
    ("data.duplicates", Samples),
    ("data.max_dropped", Free),
    ("data.max_memory_gib", Free),
    ("phys_vae.no_phy", State),
    ("phys_vae.dim_z_phy", State),
    ("phys_vae.dim_z_aux", State),
    ("phys_vae.sees_conditions", State),
    ("phys_vae.deterministic_latents", State),
    ("phys_vae.residual", State),
    ("phys_vae.low_rank.rank", State),
    ("phys_vae.low_rank.tau_init", State),
    ("phys_vae.low_rank.tau_final", State),
    ("phys_vae.low_rank.tau_warmup_epochs", State),
    ("phys_vae.low_rank.r_init", State),
    ("phys_vae.low_rank.r_final", State),
    ("phys_vae.low_rank.r_warmup_epochs", State),
    ("phys_vae.low_rank.ortho_penalty_weight", Anew),
    ("phys_vae.low_rank.coeff_penalty_weight", Anew),
    ("phys_vae.low_rank.use_time", State),
    ("phys_vae.calibration", State),
    ("phys_vae.activation", State),
    ("phys_vae.num_units_feat", State),
    ("phys_vae.hidlayers_feat", State),
    ("phys_vae.hidlayers_z_phy", State),
    ("phys_vae.hidlayers_z_aux", State),
    ("phys_vae.epochs_pretrain", Anew),
    ("phys_vae.kl_warmup_epochs", Anew),
    ("phys_vae.balance_gate", Anew),
    ("phys_vae.balance_residual", Anew),
    ("phys_vae.balance_data_aug", Anew),
    ("phys_vae.detach_x_p", Anew),
    ("phys_vae.kl_without_physics", Anew),
    ("objective.likelihood", Anew),
    ("objective.noise", Anew),
    ("objective.huber_delta", Anew),
    ("objective.physics_weight", Anew),
    ("objective.posterior", Anew),
    ("objective.beta_max_z_phy", Anew),
    ("objective.beta_max_z_aux", Anew),
    ("objective.free_bits", Anew),
    ("objective.capacity", Anew),
    ("objective.capacity_weight", Anew),
    ("objective.ema_prior_momentum", Anew),
    ("objective.edge_penalty_weight", Anew),
    ("objective.edge_penalty_power", Anew),
    ("objective.temporal_smoothness", Anew),
    ("optimizer.type", State),
    ("optimizer.lr", Free),
    ("optimizer.betas", State),
    ("optimizer.eps", Free),
    ("optimizer.weight_decay", Free),
    ("optimizer.amsgrad", State),
    ("lr_scheduler", Free),
    ("pretrain.spectra_per_epoch", Anew),
    ("pretrain.loss", Anew),
    ("pretrain.draw", Anew),
    ("pretrain.noise", Anew),
    ("pretrain.band_noise", Anew),
    ("pretrain.model_error", Anew),
    ("trainer.epochs", Free),
    ("trainer.batch_size", Anew),
    ("trainer.pretrain_lr", Free),
    ("trainer.early_stop", Free),
    ("trainer.grad_clip_norm", Free),
    ("trainer.stablize_grad", Free),
    ("trainer.max_skipped_steps", Free),
];

/// What a change of this key means; one that the table does not know is refused.
pub fn standing_of(key: &str) -> Standing {
    let entry = KEYS.iter().find(|(known, _)| covers(known, key));
    entry.map_or(State, |(_, standing)| *standing)
}

/// Whether `known` is this key or one above it.
fn covers(known: &str, key: &str) -> bool {
    key.strip_prefix(known)
        .is_some_and(|below| below.is_empty() || below.starts_with('.'))
}

/// The table as docs/robustness.md has it.
pub fn table() -> String {
    let keys_of = |standing: Standing| {
        let mut blocks: Vec<(&str, Vec<&str>)> = vec![];
        for (key, _) in KEYS.iter().filter(|(_, it)| *it == standing) {
            let (block, name) = key.split_once('.').unwrap_or(("", key));
            match blocks.last_mut() {
                Some((last, names)) if *last == block => names.push(name),
                _ => blocks.push((block, vec![name])),
            }
        }
        let parts = blocks
            .into_iter()
            .map(|(block, names)| match (block, &names[..]) {
                ("", names) => format!("`{}`", names.join("`, `")),
                (block, [name]) => format!("`{block}.{name}`"),
                (block, names) => format!("`{block}.`: {}", names.join(", ")),
            });
        parts.collect::<Vec<_>>().join("; ")
    };
    let rows = [
        ("free: it holds from the next step on", Free),
        (
            "measured anew: the best epoch, early stopping and a plateau of the learning rate begin anew, an unfinished \
             epoch from its first batch; a line says so",
            Anew,
        ),
        (
            "the samples decide: where they are the same nothing changes, where not it needs `--allow-changed-data` and \
             everything is measured anew",
            Samples,
        ),
        (
            "refused: weights, moments or their meaning depend on it",
            State,
        ),
    ];
    let mut text = "| a changed key means | keys |\n|---|---|\n".to_owned();
    for (meaning, standing) in rows {
        text.extend(["| ", meaning, " | ", &keys_of(standing), " |\n"]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::schema::{alternatives, configuration_schema, is_object};
    use serde_json::Value;
    use std::collections::BTreeSet;

    /// The paths of all keys that hold a value, whatever alternative they belong to.
    fn leaves(path: &str, schema: &Value, all: &mut BTreeSet<String>) {
        let mut is_leaf = true;
        for branch in alternatives(schema) {
            let Some(properties) = branch["properties"]
                .as_object()
                .filter(|_| is_object(branch))
            else {
                continue;
            };
            is_leaf = false;
            for (key, below) in properties {
                let path = match path {
                    "" => key.clone(),
                    path => format!("{path}.{key}"),
                };
                leaves(&path, below, all);
            }
        }
        if is_leaf {
            all.insert(path.to_owned());
        }
    }

    /// A key that is added to the configuration must be added to the table.
    #[test]
    fn every_key_of_the_schema_stands_in_the_table_once() {
        let mut all = BTreeSet::new();
        leaves("", configuration_schema(), &mut all);
        for key in &all {
            let entries: Vec<_> = KEYS
                .iter()
                .filter(|(known, _)| covers(known, key))
                .collect();
            assert_eq!(entries.len(), 1, "{key}: {entries:?}");
        }
        for (known, _) in KEYS {
            assert!(
                all.iter().any(|key| covers(known, key)),
                "{known} is no key"
            );
        }
        assert_eq!(standing_of("trainer.a_key_of_tomorrow"), State);
        assert_eq!(standing_of("physics.ranges.cab.min"), State);
        assert_eq!(standing_of("trainer.epochs_more"), State);
        println!("{} keys of the schema, {} entries", all.len(), KEYS.len());
        assert!(all.len() > 100, "{}", all.len());
    }

    #[test]
    fn the_page_has_the_table() {
        let page = include_str!("../../../../docs/robustness.md");
        assert!(
            page.contains(&table()),
            "docs/robustness.md needs:\n{}",
            table()
        );
    }
}
