//! `phys_smpl._native.Rtm`: what `phys_smpl.Rtm` calls.

use crate::arrays::{Numbers, Table};
use crate::choices::{canopy, parameters, precision, refused};
use crate::memory::room;
use crate::threads::Threads;
use ndarray::{Array2, Array3, ArrayViewMut2, ArrayViewMut3, CowArray, ShapeError};
use numpy::{Element, IntoPyArray};
use physics::{ForwardModel, LeafVersion, PhysicsError, Quantity, ReflectanceModel, Sensor};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::collections::BTreeMap;

/// Samples after which an interruption is looked for.
const STRETCH: usize = 1 << 15;
/// Samples that one thread does sooner than several.
const ALONE: usize = 16;

/// What `phys_smpl.Rtm` calls: arrays in their final types, names as they are known.
#[pyclass(module = "phys_smpl._native", frozen)]
pub struct Rtm {
    model: ReflectanceModel,
    threads: Threads,
}

#[pymethods]
impl Rtm {
    #[new]
    #[pyo3(signature = (*, variant = "published", sensor = "s2a", free, bands = None, leaf = None, fixed = None,
                        geometry = None, precision = "double", threads = None))]
    #[allow(clippy::too_many_arguments)] // keywords of Python
    fn new(
        variant: &str,
        sensor: &str,
        free: Vec<String>,
        bands: Option<Vec<String>>,
        leaf: Option<&str>,
        fixed: Option<BTreeMap<String, f64>>,
        geometry: Option<Vec<String>>,
        precision: &str,
        threads: Option<i64>,
    ) -> PyResult<Self> {
        let mut builder = ReflectanceModel::builder()
            .canopy(canopy(variant)?)
            .sensor(Sensor::built_in(sensor).map_err(refused)?)
            .precision(self::precision(precision)?)
            .free(parameters(&free)?);
        if let Some(bands) = bands {
            builder = builder.bands(bands);
        }
        if let Some(leaf) = leaf {
            builder = builder.leaf(leaf.parse::<LeafVersion>().map_err(refused)?);
        }
        for (symbol, value) in fixed.unwrap_or_default() {
            builder = builder.fix(symbol.parse().map_err(refused)?, value);
        }
        if let Some(geometry) = geometry {
            builder = builder.per_sample(parameters(&geometry)?);
        }
        Ok(Self {
            model: builder.build().map_err(refused)?,
            threads: Threads::of(threads)?,
        })
    }

    /// Name, unit, smallest, largest and default value of each column of `params`.
    #[getter]
    fn parameters(&self) -> Vec<(String, String, f64, f64, f64)> {
        self.model.parameters().iter().map(told).collect()
    }

    /// Name, unit, smallest, largest and default value of each column of `geometry`.
    #[getter]
    fn geometry(&self) -> Vec<(String, String, f64, f64, f64)> {
        self.model.conditions().iter().map(told).collect()
    }

    /// Names of the bands, d.
    #[getter]
    fn bands(&self) -> Vec<String> {
        self.model.outputs().to_vec()
    }

    /// A name for messages, such as `inform published s2a`.
    #[getter]
    fn name(&self) -> &str {
        self.model.name()
    }

    /// params (n × p), geometry (n × c) → reflectance (n × d).
    #[pyo3(signature = (params, geometry))]
    fn forward<'py>(
        &self,
        py: Python<'py>,
        params: &Bound<'py, PyAny>,
        geometry: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (values, _) = self.evaluate(py, params, geometry, false)?;
        Ok(values)
    }

    /// params (n × p), geometry (n × c) → reflectance (n × d) and its derivatives (n × d × p).
    #[pyo3(signature = (params, geometry))]
    fn forward_with_jacobian<'py>(
        &self,
        py: Python<'py>,
        params: &Bound<'py, PyAny>,
        geometry: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let (values, jacobian) = self.evaluate(py, params, geometry, true)?;
        Ok((values, jacobian.unwrap_or_else(|| py.None().into_bound(py))))
    }
}

/// Values, and the Jacobian if it was asked for.
type Found<'py> = (Bound<'py, PyAny>, Option<Bound<'py, PyAny>>);

