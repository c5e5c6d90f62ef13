//! Networks on a device that only one thread may use: it stays with them, the others ask it.

use super::{Latents, Networks, OnDevice, Signals};
use crate::TrainerError;
use crate::training::Shards;
use model::{Architecture, Buffers, PhysVae, PhysicsLayer};
use ndarray::{ArrayView2, CowArray, Ix2};
use nn::named::{HostTensors, load_host_tensors, to_host_tensors};
use nn::{Backend, Cpu};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::sync::mpsc::{Sender, channel};

/// A model as it travels between threads.
pub(super) struct OnHost {
    architecture: Architecture,
    physics: Option<PhysicsLayer>,
    weights: HostTensors<f32>,
    buffers: Buffers,
}

impl OnHost {
    pub(super) fn of(model: &PhysVae<f32, Cpu>) -> Self {
        Self {
            architecture: model.architecture().clone(),
            physics: model.physics().cloned(),
            weights: to_host_tensors(model),
            buffers: model.buffers().clone(),
        }
    }

    /// The same model there.
    pub(super) fn on<D: Backend<f32>>(self, device: &D) -> Result<PhysVae<f32, D>, TrainerError> {
        // drawn, and replaced at once
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let mut model = PhysVae::new(device, self.architecture, self.physics, &mut rng)?;
        load_host_tensors(&mut model, &self.weights)?;
        *model.buffers_mut() = self.buffers;
        Ok(model)
    }
}

/// What another thread wants to know.
type Question<D> = Box<dyn FnOnce(&OnDevice<D>) + Send>;

/// Networks with the only thread that touches them; it ends when they are dropped.
pub(super) struct ItsOwnThread<D: Shards<f32>> {
    rows_at_once: usize,
    questions: Sender<Question<D>>,
    /// What is wrong, with the device's name.
    failed: Box<dyn Fn(String) -> TrainerError + Send + Sync>,
}

impl<D: Shards<f32>> ItsOwnThread<D> {
    /// Starts the thread; `start` makes the networks in it.
    pub(super) fn start(
        rows_at_once: usize,
        failed: impl Fn(String) -> TrainerError + Send + Sync + 'static,
        start: impl FnOnce() -> Result<OnDevice<D>, TrainerError> + Send + 'static,
    ) -> Result<Self, TrainerError>
    where
        D: 'static,
    {
        let (questions, asked) = channel::<Question<D>>();
        let (tell, started) = channel();
        let work = move || match start() {
            Ok(networks) => {
                // who asks for the networks waits for this
                let _ = tell.send(Ok(()));
                for question in asked {
                    question(&networks);
                }
            }
            Err(error) => {
                let _ = tell.send(Err(error));
            }
        };
        std::thread::Builder::new()
            .name("networks".to_owned())
            .spawn(work)
            .map_err(|e| TrainerError::Internal(e.to_string()))?;
        match started.recv() {
            Ok(Ok(())) => Ok(Self {
                rows_at_once,
                questions,
                failed: Box::new(failed),
            }),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(failed(STOPPED.to_owned())),
        }
    }

    fn ask<R: Send + 'static>(
        &self,
        question: impl FnOnce(&OnDevice<D>) -> Result<R, TrainerError> + Send + 'static,
    ) -> Result<R, TrainerError> {
        let (tell, answer) = channel();
        let stopped = || (self.failed)(STOPPED.to_owned());
        let question = Box::new(move |networks: &OnDevice<D>| {
            // who asked waits below
            let _ = tell.send(question(networks));
        });
        self.questions.send(question).map_err(|_| stopped())?;
        answer.recv().map_err(|_| stopped())?
    }
}

/// The device's library panicked: its message is on the screen.
const STOPPED: &str = "it stopped working";

impl<D: Shards<f32>> Networks for ItsOwnThread<D> {
    fn rows_at_once(&self) -> usize {
        self.rows_at_once
    }

    fn encode(
        &self,
        x: ArrayView2<f32>,
        conditions: Option<ArrayView2<f64>>,
        with_auxiliary: bool,
    ) -> Result<Latents, TrainerError> {
        let (x, conditions) = (x.to_owned(), owned(conditions));
        self.ask(move |networks| {
            let conditions = conditions.as_ref().map(CowArray::view);
            networks.latents(x.view(), conditions, with_auxiliary)
        })
    }

    fn decode(
        &self,
        latents: Latents,
        conditions: Option<ArrayView2<f64>>,
    ) -> Result<Signals, TrainerError> {
        let conditions = owned(conditions);
        self.ask(move |networks| networks.signals(latents, conditions.as_ref().map(CowArray::view)))
    }
}

/// A copy that another thread may keep.
fn owned(conditions: Option<ArrayView2<f64>>) -> Option<CowArray<'static, f64, Ix2>> {
    conditions.map(|all| CowArray::from(all.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{shipped, spectra, untrained};
    use super::*;

    fn failed(why: String) -> TrainerError {
        TrainerError::Device {
            device: "a test".to_owned(),
            why,
        }
    }

    fn on_a_thread(model: &PhysVae<f32, Cpu>) -> ItsOwnThread<Cpu> {
        let on_host = OnHost::of(model);
        let start = move || {
            let device = Cpu::default();
            let model = on_host.on(&device)?;
            Ok(OnDevice { device, model })
        };
        ItsOwnThread::start(64, failed, start).unwrap()
    }

    /// Threads that ask at once get what they would have got from the model itself, bit for bit.
    #[test]
    fn the_model_there_is_the_model_here() {
        for trained in [shipped(), untrained()] {
            let n = 128;
            let seen = spectra(&trained, n);
            let conditions = seen.samples.conditions().map(data::NamedColumns::values);
            let x = seen.samples.x().mapv(|v| v as f32);
            let there = on_a_thread(&trained.learner.model);
            let here = OnDevice {
                device: Cpu::default(),
                model: trained.learner.model,
            };
            let ask = |networks: &dyn Networks| {
                let latents = networks.encode(x.view(), conditions, true).unwrap();
                let [mean, lnvar] =
                    [&latents.physical.mean, &latents.physical.lnvar].map(Vec::clone);
                let signals = networks.decode(latents, conditions).unwrap();
                (mean, lnvar, signals.x_p, signals.x_pb, signals.gate)
            };
            let expected = ask(&here);
            std::thread::scope(|scope| {
                let asking: Vec<_> = (0..4).map(|_| scope.spawn(|| ask(&there))).collect();
                for thread in asking {
                    assert!(thread.join().unwrap() == expected);
                }
            });
        }
    }

    #[test]
    fn what_keeps_it_from_starting_is_told() {
        let refused = ItsOwnThread::<Cpu>::start(64, failed, || Err(failed("no memory".into())));
        let why = refused.err().unwrap().to_string();
        assert!(why.contains("no memory"), "{why}");
    }

    /// A library that panics ends its thread; who asks is told, this time and the next.
    #[test]
    fn a_panic_there_is_an_error_here() {
        let there = on_a_thread(&shipped().learner.model);
        for _ in 0..2 {
            let answer: Result<(), _> = there.ask(|_| panic!("as a library does"));
            let why = answer.unwrap_err().to_string();
            assert!(why.contains(STOPPED), "{why}");
        }
    }
}
