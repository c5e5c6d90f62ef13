//! [`Program`]s: compiled by NVRTC at their first use for the card they run on, launched on its memory.
//!
//! Compiled when they run and not when the project is built, because a program is made for a model (its free
//! parameters, bands and wavelengths are constants of the source), and because libnvrtc must be there for dfdx anyway.
#![allow(
    unsafe_code,
    reason = "launches of kernels: the arguments are what the sources declare"
)]

use super::kernels::{load, refused, upload};
use super::storage::{filled, memory_of};
use crate::program::{Program, ProgramLaunch};
use crate::{Backend, Matrix, NnError, Scalar};
use cudarc::driver::sys::CUdevice_attribute_enum as Attribute;
use cudarc::driver::{CudaDevice, CudaSlice, LaunchAsync, LaunchConfig};
use dfdx::prelude::*;
use dfdx::tensor::Gradients;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Most room that the samples of a launch take together, bytes; more samples come one part after the other.
const MOST_ROOM: usize = 256 << 20;
/// Blocks of a launch whose number of samples only the device knows, per multiprocessor.
const BLOCKS_FOR_FOUND: usize = 4;
/// The product of a Jacobian with what comes back, one thread for each number that went in.
const PULL_BACK: &str = r#"
extern "C" __global__ void pull_back(const number *slopes, const number *dy, number *dx, int n, int p, int d) {
    size_t t = blockIdx.x * (size_t)blockDim.x + threadIdx.x;
    if (t >= (size_t)n * p) return;
    const size_t i = t / p, k = t % p;
    number sum = 0;
    for (int j = 0; j < d; ++j) sum += dy[i * d + j] * slopes[(i * d + j) * p + k];
    dx[t] += sum;
}
"#;

/// A program on a card.
struct OnCard {
    device: Arc<CudaDevice>,
    module: String,
    multiprocessors: usize,
    single: CudaSlice<f32>,
    double: CudaSlice<f64>,
    scales: CudaSlice<f64>,
}

impl Program {
    fn loaded(&self, device: &Arc<CudaDevice>) -> Result<Arc<OnCard>, NnError> {
        static MODULES: AtomicUsize = AtomicUsize::new(0);
        let mut slot = self
            .loaded
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let before = slot.clone().and_then(|it| it.downcast::<OnCard>().ok());
        if let Some(loaded) = before
            && Arc::ptr_eq(&loaded.device, device)
        {
            return Ok(loaded);
        }
        let module = format!("program{}", MODULES.fetch_add(1, Ordering::Relaxed));
        let mut functions: Vec<&'static str> = self
            .values
            .iter()
            .chain(&self.slopes)
            .map(|l| l.function)
            .collect();
        functions.sort_unstable();
        functions.dedup();
        load(device, &module, &self.source, &functions)?;
        let multiprocessors = device
            .attribute(Attribute::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT)
            .map_err(refused)?;
        let loaded = Arc::new(OnCard {
            module,
            multiprocessors: usize::try_from(multiprocessors).unwrap_or(1),
            single: upload(device, self.table.iter().map(|v| *v as f32).collect())?,
            double: upload(device, self.table.clone())?,
            scales: upload(device, self.scales.clone())?,
            device: device.clone(),
        });
        *slot = Some(loaded.clone());
        Ok(loaded)
    }

    /// Samples of a launch.
    fn at_once(&self, n: usize) -> usize {
        let bytes = 8 * self.room + 4 * self.list;
        n.min((MOST_ROOM / bytes.max(1)).max(1))
    }
}

/// Refuse what does not fit: `x` n × p, `beside` n × [`Program::beside`].
fn check<E: Scalar, T: Tape<E, Cuda>>(
    program: &Program,
    x: &Matrix<E, Cuda, T>,
    beside: &[f64],
) -> Result<(), NnError>
where
    Cuda: Backend<E>,
{
    let (n, p) = *x.shape();
    for (layer, found, expected) in [
        ("a program", p, program.inputs),
        (
            "what goes in beside a program's input",
            beside.len(),
            n * program.beside,
        ),
    ] {
        if found != expected {
            return Err(NnError::Width {
                layer: layer.to_owned(),
                expected,
                found,
            });
        }
    }
    Ok(())
}

