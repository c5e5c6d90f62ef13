//! A disk that fails at its n-th operation, for every n of a small training: what is there is whole, and the
//! training resumes to the bytes it would have had.

use nn::{Adam, AdamConfig, Cpu, named};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use trainer::TrainerError;
use trainer::assemble::{assemble, check};
use trainer::checkpoint;
use trainer::config::{ConfigSource, Overrides, load};
use trainer::disk::{Disk, Fault, Faults, Operation};
use trainer::experiment::Experiment;
use trainer::origin::Origin;
use trainer::run_directory::RunDirectory;
use trainer::training::{Changes, Saving, Silent, Training};

const SMALL: [&str; 10] = [
    "data.train_samples=40",
    "data.valid_samples=10",
    "data.test_samples=10",
    "phys_vae.num_units_feat=4",
    "phys_vae.hidlayers_feat=[4]",
    "phys_vae.hidlayers_z_phy=[4]",
    "phys_vae.hidlayers_z_aux=[4]",
    "phys_vae.epochs_pretrain=1",
    "trainer.batch_size=16",
    "physics.spectral.sampling=quadrature",
];

/// Counts operations and fails at one of them.
struct At {
    count: AtomicUsize,
    failing: usize,
    fault: Fault,
}

impl Faults for At {
    fn before(&self, _: Operation, _: &Path) -> Option<Fault> {
        let n = self.count.fetch_add(1, Ordering::SeqCst);
        (n == self.failing).then_some(self.fault)
    }
}

struct Small {
    experiment: Experiment,
    samples: data::Splits,
}

impl Small {
    fn new() -> Self {
        Self::with("optimizer.lr=0.0003")
    }

    fn with(setting: &str) -> Self {
        let set = SMALL.iter().chain([&setting]).map(ToString::to_string);
        let overrides = Overrides {
            set: set.collect(),
            epochs: Some(3),
            ..Overrides::default()
        };
        let loaded = load(&ConfigSource::BuiltIn, &overrides).unwrap();
        let assembled = assemble(&check(&loaded).unwrap()).unwrap();
        Self {
            experiment: assembled.experiment,
            samples: assembled.samples,
        }
    }

    /// Trains a run to its end, from its last state where there is one.
    fn train(&self, run: &RunDirectory, resume: bool) -> Result<(), TrainerError> {
        let (experiment, samples) = (&self.experiment, &self.samples);
        let origin = Origin::of("{}", samples);
        let device = Cpu::default();
        let mut training = Training::<f32, Cpu>::new(experiment, samples, run, device, origin)?;
        training.saving = Saving {
            within_epochs: Duration::ZERO,
            keep_epochs: 1,
        };
        if resume {
            training.resume(None, &Changes::default())?;
        }
        training.run(&mut Silent, &AtomicBool::new(false))?;
        Ok(())
    }

    /// Goes back to the state after two epochs, and from there on with this experiment; `again`: goes on from the last
    /// state of it.
    fn go_back(&self, run: &RunDirectory, again: bool) -> Result<(), TrainerError> {
        let (experiment, samples) = (&self.experiment, &self.samples);
        let origin = Origin::of(OTHER, samples);
        let device = Cpu::default();
        let mut training = Training::<f32, Cpu>::new(experiment, samples, run, device, origin)?;
        training.saving.keep_epochs = 3;
        let changes = Changes {
            config: !again,
            learning_rate: true,
            ..Changes::default()
        };
        training.resume((!again).then_some(2), &changes)?;
        training.settle((!again).then_some(OTHER))?;
        training.run(&mut Silent, &AtomicBool::new(false))?;
        Ok(())
    }

    /// Weights and moments of a state; an error where it is damaged.
    fn state(&self, path: &Path) -> Result<(nn::named::HostTensors<f32>, Adam<f32>), TrainerError> {
        let mut model = model::PhysVae::<f32, Cpu>::new(
            &Cpu::default(),
            self.experiment.architecture.clone(),
            self.experiment.physics.clone(),
            &mut data::stream(1, data::Purpose::Initialisation, 0, 0),
        )?;
        let mut adam = Adam::new(AdamConfig::default());
        checkpoint::load(path)?.restore(&mut model, &mut adam)?;
        Ok((named::to_host_tensors(&model), adam))
    }
}

/// Another configuration, as far as a state knows it.
const OTHER: &str = r#"{"lr": 0.01}"#;

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

