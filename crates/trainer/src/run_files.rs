//! The names of the files that belong to a run.

use std::path::Path;

/// Files of a run's folder with names that never change.
const NAMES: [&str; 10] = [
    "config.json",
    "standardization.json",
    "domain.json",
    "physics.json",
    "dropped_rows.csv",
    "run.lock",
    "run.log",
    "summary.json",
    "seasons.csv",
    "report.html",
];

/// Whether a path within a run's folder is one that the program writes there itself: states, records, what a finished
/// run holds; also while it is being written.
pub(crate) fn is_own(inside: &Path) -> bool {
    let Some(name) = inside.file_name().and_then(|it| it.to_str()) else {
        return false;
    };
    let name = name.strip_suffix(".tmp").unwrap_or(name);
    let has_ending = |ending: &str| Path::new(name).extension().is_some_and(|it| it == ending);
    if has_ending("safetensors") {
        return true;
    }
    let is_kept_config = name.starts_with("config.until-") && has_ending("json");
    let is_event_file = name.starts_with("events.out.tfevents.");
    inside.components().count() == 1
        && (NAMES.contains(&name) || has_ending("jsonl") || is_kept_config || is_event_file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_names_are_known_and_others_free() {
        for own in [
            "config.json",
            "config.json.tmp",
            "config.until-3.json",
            "metrics.jsonl",
            "checkpoints/best.safetensors",
            "checkpoints/after-00003-epochs.safetensors",
            "diverged_batch.safetensors",
            "events.out.tfevents.1790000000.trainer.000",
        ] {
            assert!(is_own(Path::new(own)), "{own}");
        }
        for other in [
            "parameters.csv",
            "mine/config.json",
            "austria.html",
            "config.json.csv",
        ] {
            assert!(!is_own(Path::new(other)), "{other}");
        }
    }
}
