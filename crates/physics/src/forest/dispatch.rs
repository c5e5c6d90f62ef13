//! Entry points: one function per kind of number, variant and task, compiled for the instructions it
//! needs and holding the whole batch loop; and the choice among them at run time.
#![allow(
    unsafe_code,
    reason = "functions with a target feature are unsafe to call where it is not known to be there"
)]

use super::choices::Variant;
use super::engine::{Engine, Quadrature, Results};
use super::parameters::ForestParameters;
use super::stages::{Derivatives, Values};
use super::variant::{EnmapBox, Published};
use crate::numbers::Lane;
#[cfg(target_arch = "x86_64")]
use crate::numbers::{F32x4, F32x8, F32x16};
use crate::tables::SpectralTables;

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
    fn evaluate(&self, variant: Variant, samples: &[ForestParameters], results: &mut Results<'_>);
}

/// The double-precision engine.
pub(super) fn double_engine(
    tables: &SpectralTables,
    quadrature: &Quadrature,
) -> Box<dyn AnyEngine> {
    Box::new(Engine::<f64>::new(tables, quadrature))
}

/// A single-precision engine, or `None` where the processor does not have the lanes.
pub(super) fn single_engine(
    lanes: Lanes,
    tables: &SpectralTables,
    quadrature: &Quadrature,
) -> Option<Box<dyn AnyEngine>> {
    if !lanes.is_available() {
        return None;
    }
    Some(match lanes {
        #[cfg(target_arch = "x86_64")]
        Lanes::Avx512 => Box::new(Engine::<F32x16>::new(tables, quadrature)),
        #[cfg(target_arch = "x86_64")]
        Lanes::Avx2 => Box::new(Engine::<F32x8>::new(tables, quadrature)),
        #[cfg(target_arch = "x86_64")]
        Lanes::Sse2 => Box::new(Engine::<F32x4>::new(tables, quadrature)),
        _ => Box::new(Engine::<f32>::new(tables, quadrature)),
    })
}

/// One entry point.
type Entry<L> = unsafe fn(&Engine<L>, &[ForestParameters], &mut Results<'_>);

/// The entry points of one lane.
struct Entries<L> {
    published: Entry<L>,
    published_jacobian: Entry<L>,
    enmap_box: Entry<L>,
    enmap_box_jacobian: Entry<L>,
}

/// A lane with entry points.
trait Compiled: Lane {
    const ENTRIES: Entries<Self>;
}

impl<L: Compiled> AnyEngine for Engine<L> {
    fn evaluate(&self, variant: Variant, samples: &[ForestParameters], results: &mut Results<'_>) {
        let entries = &L::ENTRIES;
        let entry = match (variant, results.jacobian.is_empty()) {
            (Variant::Published, true) => entries.published,
            (Variant::Published, false) => entries.published_jacobian,
            (Variant::EnmapBox, true) => entries.enmap_box,
            (Variant::EnmapBox, false) => entries.enmap_box_jacobian,
        };
        // SAFETY: engines of register lanes are made by `single_engine` only, after it has found the
        // instructions of the lane, which are the ones its entry points are compiled for.
        unsafe { entry(self, samples, results) }
    }
}

macro_rules! entry {
    ($name:ident, $lane:ty, $stages:ident, $variant:ty $(, $features:literal)?) => {
        $(#[target_feature(enable = $features)])?
        #[inline(never)]
        fn $name(
            engine: &Engine<$lane>,
            samples: &[ForestParameters],
            results: &mut Results<'_>,
        ) {
            engine.run::<$stages<$lane>, $variant>(samples, results);
        }
    };
}

macro_rules! entries {
    ($module:ident, $lane:ty $(, $features:literal)?) => {
        mod $module {
            use super::*;
            entry!(published, $lane, Values, Published $(, $features)?);
            entry!(published_jacobian, $lane, Derivatives, Published $(, $features)?);
            entry!(enmap_box, $lane, Values, EnmapBox $(, $features)?);
            entry!(enmap_box_jacobian, $lane, Derivatives, EnmapBox $(, $features)?);

            impl Compiled for $lane {
                const ENTRIES: Entries<Self> = Entries {
                    published,
                    published_jacobian,
                    enmap_box,
                    enmap_box_jacobian,
                };
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
