//! CUDA C on the processor, for tests.
//!
//! A kernel's source is compiled by the machine's C++ compiler (`$CXX`, or `c++`) behind a page of definitions that
//! give its words and built-in variables a meaning there. Threads of a block take turns, from barrier to barrier; blocks
//! come one after the other.
//!
//! What this shows is that a kernel's formulas and its indices are right. It is **no** test of the kernel on a GPU:
//! of its compiler, its rounding, its memory or of races between threads.
//!
//! [`HostKernels::compile_counting`] puts numbers that count in the place of `float` and `double`, and says how many
//! operations a launch does.
//!
//! Understood are `__global__`, `__device__`, `__shared__` (of fixed size), `__syncthreads`, `__syncwarp`, shuffles and
//! `atomicAdd`; no dynamic shared memory, one dimension of blocks and threads.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A kernel's argument in memory. A single number is a buffer of one, dereferenced in the call.
#[derive(Clone, Debug, PartialEq)]
pub enum Buffer {
    /// `float`
    F32(Vec<f32>),
    /// `double`
    F64(Vec<f64>),
    /// `int`
    I32(Vec<i32>),
}

/// Kernels compiled for the processor.
#[derive(Debug)]
pub struct HostKernels {
    program: PathBuf,
    /// Holds the program.
    _folder: TempDir,
}

/// Floating-point operations, as the source writes them.
///
/// One each: sums, differences, products, quotients, roots, functions of the library; two: a fused multiplication and
/// addition. Not counted: signs, comparisons, conversions, whole numbers, what is `constexpr`. A compiler may still find
/// some that it need not do (a product with 1), and takes several instructions for a division, a root or a function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Operations {
    /// Of `float`s.
    pub single: u64,
    /// Of `double`s.
    pub double: u64,
}

/// How a kernel is launched.
#[derive(Clone, Copy, Debug)]
pub struct Launch {
    /// Which of the calls given to [`HostKernels::compile`].
    pub call: usize,
    /// Blocks.
    pub blocks: usize,
    /// Threads of a block.
    pub threads: usize,
}

impl HostKernels {
    /// Compiles a source with the calls that tests make of it, such as `"scale(BUFFER(0, float), *BUFFER(1, int))"`.
    ///
    /// `None` where the machine has no C++ compiler, said on the standard error: the test then skips.
    ///
    /// # Panics
    /// The source is not accepted, with the compiler's words; nothing can be written.
    pub fn compile(source: &str, calls: &[&str]) -> Option<Self> {
        Self::compile_with("", source, calls)
    }

    /// As [`Self::compile`], and [`Self::run`] counts.
    ///
    /// # Panics
    /// As [`Self::compile`].
    pub fn compile_counting(source: &str, calls: &[&str]) -> Option<Self> {
        Self::compile_with(
            concat!("#define ON_HOST_COUNTS\n", include_str!("counted.hpp")),
            source,
            calls,
        )
    }

    fn compile_with(numbers: &str, source: &str, calls: &[&str]) -> Option<Self> {
        let compiler = std::env::var("CXX").unwrap_or_else(|_| "c++".to_owned());
        if Command::new(&compiler).arg("--version").output().is_err() {
            eprintln!("skipped: {compiler} is not here, which runs CUDA kernels on the processor");
            return None;
        }
        let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("a folder for kernels: {e}"));
        let (file, program) = (folder.path().join("k.cpp"), folder.path().join("k"));
        let mut text = format!(
            "{}\n{numbers}\n#line 1 \"kernels.cu\"\n{source}\n{}\n",
            include_str!("on_host.hpp"),
            include_str!("main.hpp")
        );
        text.push_str("static void on_host_calls(unsigned call) {\n");
        for (i, call) in calls.iter().enumerate() {
            let _ = writeln!(text, "    if (call == {i}) {call};");
        }
        text.push_str("}\n");
        std::fs::write(&file, text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let output = Command::new(&compiler)
            .args([
                "-std=c++17",
                "-O1",
                "-march=native",
                "-ffp-contract=off",
                "-w",
                "-o",
            ])
            .arg(&program)
            .arg(&file)
            .output()
            .unwrap_or_else(|e| panic!("{compiler}: {e}"));
        assert!(
            output.status.success(),
            "{compiler}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Some(Self {
            program,
            _folder: folder,
        })
    }

    /// Runs a kernel; the buffers hold what it left in them. None of its operations is counted unless it was compiled so.
    ///
    /// # Panics
    /// The kernel crashes.
    pub fn run(&self, launch: Launch, buffers: &mut [Buffer]) -> Operations {
        let mut input = vec![];
        for number in [launch.call, launch.blocks, launch.threads, buffers.len()] {
            input.extend((number as u64).to_ne_bytes());
        }
        for buffer in &*buffers {
            let bytes = buffer.to_bytes();
            input.extend((bytes.len() as u64).to_ne_bytes());
            input.extend(bytes);
        }
        let mut child = Command::new(&self.program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("{}: {e}", self.program.display()));
        if let Some(mut stdin) = child.stdin.take() {
            stdin
                .write_all(&input)
                .unwrap_or_else(|e| panic!("the kernel does not read: {e}"));
        }
        let output = child
            .wait_with_output()
            .unwrap_or_else(|e| panic!("the kernel: {e}"));
        assert!(output.status.success(), "the kernel: {}", output.status);
        let mut rest = &output.stdout[..];
        for buffer in buffers {
            let (own, others) = rest.split_at(buffer.to_bytes().len());
            buffer.take(own);
            rest = others;
        }
        let counts: Vec<u64> = rest
            .as_chunks()
            .0
            .iter()
            .map(|b| u64::from_ne_bytes(*b))
            .collect();
        match counts[..] {
            [single, double] => Operations { single, double },
            _ => panic!("the kernel leaves {} bytes of counts", rest.len()),
        }
    }
}

