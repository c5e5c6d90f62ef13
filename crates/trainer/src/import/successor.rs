//! Files of PILA, the low-rank successor: what its keys mean where they mean something else than in MAGIC's files.
//!
//! What its code does is mapped, not what its files suggest: weights that stand in `arch` are not read there.

use super::{Fate, Import, refused};
use crate::TrainerError;
use serde_json::{Value, json};

/// Keys that only PILA's files have: one of them makes a file its.
const ITS_OWN: &[&str] = &[
    "trainer.phys_vae.use_kl_term_z_phy",
    "trainer.phys_vae.use_kl_term_z_aux",
    "trainer.phys_vae.beta_max_z_phy",
    "trainer.phys_vae.beta_max_z_aux",
    "trainer.phys_vae.use_ema_prior",
    "trainer.phys_vae.ema_momentum",
    "trainer.phys_vae.use_capacity_control",
    "trainer.phys_vae.C_max",
    "trainer.phys_vae.C_gamma",
    "trainer.phys_vae.beta_aux",
    "trainer.phys_vae.ortho_penalty_weight",
    "trainer.phys_vae.coeff_penalty_weight",
    "trainer.phys_vae.delta_penalty_weight",
    "trainer.phys_vae.edge_penalty_weight",
    "trainer.phys_vae.edge_penalty_power",
    "trainer.phys_vae.temporal_smoothness_weight",
    "arch.phys_vae.detach_x_P_for_bias",
    "arch.args.time_feat_dim",
    "arch.args.use_time_in_residual",
];

/// Whether keys and values are those of a file of PILA.
pub(super) fn is_one(leaves: &[(String, &Value)]) -> bool {
    leaves
        .iter()
        .any(|(key, _)| ITS_OWN.contains(&key.as_str()))
}

