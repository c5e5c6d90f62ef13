//! What can go wrong in `model`.

/// Errors of the model crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// From the layers or the device.
    #[error(transparent)]
    Nn(#[from] nn::NnError),
    /// From the physics.
    #[error(transparent)]
    Physics(#[from] physics::PhysicsError),
    /// Numbers of the architecture and of the physics do not agree.
    #[error("{what} is {found}, expected {expected}")]
    Mismatch {
        /// What was counted.
        what: &'static str,
        /// The count found.
        found: usize,
        /// The count it must be.
        expected: usize,
    },
    /// The encoder has learned to see other conditions than a physics has.
    #[error("the conditions that the encoder sees are not those of the physics")]
    OtherConditions,
    /// A channel cannot be standardised.
    #[error(
        "{channel} has mean {mean} and scale {scale}; both must be finite and the scale above 0"
    )]
    Standardization {
        /// Name of the channel.
        channel: String,
        /// Its mean.
        mean: f64,
        /// Its scale.
        scale: f64,
    },
    /// A range of a physical parameter is empty or not finite.
    #[error(
        "range of {name} is {min} to {max}; the smaller end must come first and both be finite"
    )]
    Range {
        /// Name of the parameter.
        name: String,
        /// Lower end.
        min: f64,
        /// Upper end.
        max: f64,
    },
}
