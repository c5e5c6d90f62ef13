//! Work that stays on the thread that asks for it.

use std::cell::Cell;

thread_local! {
    static ALONE: Cell<bool> = const { Cell::new(false) };
}

/// Does `work` on this thread alone: batches that are evaluated inside are not shared out, and no pool of threads is
/// asked for or made. Results are the same bits as with any number of threads.
///
/// A program that forks, as Python's `multiprocessing` does, can go on in the child only where no pool is needed.
///
/// ```
/// use physics::{CanopyParameters, ReflectanceModel, on_this_thread};
///
/// let inform = ReflectanceModel::builder().build()?;
/// let forests = vec![CanopyParameters::default(); 100];
/// let alone = on_this_thread(|| inform.bands(&forests))?;
/// assert_eq!(alone, inform.bands(&forests)?);
/// # Ok::<(), physics::PhysicsError>(())
/// ```
pub fn on_this_thread<R>(work: impl FnOnce() -> R) -> R {
    /// Puts back what was there, also after a panic.
    struct Before(bool);
    impl Drop for Before {
        fn drop(&mut self) {
            ALONE.set(self.0);
        }
    }
    let _before = Before(ALONE.replace(true));
    work()
}

/// Whether this thread works by [`on_this_thread`].
pub(crate) fn is_alone() -> bool {
    ALONE.get()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_work_is_alone() {
        assert!(!is_alone());
        on_this_thread(|| {
            assert!(is_alone());
            on_this_thread(|| ());
            assert!(is_alone());
            assert!(!std::thread::spawn(is_alone).join().unwrap());
        });
        assert!(!is_alone());
        let panicked = std::panic::catch_unwind(|| on_this_thread(|| panic!("of the work")));
        assert!(panicked.is_err() && !is_alone());
    }
}
