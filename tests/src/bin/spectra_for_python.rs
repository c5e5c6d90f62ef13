//! What Rust says of parameters.npy (n × 7: N, cab, cw, cm, LAI, LAIu, fc) and geometry.npy (n × 3) in a folder: writes
//! values.npy and jacobian.npy there.
//!
//!     cargo run -p stories --bin spectra_for_python -- FOLDER

use ndarray::{Array2, Array3};
use ndarray_npy::{read_npy, write_npy};
use physics::{ForwardModel, ReflectanceModel};
use std::error::Error;
use std::path::PathBuf;

const FREE: [&str; 7] = ["N", "cab", "cw", "cm", "LAI", "LAIu", "fc"];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("which folder?")?);
    let free: Result<Vec<_>, _> = FREE.iter().map(|symbol| symbol.parse()).collect();
    let model = ReflectanceModel::builder().free(free?).build()?;
    let parameters: Array2<f64> = read_npy(folder.join("parameters.npy"))?;
    let geometry: Array2<f64> = read_npy(folder.join("geometry.npy"))?;
    let (n, d) = (parameters.nrows(), model.outputs().len());
    let mut values = Array2::zeros((n, d));
    let mut jacobian = Array3::zeros((n, d, FREE.len()));
    model.evaluate_with_jacobian(
        parameters.view(),
        Some(geometry.view()),
        values.view_mut(),
        jacobian.view_mut(),
    )?;
    write_npy(folder.join("values.npy"), &values)?;
    write_npy(folder.join("jacobian.npy"), &jacobian)?;
    Ok(())
}
