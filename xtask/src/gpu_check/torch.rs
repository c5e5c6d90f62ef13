//! PyTorch on the same card in the same run: `benches/peers/on_gpu.py` in an environment of its own.

use super::output_of;
use crate::python::environment;
use crate::workspace::Workspace;
use std::process::Command;

/// What the program is called with and needs.
const PROGRAM: &str = "benches/peers/on_gpu.py";
const PACKAGES: [&str; 2] = ["torch", "numpy"];

/// Its lines of JSON, or why there are none.
pub fn measure(workspace: &Workspace) -> Result<String, String> {
    let python = environment(&workspace.root().join("target/gpu-check-torch"), &PACKAGES)?;
    let mut command = Command::new(python);
    command.arg(PROGRAM).current_dir(workspace.root());
    let (text, success) = output_of(&mut command)?;
    if success {
        return Ok(text);
    }
    let last = text.trim_end().lines().last();
    Err(format!("{PROGRAM}: {}", last.unwrap_or("failed")))
}
