//! Operations that a GPU computes by kernels of the caller's.

/// What a device keeps of a program.
#[cfg(feature = "cuda")]
pub(crate) type Loaded = std::sync::Arc<dyn std::any::Any + Send + Sync>;

/// A differentiable operation of n samples, p numbers in and d out, as kernels with the constants they read.
///
/// All kernels have the same arguments, in this order (`number` is the element type of the tensors):
/// `const number *x` (n × p), `const double *beside` (n × [`Program::beside`]), `const double *scales`
/// ([`Program::scales`]), `const number *table` and `const double *table` ([`Program::table`]), `double *` and `int *` of
/// room, `number *y` (n × d), `number *slopes` (n × d × p), `int n`.
#[derive(Debug)]
pub struct Program {
    /// CUDA C++ that includes nothing.
    pub source: String,
    /// Launches for y alone.
    pub values: Vec<ProgramLaunch>,
    /// Launches for y and its slopes.
    pub slopes: Vec<ProgramLaunch>,
    /// p
    pub inputs: usize,
    /// d
    pub outputs: usize,
    /// Numbers that go in beside x without a gradient, per sample.
    pub beside: usize,
    /// Numbers that are the same for all samples.
    pub scales: Vec<f64>,
    /// Constants.
    pub table: Vec<f64>,
    /// Doubles of room per sample.
    pub room: usize,
    /// Whole numbers of room per sample, beside one.
    pub list: usize,
    #[cfg(feature = "cuda")]
    pub(crate) loaded: std::sync::Mutex<Option<Loaded>>,
}

/// One launch of a [`Program`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramLaunch {
    /// Name of the kernel.
    pub function: &'static str,
    /// Threads for each sample; `None`: any number of them does it, and few are needed.
    pub threads_per_sample: Option<usize>,
    /// Threads of a block.
    pub block: usize,
}

impl Program {
    /// Sizes and launches as given; no constants yet.
    pub fn new(source: String, inputs: usize, outputs: usize) -> Self {
        Self {
            source,
            values: vec![],
            slopes: vec![],
            inputs,
            outputs,
            beside: 0,
            scales: vec![],
            table: vec![],
            room: 0,
            list: 0,
            #[cfg(feature = "cuda")]
            loaded: std::sync::Mutex::default(),
        }
    }
}