impl Import<'_> {
    fn is_true(&self, key: &str) -> bool {
        self.get(key) == &json!(true)
    }

    /// What becomes of a key; `None` where it is what it is in MAGIC's files.
    pub(super) fn fate_in_successor(
        &mut self,
        key: &str,
        value: &Value,
    ) -> Result<Option<Fate>, TrainerError> {
        let taken = |import: &mut Self, to: &str| {
            import.set(to, value.clone());
            Fate::Taken(to.to_owned())
        };
        let ignored = |why: &str| Fate::Ignored(why.to_owned());
        Ok(Some(match key {
            "arch.phys_vae.residual_rank" => taken(self, "phys_vae.low_rank.rank"),
            "arch.phys_vae.tau_init"
            | "arch.phys_vae.tau_final"
            | "arch.phys_vae.tau_warmup_epochs"
            | "arch.phys_vae.r_init"
            | "arch.phys_vae.r_final"
            | "arch.phys_vae.r_warmup_epochs" => {
                let name = key.trim_start_matches("arch.phys_vae.");
                taken(self, &format!("phys_vae.low_rank.{name}"))
            }
            "arch.phys_vae.ortho_penalty_weight"
            | "arch.phys_vae.coeff_penalty_weight"
            | "arch.phys_vae.delta_penalty_weight" => {
                ignored("its code reads it in trainer.phys_vae alone")
            }
            "arch.phys_vae.detach_x_P_for_bias" => {
                let reason = "its training takes the physics' output without gradient in any case";
                self.changed("phys_vae.detach_x_p", json!(true), reason)
            }
            "arch.args.time_feat_dim" => ignored("sin and cos of one and of two turns a year"),
            "arch.args.use_time_in_residual" => taken(self, "phys_vae.low_rank.use_time"),
            "trainer.phys_vae.ortho_penalty_weight" => {
                taken(self, "phys_vae.low_rank.ortho_penalty_weight")
            }
            "trainer.phys_vae.coeff_penalty_weight" => {
                taken(self, "phys_vae.low_rank.coeff_penalty_weight")
            }
            "trainer.phys_vae.delta_penalty_weight" => taken(self, "phys_vae.balance_residual"),
            "trainer.phys_vae.balance_gate"
            | "trainer.phys_vae.balance_residual"
            | "trainer.phys_vae.use_kl_term"
            | "trainer.phys_vae.beta_max"
            | "trainer.phys_vae.beta_aux" => ignored("its code does not use it"),
            "trainer.phys_vae.edge_penalty_weight" => taken(self, "objective.edge_penalty_weight"),
            "trainer.phys_vae.edge_penalty_power" => taken(self, "objective.edge_penalty_power"),
            "trainer.phys_vae.temporal_smoothness_weight" if value.as_f64() == Some(0.0) => {
                ignored("0: no such term")
            }
            "trainer.phys_vae.temporal_smoothness_weight" => {
                let why = format!(
                    "{key} = {value}: its windows of days are drawn otherwise; allowed: 0, and \
                     objective.temporal_smoothness in the new file"
                );
                return Err(refused(self.file, why));
            }
            _ => return Ok(self.fate_of_its_kl(key, value)),
        }))
    }

    /// The keys of its KL.
    fn fate_of_its_kl(&mut self, key: &str, value: &Value) -> Option<Fate> {
        let has_kl =
            |import: &Self, of: &str| import.is_true(&format!("trainer.phys_vae.use_kl_term_{of}"));
        let ignored = |why: &str| Some(Fate::Ignored(why.to_owned()));
        let physical = "there is no KL of z_phy (use_kl_term_z_phy)";
        Some(match key.strip_prefix("trainer.phys_vae.")? {
            "use_kl_term_z_phy" | "use_kl_term_z_aux" => {
                return ignored("phys_vae.deterministic_latents says it");
            }
            "beta_max_z_phy" if has_kl(self, "z_phy") => {
                self.set("objective.beta_max_z_phy", value.clone());
                Fate::Taken("objective.beta_max_z_phy".into())
            }
            "beta_max_z_aux" if has_kl(self, "z_aux") => {
                self.set("objective.beta_max_z_aux", value.clone());
                Fate::Taken("objective.beta_max_z_aux".into())
            }
            "beta_max_z_phy" => return ignored(physical),
            "beta_max_z_aux" => return ignored("there is no KL of z_aux (use_kl_term_z_aux)"),
            "use_ema_prior" => return ignored("objective.ema_prior_momentum says it"),
            "use_capacity_control" => return ignored("objective.capacity says it"),
            "ema_momentum" if self.has_ema_prior() => {
                self.set("objective.ema_prior_momentum", value.clone());
                Fate::Taken("objective.ema_prior_momentum".into())
            }
            "C_max" if self.has_capacity() => {
                self.set("objective.capacity", value.clone());
                Fate::Taken("objective.capacity".into())
            }
            "C_gamma" if self.has_capacity() => {
                self.set("objective.capacity_weight", value.clone());
                Fate::Taken("objective.capacity_weight".into())
            }
            "ema_momentum" => return ignored("the prior does not follow (use_ema_prior)"),
            "C_max" | "C_gamma" => return ignored("there is no capacity (use_capacity_control)"),
            _ => return None,
        })
    }

    fn has_ema_prior(&self) -> bool {
        let key = |key: &str| self.is_true(&format!("trainer.phys_vae.{key}"));
        key("use_ema_prior") && key("use_kl_term_z_phy")
    }

    fn has_capacity(&self) -> bool {
        let key = |key: &str| self.is_true(&format!("trainer.phys_vae.{key}"));
        key("use_capacity_control") && key("use_kl_term_z_phy")
    }

    /// What it does without a key of its own, and what its code takes where a key is missing.
    pub(super) fn what_the_successor_adds(&mut self) -> Result<(), TrainerError> {
        let no_physics = self.is_true("arch.phys_vae.no_phy");
        let has_aux = self.get("arch.phys_vae.dim_z_aux").as_u64() != Some(0);
        if !no_physics && has_aux {
            self.add(
                "phys_vae.residual",
                json!("low_rank"),
                "the residual of PILA's files",
            );
            if self.config["phys_vae"].get("detach_x_p").is_none() {
                let reason = "its training takes the physics' output without gradient";
                self.add("phys_vae.detach_x_p", json!(true), reason);
            }
        }
        let kl = |of: &str| self.is_true(&format!("trainer.phys_vae.use_kl_term_{of}"));
        let blocks = [(!no_physics, kl("z_phy")), (has_aux, kl("z_aux"))];
        let mut with_kl = blocks
            .iter()
            .filter(|(is_there, _)| *is_there)
            .map(|it| it.1);
        let first = with_kl.next().unwrap_or(false);
        if with_kl.any(|other| other != first) {
            let why = format!(
                "trainer.phys_vae.use_kl_term_z_phy is {} and use_kl_term_z_aux is {}: latents of which some are drawn and \
                 some are not do not exist here; allowed: both true or both false",
                kl("z_phy"),
                kl("z_aux")
            );
            return Err(refused(self.file, why));
        }
        if !first {
            let reason = "its latents without a KL are the encoder's means";
            self.add("phys_vae.deterministic_latents", json!(true), reason);
        }
        if self.has_ema_prior() && self.config["objective"].get("ema_prior_momentum").is_none() {
            let reason = "its default";
            self.add("objective.ema_prior_momentum", json!(0.99), reason);
        }
        if self.has_capacity() && self.config["objective"].get("capacity").is_none() {
            let nats = self.get("arch.phys_vae.dim_z_phy").as_f64().unwrap_or(0.0);
            self.add(
                "objective.capacity",
                json!(nats),
                "its default, a nat a latent",
            );
        }
        Ok(())
    }
}
