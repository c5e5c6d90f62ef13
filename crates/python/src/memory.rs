//! Room for results: a batch that does not fit raises instead of ending the interpreter.

use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;

/// Smaller results are not compared with what is free.
const NOTEWORTHY: usize = 64 << 20;

/// Room for `rows` × `per_row` numbers, all 0.
///
/// # Errors
/// `MemoryError` if the system does not have it; a system that promises more memory than there is would end the process
/// when the promise is kept, so that what is free is asked for first.
pub fn room<T: Clone + Default>(what: &str, rows: usize, per_row: usize) -> PyResult<Vec<T>> {
    let numbers = rows.checked_mul(per_row);
    let bytes = numbers.and_then(|n| n.checked_mul(size_of::<T>()));
    let refused = || {
        let gib = rows as f64 * per_row as f64 * size_of::<T>() as f64 / f64::from(1 << 30);
        PyMemoryError::new_err(format!(
            "{what} of {rows} rows takes {gib:.3e} GiB, more than is free; take fewer rows at a time"
        ))
    };
    let (Some(numbers), Some(bytes)) = (numbers, bytes) else {
        return Err(refused());
    };
    if bytes > NOTEWORTHY && free_bytes().is_some_and(|free| bytes > free) {
        return Err(refused());
    }
    let mut room = Vec::new();
    room.try_reserve_exact(numbers).map_err(|_| refused())?;
    room.resize(numbers, T::default());
    Ok(room)
}

/// Bytes that can be used without swapping, where the system says it (Linux).
fn free_bytes() -> Option<usize> {
    let told = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = told
        .lines()
        .find(|line| line.starts_with("MemAvailable:"))?;
    let machine = line.split_whitespace().nth(1)?.parse::<usize>().ok()? << 10;
    let number = |name: &str| {
        let text = std::fs::read_to_string(format!("/sys/fs/cgroup/{name}")).ok()?;
        text.trim().parse::<usize>().ok()
    };
    // a container may have less than its machine
    let container = number("memory.max").zip(number("memory.current"));
    let container = container.map_or(usize::MAX, |(most, used)| most.saturating_sub(used));
    Some(machine.min(container))
}
