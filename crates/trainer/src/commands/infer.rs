//! `trainer infer`.

use crate::TrainerError;
use crate::cli::{Compress, InferArgs};
use crate::config::ChannelValues;
use crate::inference::input::{InputDescription, InputPlan, Mask};
use crate::inference::{
    BlocksDone, Estimator, FlagCounts, Noise, RasterJob, Refinement, Request, TableJob,
};
use crate::interrupt::on_signals;
use crate::out;
use crate::screen::{Counter, Screen};
use crate::trained_model::TrainedModel;
use crate::training::Shards;
use data::BandNoise;
use nn::Cpu;
use raster::CogCompression;
use sha2::{Digest, Sha256};
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Instant;
use tracing::{info, warn};

/// A table or rasters in, estimates out.
pub(super) fn infer(args: &InferArgs, screen: &Screen) -> Result<(), TrainerError> {
    let device = args.device.check()?;
    let is_raster = is_raster(args)?;
    let workers = args
        .workers
        .unwrap_or_else(|| std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN));
    let trained = TrainedModel::open(&args.run, Cpu::default())?;
    let checked = trained.checked.clone();
    let weights = crate::files::read(&trained.weights)?;
    let weights = format!("{:x}", Sha256::digest(&weights));
    let description = description(args, InputDescription::of_run(&checked))?;
    let refinement = refinement(&trained, args.refine, args.noise)?;
    let request = Request {
        written: args.write.clone(),
        parameters: args.parameters.clone(),
        refinement: refinement.clone(),
    };
    let estimator = Estimator::on(device, trained, request)?;
    let plan = InputPlan::new(&description, &estimator, &checked.physics)?;
    if let Some(dates) = plan.dates.as_ref().filter(|_| is_raster) {
        let allowed = "a date such as 2020-06-21, for a raster has no column of dates";
        return Err(TrainerError::argument("date", dates, allowed));
    }
    if !estimator.knows_its_domain() {
        warn!(
            "{} has no domain.json (it is of an earlier version): inputs unlike its training and high errors are not \
             flagged",
            args.run.display()
        );
    }
    let how =
        serde_json::to_string(&description).map_err(|e| TrainerError::Internal(e.to_string()))?;
    let (stop, started) = (on_signals(), Instant::now());
    let counts = if is_raster {
        let inputs: Vec<String> = args.input.iter().map(|it| file_name(it)).collect();
        let refined = match &refinement {
            None => "none".to_owned(),
            Some(Refinement { steps, noise }) => format!("{steps} steps, noise {noise}"),
        };
        let provenance = [
            ("model", estimator.experiment().name.clone()),
            ("physics", estimator.experiment().physics_name.clone()),
            ("weights_sha256", weights.clone()),
            ("inputs", inputs.join(", ")),
            ("input_description", how.clone()),
            ("angles", plan.angles_in_words()),
            ("refinement", refined),
        ];
        let job = RasterJob {
            estimator: &estimator,
            plan: &plan,
            inputs: &args.input,
            output: &args.output,
            bbox: args.bbox,
            resolution: args.resolution,
            workers,
            compression: match args.compress {
                Compress::None => CogCompression::None,
                Compress::Fast => CogCompression::Deflate { level: 1 },
                Compress::Deflate => CogCompression::Deflate { level: 6 },
            },
            overwrite: args.overwrite,
            provenance: provenance
                .map(|(name, text)| (name.to_owned(), text))
                .to_vec(),
            fingerprint: fingerprint(&args.input, args, &weights)?,
        };
        let counter = Counter::new(screen, "blocks");
        let show = |blocks: BlocksDone| {
            if blocks.done == blocks.before && blocks.before > 0 {
                info!(
                    "{} of {} blocks were done before",
                    blocks.before, blocks.all
                );
            }
            counter.at(blocks.done as u64, Some(blocks.all as u64));
        };
        job.run(&show, &stop)?
    } else {
        let job = TableJob {
            estimator: &estimator,
            plan: &plan,
            input: &args.input[0],
            output: &args.output,
        };
        let counter = Counter::new(screen, "rows");
        let pool = crate::threads::pool(workers.get())?;
        // the reader stays on this thread, the pool takes the parts of a block
        pool.in_place_scope(|_| {
            pool.install(|| job.run(&|done, all| counter.at(done, all), &stop))
        })?
    };
    tell(&args.output, &counts, &estimator, started)
}

/// So many steps with the noise as declared, or that of the training; `None` of none.
pub(super) fn refinement<D: Shards<f32>>(
    trained: &TrainedModel<D>,
    steps: usize,
    noise: Option<BandNoise>,
) -> Result<Option<Refinement>, TrainerError> {
    if steps == 0 {
        return Ok(None);
    }
    let noise = match noise {
        Some(noise) => Noise::declared(noise),
        None => Noise::of_training(trained)?,
    };
    Ok(Some(Refinement { steps, noise }))
}

