//! Speed of the forward models, with criterion.
//!
//! `cargo bench -p physics --bench reflectance` runs a short selection: everything that matters at batch 256,
//! and other sizes of the fastest kind. With a filter (a regular expression, as criterion takes it) all
//! combinations can be had, such as `-- 'enmap_box jacobian/f64, 11 bands'` or `-- '/65536$'`.
//! `cargo xtask bench` prints the medians as a table.

mod shared;

use criterion::{BenchmarkId, Criterion, Throughput};
use physics::{CanopyParameters, ReflectanceModel, Variant};
use rayon::ThreadPoolBuilder;
use shared::{Bands, Forests, Geometry, Numbers, model, variant_name};
use std::error::Error;
use std::hint::black_box;
use std::time::Duration;

const BATCHES: [usize; 5] = [1, 16, 256, 4096, 65536];

/// One combination.
#[derive(Clone, Copy)]
struct Case {
    variant: Variant,
    jacobian: bool,
    numbers: Numbers,
    bands: Bands,
    geometry: Geometry,
    /// 0 for all there are.
    threads: usize,
    batch: usize,
}

impl Case {
    fn group(&self) -> String {
        let task = if self.jacobian { "jacobian" } else { "forward" };
        format!("{} {task}", variant_name(self.variant))
    }

    fn function(&self) -> String {
        let threads = if self.threads == 0 {
            "all threads"
        } else {
            "1 thread"
        };
        format!(
            "{}, {}, {}, {threads}",
            self.numbers.name(),
            self.bands.name(),
            self.geometry.name()
        )
    }

    /// Whether it is in the short selection: the usual case with another batch, or with one other choice.
    fn is_short(&self, fastest: Numbers) -> bool {
        let others = [
            self.variant != Variant::Published,
            self.numbers != fastest,
            self.bands != Bands::All,
            self.geometry != Geometry::One,
        ];
        let others = others.into_iter().filter(|other| *other).count();
        match (self.threads, self.batch) {
            (1, 256) => others <= 1,
            (1, 1 | 16 | 4096) | (0, 4096) => others == 0,
            _ => false,
        }
    }
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for variant in [Variant::Published, Variant::EnmapBox] {
        for numbers in Numbers::available() {
            for bands in [Bands::All, Bands::Training] {
                for geometry in [Geometry::One, Geometry::Each] {
                    for threads in [1, 0] {
                        for jacobian in [false, true] {
                            cases.extend(BATCHES.map(|batch| Case {
                                variant,
                                jacobian,
                                numbers,
                                bands,
                                geometry,
                                threads,
                                batch,
                            }));
                        }
                    }
                }
            }
        }
    }
    cases
}

fn evaluate(model: &ReflectanceModel, samples: &[CanopyParameters], jacobian: bool) -> bool {
    let done = if jacobian {
        model.bands_with_jacobian(samples).map(|_| ())
    } else {
        model.bands(samples).map(|_| ())
    };
    done.is_ok()
}

fn bench(criterion: &mut Criterion, case: &Case) -> Result<(), Box<dyn Error>> {
    let model = model(case.variant, case.numbers, case.bands)?;
    let samples: Vec<CanopyParameters> = Forests::new(case.geometry).take(case.batch).collect();
    if !evaluate(&model, &samples, case.jacobian) {
        return Err("the samples of the bench are refused by the model".into());
    }
    let pool = ThreadPoolBuilder::new().num_threads(case.threads).build()?;
    let mut group = criterion.benchmark_group(case.group());
    group.throughput(Throughput::Elements(case.batch as u64));
    let id = BenchmarkId::new(case.function(), case.batch);
    group.bench_function(id, |bencher| {
        // inside the pool, so that going there is not part of the time
        pool.install(|| {
            bencher.iter(|| evaluate(black_box(&model), black_box(&samples), case.jacobian));
        });
    });
    group.finish();
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1500))
        .configure_from_args();
    let filtered = std::env::args().skip(1).any(|word| !word.starts_with('-'));
    let fastest = Numbers::available()[0];
    for case in cases() {
        if filtered || case.is_short(fastest) {
            bench(&mut criterion, &case)?;
        }
    }
    criterion.final_summary();
    Ok(())
}
