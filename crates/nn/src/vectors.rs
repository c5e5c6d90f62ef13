//! Loops compiled for the widest vector registers of the processor they run on.

use pulp::{Arch, NullaryFnOnce};

/// Runs a piece of work compiled for AVX-512, AVX2 or the baseline, whichever the processor has.
///
/// What is in it must be `#[inline(always)]`, or its loops stay those of the baseline. The compiler never
/// contracts a · b + c by itself: elementwise results are the same on all of them.
#[inline]
pub(crate) fn widest<W: NullaryFnOnce>(work: W) -> W::Output {
    Arch::new().dispatch(work)
}
