//! A lookup table of forests: parameters drawn evenly over their usual ranges, and their bands, as .npy.
//!
//!     cargo run -p physics --example lookup_table -- --count 100000 --canopy enmap_box --sensor s2b
//!
//! Rows are written as they are computed, so that memory does not grow with the table. In Python:
//! `numpy.load("target/lookup_table/bands.npy", mmap_mode="r")`; columns.csv names the columns.

#[path = "shared/even_points.rs"]
mod even_points;
#[path = "shared/outcome.rs"]
mod outcome;
#[path = "shared/usual_ranges.rs"]
mod usual_ranges;

use clap::Parser;
use even_points::EvenPoints;
use ndarray::{Array2, ArrayView2, s};
use ndarray_npy::{read_npy, write_zeroed_npy};
use outcome::{AnyError, exit_code};
use physics::{Canopy, ForwardModel, Parameter, Precision, ReflectanceModel, Sensor, Variant};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;
use usual_ranges::USUAL_RANGES;

/// Rows computed and written at a time.
const ROWS_AT_A_TIME: usize = 8192;
/// Rows read back that are computed anew in double precision.
const ROWS_CHECKED: usize = 64;
/// What [`Precision::F32`] promises of a band.
const SINGLE_PRECISION: f64 = 5e-6;

/// A lookup table of forests and their bands
#[derive(Parser)]
struct Request {
    /// Rows, 1 to 1e9
    #[arg(long, default_value_t = 100_000,
          value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    count: u64,
    /// Folder for parameters.npy, bands.npy and columns.csv
    #[arg(long, value_name = "FOLDER", default_value = "target/lookup_table")]
    out: PathBuf,
    /// What stands on the soil: 4SAIL alone, or INFORM in one of its variants
    #[arg(long, default_value = "published", value_parser = ["sail", "published", "enmap_box"])]
    canopy: String,
    /// s2a, s2b, l8 or l9
    #[arg(long, default_value = "s2a")]
    sensor: String,
}

/// A two-dimensional .npy file of f32, filled row by row. It has its name only once it is whole.
struct NpyRows {
    file: File,
    unfinished: PathBuf,
    path: PathBuf,
}

impl NpyRows {
    fn create(path: PathBuf, rows: usize, columns: usize) -> Result<Self, AnyError> {
        let unfinished = path.with_extension("npy.unfinished");
        let mut file = File::create(&unfinished)
            .map_err(|error| format!("cannot create {}: {error}", unfinished.display()))?;
        write_zeroed_npy::<f32, _>(&file, (rows, columns))?;
        // the zeros are the end of the file: start where they do
        let zeros = (rows * columns * size_of::<f32>()) as i64;
        file.seek(SeekFrom::End(-zeros))?;
        Ok(Self {
            file,
            unfinished,
            path,
        })
    }

    fn write(&mut self, rows: &ArrayView2<f64>) -> Result<(), AnyError> {
        let bytes: Vec<u8> = rows
            .iter()
            .flat_map(|value| (*value as f32).to_ne_bytes())
            .collect();
        Ok(self.file.write_all(&bytes)?)
    }

    fn finish(self) -> Result<(), AnyError> {
        self.file.sync_all()?;
        Ok(fs::rename(self.unfinished, self.path)?)
    }
}

fn model(request: &Request, precision: Precision) -> Result<ReflectanceModel, AnyError> {
    let canopy = match request.canopy.as_str() {
        "sail" => Canopy::Sail,
        "enmap_box" => Canopy::Inform(Variant::EnmapBox),
        _ => Canopy::Inform(Variant::Published),
    };
    let drawn = USUAL_RANGES.map(|(parameter, ..)| parameter);
    let of_forests = [Parameter::LaiU, Parameter::Fc];
    let free = drawn.into_iter().filter(|p| match canopy {
        Canopy::Sail => !of_forests.contains(p),
        Canopy::Inform(_) => true,
    });
    Ok(ReflectanceModel::builder()
        .canopy(canopy)
        .sensor(Sensor::built_in(&request.sensor)?)
        .free(free)
        .precision(precision)
        .build()?)
}

