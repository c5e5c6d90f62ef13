//! A model's kernels on the processor.

use cuda_on_host::{Buffer, HostKernels, Launch, Operations};
use physics::{DeviceNumber, DeviceProgram, Work};

/// Floats or doubles.
pub fn numbers(number: DeviceNumber, values: impl IntoIterator<Item = f64>) -> Buffer {
    match number {
        DeviceNumber::Single => Buffer::F32(values.into_iter().map(|v| v as f32).collect()),
        DeviceNumber::Double => Buffer::F64(values.into_iter().collect()),
    }
}

/// What goes in.
pub struct Given<'a> {
    /// Samples.
    pub n: usize,
    /// n × p numbers of 0 to 1.
    pub z: &'a mut dyn Iterator<Item = f64>,
    /// n × c.
    pub conditions: Vec<f64>,
    /// As [`DeviceProgram`] says.
    pub affine: Vec<f64>,
    /// n × d and n × d × p.
    pub out: (usize, usize),
}

/// What comes out.
pub struct Found {
    pub values: Buffer,
    pub jacobian: Buffer,
    /// Of each launch; none where they are not counted.
    #[allow(dead_code, reason = "one of the tests counts")]
    pub operations: Vec<(&'static str, Operations)>,
}

/// Runs all launches for values and Jacobian.
pub fn run(
    program: &DeviceProgram,
    number: DeviceNumber,
    given: Given<'_>,
    counting: bool,
) -> Option<Found> {
    let stages = program.stages(number, true);
    let kind = if number == DeviceNumber::Single {
        "float"
    } else {
        "double"
    };
    let calls: Vec<String> = stages
        .iter()
        .map(|stage| {
            format!(
                "{}(BUFFER(0, {kind}), BUFFER(1, double), BUFFER(2, double), BUFFER(3, {kind}), BUFFER(4, double), \
                 BUFFER(5, double), BUFFER(6, int), BUFFER(7, {kind}), BUFFER(8, {kind}), *BUFFER(9, int))",
                stage.function
            )
        })
        .collect();
    let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
    let source = program.source(number);
    let kernels = if counting {
        HostKernels::compile_counting(&source, &calls)?
    } else {
        HostKernels::compile(&source, &calls)?
    };
    let n = given.n;
    let mut buffers = [
        numbers(number, given.z),
        Buffer::F64(given.conditions),
        Buffer::F64(given.affine),
        numbers(number, program.table.iter().copied()),
        Buffer::F64(program.table.clone()),
        Buffer::F64(vec![f64::NAN; n * program.workspace]),
        Buffer::I32(vec![-1; 1 + n * program.list]),
        numbers(number, vec![f64::NAN; given.out.0]),
        numbers(number, vec![f64::NAN; given.out.1]),
        Buffer::I32(vec![n as i32]),
    ];
    let mut operations = vec![];
    for (call, stage) in stages.iter().enumerate() {
        let threads = match stage.work {
            Work::Threads(each) => n * each,
            Work::Warps(each) => n * each * 32,
            Work::Found => 2 * stage.threads,
        };
        let launch = Launch {
            call,
            blocks: threads.div_ceil(stage.threads),
            threads: stage.threads,
        };
        operations.push((stage.function, kernels.run(launch, &mut buffers)));
    }
    let [.., values, jacobian, _] = buffers;
    Some(Found {
        values,
        jacobian,
        operations,
    })
}
