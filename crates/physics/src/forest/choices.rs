//! Which INFORM, and in which precision.

/// Which INFORM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Variant {
    /// The science as published: 4SAIL, crown transmittances and FLIM (Rosema et al. 1992; Atzberger
    /// 2000; Schlerf and Atzberger 2006; Verhoef et al. 2007).
    #[default]
    Published,
    /// What the widely used EnMAP-Box lineage of the code computes, deviations included, to reproduce
    /// results obtained with it:
    ///
    /// 1. crown transmittances are the crowns' *reflectances* over the understorey (sun and sky mixed with
    ///    equal irradiance, no hot spot), so that crown leaf area has next to no effect: the mean
    ///    derivative of a band to LAI over its learned range is 0.005 instead of 0.089;
    /// 2. for the one towards the view, the sine of the sun zenith is the cosine of the view zenith;
    /// 3. FLIM takes cosines for angles in radians: the sun zenith never enters;
    /// 4. crown reflectance is weighted with Fcd instead of co·cs;
    /// 5. the hot spot is integrated over 19 intervals instead of 20 (up to 5e-4 in reflectance).
    EnmapBox,
}

/// Precision of the computation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// Double precision, one wavelength at a time.
    #[default]
    F64,
    /// Single precision, as many wavelengths at once as the processor can: bands within 5e-6 and
    /// Jacobians within 3e-4 (of the largest of their column) of double precision. Samples whose leaves
    /// absorb next to nothing at some wavelength are computed in double precision.
    F32,
}
