//! `trainer simulate`.

use super::simulated_rows::{CHUNK, write_rows};
use crate::TrainerError;
use crate::assemble::forward_model::{precision, sensor, tables, variant};
use crate::cli::SimulateArgs;
use crate::disk::Disk;
use crate::out;
use crate::parameter_table::read_forests;
use ndarray::Array3;
use physics::{ForwardModel, ReflectanceModel};

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
    let mut table = header.join(",") + "\n";
    for rows in forests.chunks(CHUNK) {
        let (values, jacobian) = if args.jacobian {
            inform.bands_with_jacobian(rows)?
        } else {
            (inform.bands(rows)?, Array3::zeros((0, 0, 0)))
        };
        write_rows(&mut table, &values, &jacobian, args.precision);
    }
    Disk::default().write_output(&args.output, table.as_bytes())?;
    out::about(
        &args.output,
        format_args!(
            "{}: {} spectra, {} columns",
            args.output.display(),
            forests.len(),
            header.len()
        ),
    )?;
    Ok(())
}
