//! Which GPUs there are, asked of the driver's library found at run time; needs no CUDA to build.
//!
//! A program that computes on a GPU asks [`check`] first: whatever is missing on a machine is one
//! [`GpuError`] with a message, where the CUDA libraries themselves would end the program.
//!
//! ```
//! match gpus::list() {
//!     Ok(inventory) => {
//!         for gpu in &inventory.gpus {
//!             println!("cuda:{}: {}, {} bytes", gpu.index, gpu.name, gpu.memory_total);
//!         }
//!     }
//!     Err(error) => println!("no GPU: {error}"),
//! }
//! ```

#![deny(unsafe_code)]

mod driver;
mod error;
mod inventory;
mod peak;

pub use error::GpuError;
pub use inventory::{
    Gpu, Inventory, Libraries, Requirement, Version, check, check_with, list, list_with,
};
pub use peak::Peak;
