//! What a changed configuration means for a run that goes on.

use super::{ChangedKey, Standing, differences, standing_of};
use crate::TrainerError;
use serde_json::Value;
use std::path::Path;

/// A changed configuration that a run can go on with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// The keys whose values differ.
    pub keys: Vec<ChangedKey>,
}

impl Change {
    /// Whether what is minimised or measured is another thing now.
    pub fn measures_anew(&self) -> bool {
        let mut keys = self.keys.iter();
        keys.any(|it| standing_of(&it.key) == Standing::Anew)
    }

    /// Whether the initial learning rate is another one now.
    pub fn has_new_learning_rate(&self) -> bool {
        self.keys.iter().any(|it| it.key == LEARNING_RATE)
    }

    /// The keys with their values, `trainer.epochs is 50, was 40; …`.
    pub fn text(&self) -> String {
        let keys = self.keys.iter();
        keys.map(|it| format!("{} is {}, was {}", it.key, it.now, it.then))
            .collect::<Vec<_>>()
            .join("; ")
    }
}

/// The initial learning rate.
pub(crate) const LEARNING_RATE: &str = "optimizer.lr";

/// The change from one configuration to another, as JSON; `run` is for messages.
///
/// # Errors
/// Weights, moments or their meaning depend on a key that differs.
pub fn between(run: &Path, then: &str, now: &str) -> Result<Change, TrainerError> {
    let parse = |text: &str| {
        serde_json::from_str::<Value>(text).map_err(|e| TrainerError::Internal(e.to_string()))
    };
    let keys = differences(&parse(then)?, &parse(now)?);
    if let Some(refused) = keys.iter().find(|it| is_refused(it)) {
        return Err(TrainerError::StateDependsOn {
            run: run.to_owned(),
            key: refused.key.clone(),
            then: refused.then.to_string(),
            now: refused.now.to_string(),
        });
    }
    Ok(Change { keys })
}

/// The σ of `learned_noise` are weights, which the other likelihoods do not have.
fn is_refused(change: &ChangedKey) -> bool {
    let learned = |value: &Value| value == "learned_noise";
    standing_of(&change.key) == Standing::State
        || change.key == "objective.likelihood" && (learned(&change.then) || learned(&change.now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(then: &Value, now: &Value) -> Result<Change, TrainerError> {
        between(Path::new("run"), &then.to_string(), &now.to_string())
    }

    #[test]
    fn what_the_weights_depend_on_is_refused() {
        let then = json!({"phys_vae": {"activation": "elu"}, "trainer": {"epochs": 40}});
        let now = json!({"phys_vae": {"activation": "relu"}, "trainer": {"epochs": 41}});
        let message = of(&then, &now).unwrap_err().to_string();
        assert_eq!(
            message,
            "run cannot go on with phys_vae.activation = \"relu\": its weights or their moments were learned with \
             \"elu\", and mean something else under another; go on without that change, or begin anew"
        );
        let likelihood = |name: &str| json!({"objective": {"likelihood": name}});
        assert!(of(&likelihood("huber"), &likelihood("learned_noise")).is_err());
        assert!(of(&likelihood("learned_noise"), &likelihood("huber")).is_err());
        assert!(
            of(&likelihood("l1"), &likelihood("huber"))
                .unwrap()
                .measures_anew()
        );
    }

    #[test]
    fn what_is_free_changes_no_measure() {
        let then = json!({"optimizer": {"lr": 1e-3}, "trainer": {"epochs": 40}});
        let now = json!({"optimizer": {"lr": 1e-2}, "trainer": {"epochs": 50}});
        let change = of(&then, &now).unwrap();
        assert!(!change.measures_anew() && change.has_new_learning_rate());
        assert_eq!(
            change.text(),
            "optimizer.lr is 0.01, was 0.001; trainer.epochs is 50, was 40"
        );
    }
}
