//! The key that a user probably meant.

use super::document::join;
use super::schema::{all_paths, configuration_schema};

/// The known key closest to an unknown one, or where in the configuration that key belongs.
pub(crate) fn nearest_key(parent: &str, key: &str, known: &[String]) -> Option<String> {
    let close = known
        .iter()
        .map(|candidate| {
            (
                distance(&key.to_lowercase(), &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(distance, candidate)| *distance <= candidate.chars().count().max(3) / 3)
        .min_by_key(|(distance, _)| *distance);
    if let Some((_, candidate)) = close {
        return Some(join(parent, candidate));
    }
    all_paths(configuration_schema())
        .into_iter()
        .find(|path| path.rsplit('.').next() == Some(key) && *path != join(parent, key))
}

/// Levenshtein's distance: the fewest insertions, deletions and replacements of a character.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (a, b, expected) in [
            ("", "", 0),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("epoch", "epochs", 1),
            ("ä", "a", 1),
        ] {
            assert_eq!(distance(a, b), expected);
            assert_eq!(distance(b, a), expected);
        }
    }

    #[test]
    fn typing_errors_and_misplaced_keys_are_recognised() {
        let known = ["epochs".to_owned(), "batch_size".to_owned()];
        let nearest = |key| nearest_key("trainer", key, &known);
        assert_eq!(nearest("epoch").as_deref(), Some("trainer.epochs"));
        assert_eq!(nearest("Batch_Size").as_deref(), Some("trainer.batch_size"));
        assert_eq!(nearest("dim_z_phy").as_deref(), Some("phys_vae.dim_z_phy"));
        assert_eq!(nearest("wandb"), None);
    }
}
