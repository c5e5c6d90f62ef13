//! The program's threads: as many as are asked for, and a message where the system does not give them.

use crate::TrainerError;
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use std::error::Error as _;
use std::io;
use std::num::NonZeroUsize;

/// Most threads that can be asked for: more than the cores of any one machine.
pub const MOST: usize = 1024;

/// Reads a number of threads from the command line.
///
/// # Errors
/// What is allowed.
pub fn parse(text: &str) -> Result<NonZeroUsize, String> {
    let threads: Option<NonZeroUsize> = text.parse().ok();
    threads
        .filter(|it| it.get() <= MOST)
        .ok_or_else(|| format!("allowed: a whole number from 1 to {MOST}"))
}

/// Starts the threads that everything computes on: as many as asked for; else one per core (or as the variable
/// `RAYON_NUM_THREADS` says), and fewer where the system does not allow so many.
///
/// # Errors
/// The system refuses the threads.
pub fn start(wanted: Option<NonZeroUsize>) -> Result<(), TrainerError> {
    let mut count = wanted.unwrap_or_else(by_default).get();
    // a global pool that could not be built can never be built again, so that a pool to throw away is tried first
    while let Err(error) = try_pool(count) {
        if wanted.is_some() || count == 1 {
            return Err(error);
        }
        count = count.div_ceil(4);
    }
    match ThreadPoolBuilder::new().num_threads(count).build_global() {
        // the first pool of a process is the only one; a second call (tests) keeps it
        Err(error) if error.source().is_some() => Err(refused(count, error)),
        _ => Ok(()),
    }
}

/// Starts a pool of so many threads and waits until they have ended, so that the next pool finds room for as many.
fn try_pool(count: usize) -> Result<(), TrainerError> {
    let mut started = vec![];
    let pool = ThreadPoolBuilder::new()
        .num_threads(count)
        .spawn_handler(|thread| {
            started.push(std::thread::Builder::new().spawn(|| thread.run())?);
            Ok(())
        })
        .build();
    let tried = pool.map(drop).map_err(|error| refused(count, error));
    for thread in started {
        // a thread that only waited for work has nothing to say
        let _ = thread.join();
    }
    tried
}

/// A pool of so many threads.
///
/// # Errors
/// The system refuses the threads.
pub fn pool(count: usize) -> Result<ThreadPool, TrainerError> {
    let pool = ThreadPoolBuilder::new().num_threads(count).build();
    pool.map_err(|error| refused(count, error))
}

fn by_default() -> NonZeroUsize {
    let variable = std::env::var("RAYON_NUM_THREADS").ok();
    let asked = variable.and_then(|text| parse(&text).ok());
    let cores = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    asked.unwrap_or_else(cores)
}

fn refused(count: usize, error: ThreadPoolBuildError) -> TrainerError {
    TrainerError::Threads {
        count,
        source: io::Error::other(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_threads_have_a_limit() {
        assert_eq!(parse("7").unwrap().get(), 7);
        assert_eq!(parse("1024").unwrap().get(), MOST);
        for text in [
            "0",
            "-1",
            "1025",
            "100000",
            "18446744073709551616",
            "two",
            "",
        ] {
            assert_eq!(
                parse(text).unwrap_err(),
                "allowed: a whole number from 1 to 1024"
            );
        }
    }
}
