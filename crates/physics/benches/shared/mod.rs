//! What the benches measure: which model, which forests.
#![allow(dead_code, reason = "each bench uses a part of it")]

use physics::{
    CanopyParameters, Lanes, PhysicsError, Precision, ReflectanceModel, SENTINEL2_TRAINING_BANDS,
    Variant,
};

/// What a spectrum is computed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// Double precision.
    F64,
    /// Single precision in lanes of one kind.
    F32(Lanes),
}

impl Numbers {
    /// All this processor has, the fastest first.
    pub fn available() -> Vec<Self> {
        let lanes = Lanes::available().into_iter().map(Self::F32);
        lanes.chain([Self::F64]).collect()
    }

    /// Name in tables and on command lines.
    pub fn name(self) -> &'static str {
        match self {
            Self::F64 => "f64",
            Self::F32(Lanes::Avx512) => "avx512",
            Self::F32(Lanes::Avx2) => "avx2",
            Self::F32(Lanes::Sse2) => "sse2",
            Self::F32(Lanes::Portable) => "portable",
        }
    }
}

/// Which bands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bands {
    /// All 13 of Sentinel-2A: 875 wavelengths.
    All,
    /// The 11 that trainings use: 772 wavelengths.
    Training,
}

impl Bands {
    /// Name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "13 bands",
            Self::Training => "11 bands",
        }
    }
}

/// Sun and view of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Geometry {
    /// The same for all samples.
    One,
    /// Another for each sample.
    Each,
}

impl Geometry {
    /// Name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::One => "one geometry",
            Self::Each => "each its geometry",
        }
    }
}

/// Name of a variant in tables and on command lines.
pub fn variant_name(variant: Variant) -> &'static str {
    match variant {
        Variant::Published => "published",
        Variant::EnmapBox => "enmap_box",
    }
}

/// The model measured; its free parameters are the usual seven.
pub fn model(
    variant: Variant,
    numbers: Numbers,
    bands: Bands,
) -> Result<ReflectanceModel, PhysicsError> {
    let mut builder = ReflectanceModel::builder().variant(variant);
    if let Numbers::F32(lanes) = numbers {
        builder = builder.precision(Precision::F32).lanes(lanes);
    }
    if bands == Bands::Training {
        builder = builder.bands(SENTINEL2_TRAINING_BANDS);
    }
    builder.build()
}

/// Forests drawn evenly from the ranges that are usually learnt; the same at every call.
pub struct Forests {
    state: u64,
    geometry: Geometry,
}

impl Forests {
    /// From the first one on.
    pub fn new(geometry: Geometry) -> Self {
        Self {
            state: 20261123,
            geometry,
        }
    }

    /// A linear congruential generator (constants of MMIX): fast, and the same on every machine.
    fn between(&mut self, low: f64, high: f64) -> f64 {
        self.state = (self.state)
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        low + (high - low) * (self.state >> 11) as f64 / (1_u64 << 53) as f64
    }
}

impl Iterator for Forests {
    type Item = CanopyParameters;

    fn next(&mut self) -> Option<CanopyParameters> {
        let mut forest = CanopyParameters {
            n: self.between(1.0, 3.0),
            cab: self.between(10.0, 80.0),
            cw: self.between(0.001, 0.02),
            cm: self.between(0.005, 0.05),
            lai: self.between(0.01, 5.0),
            laiu: self.between(0.01, 3.0),
            fc: self.between(0.1, 1.0),
            ..CanopyParameters::default()
        };
        if self.geometry == Geometry::Each {
            forest.tts = self.between(20.0, 70.0);
            forest.tto = self.between(0.0, 15.0);
            forest.psi = self.between(0.0, 180.0);
        }
        Some(forest)
    }
}
