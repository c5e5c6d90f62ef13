//! Runs of every objective, and runs that were spoilt at the loss or at the optimiser.

use super::*;
use crate::assemble::{Assembled, assemble, check};
use crate::config::{ConfigSource, Overrides, load};
use crate::metrics::Record;
use crate::origin::Origin;
use crate::resume::ChangeRecord;
use crate::training::{Silent, Training};
use nn::Cpu;
use std::sync::atomic::AtomicBool;

/// Sixteen epochs of Stage A in which the synthetic loss has time to halve, five of Stage B in which β gets to 1.
const SMALL: [&str; 14] = [
    "data.train_samples=80",
    "data.valid_samples=20",
    "data.test_samples=2",
    "phys_vae.num_units_feat=64",
    "phys_vae.hidlayers_feat=[64]",
    "phys_vae.hidlayers_z_phy=[64]",
    "phys_vae.hidlayers_z_aux=[64]",
    "phys_vae.epochs_pretrain=16",
    "phys_vae.kl_warmup_epochs=3",
    "pretrain.spectra_per_epoch=4096",
    "physics.spectral.sampling=quadrature",
    "optimizer.lr=0.003",
    // two shards: 64 rows and 6
    "trainer.batch_size=70",
    "trainer.epochs=21",
];

fn assembled(more: &[&str]) -> Assembled {
    let set = SMALL.iter().chain(more).map(|&s| s.to_owned()).collect();
    let overrides = Overrides {
        set,
        ..Overrides::default()
    };
    let loaded = load(&ConfigSource::BuiltIn, &overrides).unwrap();
    assemble(&check(&loaded).unwrap()).unwrap_or_else(|e| panic!("{more:?}: {e}"))
}

/// The records of a training by this experiment.
fn records(spoilt: &Assembled) -> Vec<Record> {
    let runs = tempfile::tempdir().unwrap();
    let run = RunDirectory::create(runs.path(), "x", "{}").unwrap();
    let origin = Origin::of("{}", &spoilt.samples);
    let mut training = Training::<f32, _>::new(
        &spoilt.experiment,
        &spoilt.samples,
        &run,
        Cpu::default(),
        origin,
    )
    .unwrap();
    training.run(&mut Silent, &AtomicBool::new(false)).unwrap();
    let mut records = vec![];
    training
        .log()
        .each_whole(&mut |record| records.push(record))
        .unwrap();
    records
}

fn judged(records: &[Record], rules: Vec<InForce>) -> [Option<bool>; 5] {
    let mut judge = Judge::new(rules);
    for record in records {
        judge.see(record);
    }
    judge.checks().named().map(|(_, result)| result)
}

fn by(experiment: &Experiment) -> Vec<InForce> {
    InForce::throughout(Rules::of(experiment))
}

const PASS: Option<bool> = Some(true);

