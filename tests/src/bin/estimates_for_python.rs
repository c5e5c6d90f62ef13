//! What Rust infers from reflectance.npy (n × d) and angles.npy (n × c) in a folder with the model of another one: writes
//! estimates.npy, columns × n.
//!
//!     cargo run -p stories --bin estimates_for_python -- MODEL FOLDER

use ndarray::Array2;
use ndarray_npy::{read_npy, write_npy};
use nn::Cpu;
use std::error::Error;
use std::path::{Path, PathBuf};
use trainer::inference::{Estimator, Observations, Request};
use trainer::trained_model::TrainedModel;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let model = arguments.next().ok_or("which model?")?;
    let folder = PathBuf::from(arguments.next().ok_or("which folder?")?);
    let trained = TrainedModel::open(Path::new(&model), Cpu::default())?;
    let estimator = Estimator::new(trained, Request::default())?;
    let columns = |name: &str| -> Result<Vec<f32>, Box<dyn Error>> {
        let table: Array2<f32> = read_npy(folder.join(name))?;
        Ok(table.t().iter().copied().collect())
    };
    let (channels, conditions) = (columns("reflectance.npy")?, columns("angles.npy")?);
    let n = channels.len() / estimator.channels().len();
    let seen = Observations {
        channels: &channels,
        conditions: Some(&conditions),
        masked: None,
    };
    let mut out = Array2::zeros((estimator.columns().len(), n));
    let all = out.as_slice_mut().ok_or("not in one piece")?;
    estimator.infer(&seen, all)?;
    write_npy(folder.join("estimates.npy"), &out)?;
    Ok(())
}