fn config(launch: &ProgramLaunch, n: usize, loaded: &OnCard) -> LaunchConfig {
    let blocks = match launch.threads_per_sample {
        Some(threads) => (n * threads).div_ceil(launch.block),
        None => BLOCKS_FOR_FOUND * loaded.multiprocessors,
    };
    LaunchConfig {
        grid_dim: (blocks as u32, 1, 1),
        block_dim: (launch.block as u32, 1, 1),
        shared_mem_bytes: 0,
    }
}

macro_rules! run_program {
    ($name:ident, $E:ty, $table:ident, $typedef:literal, $pull_back:literal) => {
        /// y of a program, with its slopes kept for the way back where there is a tape.
        pub(super) fn $name<T: Tape<$E, Cuda>>(
            x: Matrix<$E, Cuda, T>,
            program: &Program,
            beside: &[f64],
        ) -> Result<Matrix<$E, Cuda, T>, NnError> {
            check(program, &x, beside)?;
            let (x, mut tape) = x.split_tape();
            let (n, p) = *x.shape();
            let d = program.outputs;
            let mut memory = memory_of(&x)?;
            let xs = memory.get_or_alloc_mut(&x).map_err(refused)?;
            let device = xs.device();
            let loaded = program.loaded(&device)?;
            let at_once = program.at_once(n).max(1);
            let numbers = if T::OWNS_TAPE { n * d * p } else { 1 };
            // SAFETY: the kernels write every element before anything reads it
            let mut slopes = unsafe { device.alloc::<$E>(numbers.max(1)) }.map_err(refused)?;
            // SAFETY: as above
            let mut room =
                unsafe { device.alloc::<f64>((at_once * program.room).max(1)) }.map_err(refused)?;
            let mut list = device
                .alloc_zeros::<i32>(1 + at_once * program.list)
                .map_err(refused)?;
            let besides = upload(&device, beside.to_vec())?;
            let launches = if T::OWNS_TAPE {
                &program.slopes
            } else {
                &program.values
            };
            let y = filled(x.device(), n, d, |ys| {
                for from in (0..n).step_by(at_once) {
                    let to = n.min(from + at_once);
                    let rows = |width: usize| from * width..to * width;
                    let x_part = xs.slice(rows(p));
                    let beside_part = besides.slice(if program.beside > 0 {
                        rows(program.beside)
                    } else {
                        0..1
                    });
                    let slopes_of = if T::OWNS_TAPE { rows(d * p) } else { 0..1 };
                    for launch in launches {
                        let function = device
                            .get_func(&loaded.module, launch.function)
                            .ok_or_else(|| NnError::Kernel(format!("no {}", launch.function)))?;
                        let mut y_part = ys.slice_mut(rows(d));
                        let mut slopes_part = slopes.slice_mut(slopes_of.clone());
                        // SAFETY: the arguments are those that a program's kernels declare, each as large as said there
                        unsafe {
                            function.launch(
                                config(launch, to - from, &loaded),
                                (
                                    &x_part,
                                    &beside_part,
                                    &loaded.scales,
                                    &loaded.$table,
                                    &loaded.double,
                                    &mut room,
                                    &mut list,
                                    &mut y_part,
                                    &mut slopes_part,
                                    (to - from) as i32,
                                ),
                            )
                        }
                        .map_err(refused)?;
                    }
                }
                Ok(())
            })?;
            if T::OWNS_TAPE {
                if !device.has_func($pull_back, "pull_back") {
                    let source = format!("typedef {} number;\n{PULL_BACK}", $typedef);
                    load(&device, $pull_back, &source, &["pull_back"])?;
                }
                let pull_back = device
                    .get_func($pull_back, "pull_back")
                    .ok_or_else(|| NnError::Kernel("no pull_back".to_owned()))?;
                let (x_ghost, y_ghost) = (x.ghost(), y.ghost());
                tape.add_backward_op(move |gradients: &mut Gradients<$E, Cuda>| {
                    let dy = gradients.get_or_alloc_mut(&y_ghost)?.try_clone()?;
                    let dx = gradients.get_or_alloc_mut(&x_ghost)?;
                    let config = LaunchConfig::for_num_elems((n * p) as u32);
                    // SAFETY: slopes are n × d × p, dy n × d and dx n × p, as the kernel reads them
                    unsafe {
                        pull_back.launch(
                            config,
                            (&slopes, &dy, &mut **dx, n as i32, p as i32, d as i32),
                        )
                    }?;
                    Ok(())
                });
            }
            Ok(y.put_tape(tape))
        }
    };
}
run_program!(run_single, f32, single, "float", "pull_back_single");
run_program!(run_double, f64, double, "double", "pull_back_double");
