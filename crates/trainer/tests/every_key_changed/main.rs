//! Every key of the configuration changed when a small run is resumed: refused and the run as it was, byte by byte, or
//! taken with the consequences that docs/robustness.md says.

mod bases;
mod place;

use bases::Outcome::{Anew, Free, NotPossible, OtherSamples, Refused, SameSamples};
use bases::{Outcome, bases};
use place::{Place, contents, copy, said};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use trainer::resume::{KEYS, Standing, standing_of};

/// The outcome that the table of keys promises; the tables decide about samples, a check about nonsense.
fn agrees(standing: Standing, outcome: Outcome) -> bool {
    match outcome {
        NotPossible => true,
        // the σ of `learned_noise` are weights
        Refused => matches!(standing, Standing::State | Standing::Anew),
        Free => standing == Standing::Free,
        Anew => standing == Standing::Anew,
        OtherSamples | SameSamples => standing == Standing::Samples,
    }
}

#[test]
fn every_key_does_what_the_table_says() {
    let place = Place::new();
    let mut tried: BTreeMap<String, usize> = BTreeMap::new();
    let mut keys = BTreeSet::new();
    for (base, settings, changes) in bases() {
        let run = place.run(&base.replace(' ', "_"), &settings);
        let copied = place.folder.path().join("copied");
        for (change, expected) in changes {
            let what = format!("{base}, {change}: {expected:?}");
            // blanks part settings, outside of JSON
            let settings: Vec<String> = if change.contains('{') {
                place.settings(change)
            } else {
                change
                    .split(' ')
                    .flat_map(|it| place.settings(it))
                    .collect()
            };
            let key = change.split('=').next().unwrap().to_owned();
            if key.contains('.') || standing_of(&key) != Standing::State {
                assert!(agrees(standing_of(&key), expected), "{what}");
            }
            let _ = fs::remove_dir_all(&copied);
            copy(&run, &copied);
            let before = contents(&copied);
            let path = copied.to_string_lossy().into_owned();
            let mut arguments = vec!["--resume", &path, "--allow-changed-config"];
            if !change.starts_with("trainer.epochs") {
                arguments.extend(["--epochs", "4"]);
            }
            let mut output = place.trainer(&arguments, &settings);
            if expected == OtherSamples {
                assert_eq!(output.status.code(), Some(2), "{what}: {}", said(&output));
                assert!(
                    said(&output).contains("--allow-changed-data"),
                    "{what}: {}",
                    said(&output)
                );
                assert!(
                    contents(&copied) == before,
                    "{what}: the refused run is another one now"
                );
                arguments.push("--allow-changed-data");
                output = place.trainer(&arguments, &settings);
            }
            let message = said(&output);
            if matches!(expected, Refused | NotPossible) {
                assert_eq!(output.status.code(), Some(2), "{what}: {message}");
                assert!(
                    contents(&copied) == before,
                    "{what}: the refused run is another one now"
                );
                let of_state = message.contains("cannot go on with");
                assert_eq!(of_state, expected == Refused, "{what}: {message}");
            } else {
                assert!(output.status.success(), "{what}: {message}");
                let log = fs::read_to_string(copied.join("changes.jsonl")).unwrap();
                let record: serde_json::Value =
                    serde_json::from_str(log.lines().last().unwrap()).unwrap();
                let anew = matches!(expected, Anew | OtherSamples);
                assert_eq!(record["measured_anew"], anew, "{what}: {record}");
                assert_eq!(
                    record["other_samples"],
                    expected == OtherSamples,
                    "{what}: {record}"
                );
                assert_eq!(
                    copied.join("checkpoints/best.until-1.safetensors").exists(),
                    anew,
                    "{what}"
                );
                assert_eq!(message.contains("begin anew"), anew, "{what}: {message}");
                let standardization = copied.join("standardization.json");
                assert_eq!(
                    fs::read(&standardization).unwrap(),
                    before[&standardization],
                    "{what}"
                );
            }
            // a whole block is tried for the key that chooses what is in it
            let key = match &*key {
                "physics" => "physics.model",
                "data" => "data.source",
                key => key,
            };
            for (known, _) in KEYS {
                if *known == key || key.starts_with(&format!("{known}.")) {
                    keys.insert(*known);
                }
            }
            *tried.entry(format!("{expected:?}")).or_default() += 1;
        }
    }
    let missing: Vec<_> = KEYS
        .iter()
        .map(|(key, _)| *key)
        .filter(|key| !keys.contains(key))
        .collect();
    assert_eq!(
        missing,
        Vec::<&str>::new(),
        "keys that no change was tried of"
    );
    println!(
        "{} changes of {} keys: {tried:?}",
        tried.values().sum::<usize>(),
        keys.len()
    );
}