/// Whether the input is rasters; the output must be alike.
fn is_raster(args: &InferArgs) -> Result<bool, TrainerError> {
    let ending = |path: &Path| {
        path.extension()
            .map(|it| it.to_string_lossy().to_lowercase())
            .unwrap_or_default()
    };
    let is_tif = |path: &Path| matches!(ending(path).as_str(), "tif" | "tiff");
    let is_table = |path: &Path| matches!(ending(path).as_str(), "csv" | "parquet" | "npy");
    let refuse = |name, path: &Path, allowed: &str| {
        Err(TrainerError::argument(
            name,
            &path.display().to_string(),
            allowed,
        ))
    };
    for path in &args.input {
        if !is_tif(path) && !is_table(path) {
            return refuse("--input", path, ".tif, .tiff, .csv, .parquet or .npy");
        }
    }
    let rasters = args.input.iter().filter(|it| is_tif(it)).count();
    if rasters == 0 {
        if let [_, second, ..] = &args.input[..] {
            return refuse(
                "--input",
                second,
                "one table at a time, or several GeoTIFFs",
            );
        }
        if !is_table(&args.output) {
            return refuse(
                "--output",
                &args.output,
                ".csv, .parquet or .npy, as the input is a table",
            );
        }
        if args.bbox.is_some() || args.resolution.is_some() {
            return Err(TrainerError::argument(
                "--bbox or --resolution",
                "of a table",
                "rasters have them",
            ));
        }
        return Ok(false);
    }
    if let Some(table) = args.input.iter().find(|it| !is_tif(it)) {
        return refuse("--input", table, "a GeoTIFF like the others");
    }
    if !is_tif(&args.output) {
        return refuse(
            "--output",
            &args.output,
            ".tif or .tiff, as the input is a raster",
        );
    }
    if !args.keep.is_empty() {
        return Err(TrainerError::argument(
            "--keep",
            &args.keep[0],
            "columns of a table, and the input is a raster",
        ));
    }
    Ok(true)
}

/// What the run knows of its tables, then the file, then the command line; the latter win.
fn description(
    args: &InferArgs,
    of_run: InputDescription,
) -> Result<InputDescription, TrainerError> {
    let own = match &args.description {
        Some(path) => InputDescription::read(path)?,
        // the names and units of the run's own tables are no others' unless nothing else is said
        None if args.values.is_some() || args.input.iter().any(|it| raster_like(it)) => {
            InputDescription::default()
        }
        None => of_run,
    };
    let mut all = own;
    all.columns.extend(args.band.iter().cloned());
    all.angles.extend(args.angle.iter().cloned());
    if let Some(values) = args.values {
        all.values = Some(values);
        if values != ChannelValues::DigitalNumbers {
            all.digital_numbers = None;
        }
    }
    all.digital_numbers = args.digital_numbers.or(all.digital_numbers);
    all.nodata = args.nodata.or(all.nodata);
    if let Some(column) = &args.mask {
        let keep = args.mask_keep.clone().ok_or_else(|| {
            TrainerError::argument(
                "--mask",
                column,
                "with --mask-keep, which says what is kept",
            )
        })?;
        all.mask = Some(Mask {
            column: column.clone(),
            keep,
        });
    }
    all.keep.extend(args.keep.iter().cloned());
    Ok(all)
}

fn raster_like(path: &Path) -> bool {
    path.extension()
        .is_some_and(|it| it.eq_ignore_ascii_case("tif") || it.eq_ignore_ascii_case("tiff"))
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// What an interrupted output must have in common with this call to be continued: weights, inputs by size and time of
/// change, and what is asked.
fn fingerprint(
    inputs: &[std::path::PathBuf],
    args: &InferArgs,
    weights: &str,
) -> Result<String, TrainerError> {
    let mut hash = Sha256::new();
    hash.update(weights);
    // masks and places that lie beside rasters are inputs too
    let beside = inputs.iter().flat_map(raster::RasterFile::files_beside);
    let inputs: Vec<std::path::PathBuf> = inputs.iter().cloned().chain(beside).collect();
    for path in &inputs {
        let about = std::fs::metadata(path).map_err(|e| TrainerError::io(path, e))?;
        hash.update(path.display().to_string());
        hash.update(about.len().to_le_bytes());
        hash.update(format!("{:?}", about.modified().ok()));
    }
    let asked = (
        &args.values,
        &args.digital_numbers,
        &args.band,
        &args.angle,
        &args.nodata,
        &args.mask,
        &args.mask_keep,
    );
    hash.update(format!("{asked:?} {:?} {:?}", args.refine, args.noise));
    hash.update(format!(
        "{:?} {:?} {:?}",
        args.write, args.parameters, args.bbox
    ));
    Ok(format!("{:x}", hash.finalize()))
}

fn tell(
    output: &Path,
    counts: &FlagCounts,
    estimator: &Estimator,
    started: Instant,
) -> Result<(), TrainerError> {
    let seconds = started.elapsed().as_secs_f64();
    out::line(format_args!(
        "{}: {} of {} with an estimate, {:.1} s, {:.0} per second",
        output.display(),
        counts.estimated(),
        counts.all,
        seconds,
        counts.all as f64 / seconds.max(1e-9)
    ))?;
    for (meaning, count) in counts.named().filter(|(_, count)| *count > 0) {
        out::line(format_args!(
            "  {:>6.2} %  {meaning}",
            100.0 * count as f64 / counts.all as f64
        ))?;
    }
    for (condition, quantity) in estimator.conditions().iter().enumerate() {
        let count = counts.beyond(condition);
        if count > 0 {
            out::line(format_args!(
                "  angle {} outside {} to {} in {:.2} %: no estimate there",
                quantity.name,
                quantity.min,
                quantity.max,
                100.0 * count as f64 / counts.all as f64
            ))?;
        }
    }
    Ok(())
}