/// Stopped anywhere while it goes back and on: the weights that a run is judged by are always those of its last state,
/// and going on gives what it would have been.
#[test]
fn going_back_survives_a_failing_disk() {
    let (first, other) = (Small::new(), Small::with("optimizer.lr=0.01"));
    let folder = tempfile::tempdir().unwrap();
    let whole = RunDirectory::create(folder.path(), "whole", "{}").unwrap();
    {
        let (experiment, samples) = (&first.experiment, &first.samples);
        let origin = Origin::of("{}", samples);
        let device = Cpu::default();
        let mut training =
            Training::<f32, Cpu>::new(experiment, samples, &whole, device, origin).unwrap();
        training.saving.keep_epochs = 3;
        training.run(&mut Silent, &AtomicBool::new(false)).unwrap();
    }
    let old_last = std::fs::read(whole.last()).unwrap();
    let found = |run: &RunDirectory| {
        let metrics = std::fs::read(run.path().join("metrics.jsonl")).unwrap();
        let states = [run.last(), run.best(), run.after_epochs(2)];
        (metrics, states.map(|state| other.state(&state).unwrap()))
    };
    let copied = |name: &str| {
        let path = folder.path().join(name);
        copy(whole.path(), &path);
        RunDirectory::open(&path).unwrap()
    };
    let counting = Arc::new(At {
        count: AtomicUsize::new(0),
        failing: usize::MAX,
        fault: Fault::Error(ErrorKind::Other),
    });
    let undisturbed = copied("undisturbed").on(Disk::with_faults(counting.clone()));
    other.go_back(&undisturbed, false).unwrap();
    let operations = counting.count.load(Ordering::SeqCst);
    let expected = found(&undisturbed);
    let (mut before, mut after) = (0, 0);
    for fault in [
        Fault::Error(ErrorKind::PermissionDenied),
        Fault::Short(ErrorKind::StorageFull),
    ] {
        for failing in 0..operations {
            let what = format!("{fault:?} at {failing}");
            let run = copied(&what);
            let faults = Arc::new(At {
                count: AtomicUsize::new(0),
                failing,
                fault,
            });
            let stopped = other.go_back(&run.clone().on(Disk::with_faults(faults)), false);
            assert!(matches!(stopped, Err(TrainerError::Io { .. })), "{what}");
            // whichever state is the last one, the run is judged by the weights that it names
            let last = checkpoint::load::<f32>(&run.last()).unwrap();
            let selected = run.selected().unwrap_or_else(|e| panic!("{what}: {e}"));
            let selected = checkpoint::load::<f32>(&selected).unwrap().progress;
            assert_eq!(
                Some(selected.epoch),
                last.progress.epochs_of_best(),
                "{what}"
            );
            let committed = last.origin == Origin::of(OTHER, &other.samples);
            if committed {
                after += 1;
            } else {
                assert!(std::fs::read(run.last()).unwrap() == old_last, "{what}");
                before += 1;
            }
            other
                .go_back(&run, committed)
                .unwrap_or_else(|e| panic!("{what}: {e}"));
            assert!(found(&run) == expected, "{what}: the run differs");
        }
    }
    println!(
        "{operations} operations, stopped {before} times before and {after} times after the last state was replaced"
    );
    assert!(before > 10 && after > 50);
}

#[test]
fn wherever_the_disk_fails_nothing_is_lost() {
    let small = Small::new();
    let folder = tempfile::tempdir().unwrap();
    let faults = |failing, fault| {
        Arc::new(At {
            count: AtomicUsize::new(0),
            failing,
            fault,
        })
    };
    let never = faults(usize::MAX, Fault::Error(ErrorKind::Other));
    let disk = Disk::with_faults(never.clone());
    let whole = RunDirectory::create_on(disk, folder.path(), "whole", "{}").unwrap();
    small.train(&whole, false).unwrap();
    let operations = never.count.load(Ordering::SeqCst);
    let metrics = |run: &RunDirectory| std::fs::read(run.path().join("metrics.jsonl")).unwrap();
    let expected = (
        metrics(&whole),
        small.state(&whole.last()).unwrap(),
        small.state(&whole.best()).unwrap(),
    );

    let (mut begun, mut not_begun) = (0, 0);
    for fault in [
        Fault::Error(ErrorKind::PermissionDenied),
        Fault::Short(ErrorKind::StorageFull),
    ] {
        for n in 0..operations {
            let runs = folder.path().join(format!("{fault:?}-{n}"));
            let disk = Disk::with_faults(faults(n, fault));
            let created = RunDirectory::create_on(disk, &runs, "run", "{}");
            let Ok(run) = created else {
                not_begun += 1;
                continue;
            };
            let stopped = small.train(&run, false).unwrap_err();
            assert!(
                matches!(stopped, TrainerError::Io { .. }),
                "{fault:?} {n}: {stopped}"
            );
            let run = RunDirectory::open(run.path()).unwrap();
            if !run.last().exists() {
                // it came to no state that could be resumed
                assert!(small.train(&run, true).is_err(), "{fault:?} {n}");
                not_begun += 1;
                continue;
            }
            for state in [run.last(), run.best()] {
                assert!(
                    !state.exists() || small.state(&state).is_ok(),
                    "{fault:?} {n}"
                );
            }
            small
                .train(&run, true)
                .unwrap_or_else(|e| panic!("{fault:?} {n}: {e}"));
            let found = (
                metrics(&run),
                small.state(&run.last()).unwrap(),
                small.state(&run.best()).unwrap(),
            );
            assert!(found == expected, "{fault:?} {n}: the run differs");
            begun += 1;
        }
    }
    println!(
        "{operations} operations, {begun} trainings stopped and resumed, {not_begun} not begun"
    );
    assert!(begun > 100 && not_begun > 0);
}
