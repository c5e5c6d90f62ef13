//! Which sweep gives which column of a Jacobian.

use crate::parameters::Parameter;
use crate::tables::Absorber;

/// A derivative of the common sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SweepSlope {
    N,
    /// To the content of a free absorber, by its place among them.
    Absorber(usize),
    Lai,
    LaiU,
    Fc,
}

/// The columns of a Jacobian: most come out of one sweep, since the leaf's contents act through one number
/// and cover is linear; each of the others takes a sweep of its own.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    width: usize,
    of_sweep: Vec<(SweepSlope, usize)>,
    directions: Vec<(Parameter, usize)>,
    absorbers: Vec<Absorber>,
}

impl Columns {
    /// A column for each of these parameters, in order.
    pub fn new(free: &[Parameter]) -> Self {
        let mut columns = Self {
            width: free.len(),
            of_sweep: Vec::new(),
            directions: Vec::new(),
            absorbers: Vec::new(),
        };
        for (column, parameter) in free.iter().enumerate() {
            let slope = match parameter {
                Parameter::N => SweepSlope::N,
                Parameter::Lai => SweepSlope::Lai,
                Parameter::LaiU => SweepSlope::LaiU,
                Parameter::Fc => SweepSlope::Fc,
                _ => {
                    let Some(absorber) = parameter.absorber() else {
                        columns.directions.push((*parameter, column));
                        continue;
                    };
                    columns.absorbers.push(absorber);
                    SweepSlope::Absorber(columns.absorbers.len() - 1)
                }
            };
            columns.of_sweep.push((slope, column));
        }
        columns
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// What the common sweep gives, and where it goes.
    pub fn of_sweep(&self) -> &[(SweepSlope, usize)] {
        &self.of_sweep
    }

    /// What takes a sweep of its own, and where it goes.
    pub fn directions(&self) -> &[(Parameter, usize)] {
        &self.directions
    }

    /// The absorbers whose contents are free, in the order of [`SweepSlope::Absorber`].
    pub fn absorbers(&self) -> &[Absorber] {
        &self.absorbers
    }
}
