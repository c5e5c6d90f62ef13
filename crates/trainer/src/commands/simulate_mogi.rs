//! `trainer simulate --stations`: displacements by sources in a table.

use super::simulated_rows::{CHUNK, write_rows};
use crate::TrainerError;
use crate::cli::SimulateArgs;
use crate::config::{Precision, read_stations};
use crate::disk::Disk;
use crate::files::read_to_string;
use crate::out;
use crate::quantity_table::read_quantities;
use ndarray::{Array2, Array3, Axis, Slice};
use physics::{ForwardModel, Mogi};
use std::path::Path;

/// A table of sources in, a table of displacements out.
pub(super) fn simulate(args: &SimulateArgs, stations: &Path) -> Result<(), TrainerError> {
    let positions = read_stations(&stations.display().to_string(), &read_to_string(stations)?)?;
    let mogi = Mogi::new(
        positions
            .0
            .iter()
            .map(|(name, position)| position.station(name))
            .collect(),
        args.poisson_ratio,
    )?;
    let sources = read_quantities(&args.params, mogi.parameters())?;
    let (outputs, names) = (mogi.outputs(), mogi.parameters());
    let mut header = outputs.to_vec();
    if args.jacobian {
        for output in outputs {
            header.extend(names.iter().map(|q| format!("d_{output}_d_{}", q.name)));
        }
    }
    let mut table = header.join(",") + "\n";
    for from in (0..sources.nrows()).step_by(CHUNK) {
        let to = (from + CHUNK).min(sources.nrows());
        let rows = sources.slice_axis(Axis(0), Slice::from(from..to));
        let mut values = Array2::zeros((to - from, outputs.len()));
        let mut jacobian = Array3::zeros((0, 0, 0));
        if args.jacobian {
            jacobian = Array3::zeros((to - from, outputs.len(), names.len()));
            mogi.evaluate_with_jacobian(rows, None, values.view_mut(), jacobian.view_mut())?;
        } else {
            mogi.evaluate(rows, None, values.view_mut())?;
        }
        write_rows(&mut table, &values, &jacobian, Precision::F64);
    }
    Disk::default().write_output(&args.output, table.as_bytes())?;
    out::about(
        &args.output,
        format_args!(
            "{}: {} samples, {} columns",
            args.output.display(),
            sources.nrows(),
            header.len()
        ),
    )?;
    Ok(())
}