/// Samples × free parameters, drawn from their ranges and rounded to single precision, so that the bands
/// are those of the parameters in the table and not of their neighbours.
fn draw(
    model: &ReflectanceModel,
    points: &mut EvenPoints<{ USUAL_RANGES.len() }>,
    rows: usize,
) -> Array2<f64> {
    let mut parameters = Array2::zeros((rows, model.free().len()));
    for (mut row, point) in parameters.rows_mut().into_iter().zip(points) {
        let drawn = USUAL_RANGES.iter().zip(point);
        let wanted = drawn.filter(|((parameter, ..), _)| model.free().contains(parameter));
        for (value, ((_, min, max), u)) in row.iter_mut().zip(wanted) {
            *value = f64::from((min + u * (max - min)) as f32);
        }
    }
    parameters
}

fn write_columns(model: &ReflectanceModel, path: &Path) -> Result<(), AnyError> {
    let mut text = String::from("file,column,name,unit\n");
    for (column, q) in model.parameters().iter().enumerate() {
        writeln!(text, "parameters.npy,{column},{},{}", q.name, q.unit)?;
    }
    for (column, band) in model.outputs().iter().enumerate() {
        writeln!(text, "bands.npy,{column},{band},{}", model.output_unit())?;
    }
    Ok(fs::write(path, text)?)
}

/// Read the table as its user will: the shapes must be right, and rows all over it those of the model in
/// double precision. Returns the largest difference.
fn check(request: &Request, files: [&Path; 2], rows: usize) -> Result<f64, AnyError> {
    let exact = model(request, Precision::F64)?;
    let [parameters, bands] = files.map(read_npy::<_, Array2<f32>>);
    let (parameters, bands) = (parameters?, bands?);
    let expected = ([rows, exact.free().len()], [rows, exact.outputs().len()]);
    if (parameters.shape(), bands.shape()) != (&expected.0[..], &expected.1[..]) {
        let found = (parameters.shape(), bands.shape());
        return Err(format!("read back shapes {found:?}, expected {expected:?}").into());
    }
    let every = s![..;rows.div_ceil(ROWS_CHECKED), ..];
    let parameters = parameters.slice(every).mapv(f64::from);
    let bands = bands.slice(every).mapv(f64::from);
    let mut values = Array2::zeros(bands.raw_dim());
    exact.evaluate(parameters.view(), None, values.view_mut())?;
    let worst = (&values - &bands).fold(0.0_f64, |worst, d| worst.max(d.abs()));
    if worst > SINGLE_PRECISION {
        let message = format!(
            "bands read back differ by {worst:e} from double precision, allowed {SINGLE_PRECISION:e}"
        );
        return Err(message.into());
    }
    Ok(worst)
}

fn run(request: &Request) -> Result<String, AnyError> {
    let model = model(request, Precision::F32)?;
    let count = usize::try_from(request.count)?;
    fs::create_dir_all(&request.out)
        .map_err(|error| format!("cannot create {}: {error}", request.out.display()))?;
    let file = |name: &str| request.out.join(name);
    let (parameters_npy, bands_npy) = (file("parameters.npy"), file("bands.npy"));
    let mut all_parameters = NpyRows::create(parameters_npy.clone(), count, model.free().len())?;
    let mut all_bands = NpyRows::create(bands_npy.clone(), count, model.outputs().len())?;

    let start = Instant::now();
    let mut points = EvenPoints::new();
    for first in (0..count).step_by(ROWS_AT_A_TIME) {
        let rows = ROWS_AT_A_TIME.min(count - first);
        let parameters = draw(&model, &mut points, rows);
        let mut bands = Array2::zeros((rows, model.outputs().len()));
        model.evaluate(parameters.view(), None, bands.view_mut())?;
        all_parameters.write(&parameters.view())?;
        all_bands.write(&bands.view())?;
    }
    let seconds = start.elapsed().as_secs_f64();
    all_parameters.finish()?;
    all_bands.finish()?;
    write_columns(&model, &file("columns.csv"))?;

    let worst = check(request, [&parameters_npy, &bands_npy], count)?;
    Ok(format!(
        "{}: {count} forests in {seconds:.2} s, {:.0} spectra/s\n\
         {} ({count} x {}), {} ({count} x {}); read back, within {worst:.1e} of double precision\n",
        model.name(),
        count as f64 / seconds,
        parameters_npy.display(),
        model.free().len(),
        bands_npy.display(),
        model.outputs().len()
    ))
}

fn main() -> ExitCode {
    exit_code(run(&Request::parse()))
}
