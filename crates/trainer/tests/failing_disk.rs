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
        let overrides = Overrides {
            set: SMALL.map(String::from).to_vec(),
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
            training.resume(None, Changes::default())?;
        }
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
