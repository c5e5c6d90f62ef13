//! `phys_smpl.Rtm`.

use crate::arrays::Table;
use crate::choices::{canopy, parameters, precision, refused};
use crate::threads::Threads;
use ndarray::{Array2, Array3, CowArray, Dimension};
use numpy::{Element, IntoPyArray, PyArray};
use physics::{ForwardModel, LeafVersion, Quantity, ReflectanceModel, Sensor};
use pyo3::prelude::*;
use std::collections::BTreeMap;

/// Reflectance of a canopy as a sensor sees it, with its exact Jacobian.
///
/// Parameters
/// ----------
/// variant : {"published", "enmap_box", "sail"}
///     INFORM as published, INFORM of the EnMAP-Box, or 4SAIL alone.
/// sensor : {"s2a", "s2b", "l8", "l9"}
///     Whose response functions make the bands.
/// free : sequence of str
///     Symbols of the parameters that are the columns of `params`, in that order.
/// bands : sequence of str, optional
///     Some of the sensor's bands; all of them by default.
/// leaf : {"prospect_4", "prospect_5", "prospect_5b", "prospect_d", "prospect_pro"}, optional
///     Version of the leaf model; the physics crate's default if it is not given.
/// fixed : dict of str to float, optional
///     Values of parameters that are not free; the defaults of the physics crate otherwise.
/// geometry : sequence of str, optional
///     Symbols of the columns of `geometry`; sun zenith, view zenith and relative azimuth by default.
/// precision : {"double", "single"}
///     What is computed in; arrays go in and out in their own type.
/// threads : int, optional
///     Number of threads; one per core by default. The results do not depend on it.
///
/// Raises
/// ------
/// ValueError
///     A name that is not known or a value outside its range, with the reason.
#[pyclass(module = "phys_smpl", frozen)]
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
        threads: Option<usize>,
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

    fn __repr__(&self) -> String {
        format!("Rtm({})", self.model.name())
    }

    /// Reflectance of n samples.
    ///
    /// Parameters
    /// ----------
    /// params : ndarray, shape (n, p), float64 or float32
    ///     In the units of `parameters`. float64 is read where it lies, in any memory order.
    /// geometry : ndarray, shape (n, c), float64 or float32, optional
    ///     In the units of `geometry`; its defaults otherwise.
    ///
    /// Returns
    /// -------
    /// ndarray, shape (n, d), of the type of `params`
    ///     Reflectance, 0 to 1.
    ///
    /// Raises
    /// ------
    /// ValueError
    ///     A shape that does not fit, a value that is not finite or outside its range: row, name, value, range.
    /// TypeError
    ///     Something else than an array of float64 or float32.
    #[pyo3(signature = (params, geometry = None))]
    fn forward<'py>(
        &self,
        py: Python<'py>,
        params: &Bound<'py, PyAny>,
        geometry: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let params = Table::of("params", params)?;
        let geometry = geometry.map(|it| Table::of("geometry", it)).transpose()?;
        let (given, at) = (params.numbers(), geometry.as_ref().map(Table::numbers));
        let (given, at) = (given.view(), at.as_ref().map(CowArray::view));
        let values = py.detach(|| {
            self.threads.run(|| {
                let mut values = Array2::zeros((given.nrows(), self.model.outputs().len()));
                let done = self.model.evaluate(given, at, values.view_mut());
                done.map(|()| values)
            })
        });
        Ok(out(py, values.map_err(refused)?, params.is_single()))
    }

    /// Reflectance of n samples and its derivatives, exact, out of one sweep.
    ///
    /// Parameters
    /// ----------
    /// params : ndarray, shape (n, p), float64 or float32
    ///     As of `forward`.
    /// geometry : ndarray, shape (n, c), float64 or float32, optional
    ///     As of `forward`.
    ///
    /// Returns
    /// -------
    /// values : ndarray, shape (n, d)
    ///     Reflectance, 0 to 1.
    /// jacobian : ndarray, shape (n, d, p)
    ///     ``jacobian[i, j, k]`` is the derivative of ``values[i, j]`` with respect to ``params[i, k]``.
    ///
    /// Raises
    /// ------
    /// ValueError, TypeError
    ///     As of `forward`.
    #[pyo3(signature = (params, geometry = None))]
    fn forward_with_jacobian<'py>(
        &self,
        py: Python<'py>,
        params: &Bound<'py, PyAny>,
        geometry: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let params = Table::of("params", params)?;
        let geometry = geometry.map(|it| Table::of("geometry", it)).transpose()?;
        let (given, at) = (params.numbers(), geometry.as_ref().map(Table::numbers));
        let (given, at) = (given.view(), at.as_ref().map(CowArray::view));
        let both = py.detach(|| {
            self.threads.run(|| {
                let (n, d) = (given.nrows(), self.model.outputs().len());
                let mut values = Array2::zeros((n, d));
                let mut jacobian = Array3::zeros((n, d, self.model.parameters().len()));
                let (to, and) = (values.view_mut(), jacobian.view_mut());
                let done = self.model.evaluate_with_jacobian(given, at, to, and);
                done.map(|()| (values, jacobian))
            })
        });
        let (values, jacobian) = both.map_err(refused)?;
        let single = params.is_single();
        Ok((out(py, values, single), out(py, jacobian, single)))
    }
}

/// Name, unit, smallest, largest and default value.
pub fn told(q: &Quantity) -> (String, String, f64, f64, f64) {
    (q.name.clone(), q.unit.clone(), q.min, q.max, q.default)
}

/// An array of Python's, float64 moved there, float32 rounded.
fn out<D: Dimension>(
    py: Python<'_>,
    values: ndarray::Array<f64, D>,
    single: bool,
) -> Bound<'_, PyAny> {
    fn any<E: Element, D: Dimension>(array: Bound<'_, PyArray<E, D>>) -> Bound<'_, PyAny> {
        array.into_any()
    }
    if single {
        any(values.mapv(|v| v as f32).into_pyarray(py))
    } else {
        any(values.into_pyarray(py))
    }
}
