//! `trainer simulate`.

use crate::TrainerError;
use crate::assemble::forward_model::{precision, sensor, tables, variant};
use crate::cli::SimulateArgs;
use crate::config::Precision;
use crate::files::write_whole;
use crate::parameter_table::read_forests;
use ndarray::{Array2, Array3};
use physics::{ForwardModel, ReflectanceModel};

/// Rows simulated at once, so that memory does not grow with the table.
pub(super) const CHUNK: usize = 4096;

/// A table of parameters in, a table of bands (or, with stations, of displacements) out.
pub(super) fn simulate(args: &SimulateArgs) -> Result<(), TrainerError> {
    if let Some(stations) = &args.stations {
        return super::simulate_mogi::simulate(args, stations);
    }
    let inform = ReflectanceModel::builder()
        .variant(variant(args.variant))
        .tables(tables(args.tables.as_deref())?)
        .sensor(sensor(&args.sensor)?)
        .precision(precision(args.precision))
        .build()?;
    let forests = read_forests(&args.params)?;
    let bands = inform.outputs().to_vec();
    let free = inform.free();
    let mut header = bands.clone();
    if args.jacobian {
        for band in &bands {
            header.extend(free.iter().map(|name| format!("d_{band}_d_{name}")));
        }
    }
    let mut out = header.join(",") + "\n";
    for rows in forests.chunks(CHUNK) {
        let (values, jacobian) = if args.jacobian {
            inform.bands_with_jacobian(rows)?
        } else {
            (inform.bands(rows)?, Array3::zeros((0, 0, 0)))
        };
        write_rows(&mut out, &values, &jacobian, args.precision);
    }
    write_whole(&args.output, out.as_bytes())?;
    println!(
        "{}: {} spectra, {} columns",
        args.output.display(),
        forests.len(),
        header.len()
    );
    Ok(())
}

/// All digits of the precision, the shortest that read back to the same number.
pub(super) fn write_rows(
    out: &mut String,
    values: &Array2<f64>,
    jacobian: &Array3<f64>,
    precision: Precision,
) {
    let digits = |v: f64| match precision {
        Precision::F32 => (v as f32).to_string(),
        Precision::F64 => v.to_string(),
    };
    for (i, row) in values.rows().into_iter().enumerate() {
        let mut cells: Vec<String> = row.iter().map(|&v| digits(v)).collect();
        if !jacobian.is_empty() {
            cells.extend(
                jacobian
                    .index_axis(ndarray::Axis(0), i)
                    .iter()
                    .map(|&v| digits(v)),
            );
        }
        *out += &cells.join(",");
        out.push('\n');
    }
}
