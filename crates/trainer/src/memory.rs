//! How much memory is left, and whether something large fits: asked before it is allocated, for an allocation that
//! fails ends the program without a word.

use crate::TrainerError;
use crate::experiment::Experiment;
use std::fs::read_to_string;
use std::path::Path;

/// Bytes of a number in training.
const NUMBER: f64 = 4.0;
/// Weights, their gradient, three moments, and a state being written: copies of every weight.
const COPIES: f64 = 9.0;
/// Most parts of a batch, each with a gradient of its own.
const PARTS: f64 = 8.0;
/// Fewest rows of a part.
const ROWS_OF_A_PART: f64 = 64.0;
/// An activation, its gradient, and one on the way.
const ACTIVATIONS: f64 = 3.0;

/// Refuses what needs more memory than there is.
///
/// # Errors
/// It does not fit, by an estimate that is rather too small. Where the system does not say how much memory is left,
/// everything fits.
pub fn room_for(what: &str, bytes: f64) -> Result<(), TrainerError> {
    match available() {
        Some(there) if bytes > there => Err(TrainerError::TooLarge {
            what: what.to_owned(),
            needed: bytes,
            there,
        }),
        _ => Ok(()),
    }
}

/// Refuses simulated samples that do not fit: so many rows of so many numbers.
///
/// # Errors
/// As [`room_for`].
pub fn room_for_samples(rows: usize, numbers: usize) -> Result<(), TrainerError> {
    // the table, and what is made of it while it is standardised
    let bytes = 2.0 * 8.0 * rows as f64 * numbers as f64;
    room_for(&format!("{rows} simulated samples"), bytes)
}

/// Refuses a training whose network and batches do not fit.
///
/// # Errors
/// As [`room_for`].
pub fn room_for_training(experiment: &Experiment, samples: usize) -> Result<(), TrainerError> {
    let net = &experiment.architecture;
    let heads = |hidden: &[usize], latents: usize| {
        // one for the means, one for the variances
        let (weights, width) = layers(net.num_units_feat, hidden, latents);
        if latents == 0 {
            (0.0, 0.0)
        } else {
            (2.0 * weights, 2.0 * width)
        }
    };
    let seen = net.channels + net.sees_conditions;
    let parts = [
        layers(seen, &net.hidlayers_feat, net.num_units_feat),
        heads(&net.hidlayers_z_phy, net.dim_z_phy),
        heads(&net.hidlayers_z_aux, net.dim_z_aux),
    ];
    let weights: f64 = parts.iter().map(|part| part.0).sum();
    let widths: f64 = parts.iter().map(|part| part.1).sum();
    let drawn = experiment.spectra_per_epoch.map_or(0, usize::from);
    let rows = experiment.batch_size.get().min(samples.max(drawn)) as f64;
    let shards = (rows / ROWS_OF_A_PART).clamp(1.0, PARTS);
    room_for(
        &format!("a network of {weights:.0} weights"),
        NUMBER * weights * (COPIES + shards),
    )?;
    let jacobian = (net.channels * net.dim_z_phy) as f64;
    room_for(
        &format!("a batch of {rows} rows"),
        NUMBER * rows * (ACTIVATIONS * widths + 2.0 * jacobian),
    )
}

/// Weights and widths of layers one behind the other.
fn layers(first: usize, hidden: &[usize], last: usize) -> (f64, f64) {
    let mut before = first as f64;
    let (mut weights, mut widths) = (0.0, 0.0);
    for &width in hidden.iter().chain([&last]) {
        weights += (before + 1.0) * width as f64;
        widths += width as f64;
        before = width as f64;
    }
    (weights, widths)
}

/// Bytes that this process can still take, where the system says so: the machine's, those of its group of processes
/// (containers, jobs of a cluster), those of its own limit.
pub fn available() -> Option<f64> {
    let text = |path: &Path| read_to_string(path).ok();
    let machine = text(Path::new("/proc/meminfo")).and_then(|it| of_the_machine(&it));
    let own = text(Path::new("/proc/self/limits")).and_then(|it| of_the_limit(&it));
    let taken = text(Path::new("/proc/self/statm")).and_then(|it| pages(&it));
    let own = own.map(|limit| (limit - taken.unwrap_or(0.0)).max(0.0));
    [machine, own, of_the_group()]
        .into_iter()
        .flatten()
        .reduce(f64::min)
}

/// `MemAvailable: 23456 kB`.
fn of_the_machine(meminfo: &str) -> Option<f64> {
    let line = meminfo
        .lines()
        .find_map(|it| it.strip_prefix("MemAvailable:"))?;
    let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024.0)
}

/// `Max address space 4194304000 unlimited bytes`: the first is the limit that holds.
fn of_the_limit(limits: &str) -> Option<f64> {
    let line = limits
        .lines()
        .find_map(|it| it.strip_prefix("Max address space"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Bytes of addresses that are in use: the first number, in pages of at least 4 KiB.
fn pages(statm: &str) -> Option<f64> {
    let pages: f64 = statm.split_whitespace().next()?.parse().ok()?;
    Some(pages * 4096.0)
}

/// What a control group (version 2) leaves.
fn of_the_group() -> Option<f64> {
    let own = read_to_string("/proc/self/cgroup").ok()?;
    let path = own.lines().find_map(|it| it.strip_prefix("0::/"))?;
    let mut folder = Path::new("/sys/fs/cgroup").join(path);
    let mut least: Option<f64> = None;
    // a limit of any group above holds too
    while folder.starts_with("/sys/fs/cgroup") {
        let number =
            |name| -> Option<f64> { read_to_string(folder.join(name)).ok()?.trim().parse().ok() };
        if let (Some(limit), Some(taken)) = (number("memory.max"), number("memory.current")) {
            let left = (limit - taken).max(0.0);
            least = Some(least.map_or(left, |it| it.min(left)));
        }
        if !folder.pop() {
            break;
        }
    }
    least
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_linux_says_is_read() {
        let meminfo = "MemTotal:       24567 kB\nMemAvailable:   1000 kB\n";
        assert_eq!(of_the_machine(meminfo), Some(1_024_000.0));
        let limits = "Limit  Soft Limit  Hard Limit  Units\nMax address space         4096000    unlimited   bytes\n";
        assert_eq!(of_the_limit(limits), Some(4_096_000.0));
        let unlimited = limits.replace("4096000 ", "unlimited ");
        assert_eq!(of_the_limit(&unlimited), None);
        assert_eq!(pages("100 50 20 1 0 30 0"), Some(409_600.0));
    }

    #[test]
    fn what_is_larger_than_any_memory_is_refused() {
        if available().is_none() {
            return;
        }
        room_for("a little", 1e5).unwrap();
        let error = room_for("a table", 1e18).unwrap_err().to_string();
        assert!(
            error.starts_with("a table needs about 931322574.6 GiB of memory, "),
            "{error}"
        );
        assert!(room_for_samples(100_000_000_000, 11).is_err());
    }

    #[test]
    fn weights_of_layers() {
        assert_eq!(
            layers(11, &[128, 64], 8),
            (12.0 * 128.0 + 129.0 * 64.0 + 65.0 * 8.0, 200.0)
        );
        assert_eq!(layers(3, &[], 2), (8.0, 2.0));
    }
}
