//! Times one batch of the published INFORM again and again and prints one line of JSON: what other programs
//! call to compare, or to count instructions.
//!
//! `cargo bench -p physics --bench time_batch -- --batch 256 --task jacobian --threads 1`

mod shared;

use clap::{Parser, ValueEnum};
use physics::{CanopyParameters, Variant};
use shared::{Bands, Forests, Geometry, Numbers, model};
use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Task {
    Forward,
    Jacobian,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Physics {
    Published,
    EnmapBox,
}

/// Times one batch of INFORM and prints one line of JSON
#[derive(Debug, Parser)]
struct Arguments {
    /// Values alone, or with the Jacobian to the seven usual parameters
    #[arg(long, value_enum, default_value = "forward")]
    task: Task,
    /// The variant
    #[arg(long, value_enum, default_value = "published")]
    variant: Physics,
    /// Samples at a time
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    batch: u32,
    /// Threads, 0 for all there are
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// How often; each time is printed
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    repeats: u32,
    /// Not counted, before the others
    #[arg(long, default_value_t = 3)]
    warm_up: u32,
    /// f64, portable, sse2, avx2 or avx512; the fastest there is if left out
    #[arg(long)]
    numbers: Option<String>,
    /// Only the 11 bands of trainings
    #[arg(long)]
    training_bands: bool,
    /// Another sun and view for each sample
    #[arg(long)]
    each_its_geometry: bool,
    /// What `cargo bench` adds
    #[arg(long, hide = true)]
    bench: bool,
}

/// Time this thread has had a processor, in seconds, by Linux; none elsewhere. It does not grow while others
/// have the processor, so that it can be compared on a busy machine.
fn processor_seconds() -> Option<f64> {
    // the kernel books the time of a thread when the thread stops
    std::thread::sleep(Duration::from_millis(1));
    let booked = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: u64 = booked.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds as f64 * 1e-9)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let available = Numbers::available();
    let numbers = match &arguments.numbers {
        None => available[0],
        Some(name) => *available
            .iter()
            .find(|numbers| numbers.name() == name)
            .ok_or_else(|| {
                let known: Vec<&str> = available.iter().map(|numbers| numbers.name()).collect();
                format!("numbers {name}, expected one of {known:?}")
            })?,
    };
    let bands = if arguments.training_bands {
        Bands::Training
    } else {
        Bands::All
    };
    let geometry = if arguments.each_its_geometry {
        Geometry::Each
    } else {
        Geometry::One
    };
    let variant = match arguments.variant {
        Physics::Published => Variant::Published,
        Physics::EnmapBox => Variant::EnmapBox,
    };
    let model = model(variant, numbers, bands)?;
    let samples: Vec<CanopyParameters> = Forests::new(geometry)
        .take(arguments.batch as usize)
        .collect();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(arguments.threads)
        .build()?;
    let mut seconds = Vec::new();
    let (mut before, mut after) = (None, None);
    pool.install(|| -> Result<(), physics::PhysicsError> {
        for round in 0..arguments.warm_up + arguments.repeats {
            if round == arguments.warm_up {
                before = processor_seconds();
            }
            let start = Instant::now();
            match arguments.task {
                Task::Forward => drop(black_box(model.bands(black_box(&samples))?)),
                Task::Jacobian => drop(black_box(model.bands_with_jacobian(black_box(&samples))?)),
            }
            if round >= arguments.warm_up {
                seconds.push(start.elapsed().as_secs_f64());
            }
        }
        after = processor_seconds();
        Ok(())
    })?;
    // of one thread only: with more, this one's time is not the whole
    let processor = before
        .zip(after)
        .filter(|_| pool.current_num_threads() == 1)
        .map(|(before, after)| (after - before) / f64::from(arguments.repeats));
    let line = serde_json::json!({
        "numbers": numbers.name(),
        "batch": arguments.batch,
        "threads": pool.current_num_threads(),
        "wavelengths": model.sensor().wavelengths_nm().len(),
        "bands": model.sensor().bands().len(),
        "seconds": seconds,
        "processor_seconds_each": processor,
    });
    println!("{line}");
    Ok(())
}
