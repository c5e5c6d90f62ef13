//! `trainer devices`.

use crate::{TrainerError, gpu, out};
use gpus::{Gpu, Inventory};

/// Lists the processor and the GPUs.
pub(super) fn devices() -> Result<(), TrainerError> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    out::line(format_args!("cpu     {threads} threads"))?;
    match gpus::list() {
        Ok(inventory) => out::text(table(&inventory, &|index| {
            gpu::check(index).map_err(|error| error.to_string())
        }))?,
        Err(error) => out::line(format_args!("no GPU: {error}"))?,
    }
    Ok(())
}

/// A line per GPU, and one of what is in the way where `usable` says so.
fn table(inventory: &Inventory, usable: &dyn Fn(usize) -> Result<(), String>) -> String {
    if inventory.gpus.is_empty() {
        return "no GPU: the NVIDIA driver sees none\n".to_owned();
    }
    let lines = inventory.gpus.iter().map(|gpu| {
        let line = line(gpu);
        match usable(gpu.index) {
            Ok(()) => line,
            Err(why) => format!("{line}\n        not used: {why}"),
        }
    });
    let mut lines: Vec<String> = lines.collect();
    lines.push(format!("the driver knows CUDA {}\n", inventory.cuda));
    lines.join("\n")
}

fn line(gpu: &Gpu) -> String {
    let mib = |bytes: u64| bytes >> 20;
    let free = gpu
        .memory_free
        .map_or("an unknown part".to_owned(), |free| {
            format!("{} MiB", mib(free))
        });
    format!(
        "cuda:{}  {}, {free} of {} MiB free, compute capability {}, {} multiprocessors",
        gpu.index,
        gpu.name,
        mib(gpu.memory_total),
        gpu.compute_capability,
        gpu.multiprocessors
    )
}
