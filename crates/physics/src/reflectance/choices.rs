//! What a model is made of, by name.

/// What stands on the soil: which of the canopy models computes its reflectance R.
///
/// All have leaves of one kind (PROSPECT) and one distribution of leaf angles, a soil, and a sun and a sky whose
/// light is mixed by [`mix_direct_and_diffuse`](crate::mix_direct_and_diffuse).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Canopy {
    /// A homogeneous canopy of leaf area index LAI on the soil: [`Sail`](crate::Sail) alone. With PROSPECT
    /// leaves the model is known as PROSAIL. LAIu, fc, sd, cd and h have no effect.
    Sail,
    /// A forest of crowns of leaf area index LAI over an understorey of leaf area index LAIu: INFORM, in one of
    /// its variants. Formulas: [`Variant`].
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
    /// The sky's share from the sun zenith ([`sky_fraction`](crate::sky_fraction)), or as `skyl` gives it, of
    /// the tables' direct and diffuse irradiance.
    #[default]
    SkyFraction,
    /// Measured or modelled irradiance at every nm from 400 to 2500 in any unit; only the ratio matters.
    /// No sky fraction is applied to it; its share of diffuse light is also that of crown transmittances.
    Measured {
        /// Of the sun.
        direct: Vec<f64>,
        /// Of the sky.
        diffuse: Vec<f64>,
    },
}

/// Which INFORM, the invertible forest reflectance model (Atzberger 2000, EARSeL Proceedings 20:39–44; Schlerf
/// and Atzberger 2006, Remote Sensing of Environment 100:281–294, doi:10.1016/j.rse.2005.10.006).
///
/// It joins [`Sail`](crate::Sail) for what crowns and understorey reflect and let through with FLIM for how
/// crowns cover the ground (Rosema et al. 1992, Remote Sensing of Environment 42:23–41):
///
/// ```math
/// \begin{aligned}
/// R &= R_\infty\,C + R_u\,G, \\
/// C &= (1-T_sT_o)\,c_oc_s, \\
/// G &= F_{cd}T_sT_o + F_{cs}T_o + F_{od}T_s + F_{os}
/// \end{aligned}
/// ```
///
/// | symbol | |
/// |---|---|
/// | R | reflectance of the forest into the view |
/// | R_u | of the understorey: 4SAIL with LAIu over the soil, sun and sky mixed |
/// | R_∞ | of crowns that let nothing through: 4SAIL with a leaf area index of 15 over R_u |
/// | T_s, T_o | transmittances of a crown towards the sun and towards the view |
/// | c_o, c_s, F | shares of the scene, [`CrownCover`](crate::CrownCover) |
///
/// All are dimensionless. [`ReflectanceModel::spectra_of_parts`](crate::ReflectanceModel::spectra_of_parts)
/// gives them.
///
/// # Transmittance of a crown
///
/// The flux of a beam at zenith θ and of the sky's share s of diffuse light that reaches the ground below a
/// crown of leaf area index LAI, light bounced between crown and ground included; θ is θ_s for T_s and θ_o for
/// T_o, s is that of the scene in both, and t_ss, t_sd, r_dd, t_dd are fluxes of 4SAIL with the sun at θ:
///
/// ```math
/// T(\theta) = (1-s)\Bigl[t_{ss} + \frac{t_{sd}+t_{ss}R_ur_{dd}}{1-R_ur_{dd}}\Bigr]
/// + \frac{s\,t_{dd}}{1-R_ur_{dd}}
/// ```
///
/// # Limits and range
///
/// * LAI → 0: T_s = T_o = 1 and R = R_u. LAIu → 0 too: R is the soil's.
/// * fc → 0: R = R_u.
/// * LAI → ∞: T_s = T_o = 0 and R = R_∞ c_o c_s + R_u F_os.
/// * R_u, a reflectance into the view, is taken for that of a Lambertian ground. For bright leaves in a wide hot
///   spot it can exceed 1; then R_u r_dd can come near 1 and R far outside 0 to 1. No ordinary stand comes near.
///
/// Parameters are valid over the ranges of [`Parameter`](crate::Parameter), zeniths up to 80°.
#[doc = include_str!("../../katex.html")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Variant {
    /// The science as published, as above.
    #[default]
    Published,
    /// What the widely used EnMAP-Box lineage of the code computes, deviations included, to reproduce
    /// results obtained with it: crowns' reflectances in the place of their transmittances, one of them under
    /// another sun, cosines for angles in FLIM, F_cd in C, 19 intervals of the hot spot. Each is written out and
    /// measured in [`guide::inform_variants`](crate::guide::inform_variants); crown leaf area has a tenth of
    /// its effect, by the first.
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
