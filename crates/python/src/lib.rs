//! `phys_smpl._native`: the physics crate and trained models on NumPy arrays.
//!
//! Two classes, [`Rtm`] and [`Model`]; what surrounds them in Python lies in `python/phys_smpl/`.

mod arrays;
mod choices;
mod judgement;
mod memory;
mod model;
mod rtm;
mod threads;

pub use model::Model;
pub use rtm::Rtm;

use pyo3::prelude::*;

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("MOST_THREADS", threads::MOST_THREADS)?;
    module.add_class::<Model>()?;
    module.add_class::<Rtm>()
}
