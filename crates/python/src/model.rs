//! `phys_smpl._native.Model`: what `phys_smpl.Model` calls.

use crate::arrays::{Cells, Numbers, Observed, Table};
use crate::choices::{failed, inferred, written};
use crate::judgement::{contradicted, doubted};
use crate::memory::room;
use crate::rtm::told;
use crate::threads::{Threads, Workers};
use data::{Missing, Values};
use nn::Cpu;
use numpy::{IntoPyArray, PyReadonlyArray1};
use pyo3::exceptions::{PyUserWarning, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use rayon::prelude::*;
use std::ffi::CString;
use std::path::PathBuf;
use trainer::TrainerError;
use trainer::inference::{Estimator, Evidence, FLAGS, Noise, Observations, Refinement, Request};
use trainer::trained_model::TrainedModel;

/// Observations of a thread at once.
const PART: usize = 4096;
/// Observations after which an interruption is looked for.
const STRETCH: usize = 64 * PART;
/// Observations that one thread does sooner than several.
const ALONE: usize = 16;
/// Observations from which it is judged whether they can be what they are given as.
const LOOKED_AT: usize = 10_000;
/// The column that is no number but bits.
const BITS: &str = "flags";

/// The selected weights of a run.
#[pyclass(module = "phys_smpl._native", frozen)]
pub struct Model {
    estimator: Estimator,
    threads: Threads,
    weights: PathBuf,
}

#[pymethods]
impl Model {
    #[new]
    #[pyo3(signature = (run, *, write = None, parameters = None, refine = 0, threads = None))]
    fn new(
        run: PathBuf,
        write: Option<Vec<String>>,
        parameters: Option<Vec<String>>,
        refine: usize,
        threads: Option<i64>,
    ) -> PyResult<Self> {
        let mut request = Request {
            parameters,
            ..Request::default()
        };
        if let Some(write) = write {
            request.written = written(&write)?;
        }
        let trained = TrainedModel::open(&run, Cpu::default()).map_err(failed)?;
        if let Some(wanted) = &request.parameters {
            inferred(wanted, &trained.experiment.units)?;
        }
        if refine > 0 {
            let noise = Noise::of_training(&trained).map_err(failed)?;
            request.refinement = Some(Refinement {
                steps: refine,
                noise,
            });
        }
        let weights = trained.weights.clone();
        Ok(Self {
            estimator: Estimator::new(trained, request).map_err(failed)?,
            threads: Threads::of(threads)?,
            weights,
        })
    }

    /// Names of the channels, d.
    #[getter]
    fn channels(&self) -> Vec<String> {
        self.estimator.channels().to_vec()
    }

    /// Name, unit, smallest, largest and default value of each angle, c.
    #[getter]
    fn angles(&self) -> Vec<(String, String, f64, f64, f64)> {
        self.estimator.conditions().iter().map(told).collect()
    }

    /// Name, unit and meaning of what `infer` returns.
    #[getter]
    fn columns(&self) -> Vec<(String, String, String)> {
        let columns = self.estimator.columns().iter();
        let about = columns.map(|it| (it.name.clone(), it.unit.clone(), it.description.clone()));
        about.collect()
    }

    /// Each flag's bit and meaning.
    #[getter]
    fn flags(&self) -> Vec<(u8, &'static str)> {
        FLAGS.to_vec()
    }

    /// The file of the weights.
    #[getter]
    fn weights(&self) -> PathBuf {
        self.weights.clone()
    }

    /// x (n × d), angles (n × c), which of them are one number for all, masked (n), scale and offset of digital numbers, a
    /// number for no data → each column by its name.
    #[pyo3(signature = (x, angles, alike, masked, digital_numbers, nodata))]
    #[allow(clippy::too_many_arguments)] // those of Python
    fn infer<'py>(
        &self,
        py: Python<'py>,
        x: &Bound<'py, PyAny>,
        angles: Option<&Bound<'py, PyAny>>,
        alike: Vec<usize>,
        masked: Option<PyReadonlyArray1<'py, bool>>,
        digital_numbers: Option<(f64, f64)>,
        nodata: Option<f64>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let x = Observed::of(x)?;
        let angles = angles.map(|it| Table::of("angles", it)).transpose()?;
        let masked: Option<Vec<bool>> = masked.map(|it| it.as_array().to_vec());
        let values = match digital_numbers {
            None => self.own_values(),
            Some((scale, offset)) => Values::DigitalNumbers { scale, offset },
        };
        let seen = Seen {
            cells: x.cells(),
            angles: angles.as_ref().map(Table::numbers),
            alike: &alike,
            masked: masked.as_deref(),
            values,
            missing: Missing::new(values, nodata),
        };
        self.fits(&seen)?;
        self.look(py, &seen)?;
        let workers = self.threads.workers(py, seen.cells.dim().0, ALONE)?;
        let columns = self.estimate(py, &workers, &seen)?;
        let found = PyDict::new(py);
        for (column, values) in self.estimator.columns().iter().zip(columns) {
            if column.name == BITS {
                let bits: Vec<u8> = values.into_iter().map(|v| v as u8).collect();
                found.set_item(&column.name, bits.into_pyarray(py))?;
            } else {
                found.set_item(&column.name, values.into_pyarray(py))?;
            }
        }
        Ok(found)
    }
}

/// What a user gives.
struct Seen<'a> {
    cells: Cells<'a>,
    angles: Option<Numbers<'a>>,
    /// Columns of angles that are one number that a user chose, not data.
    alike: &'a [usize],
    masked: Option<&'a [bool]>,
    values: Values,
    missing: Missing,
}

