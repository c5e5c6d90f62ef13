//! The threads of a call, which outlive neither a fork nor the model that they work for.

use physics::on_this_thread;
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

/// More threads than any machine has cores would only cost memory.
pub const MOST_THREADS: usize = 1024;

/// Threads that wait for work, shared by all models that were not told how many to take.
static SHARED: Mutex<Option<Pool>> = Mutex::new(None);

/// One thread per core, or as many as were asked for.
///
/// A pool is made at the first call that needs one. A child that was forked off has none of its threads: it makes its
/// own, and the pool of its parent is left as it is, because its locks may be held by threads that the child does not
/// have. Pools are looked for with the interpreter's lock held, which a fork by Python holds too: no child finds the
/// place of a pool locked.
pub struct Threads {
    number: Option<NonZeroUsize>,
    own: Mutex<Option<Pool>>,
}

/// Threads of one process.
struct Pool {
    process: u32,
    threads: Arc<ThreadPool>,
}

/// What one call works on.
pub enum Workers {
    /// The thread that calls, alone.
    This,
    /// A pool.
    Pool(Arc<ThreadPool>),
}

impl Threads {
    /// # Errors
    /// `ValueError` of none, or of more than [`MOST_THREADS`].
    pub fn of(number: Option<i64>) -> PyResult<Self> {
        let number = match number {
            None => None,
            Some(n) => {
                let allowed = usize::try_from(n).ok().filter(|n| *n <= MOST_THREADS);
                let allowed = allowed.and_then(NonZeroUsize::new);
                Some(allowed.ok_or_else(|| {
                    PyValueError::new_err(format!(
                        "threads is {n}; allowed: 1 to {MOST_THREADS}, or None for one per core"
                    ))
                })?)
            }
        };
        Ok(Self {
            number,
            own: Mutex::new(None),
        })
    }

    /// The threads of a call on `rows` rows, of which at most one is needed for each `least` of them.
    ///
    /// # Errors
    /// `OSError` if the system gives no more threads.
    pub fn workers(&self, _locked: Python<'_>, rows: usize, least: usize) -> PyResult<Workers> {
        let one = self.number.is_some_and(|n| n.get() == 1);
        if one || rows <= least {
            return Ok(Workers::This);
        }
        let place = if self.number.is_some() {
            &self.own
        } else {
            &SHARED
        };
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        let process = std::process::id();
        if let Some(pool) = place.as_ref().filter(|pool| pool.process == process) {
            return Ok(Workers::Pool(Arc::clone(&pool.threads)));
        }
        let number = self.number.map_or(0, NonZeroUsize::get);
        let made = ThreadPoolBuilder::new().num_threads(number).build();
        let threads = Arc::new(made.map_err(|error| {
            PyOSError::new_err(format!(
                "the threads cannot be started: {error}; threads=1 needs none"
            ))
        })?);
        let of_this_process = Pool {
            process,
            threads: Arc::clone(&threads),
        };
        // dropped, a parent's pool is left alone
        *place = Some(of_this_process);
        Ok(Workers::Pool(threads))
    }
}

impl Workers {
    /// `work` on them.
    pub fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match self {
            Self::This => on_this_thread(work),
            Self::Pool(pool) => pool.install(work),
        }
    }

    /// Whether there is one thread.
    pub fn is_one(&self) -> bool {
        matches!(self, Self::This)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        if self.process != std::process::id() {
            std::mem::forget(Arc::clone(&self.threads));
        }
    }
}
