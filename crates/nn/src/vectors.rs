//! Loops compiled for the widest vector registers of the processor they run on.

use pulp::{Arch, NullaryFnOnce};

/// Runs a piece of work compiled for AVX-512, AVX2 or the baseline, whichever the processor has.
///
/// The closure must be `#[inline(always)]`, or its loops stay those of the baseline, and `move`: a number
/// behind a reference could lie in the slice that is written, and nothing would vectorise. The compiler
/// never contracts a · b + c by itself: elementwise results are the same on all of them.
#[inline(always)]
pub(crate) fn widest<R>(work: impl FnMut() -> R) -> R {
    Arch::new().dispatch(Inlined(work))
}

/// A closure is called once through a shim, which is not inlined; called by reference it has none.
struct Inlined<F>(F);

impl<R, F: FnMut() -> R> NullaryFnOnce for Inlined<F> {
    type Output = R;

    #[inline(always)]
    fn call(mut self) -> R {
        (self.0)()
    }
}