impl Rtm {
    fn evaluate<'py>(
        &self,
        py: Python<'py>,
        params: &Bound<'py, PyAny>,
        geometry: Option<&Bound<'py, PyAny>>,
        with_jacobian: bool,
    ) -> PyResult<Found<'py>> {
        let params = Table::of("params", params)?;
        let geometry = geometry.map(|it| Table::of("geometry", it)).transpose()?;
        let given = (params.numbers(), geometry.as_ref().map(Table::numbers));
        if params.is_single() {
            self.in_type::<f32>(py, params.dim(), given, with_jacobian)
        } else {
            self.in_type::<f64>(py, params.dim(), given, with_jacobian)
        }
    }

    /// Results in the type of `params`, stretch by stretch.
    fn in_type<'py, T: Held>(
        &self,
        py: Python<'py>,
        (n, p): (usize, usize),
        (params, geometry): (Numbers<'_>, Option<Numbers<'_>>),
        with_jacobian: bool,
    ) -> PyResult<Found<'py>> {
        let workers = self.threads.workers(py, n, ALONE)?;
        let d = self.model.outputs().len();
        let slopes = if with_jacobian { d * p } else { 0 };
        let mut values: Vec<T> = room("the spectrum", n, d)?;
        let mut jacobian: Vec<T> = room("the Jacobian", n, slopes)?;
        for from in (0..n).step_by(STRETCH) {
            let rows = from..(from + STRETCH).min(n);
            let to = &mut values[rows.start * d..rows.end * d];
            let and = &mut jacobian[rows.start * slopes..rows.end * slopes];
            py.detach(|| {
                let given = params.rows(rows.clone());
                let at = geometry.map(|all| all.rows(rows.clone()));
                let (given, at) = (given.view(), at.as_ref().map(CowArray::view));
                workers.run(|| {
                    let shape = (rows.len(), d, if with_jacobian { p } else { 0 });
                    T::computed(to, and, shape, |values, jacobian| {
                        if with_jacobian {
                            self.model
                                .evaluate_with_jacobian(given, at, values, jacobian)
                        } else {
                            self.model.evaluate(given, at, values)
                        }
                    })
                })
            })
            .map_err(|error| refused(moved_down(error, from)))?;
            py.check_signals()?;
        }
        let fits = |error: ShapeError| PyValueError::new_err(error.to_string());
        let values = Array2::from_shape_vec((n, d), values).map_err(fits)?;
        let jacobian = if with_jacobian {
            let all = Array3::from_shape_vec((n, d, p), jacobian).map_err(fits)?;
            Some(all.into_pyarray(py).into_any())
        } else {
            None
        };
        Ok((values.into_pyarray(py).into_any(), jacobian))
    }
}

/// A type of number that results are handed over in.
trait Held: Element + Copy + Default + Send + Sync {
    /// What `compute` writes into n × d values and n × d × p slopes, in this type.
    fn computed<F>(
        values: &mut [Self],
        jacobian: &mut [Self],
        shape: (usize, usize, usize),
        compute: F,
    ) -> Result<(), PhysicsError>
    where
        F: FnOnce(ArrayViewMut2<f64>, ArrayViewMut3<f64>) -> Result<(), PhysicsError>;
}

impl Held for f64 {
    fn computed<F>(
        values: &mut [Self],
        jacobian: &mut [Self],
        (n, d, p): (usize, usize, usize),
        compute: F,
    ) -> Result<(), PhysicsError>
    where
        F: FnOnce(ArrayViewMut2<f64>, ArrayViewMut3<f64>) -> Result<(), PhysicsError>,
    {
        let found = vec![values.len(), jacobian.len()];
        let to = ArrayViewMut2::from_shape((n, d), &mut *values);
        let and = ArrayViewMut3::from_shape((n, d, p), &mut *jacobian);
        match (to, and) {
            (Ok(to), Ok(and)) => compute(to, and),
            _ => Err(PhysicsError::Shape {
                what: "results",
                found,
                expected: vec![n * d, n * d * p],
            }),
        }
    }
}

impl Held for f32 {
    fn computed<F>(
        values: &mut [Self],
        jacobian: &mut [Self],
        shape: (usize, usize, usize),
        compute: F,
    ) -> Result<(), PhysicsError>
    where
        F: FnOnce(ArrayViewMut2<f64>, ArrayViewMut3<f64>) -> Result<(), PhysicsError>,
    {
        let (mut wide, mut slopes) = (vec![0.0; values.len()], vec![0.0; jacobian.len()]);
        f64::computed(&mut wide, &mut slopes, shape, compute)?;
        for (to, from) in [(values, wide), (jacobian, slopes)] {
            for (to, from) in to.iter_mut().zip(from) {
                *to = from as f32;
            }
        }
        Ok(())
    }
}

/// The same error of a row of the whole batch.
fn moved_down(mut error: PhysicsError, by: usize) -> PhysicsError {
    if let PhysicsError::OutOfRange { row, .. } | PhysicsError::NotFinite { row, .. } = &mut error {
        *row += by;
    }
    error
}

/// Name, unit, smallest, largest and default value.
pub fn told(q: &Quantity) -> (String, String, f64, f64, f64) {
    (q.name.clone(), q.unit.clone(), q.min, q.max, q.default)
}
