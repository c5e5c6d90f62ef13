//! What a leaf is made of: its structure and its contents.

use crate::PhysicsError;
use crate::quantities::Range;
use crate::tables::Absorber;

/// Structure and contents of a leaf. A version ignores the absorbers it does not know.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeafParameters {
    /// Structure, the number of layers N, 1 to 4.
    pub n: f64,
    /// Chlorophyll a and b, µg/cm², 0 to 120.
    pub cab: f64,
    /// Carotenoids, µg/cm², 0 to 30.
    pub car: f64,
    /// Anthocyanins, µg/cm², 0 to 40.
    pub anth: f64,
    /// Brown pigments, arbitrary units, 0 to 1.
    pub cbrown: f64,
    /// Equivalent water thickness, cm, 0 to 0.1.
    pub cw: f64,
    /// Dry matter, g/cm², 0 to 0.06.
    pub cm: f64,
    /// Proteins, g/cm², 0 to 0.005.
    pub cp: f64,
    /// Carbon-based constituents, g/cm², 0 to 0.03.
    pub cbc: f64,
}

/// Allowed ranges and defaults.
pub(crate) mod ranges {
    use crate::quantities::Range;

    pub const N: Range = Range::new("N", "1", (1.0, 4.0), 1.5);
    pub const CAB: Range = Range::new("cab", "ug/cm2", (0.0, 120.0), 40.0);
    pub const CAR: Range = Range::new("car", "ug/cm2", (0.0, 30.0), 10.0);
    pub const ANTH: Range = Range::new("anth", "ug/cm2", (0.0, 40.0), 2.0);
    pub const CBROWN: Range = Range::new("cbrown", "1", (0.0, 1.0), 0.25);
    pub const CW: Range = Range::new("cw", "cm", (0.0, 0.1), 0.03);
    pub const CM: Range = Range::new("cm", "g/cm2", (0.0, 0.06), 0.012);
    pub const CP: Range = Range::new("cp", "g/cm2", (0.0, 0.005), 0.0015);
    pub const CBC: Range = Range::new("cbc", "g/cm2", (0.0, 0.03), 0.01);
}
use ranges::{ANTH, CAB, CAR, CBC, CBROWN, CM, CP, CW, N};

impl Default for LeafParameters {
    fn default() -> Self {
        Self {
            n: N.default,
            cab: CAB.default,
            car: CAR.default,
            anth: ANTH.default,
            cbrown: CBROWN.default,
            cw: CW.default,
            cm: CM.default,
            cp: CP.default,
            cbc: CBC.default,
        }
    }
}

impl LeafParameters {
    /// Content of an absorber, in its unit.
    pub fn content(&self, absorber: Absorber) -> f64 {
        match absorber {
            Absorber::Chlorophyll => self.cab,
            Absorber::Carotenoids => self.car,
            Absorber::Anthocyanins => self.anth,
            Absorber::BrownPigments => self.cbrown,
            Absorber::Water => self.cw,
            Absorber::DryMatter => self.cm,
            Absorber::Proteins => self.cp,
            Absorber::CarbonBasedConstituents => self.cbc,
        }
    }

    pub(super) fn check(&self) -> Result<(), PhysicsError> {
        for (range, value) in [
            (N, self.n),
            (CAB, self.cab),
            (CAR, self.car),
            (ANTH, self.anth),
            (CBROWN, self.cbrown),
            (CW, self.cw),
            (CM, self.cm),
            (CP, self.cp),
            (CBC, self.cbc),
        ] {
            range.check(0, value)?;
        }
        Ok(())
    }
}

/// Symbol, unit and allowed range of an absorber's content.
pub(super) fn range_of(absorber: Absorber) -> Range {
    match absorber {
        Absorber::Chlorophyll => CAB,
        Absorber::Carotenoids => CAR,
        Absorber::Anthocyanins => ANTH,
        Absorber::BrownPigments => CBROWN,
        Absorber::Water => CW,
        Absorber::DryMatter => CM,
        Absorber::Proteins => CP,
        Absorber::CarbonBasedConstituents => CBC,
    }
}
