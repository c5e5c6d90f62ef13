//! Writes the kernels of a model to the standard output.
//!
//! `cargo run -p physics --example device_source -- rtm` (or `directions`, `mogi`) prints CUDA C++ that compiles without
//! any include path: `nvcc --cubin -arch=sm_90 -Xptxas -v` says how many registers it takes.

use physics::{DeviceNumber, ForwardModel, Mogi, Parameter, ReflectanceModel, Station};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let which = std::env::args().nth(1).unwrap_or_else(|| "rtm".to_owned());
    let usual = ReflectanceModel::builder().free(Parameter::USUAL);
    let program = match which.as_str() {
        "rtm" => usual.build()?.device_program(),
        "directions" => usual
            .free([Parameter::Ala, Parameter::Hspot, Parameter::Psoil])
            .build()?
            .device_program(),
        "mogi" => Mogi::new(
            vec![Station {
                name: "A".into(),
                x_m: 0.0,
                y_m: 0.0,
            }],
            0.25,
        )?
        .device_program(),
        other => return Err(format!("{other}, expected rtm, directions or mogi").into()),
    };
    let program = program.ok_or("this model has no program")?;
    println!("{}", program.source(DeviceNumber::Single));
    Ok(())
}
