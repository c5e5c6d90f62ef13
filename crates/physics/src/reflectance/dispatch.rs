//! Entry points: one function per kind of number, stand and task, compiled for the instructions it needs
//! and holding the whole batch loop; and the choice among them at run time.
#![allow(
    unsafe_code,
    reason = "functions with a target feature are unsafe to call where it is not known to be there"
)]

use super::choices::{Canopy, Variant};
use super::columns::Columns;
use super::engine::{Engine, Quadrature, Results};
use super::tables::SpectralData;
#[cfg(target_arch = "x86_64")]
use crate::numbers::{F32x4, F32x8, F32x16};
use crate::numbers::{Lane, Real};
use crate::parameters::{CanopyParameters, Parameter};
use crate::stand::{EnmapBox, Inform, Published, Turbid};

/// Kinds of single-precision lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lanes {
    /// 16 wavelengths at once (AVX-512).
    Avx512,
    /// 8 wavelengths at once (AVX2 and FMA).
    Avx2,
    /// 4 wavelengths at once (SSE2, every x86-64 processor).
    Sse2,
    /// One wavelength at a time, on any processor.
    Portable,
}

impl Lanes {
    /// The kinds this processor has, the fastest first; [`Lanes::Portable`] is always there.
    pub fn available() -> Vec<Self> {
        let all = [Self::Avx512, Self::Avx2, Self::Sse2, Self::Portable];
        all.into_iter()
            .filter(|lanes| lanes.is_available())
            .collect()
    }

    /// Whether this processor has it.
    pub fn is_available(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("fma")
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Self::Sse2 => true,
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx512 | Self::Avx2 | Self::Sse2 => false,
            Self::Portable => true,
        }
    }
}

/// An engine of whatever lane.
pub(super) trait AnyEngine: Send + Sync {
    /// Values, and the Jacobian where `results` has room for it.
    fn evaluate(&self, canopy: Canopy, samples: &[CanopyParameters], results: &mut Results<'_>);
}

/// What an engine is made of.
pub(super) struct Plan<'a> {
    pub data: &'a SpectralData,
    pub quadrature: &'a Quadrature,
    pub columns: &'a Columns,
}

impl Plan<'_> {
    fn engine<L: Lane + Real<L = L>>(&self) -> Engine<L> {
        Engine::new(self.data, self.quadrature, self.columns)
    }
}

/// The double-precision engine.
pub(super) fn double_engine(plan: &Plan<'_>) -> Box<dyn AnyEngine> {
    Box::new(plan.engine::<f64>())
}

/// A single-precision engine, or `None` where the processor does not have the lanes.
pub(super) fn single_engine(lanes: Lanes, plan: &Plan<'_>) -> Option<Box<dyn AnyEngine>> {
    if !lanes.is_available() {
        return None;
    }
    Some(match lanes {
        #[cfg(target_arch = "x86_64")]
        Lanes::Avx512 => Box::new(plan.engine::<F32x16>()),
        #[cfg(target_arch = "x86_64")]
        Lanes::Avx2 => Box::new(plan.engine::<F32x8>()),
        #[cfg(target_arch = "x86_64")]
        Lanes::Sse2 => Box::new(plan.engine::<F32x4>()),
        _ => Box::new(plan.engine::<f32>()),
    })
}

/// Values or a sweep.
type Entry<L> = unsafe fn(&Engine<L>, &[CanopyParameters], &mut Results<'_>);
/// A sweep along one direction.
type DirectionEntry<L> =
    unsafe fn(&Engine<L>, &[CanopyParameters], (Parameter, usize), &mut Results<'_>);

/// The entry points of one lane for one kind of stand.
struct Entries<L> {
    values: Entry<L>,
    sweep: Entry<L>,
    direction: DirectionEntry<L>,
}

/// A lane with entry points.
trait Compiled: Lane + Real<L = Self> {
    const SAIL: Entries<Self>;
    const PUBLISHED: Entries<Self>;
    const ENMAP_BOX: Entries<Self>;
}

impl<L: Compiled> AnyEngine for Engine<L> {
    fn evaluate(&self, canopy: Canopy, samples: &[CanopyParameters], results: &mut Results<'_>) {
        let entries = match canopy {
            Canopy::Sail => &L::SAIL,
            Canopy::Inform(Variant::Published) => &L::PUBLISHED,
            Canopy::Inform(Variant::EnmapBox) => &L::ENMAP_BOX,
        };
        let with_jacobian = !results.jacobian.is_empty();
        let first = if with_jacobian && self.has_sweep() {
            entries.sweep
        } else {
            entries.values
        };
        // SAFETY: engines of register lanes are made by `single_engine` only, after it has found the
        // instructions of the lane, which are the ones its entry points are compiled for.
        unsafe { first(self, samples, results) }
        if with_jacobian {
            for direction in self.directions() {
                // SAFETY: as above.
                unsafe { (entries.direction)(self, samples, *direction, results) }
            }
        }
    }
}

macro_rules! entries {
    ($module:ident, $lane:ty $(, $features:literal)?) => {
        mod $module {
            use super::*;

            impl Compiled for $lane {
                const SAIL: Entries<Self> = sail::ENTRIES;
                const PUBLISHED: Entries<Self> = published::ENTRIES;
                const ENMAP_BOX: Entries<Self> = enmap_box::ENTRIES;
            }

            entries!(@stand sail, Turbid, $lane $(, $features)?);
            entries!(@stand published, Inform<Published>, $lane $(, $features)?);
            entries!(@stand enmap_box, Inform<EnmapBox>, $lane $(, $features)?);
        }
    };
    (@stand $module:ident, $stand:ty, $lane:ty $(, $features:literal)?) => {
        mod $module {
            use super::*;

            pub(super) const ENTRIES: Entries<$lane> = Entries { values, sweep, direction };

            $(#[target_feature(enable = $features)])?
            #[inline(never)]
            fn values(
                engine: &Engine<$lane>,
                samples: &[CanopyParameters],
                results: &mut Results<'_>,
            ) {
                engine.values::<$stand>(samples, results);
            }

            $(#[target_feature(enable = $features)])?
            #[inline(never)]
            fn sweep(
                engine: &Engine<$lane>,
                samples: &[CanopyParameters],
                results: &mut Results<'_>,
            ) {
                engine.sweep::<$stand>(samples, results);
            }

            $(#[target_feature(enable = $features)])?
            #[inline(never)]
            fn direction(
                engine: &Engine<$lane>,
                samples: &[CanopyParameters],
                direction: (Parameter, usize),
                results: &mut Results<'_>,
            ) {
                engine.direction::<$stand>(samples, direction, results);
            }
        }
    };
}

entries!(double, f64);
entries!(portable, f32);
#[cfg(target_arch = "x86_64")]
entries!(sse2, F32x4);
#[cfg(target_arch = "x86_64")]
entries!(avx2, F32x8, "avx2,fma");
#[cfg(target_arch = "x86_64")]
entries!(avx512, F32x16, "avx512f,avx512dq,avx512bw,avx512vl,fma");
