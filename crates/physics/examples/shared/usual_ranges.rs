//! Where forests are usually looked for.

use physics::Parameter;

/// A parameter and the ends of its usual range, in its unit.
pub type UsualRange = (Parameter, f64, f64);

/// The ranges of `configs/ranges/rtm.json`, in the order of [`Parameter::USUAL`].
pub const USUAL_RANGES: [UsualRange; 7] = [
    (Parameter::N, 1.0, 3.0),
    (Parameter::Cab, 10.0, 80.0),
    (Parameter::Cw, 0.001, 0.02),
    (Parameter::Cm, 0.005, 0.05),
    (Parameter::Lai, 0.01, 5.0),
    (Parameter::LaiU, 0.01, 1.0),
    (Parameter::Fc, 0.1, 1.0),
];
