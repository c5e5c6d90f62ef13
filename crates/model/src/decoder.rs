//! The decoder without physics.

use crate::architecture::{Architecture, sizes};
use nn::{Backend, Mlp, NnError, Scalar};
use rand::Rng;

/// Hidden widths of the decoder without physics.
const PLAIN_HIDDEN: [usize; 3] = [16, 32, 64];

/// The decoder of variant A: z_aux → 16 → 32 → 64 → d.
///
/// # Errors
/// The device refuses.
pub(crate) fn plain<E: Scalar, D: Backend<E>>(
    device: &D,
    a: &Architecture,
    rng: &mut impl Rng,
) -> Result<Mlp<E, D>, NnError> {
    Mlp::new(
        device,
        &sizes(a.dim_z_aux, &PLAIN_HIDDEN, a.channels),
        a.activation,
        rng,
    )
}
