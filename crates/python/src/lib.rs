//! `phys_smpl._native`: the physics crate on NumPy arrays.
//!
//! One class, [`Rtm`]; what surrounds it in Python lies in `python/phys_smpl/`.

mod arrays;
mod choices;
mod rtm;

pub use rtm::Rtm;

use pyo3::prelude::*;

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Rtm>()
}
