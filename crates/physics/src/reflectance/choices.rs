//! What a model is made of, by name.

/// What stands on the soil.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Canopy {
    /// A homogeneous canopy: 4SAIL alone. With PROSPECT leaves the model is known as PROSAIL.
    Sail,
    /// A forest of crowns over an understorey: INFORM.
    Inform(Variant),
}

impl Default for Canopy {
    fn default() -> Self {
        Self::Inform(Variant::default())
    }
}

/// Reflectance of the soil.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Soil {
    /// The tables' dry and wet soil, mixed by `psoil` and scaled by `rsoil`.
    #[default]
    Mixture,
    /// A spectrum of the user, 0 to 1 at every nm from 400 to 2500, scaled by `rsoil`.
    Spectrum(Vec<f64>),
}

/// Direct and diffuse light.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Illumination {
    /// The sky's share from the sun zenith (François et al. 2002), or as `skyl` gives it, of the tables'
    /// direct and diffuse irradiance.
    #[default]
    SkyFraction,
    /// Measured or modelled irradiance at every nm from 400 to 2500 in any unit; only the ratio matters.
    /// No sky fraction is applied to it.
    Measured {
        /// Of the sun.
        direct: Vec<f64>,
        /// Of the sky.
        diffuse: Vec<f64>,
    },
}

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
