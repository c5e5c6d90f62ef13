//! Forward models as programs for a GPU: CUDA C++ with the numbers it reads.
//!
//! Nothing here runs anything: a [`DeviceProgram`] is text and tables, made by a model for itself, and whoever has a GPU
//! compiles and launches it. The formulas are written a second time, in `kernels/`, file by file in step with the Rust
//! ones; the tests of this crate run them on the processor and compare. The source includes nothing, so that it needs
//! no paths of any machine where it is compiled.

use std::fmt::Write as _;

/// The numbers that go in and come out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceNumber {
    /// `float`; samples for which that is not enough are computed again in `double`.
    Single,
    /// `double` throughout.
    Double,
}

/// A forward model for a GPU.
///
/// Every function of the source is a kernel with the same arguments, in this order, for n samples of p parameters, c
/// conditions and d outputs (`Number` is `float` or `double`):
///
/// | argument | | |
/// |---|---|---|
/// | `const Number *` | n × p | parameters, 0 at the smallest and 1 at the largest value of their ranges |
/// | `const double *` | n × c | conditions in their units |
/// | `const double *` | 2p + 2d | smallest values and widths of the ranges, means and scales of the outputs |
/// | `const Number *` | [`DeviceProgram::table`] | constants |
/// | `const double *` | the same | constants |
/// | `double *` | n × [`DeviceProgram::workspace`] | room |
/// | `int *` | 1 + n × [`DeviceProgram::list`] | room |
/// | `Number *` | n × d | (output − mean)/scale, written |
/// | `Number *` | n × d × p | its derivatives to the parameters, written where asked for |
/// | `int` | | n |
///
/// A sample with a NaN among its parameters has NaN for outputs and the Jacobian of the middle of the ranges.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceProgram {
    /// All but the kind of number and the places of parameters and outputs.
    pub(crate) source: String,
    /// Where each own parameter stands among those given.
    pub(crate) parameter_places: Vec<usize>,
    /// Where each own output stands among those asked for; `None` of one that is not.
    pub(crate) output_places: Vec<Option<usize>>,
    /// Constants, passed in both precisions.
    pub table: Vec<f64>,
    /// Doubles of room per sample.
    pub workspace: usize,
    /// Whole numbers of room per sample, beside one.
    pub list: usize,
    /// Launches for values alone.
    pub(crate) values: Vec<Stage>,
    /// Launches for values and Jacobian.
    pub(crate) jacobian: Vec<Stage>,
}

/// One launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Name of the kernel.
    pub function: &'static str,
    /// What it works on.
    pub work: Work,
    /// Threads of a block, a whole number of warps.
    pub threads: usize,
}

/// How many threads a launch has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// So many for each sample, at least.
    Threads(usize),
    /// So many warps of 32 for each sample; fewer do it too.
    Warps(usize),
    /// Warps for as many samples as an earlier stage finds: few or none, all where there is a reason. Any number of
    /// blocks does it.
    Found,
}

impl DeviceProgram {
    /// The source for numbers of this kind.
    pub fn source(&self, number: DeviceNumber) -> String {
        let (number, nan) = match number {
            DeviceNumber::Single => ("float", "__uint_as_float(0x7fc00000u)"),
            DeviceNumber::Double => ("double", "((double)__uint_as_float(0x7fc00000u))"),
        };
        // constants that this model has no use for are no news
        let mut source = format!(
            "#ifdef __CUDACC_RTC__\n#pragma nv_diag_suppress 177\n#endif\n\
             typedef {number} Number;\n#define NOT_A_NUMBER {nan}\n"
        );
        let asked = self.output_places.iter().flatten().count();
        define(&mut source, "ASKED_OUTPUTS", asked);
        let parameters = self.parameter_places.iter().map(usize::to_string);
        array(&mut source, "int", "PLACE_OF_PARAMETER", parameters);
        let place = |place: &Option<usize>| place.map_or("-1".to_owned(), |at| at.to_string());
        array(
            &mut source,
            "int",
            "PLACE_OF_OUTPUT",
            self.output_places.iter().map(place),
        );
        source + &self.source
    }

    /// The same with its p parameters and some of its d outputs in another order.
    ///
    /// * `parameters`: parameter k of the result is `parameters[k]` of this one; all of them
    /// * `outputs`: output j of the result is `outputs[j]` of this one
    ///
    /// # Panics
    /// A place that this program does not have.
    #[must_use]
    pub fn rearranged(mut self, parameters: &[usize], outputs: &[usize]) -> Self {
        let old = self.clone();
        let own = |place: usize| old.parameter_places.iter().position(|p| *p == place);
        for (k, place) in parameters.iter().enumerate() {
            let own = own(*place).unwrap_or_else(|| panic!("no parameter {place}"));
            self.parameter_places[own] = k;
        }
        self.output_places.fill(None);
        for (j, place) in outputs.iter().enumerate() {
            let own = old.output_places.iter().position(|p| *p == Some(*place));
            self.output_places[own.unwrap_or_else(|| panic!("no output {place}"))] = Some(j);
        }
        self
    }

    /// Bytes of device memory that a sample with its Jacobian needs to move: parameters and conditions read, room written
    /// and read, outputs and Jacobian written, each once. Constants, which all samples share, are not in it.
    pub fn bytes_with_jacobian(&self, number: DeviceNumber, conditions: usize) -> usize {
        let number = match number {
            DeviceNumber::Single => 4,
            DeviceNumber::Double => 8,
        };
        let p = self.parameter_places.len();
        let d = self.output_places.iter().flatten().count();
        number * (p + d + d * p) + 8 * (conditions + 2 * self.workspace)
    }

    /// The launches, one after the other.
    pub fn stages(&self, number: DeviceNumber, with_jacobian: bool) -> Vec<Stage> {
        let all = if with_jacobian {
            &self.jacobian
        } else {
            &self.values
        };
        let of_number =
            |stage: &&Stage| number == DeviceNumber::Single || stage.work != Work::Found;
        all.iter().filter(of_number).copied().collect()
    }
}

/// A line that defines a number.
pub(crate) fn define(source: &mut String, name: &str, value: impl std::fmt::Display) {
    let _ = writeln!(source, "#define {name} {value}");
}

/// A constant array; of one zero where there is nothing.
pub(crate) fn array(
    source: &mut String,
    kind: &str,
    name: &str,
    values: impl IntoIterator<Item = String>,
) {
    let mut values: Vec<String> = values.into_iter().collect();
    if values.is_empty() {
        values.push("0".into());
    }
    let _ = writeln!(
        source,
        "__device__ static const {kind} {name}[] = {{{}}};",
        values.join(", ")
    );
}

/// All digits of a double.
pub(crate) fn digits(value: f64) -> String {
    format!("{value:e}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_samples_bytes_are_those_of_its_rows() {
        let program = DeviceProgram {
            source: String::new(),
            parameter_places: vec![0, 1],
            output_places: vec![Some(0), None, Some(1), Some(2)],
            table: vec![0.0; 100],
            workspace: 10,
            list: 1,
            values: vec![],
            jacobian: vec![],
        };
        // 2 in, 3 out, 3 × 2 slopes; one condition, 10 doubles there and back
        let (single, double) = (4 * (2 + 3 + 6) + 8 * 21, 8 * (2 + 3 + 6) + 8 * 21);
        assert_eq!(program.bytes_with_jacobian(DeviceNumber::Single, 1), single);
        assert_eq!(program.bytes_with_jacobian(DeviceNumber::Double, 1), double);
    }
}