impl Buffer {
    fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::F32(v) => v.iter().flat_map(|x| x.to_ne_bytes()).collect(),
            Self::F64(v) => v.iter().flat_map(|x| x.to_ne_bytes()).collect(),
            Self::I32(v) => v.iter().flat_map(|x| x.to_ne_bytes()).collect(),
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        match self {
            Self::F32(v) => {
                *v = bytes
                    .as_chunks()
                    .0
                    .iter()
                    .map(|b| f32::from_ne_bytes(*b))
                    .collect();
            }
            Self::F64(v) => {
                *v = bytes
                    .as_chunks()
                    .0
                    .iter()
                    .map(|b| f64::from_ne_bytes(*b))
                    .collect();
            }
            Self::I32(v) => {
                *v = bytes
                    .as_chunks()
                    .0
                    .iter()
                    .map(|b| i32::from_ne_bytes(*b))
                    .collect();
            }
        }
    }

    /// The floats.
    ///
    /// # Panics
    /// It holds other numbers.
    pub fn f32(&self) -> &[f32] {
        match self {
            Self::F32(v) => v,
            other => panic!("{other:?} holds no floats"),
        }
    }

    /// The doubles.
    ///
    /// # Panics
    /// It holds other numbers.
    pub fn f64(&self) -> &[f64] {
        match self {
            Self::F64(v) => v,
            other => panic!("{other:?} holds no doubles"),
        }
    }

    /// The whole numbers.
    ///
    /// # Panics
    /// It holds other numbers.
    pub fn i32(&self) -> &[i32] {
        match self {
            Self::I32(v) => v,
            other => panic!("{other:?} holds no whole numbers"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each block sums its 64 numbers by halves in shared memory, then by shuffles.
    const SUMS: &str = r#"
extern "C" __global__ void sums(const float *x, float *sums, int *launches) {
    __shared__ float part[64];
    part[threadIdx.x] = x[blockIdx.x * blockDim.x + threadIdx.x];
    __syncthreads();
    if (threadIdx.x < 32) part[threadIdx.x] += part[threadIdx.x + 32];
    __syncthreads();
    float sum = part[threadIdx.x & 31];
    for (int by = 16; by > 0; by /= 2) sum += __shfl_down_sync(~0u, sum, by);
    if (threadIdx.x == 0) { sums[blockIdx.x] = sum; atomicAdd(launches, 1); }
}"#;

    #[test]
    fn threads_meet_at_barriers_and_exchange_numbers() {
        let call = "sums(BUFFER(0, float), BUFFER(1, float), BUFFER(2, int))";
        let Some(kernels) = HostKernels::compile(SUMS, &[call]) else {
            return;
        };
        let x: Vec<f32> = (0..192_u16).map(f32::from).collect();
        let mut buffers = [
            Buffer::F32(x),
            Buffer::F32(vec![0.0; 3]),
            Buffer::I32(vec![0]),
        ];
        let launch = Launch {
            call: 0,
            blocks: 3,
            threads: 64,
        };
        kernels.run(launch, &mut buffers);
        assert_eq!(buffers[1].f32(), [2016.0, 6112.0, 10208.0]);
        assert_eq!(buffers[2].i32(), [3]);
    }

    /// In `float`: 2 + 1 + 1 for each, in `double`: 1 for each.
    const SMALL: &str = r#"
template <class L, int COUNT> struct Powers { L of[COUNT]; };
template <class L, int COUNT> __device__ constexpr Powers<L, COUNT> thirds() {
    Powers<L, COUNT> powers = {};
    L power = L(1);
    for (int i = 0; i < COUNT; ++i) powers.of[i] = power /= L(3);
    return powers;
}
extern "C" __global__ void small(const float *x, float *y, double *z) {
    constexpr Powers<float, 2> third = thirds<float, 2>();
    const int i = threadIdx.x;
    y[i] = sqrtf(fmaf(x[i], 2.0f, third.of[1])) / (x[i] > 1.5f ? 3.0f : -x[i]);
    z[i] = exp((double)y[i]);
}"#;

    #[test]
    fn operations_are_counted_and_results_stay() {
        let call = "small(BUFFER(0, float), BUFFER(1, float), BUFFER(2, double))";
        let Some(counting) = HostKernels::compile_counting(SMALL, &[call]) else {
            return;
        };
        let plain = HostKernels::compile(SMALL, &[call]).unwrap();
        let launch = Launch {
            call: 0,
            blocks: 1,
            threads: 3,
        };
        let mut counted = [
            Buffer::F32(vec![1.0, 2.0, 3.0]),
            Buffer::F32(vec![0.0; 3]),
            Buffer::F64(vec![0.0; 3]),
        ];
        let mut others = counted.clone();
        let operations = counting.run(launch, &mut counted);
        assert_eq!(
            operations,
            Operations {
                single: 3 * (2 + 1 + 1),
                double: 3
            }
        );
        assert_eq!(plain.run(launch, &mut others), Operations::default());
        assert_eq!(counted, others);
        assert_eq!(counted[1].f32()[1], (37.0_f32 / 9.0).sqrt() / 3.0);
    }
}