/// Every objective and schedule, trained as it says: what has a meaning passes, the rest is left open.
#[test]
fn healthy_runs_pass_or_are_left_open() {
    let simulation = ["pretrain.loss=likelihood", "objective.posterior=simulation"];
    let no_physics = [
        "phys_vae.no_phy=true",
        "phys_vae.dim_z_phy=0",
        "phys_vae.epochs_pretrain=0",
        "pretrain.spectra_per_epoch=null",
        // what has no effect without physics
        "phys_vae.hidlayers_z_phy=[128]",
        "physics.spectral.sampling=exact",
    ];
    let plateau =
        r#"lr_scheduler={"type":"ReduceLROnPlateau","patience":0,"factor":0.5,"threshold":0.5}"#;
    let cases: [(&[&str], [Option<bool>; 5]); 22] = [
        (&[], [PASS; 5]),
        (&["objective.free_bits=0.5"], [PASS; 5]),
        (&["objective.free_bits=100"], [PASS; 5]),
        (
            &["objective.beta_max_z_phy=0.1"],
            [PASS, PASS, PASS, PASS, None],
        ),
        (
            &[
                "objective.beta_max_z_phy=0.3",
                "objective.beta_max_z_aux=0.3",
            ],
            [PASS; 5],
        ),
        (&["objective.capacity=3"], [PASS, PASS, PASS, PASS, None]),
        (&["objective.ema_prior_momentum=0.9"], [PASS; 5]),
        (
            &[
                "objective.likelihood=learned_noise",
                "objective.physics_weight=1",
            ],
            [PASS; 5],
        ),
        (&["objective.likelihood=fixed_noise"], [PASS; 5]),
        (&["objective.likelihood=l1"], [PASS; 5]),
        (&["objective.likelihood=huber"], [PASS; 5]),
        (&["objective.edge_penalty_weight=0.1"], [PASS; 5]),
        (
            &["pretrain.loss=likelihood"],
            [PASS, PASS, PASS, None, PASS],
        ),
        (&simulation, [PASS, PASS, PASS, None, None]),
        (
            &["phys_vae.dim_z_aux=0", "phys_vae.hidlayers_z_aux=[128]"],
            [PASS; 5],
        ),
        (&["phys_vae.residual=low_rank"], [PASS; 5]),
        (&no_physics, [None, PASS, None, None, PASS]),
        (&[plateau], [PASS; 5]),
        (
            &[
                r#"lr_scheduler={"type":"StepLR","step_size":2}"#,
                "trainer.pretrain_lr=0.004",
            ],
            [PASS; 5],
        ),
        (&[r#"lr_scheduler={"type":"None"}"#], [PASS; 5]),
        (
            &["phys_vae.balance_data_aug=0"],
            [PASS, PASS, PASS, None, PASS],
        ),
        (&["trainer.epochs=18"], [PASS, None, PASS, PASS, PASS]),
    ];
    let number = cases.len();
    for (more, expected) in cases {
        let run = assembled(more);
        let found = judged(&records(&run), by(&run.experiment));
        assert_eq!(found, expected, "{more:?}");
    }
    println!("{number} objectives and schedules");
}

/// What is spoilt, further settings, how an experiment is spoilt, and the checks that fail.
type Spoilt = (
    &'static str,
    &'static [&'static str],
    fn(&mut Experiment),
    [bool; 5],
);

/// A training that does not do what its configuration says, by what the loss or the optimiser was given.
#[test]
fn each_check_fails_on_a_run_that_was_spoilt() {
    let healthy = assembled(&[]);
    let (f, t) = (false, true);
    let cases: [Spoilt; 8] = [
        // Stage B begins within what shall be Stage A: the KL costs there
        (
            "stage B too early",
            &["phys_vae.epochs_pretrain=10"],
            |_| {},
            [t, t, t, f, f],
        ),
        (
            "β too slow",
            &["phys_vae.kl_warmup_epochs=30"],
            |_| {},
            [f, t, f, f, f],
        ),
        ("no KL", &[], |x| x.kl_is_used = false, [f, t, f, f, f]),
        (
            "another rate in stage A",
            &["trainer.pretrain_lr=0.004"],
            |_| {},
            [f, f, t, f, f],
        ),
        (
            "another rate in stage B",
            &[r#"lr_scheduler={"type":"ExponentialLR","gamma":0.9}"#],
            |_| {},
            [f, f, t, f, f],
        ),
        // uphill
        (
            "stage A",
            &[],
            |x| x.weights.data_aug = -1.0,
            [t, f, f, t, f],
        ),
        (
            "physical block",
            &["objective.beta_max_z_phy=0.1"],
            |_| {},
            [f, f, f, f, t],
        ),
        (
            "free bits",
            &["objective.free_bits=1.5"],
            |_| {},
            [f, f, f, f, t],
        ),
    ];
    let mut failed = [false; 5];
    for (what, more, spoil, expected) in cases {
        let mut spoilt = assembled(more);
        spoil(&mut spoilt.experiment);
        let found = judged(&records(&spoilt), by(&healthy.experiment));
        assert_eq!(
            found.map(|result| result == Some(false)),
            expected,
            "{what}: {found:?}"
        );
        for (all, one) in failed.iter_mut().zip(expected) {
            *all |= one;
        }
    }
    assert_eq!(failed, [true; 5]);
}

/// The optimiser is given another rate than the schedule's, one step long.
#[test]
fn one_step_with_another_rate_is_seen() {
    let run = assembled(&[]);
    let healthy = records(&run);
    let steps = healthy
        .iter()
        .filter(|r| matches!(r, Record::Step(_)))
        .count();
    assert!(steps > 80, "{steps}");
    let mut tried = 0;
    for at in (0..healthy.len()).step_by(7) {
        let mut spoilt = healthy.clone();
        let Record::Step(step) = &mut spoilt[at] else {
            continue;
        };
        step.lr *= 1.0 + 1e-9;
        assert_eq!(judged(&spoilt, by(&run.experiment))[2], Some(false), "{at}");
        tried += 1;
    }
    println!("{tried} steps");
}

/// What the step's report holds is what moved the weights: the rate that Adam was given.
#[test]
fn the_rate_of_a_record_is_the_optimisers() {
    let run = assembled(&["trainer.pretrain_lr=0.004"]);
    let healthy = assembled(&[]);
    let rates: Vec<f64> = records(&run)
        .iter()
        .filter_map(|record| match record {
            Record::Step(step) => Some(step.lr),
            Record::Epoch(_) => None,
        })
        .collect();
    assert_eq!(rates[0], 0.004);
    assert_eq!(healthy.experiment.schedule.config().lr, 0.003);
    // sixteen epochs of 59 batches
    assert_eq!((rates[16 * 59 - 1], rates[16 * 59]), (0.004, 0.003));
}

/// A run that was trained on with more epochs is judged by the schedule of each time, and so is a wrong one.
#[test]
fn a_schedule_that_changed_on_the_way_is_the_one_of_its_time() {
    let (fewer, more) = (assembled(&[]), assembled(&["trainer.epochs=26"]));
    let place = (21, 0);
    let before: Vec<Record> = records(&fewer);
    let mut spliced = before.clone();
    let epoch_of = |record: &Record| match record {
        Record::Step(step) => step.epoch,
        Record::Epoch(epoch) => epoch.epoch,
    };
    spliced.extend(
        records(&more)
            .into_iter()
            .filter(|r| epoch_of(r) >= place.0),
    );
    let then = InForce {
        until: Some(place),
        rules: Some(Rules::of(&fewer.experiment)),
        then_other_lr: false,
        then_anew: false,
    };
    let rules = [vec![then], by(&more.experiment)].concat();
    assert_eq!(judged(&spliced, rules), [PASS; 5]);
    // by the last schedule alone the first epochs are wrong
    assert_eq!(judged(&spliced, by(&more.experiment))[2], Some(false));
}

/// The history of a run directory: a change of the configuration, then one of the samples.
#[test]
fn changes_of_a_run_are_read_back() {
    let runs = tempfile::tempdir().unwrap();
    let now = assembled(&["trainer.epochs=26"]);
    let set = SMALL.map(str::to_owned).to_vec();
    let overrides = Overrides {
        set,
        ..Overrides::default()
    };
    let then = check(&load(&ConfigSource::BuiltIn, &overrides).unwrap()).unwrap();
    let run = RunDirectory::create(runs.path(), "x", &then.to_json()).unwrap();
    assert_eq!(run.keep_config().unwrap(), 1);
    let log = crate::resume::ChangeLog::new(run.disk().clone(), run.path());
    for (epoch, config_until) in [(15, Some("config.until-1.json".to_owned())), (17, None)] {
        log.add(ChangeRecord {
            epoch,
            batch: 0,
            other_samples: config_until.is_none(),
            config_until,
            keys: vec!["trainer.epochs".into()],
            measured_anew: false,
        })
        .unwrap();
    }
    let history = InForce::of_run(&run, &now.experiment).unwrap();
    let epochs: Vec<_> = history
        .iter()
        .map(|it| {
            (
                it.until,
                it.rules.as_ref().unwrap().schedule.config().epochs,
            )
        })
        .collect();
    assert_eq!(
        epochs,
        [(Some((15, 0)), 21), (Some((17, 0)), 26), (None, 26)]
    );
}

#[test]
fn what_a_run_cannot_say_is_left_open() {
    let run = assembled(&[]);
    let all = records(&run);
    let until = |epoch: usize| {
        let of = |record: &&Record| match record {
            Record::Step(step) => step.epoch < epoch,
            Record::Epoch(record) => record.epoch < epoch,
        };
        judged(
            &all.iter().filter(of).cloned().collect::<Vec<_>>(),
            by(&run.experiment),
        )
    };
    assert_eq!(until(0), [None; 5]);
    assert_eq!(until(5), [PASS, None, None, None, None]);
    assert_eq!(until(16), [PASS, None, None, PASS, None]);
    assert_eq!(until(18), [PASS, None, PASS, PASS, PASS]);
}
