//! `phys_smpl._native.Model`: what `phys_smpl.Model` calls.

use crate::arrays::{Cells, Observed, Table};
use crate::choices::{failed, written};
use crate::rtm::told;
use crate::threads::Threads;
use data::Values;
use ndarray::{ArrayView1, ArrayView2};
use nn::Cpu;
use numpy::{IntoPyArray, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use rayon::prelude::*;
use std::path::PathBuf;
use trainer::TrainerError;
use trainer::inference::{Estimator, FLAGS, Noise, Observations, Refinement, Request};
use trainer::trained_model::TrainedModel;

/// Observations of a thread at once.
const PART: usize = 4096;
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
        threads: Option<usize>,
    ) -> PyResult<Self> {
        let mut request = Request {
            parameters,
            ..Request::default()
        };
        if let Some(write) = write {
            request.written = written(&write)?;
        }
        let trained = TrainedModel::open(&run, Cpu::default()).map_err(failed)?;
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

    /// x (n × d), angles (n × c), masked (n), scale and offset of digital numbers, a number for no data → each column by
    /// its name.
    #[pyo3(signature = (x, angles, masked, digital_numbers, nodata))]
    fn infer<'py>(
        &self,
        py: Python<'py>,
        x: &Bound<'py, PyAny>,
        angles: Option<&Bound<'py, PyAny>>,
        masked: Option<PyReadonlyArray1<'py, bool>>,
        digital_numbers: Option<(f64, f64)>,
        nodata: Option<f64>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let x = Observed::of(x)?;
        let angles = angles.map(|it| Table::of("angles", it)).transpose()?;
        let at = angles.as_ref().map(Table::numbers);
        let masked: Option<Vec<bool>> = masked.map(|it| it.as_array().to_vec());
        let seen = Seen {
            cells: x.cells(),
            angles: at.as_ref().map(|it| it.view()),
            masked: masked.as_deref(),
            values: match digital_numbers {
                None => Values::Reflectance,
                Some((scale, offset)) => Values::DigitalNumbers { scale, offset },
            },
            nodata,
        };
        self.fits(&seen)?;
        let columns = py.detach(|| self.threads.run(|| self.estimate(&seen)));
        let found = PyDict::new(py);
        for (column, values) in self
            .estimator
            .columns()
            .iter()
            .zip(columns.map_err(failed)?)
        {
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
    angles: Option<ArrayView2<'a, f64>>,
    masked: Option<&'a [bool]>,
    values: Values,
    nodata: Option<f64>,
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

    /// The columns, n numbers each; parts are inferred in parallel.
    fn estimate(&self, seen: &Seen) -> Result<Vec<Vec<f32>>, TrainerError> {
        let n = seen.cells.dim().0;
        let width = self.estimator.columns().len();
        let mut columns = vec![vec![0.0; n]; width];
        // each part's share of all columns
        let mut parts: Vec<Vec<&mut [f32]>> = (0..n.div_ceil(PART)).map(|_| vec![]).collect();
        for column in &mut columns {
            for (part, share) in parts.iter_mut().zip(column.chunks_mut(PART)) {
                part.push(share);
            }
        }
        let work = parts.into_par_iter().enumerate();
        work.try_for_each(|(number, shares)| {
            let from = number * PART;
            let rows = from..(from + PART).min(n);
            let m = rows.len();
            let channels = seen.cells.columns(rows.clone(), |cell| {
                if seen.values.is_missing(cell) || seen.nodata == Some(cell) {
                    f32::NAN
                } else {
                    seen.values.to_physical(cell) as f32
                }
            });
            let conditions = seen.angles.map(|angles| {
                let columns = angles.columns().into_iter();
                let own = |column: ArrayView1<f64>| -> Vec<f32> {
                    rows.clone().map(|row| column[row] as f32).collect()
                };
                columns.flat_map(own).collect::<Vec<f32>>()
            });
            let observations = Observations {
                channels: &channels,
                conditions: conditions.as_deref(),
                masked: seen.masked.map(|all| &all[rows.clone()]),
            };
            let mut out = vec![0.0; m * width];
            self.estimator.infer(&observations, &mut out)?;
            for (share, values) in shares.into_iter().zip(out.chunks_exact(m)) {
                share.copy_from_slice(values);
            }
            Ok::<_, TrainerError>(())
        })?;
        Ok(columns)
    }
}
