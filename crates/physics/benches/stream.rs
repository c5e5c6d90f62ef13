//! Streams many forests through the model, a chunk at a time, and prints time and peak memory as one line of
//! JSON: time must grow with the number of forests, memory must not.
//!
//! `cargo bench -p physics --bench stream -- --samples 1000000`

mod shared;

use clap::Parser;
use physics::{CanopyParameters, Variant};
use shared::{Bands, Forests, Geometry, Numbers, model};
use std::error::Error;
use std::time::Instant;

/// Streams forests through INFORM and prints time and peak memory
#[derive(Debug, Parser)]
struct Arguments {
    /// How many forests
    #[arg(long, default_value_t = 1_000_000)]
    samples: usize,
    /// Forests in memory at a time
    #[arg(long, default_value_t = 4096, value_parser = clap::value_parser!(u32).range(1..))]
    chunk: u32,
    /// Threads, 0 for all there are
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// With the Jacobian to the seven usual parameters
    #[arg(long)]
    jacobian: bool,
    /// What `cargo bench` adds
    #[arg(long, hide = true)]
    bench: bool,
}

/// Largest memory this process has held, kB; none where the system does not say.
fn peak_memory_kb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let model = model(Variant::Published, Numbers::available()[0], Bands::All)?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(arguments.threads)
        .build()?;
    let mut forests = Forests::new(Geometry::One);
    let (mut left, mut sum) = (arguments.samples, 0.0);
    let start = Instant::now();
    pool.install(|| -> Result<(), physics::PhysicsError> {
        while left > 0 {
            let take = left.min(arguments.chunk as usize);
            let samples: Vec<CanopyParameters> = forests.by_ref().take(take).collect();
            sum += if arguments.jacobian {
                let (bands, jacobian) = model.bands_with_jacobian(&samples)?;
                bands.sum() + jacobian.sum()
            } else {
                model.bands(&samples)?.sum()
            };
            left -= take;
        }
        Ok(())
    })?;
    let line = serde_json::json!({
        "samples": arguments.samples,
        "threads": pool.current_num_threads(),
        "seconds": start.elapsed().as_secs_f64(),
        "peak_memory_kb": peak_memory_kb(),
        "sum": sum,
    });
    println!("{line}");
    Ok(())
}
