//! Every key of the configuration's schema, in configurations of every kind: a value that is not the default either
//! changes what a run learns or says, or it is refused because it has no effect. Both directions are tried by running.
//!
//! A whole sweep trains some ten thousand times; one change in thirteen is tried unless `EVERY=1` asks for all, and
//! `BASES=forest` tries those configurations alone whose names begin so.

mod bases;
mod schema_walk;
mod tiny_run;

use bases::{Base, bases};
use schema_walk::{Change, changes};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use tiny_run::{Verdict, judge};

/// Accepted keys that need not change a run, each with the reason.
const WITHOUT_CONSEQUENCE: &[(&str, &str)] = &[
    ("name", "names the folder of the run"),
    ("optimizer.type", "there is one kind"),
    (
        "trainer.max_skipped_steps",
        "a limit that a good run does not reach",
    ),
    (
        "trainer.stablize_grad",
        "acts on gradients that are not finite",
    ),
    (
        "trainer.early_stop",
        "acts where validation stops improving, which a longer run may reach",
    ),
    (
        "trainer.epochs",
        "a plateau or early stopping may end the run before",
    ),
    ("data.max_memory_gib", "a limit on the table"),
    ("data.max_dropped", "a limit on the table"),
    ("data.missing", "acts on rows that lack a value"),
    ("data.out_of_range", "acts on rows that cannot be"),
    ("data.duplicates", "acts on rows that are there twice"),
    ("data.labels", "columns that are carried along"),
    (
        "data.angles",
        "without physics it decides which rows can be read",
    ),
    (
        "data.sun",
        "without physics it decides which rows can be read",
    ),
    (
        "data.geometries.sun_zenith_max",
        "a limit that no drawn day may reach",
    ),
    (
        "data.geometries.relative_azimuth",
        "makes no difference to what is seen at nadir",
    ),
    ("physics.sensor", "without physics it names the bands"),
    (
        "physics.stations",
        "the height of a station is not used, and neither is a station that no channel names",
    ),
    (
        "physics.fixed.tts",
        "with angles it is the value of samples without their own",
    ),
    (
        "physics.fixed.tto",
        "with angles it is the value of samples without their own",
    ),
    ("physics.fixed.psi", "makes no difference at nadir"),
    (
        "physics.fixed.car",
        "acts below 560 nm, where these configurations have no band",
    ),
    (
        "physics.ranges",
        "without physics it names the parameters that a later run may infer",
    ),
    (
        "phys_vae.residual",
        "\"none\" says what dim_z_aux 0 or no_phy says",
    ),
    (
        "phys_vae.kl_warmup_epochs",
        "where the KL weighs nothing, β is recorded all the same",
    ),
    ("lr_scheduler", "a plateau that is not reached"),
];

