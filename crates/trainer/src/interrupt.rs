//! Signals that ask the program to stop: Ctrl-C, and those that a cluster or a closing terminal sends before it kills.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

/// What is added to the number of a signal to make an exit code, as shells do.
const SIGNAL_EXIT: i32 = 128;

/// The signal that was taken first; 0: none yet. A process has one set of signals, so this is the process's.
static TAKEN: AtomicI32 = AtomicI32::new(0);

/// The exit code of a program that was asked to stop: 128 and the number of the signal, 130 after Ctrl-C.
pub fn exit_code() -> u8 {
    let taken = TAKEN.load(Ordering::SeqCst);
    let signal = if taken == 0 { CTRL_C } else { taken };
    u8::try_from(SIGNAL_EXIT + signal).unwrap_or(u8::MAX)
}

/// A flag that the first of the signals sets; a second one ends the program at once. One that the program was started
/// with ignored, as `nohup` does with SIGHUP, stays ignored.
pub fn on_signals() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    if let Err(error) = system::watch(&flag) {
        tracing::warn!("a signal will end the program without saving: {error}");
    }
    flag
}

use system::CTRL_C;

#[cfg(unix)]
mod system {
    use super::{Arc, AtomicBool, Ordering, SIGNAL_EXIT, TAKEN};
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::signal_name;
    use std::io;
    use std::os::raw::c_int;

    pub(super) const CTRL_C: c_int = SIGINT;

    /// Those that end a process which does not care, and leave it the time to care.
    const STOPPING: [c_int; 6] = [SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU];

    pub(super) fn watch(flag: &Arc<AtomicBool>) -> io::Result<()> {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let heard = STOPPING
            .iter()
            .filter(|signal| !is_ignored(&status, **signal));
        let mut signals = Signals::new(heard)?;
        let raised = Arc::clone(flag);
        let listen = move || {
            for signal in signals.forever() {
                if raised.swap(true, Ordering::SeqCst) {
                    std::process::exit(SIGNAL_EXIT + signal);
                }
                TAKEN.store(signal, Ordering::SeqCst);
                let name = signal_name(signal).unwrap_or("a signal");
                tracing::info!("{name}: stopping after this step; a second signal stops at once");
            }
        };
        let thread = std::thread::Builder::new().name("signals".to_owned());
        thread.spawn(listen).map(drop)
    }

    /// Whether a signal is ignored, by what Linux says of a process; elsewhere none is known to be.
    fn is_ignored(status: &str, signal: c_int) -> bool {
        let mask = status.lines().find_map(|it| it.strip_prefix("SigIgn:"));
        let mask = mask.and_then(|it| u64::from_str_radix(it.trim(), 16).ok());
        mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn what_linux_says_is_ignored() {
            let status =
                "SigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000002\n";
            assert!(is_ignored(status, SIGHUP));
            assert!(!is_ignored(status, SIGINT));
            assert!(!is_ignored(status, SIGTERM));
            assert!(!is_ignored("", SIGHUP));
        }
    }
}

#[cfg(not(unix))]
mod system {
    use super::{Arc, AtomicBool, SIGNAL_EXIT};
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::flag;
    use std::io;
    use std::os::raw::c_int;

    pub(super) const CTRL_C: c_int = SIGINT;

    pub(super) fn watch(raised: &Arc<AtomicBool>) -> io::Result<()> {
        for signal in [SIGINT, SIGTERM] {
            // in this order: the first finds the flag down, the second finds it up and ends the program
            flag::register_conditional_shutdown(signal, SIGNAL_EXIT + signal, Arc::clone(raised))?;
            flag::register(signal, Arc::clone(raised))?;
        }
        Ok(())
    }
}