impl Model {
    fn fits(&self, seen: &Seen) -> PyResult<()> {
        let (n, d) = seen.cells.dim();
        let channels = self.estimator.channels();
        let refuse = |text: String| Err(PyValueError::new_err(text));
        if d != channels.len() {
            let names = channels.join(", ");
            return refuse(format!(
                "x has {d} columns; the model has {}: {names}",
                channels.len()
            ));
        }
        let c = self.estimator.conditions().len();
        if let Some(angles) = seen.angles.filter(|it| it.dim() != (n, c)) {
            return refuse(format!("angles is {:?}; allowed: ({n}, {c})", angles.dim()));
        }
        if let Some(masked) = seen.masked.filter(|it| it.len() != n) {
            return refuse(format!("mask has {} entries; allowed: {n}", masked.len()));
        }
        if let Values::DigitalNumbers { scale, offset } = seen.values
            && !(scale.is_finite() && scale > 0.0 && offset.is_finite())
        {
            return refuse(format!(
                "digital_numbers is ({scale}, {offset}); allowed: a finite scale above 0, a finite offset"
            ));
        }
        Ok(())
    }

    /// Numbers that are physical already: reflectance, or the displacement of a volcano.
    fn own_values(&self) -> Values {
        match self.estimator.experiment().channel_unit.as_str() {
            "mm" => Values::DisplacementMm,
            _ => Values::Reflectance,
        }
    }

    /// Refuses observations that cannot be what they are given as, and warns of what is likely wrong, from some of them.
    fn look(&self, py: Python<'_>, seen: &Seen) -> PyResult<()> {
        let (n, d) = seen.cells.dim();
        let mut evidence = Evidence::new(&self.estimator, seen.values);
        let mut cells = Vec::with_capacity(d);
        for row in (0..n).step_by(n.div_ceil(LOOKED_AT).max(1)) {
            if seen.masked.is_some_and(|masked| masked[row]) {
                continue;
            }
            cells.clear();
            seen.cells.row(row, |cell| {
                let missing = seen.missing.in_channel(cell);
                cells.push(if missing { f64::NAN } else { cell });
            });
            evidence.add_channels(&cells);
            if let Some(angles) = seen.angles {
                let own = angles.rows(row..row + 1);
                for k in (0..own.len()).filter(|k| !seen.alike.contains(k)) {
                    let angle = own[[0, k]];
                    if !seen.missing.is_nodata(angle) {
                        evidence.add_angle(k, angle);
                    }
                }
            }
        }
        if let Some(what) = evidence.contradiction() {
            return Err(PyValueError::new_err(contradicted(&what)));
        }
        for doubt in evidence.doubts() {
            let text = CString::new(doubted(&doubt)).unwrap_or_default();
            // the line that calls Model.infer
            PyErr::warn(py, &py.get_type::<PyUserWarning>(), &text, 2)?;
        }
        Ok(())
    }

    /// The columns, n numbers each; the parts of a stretch are inferred in parallel.
    fn estimate(&self, py: Python<'_>, workers: &Workers, seen: &Seen) -> PyResult<Vec<Vec<f32>>> {
        let n = seen.cells.dim().0;
        let width = self.estimator.columns().len();
        let columns = (0..width).map(|_| room("a column", n, 1));
        let mut columns: Vec<Vec<f32>> = columns.collect::<PyResult<_>>()?;
        for from in (0..n).step_by(STRETCH) {
            let stretch = from..(from + STRETCH).min(n);
            let mut shares: Vec<&mut [f32]> = columns
                .iter_mut()
                .map(|column| &mut column[stretch.clone()])
                .collect();
            py.detach(|| workers.run(|| self.estimate_stretch(workers, seen, from, &mut shares)))
                .map_err(failed)?;
            py.check_signals()?;
        }
        Ok(columns)
    }

    /// Into each column's share, which begins at row `first`.
    fn estimate_stretch(
        &self,
        workers: &Workers,
        seen: &Seen,
        first: usize,
        shares: &mut [&mut [f32]],
    ) -> Result<(), TrainerError> {
        let rows = shares.first().map_or(0, |share| share.len());
        // each part's share of all columns
        let mut parts: Vec<Vec<&mut [f32]>> = (0..rows.div_ceil(PART)).map(|_| vec![]).collect();
        for column in shares {
            for (part, share) in parts.iter_mut().zip(column.chunks_mut(PART)) {
                part.push(share);
            }
        }
        let part = |(number, shares): (usize, Vec<&mut [f32]>)| {
            self.estimate_part(seen, first + number * PART, shares)
        };
        if workers.is_one() {
            parts.into_iter().enumerate().try_for_each(part)
        } else {
            parts.into_par_iter().enumerate().try_for_each(part)
        }
    }

    fn estimate_part(
        &self,
        seen: &Seen,
        first: usize,
        shares: Vec<&mut [f32]>,
    ) -> Result<(), TrainerError> {
        let m = shares.first().map_or(0, |share| share.len());
        let rows = first..first + m;
        let channels = seen.cells.columns(rows.clone(), |cell| {
            if seen.missing.in_channel(cell) {
                f32::NAN
            } else {
                seen.values.to_physical(cell) as f32
            }
        });
        let conditions = seen.angles.map(|angles| {
            let own = angles.rows(rows.clone());
            own.t().iter().map(|v| *v as f32).collect::<Vec<f32>>()
        });
        let observations = Observations {
            channels: &channels,
            conditions: conditions.as_deref(),
            masked: seen.masked.map(|all| &all[rows]),
        };
        let mut out = vec![0.0; m * shares.len()];
        self.estimator.infer(&observations, &mut out)?;
        for (share, values) in shares.into_iter().zip(out.chunks_exact(m.max(1))) {
            share.copy_from_slice(values);
        }
        Ok(())
    }
}