fn may_have_no_consequence(path: &str) -> bool {
    WITHOUT_CONSEQUENCE.iter().any(|(key, _)| {
        path.strip_prefix(key)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// What was found in one base.
#[derive(Default)]
struct Found {
    tries: usize,
    changing: usize,
    without_effect: usize,
    otherwise_refused: usize,
    excused: usize,
    wrong: Vec<String>,
    keys: BTreeSet<String>,
}

fn sweep(base: &Base, folder: &Path, is_next: &mut impl FnMut() -> bool) -> Found {
    let mut found = Found::default();
    let own = tiny_run::run(&base.config, folder).unwrap_or_else(|e| panic!("{}: {e}", base.name));
    for Change { path, value } in changes(&base.config) {
        if !is_next() {
            continue;
        }
        let mut changed = base.config.clone();
        schema_walk::put(&mut changed, &path, value.clone());
        found.tries += 1;
        let told = |what: &str| format!("{}: {path} = {value}: {what}", base.name);
        match judge(&own, &changed, &path, folder) {
            Verdict::RefusedOtherwise => found.otherwise_refused += 1,
            Verdict::Changes => {
                found.changing += 1;
                found.keys.insert(path);
            }
            Verdict::RefusedAndLearnsTheSame => {
                found.without_effect += 1;
                found.keys.insert(path);
            }
            Verdict::RefusedButLearnsOtherwise => {
                found
                    .wrong
                    .push(told("refused as without effect, yet it has one"));
            }
            Verdict::AcceptedWithoutEffect if may_have_no_consequence(&path) => {
                found.excused += 1;
                found.keys.insert(path);
            }
            Verdict::AcceptedWithoutEffect => found.wrong.push(told("accepted without effect")),
            // what reads a file, a column or a unit fails where it is not there
            Verdict::Failed(_) if path.starts_with("data.") || path.starts_with("physics.") => {
                found.changing += 1;
                found.keys.insert(path);
            }
            Verdict::Failed(error) => found.wrong.push(told(&error)),
        }
    }
    found
}

#[test]
fn every_setting_has_an_effect_or_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    bases::write_tables(folder.path());
    let chosen = std::env::var("BASES").unwrap_or_default();
    // a prime number: no key falls out of step with it in every configuration
    let every: usize = std::env::var("EVERY").map_or(13, |text| text.parse().unwrap());
    let mut place = 0;
    let mut is_next = || {
        place += 1;
        usize::is_multiple_of(place, every)
    };
    let mut sum = Found::default();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for base in bases() {
        if !base.name.starts_with(&chosen) {
            continue;
        }
        seen.extend(schema_walk::keys(&base.config));
        let found = sweep(&base, folder.path(), &mut is_next);
        sum.tries += found.tries;
        sum.changing += found.changing;
        sum.without_effect += found.without_effect;
        sum.otherwise_refused += found.otherwise_refused;
        sum.excused += found.excused;
        sum.wrong.extend(found.wrong);
        sum.keys.extend(found.keys);
    }
    println!(
        "{} changes of {} keys: {} change a run, {} are refused as without effect (and learn the same when they are let \
         be), {} break another rule, {} need not change a run",
        sum.tries,
        seen.len(),
        sum.changing,
        sum.without_effect,
        sum.otherwise_refused,
        sum.excused
    );
    assert!(
        sum.wrong.is_empty(),
        "{} wrong:\n{}",
        sum.wrong.len(),
        sum.wrong.join("\n")
    );
    let untried: Vec<&String> = seen.difference(&sum.keys).collect();
    if chosen.is_empty() && every == 1 {
        assert_eq!(
            untried,
            Vec::<&String>::new(),
            "keys that were never tried with success"
        );
    }
    if chosen.is_empty() {
        let missing: Vec<String> = schema_walk::all_keys()
            .into_iter()
            .filter(|key| !seen.contains(key))
            .collect();
        assert_eq!(missing, Vec::<String>::new(), "keys that are in no base");
    }
}

/// A run's own configuration spells all defaults out, and settings that earlier versions let pass.
#[test]
fn what_a_run_keeps_can_be_used_again() {
    use trainer::assemble::check;
    use trainer::config::{ConfigSource, Overrides, load};
    let folder = tempfile::tempdir().unwrap();
    bases::write_tables(folder.path());
    let file = folder.path().join("config.json");
    for base in bases() {
        let checked = tiny_run::checked(&base.config, folder.path(), false).unwrap();
        std::fs::write(&file, checked.to_json()).unwrap();
        let again = check(&load(&ConfigSource::File(file.clone()), &Overrides::default()).unwrap());
        assert_eq!(again.unwrap().to_json(), checked.to_json(), "{}", base.name);
    }
    let mut idle: Value = bases()[0].config.clone();
    schema_walk::put(&mut idle, "objective.noise", 0.5.into());
    std::fs::write(&file, idle.to_string()).unwrap();
    let of_run = |set: &[&str]| {
        let overrides = Overrides {
            set: set.iter().map(|&it| it.to_owned()).collect(),
            ..Overrides::default()
        };
        check(&load(&ConfigSource::Run(file.clone()), &overrides).unwrap()).map(|_| ())
    };
    of_run(&[]).unwrap();
    of_run(&["trainer.epochs=9"]).unwrap();
    let message = of_run(&["objective.huber_delta=3"])
        .unwrap_err()
        .to_string();
    assert!(message.contains("objective.huber_delta = 3"), "{message}");
}
