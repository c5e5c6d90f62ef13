//! The rows of the validation page.

/// A row of the validation page: the figure's name in the tests, what is compared, and with what.
pub struct Row {
    pub figure: &'static str,
    pub what: &'static str,
    pub truth: &'static str,
    /// Needs files that are not part of the project.
    pub guest: bool,
}

const fn row(figure: &'static str, what: &'static str, truth: &'static str) -> Row {
    Row {
        figure,
        what,
        truth,
        guest: false,
    }
}

const fn guest(figure: &'static str, what: &'static str, truth: &'static str) -> Row {
    Row {
        guest: true,
        ..row(figure, what, truth)
    }
}

const OWN: &str = "the independent implementation";
const WIDE: &str = "the implementation in wide use";
const PROSAIL: &str = "`prosail` 2.0.5";

/// All rows. A figure that a test prints has a line here, and the other way round.
pub const ROWS: &[Row] = &[
    row(
        "published bands_s2a",
        "published INFORM, 13 bands of Sentinel-2A, 96 forests",
        OWN,
    ),
    row(
        "published bands_s2b",
        "published INFORM, 13 bands of Sentinel-2B, 96 forests",
        OWN,
    ),
    row(
        "published spectra",
        "published INFORM, 13 wavelengths, 96 forests",
        OWN,
    ),
    row(
        "published Jacobian",
        "published INFORM, 13 bands of Sentinel-2A, 96 forests: Jacobian to 7 parameters, of its columns",
        OWN,
    ),
    guest(
        "Published bands_published_own_impl",
        "published INFORM on other tables, 13 bands, 64 forests",
        OWN,
    ),
    guest(
        "Published jac_published_own_impl",
        "published INFORM on other tables, 13 bands, 16 forests: Jacobian, of its columns",
        OWN,
    ),
    guest(
        "Published spectral_published_own_impl",
        "published INFORM on other tables, R, R_u, R_∞, T_s and T_o, 8 forests",
        OWN,
    ),
    guest(
        "Published scalars_published",
        "published INFORM, shares of FLIM, 64 forests",
        OWN,
    ),
    guest(
        "EnmapBox bands_ref_numpy64",
        "INFORM `enmap_box`, 13 bands, 64 forests",
        WIDE,
    ),
    guest(
        "EnmapBox spectral_ref",
        "INFORM `enmap_box`, R, R_u, R_∞, T_s and T_o, 8 forests",
        WIDE,
    ),
    guest(
        "EnmapBox scalars_ref",
        "INFORM `enmap_box`, shares of FLIM, 64 forests",
        WIDE,
    ),
    guest(
        "EnmapBox jac_ref_exact_E1",
        "INFORM `enmap_box`, 13 bands, 16 forests: Jacobian, of its columns",
        "the same, with an exact derivative of E₁",
    ),
    guest(
        "EnmapBox jac_ref_torch_autograd",
        "INFORM `enmap_box`, 13 bands, 16 forests: Jacobian, of its columns",
        "the same, automatic differentiation, which divides by k + 10⁻⁷ where k is meant",
    ),
    row(
        "composed Published",
        "published INFORM, 13 bands of Sentinel-2A, 512 forests",
        "composed anew from `Prospect` and `Sail`",
    ),
    row(
        "composed EnmapBox",
        "INFORM `enmap_box`, 13 bands of Sentinel-2A, 512 forests",
        "composed anew from `Prospect` and `Sail`",
    ),
    row(
        "prosail 4SAIL",
        "4SAIL, 18 fluxes, 24 canopies × 8 wavelengths",
        PROSAIL,
    ),
    row(
        "prosail 4SAIL without limit of the hot spot",
        "4SAIL, bidirectional fluxes where α > 200, which the package does not limit",
        PROSAIL,
    ),
    guest(
        "golden 4SAIL reflectance",
        "4SAIL over PROSPECT-D on other tables, 32 canopies × 50 wavelengths",
        OWN,
    ),
    guest(
        "golden 4SAIL fluxes",
        "4SAIL over PROSPECT-D on other tables, 12 fluxes and coefficients, 32 canopies",
        OWN,
    ),
    row(
        "golden ellipsoidal leaf angles",
        "weights of ellipsoidal leaf angles, 16 distributions",
        OWN,
    ),
    row(
        "prosail at all wavelengths prospect_d",
        "PROSPECT-D, 2 leaves × 2101 wavelengths",
        PROSAIL,
    ),
    row(
        "prosail at all wavelengths prospect_pro",
        "PROSPECT-PRO, 2 leaves × 2101 wavelengths",
        PROSAIL,
    ),
    row(
        "prosail at all wavelengths prospect_5",
        "PROSPECT-5, 2 leaves × 2101 wavelengths",
        PROSAIL,
    ),
    row(
        "prosail at all wavelengths prospect_5b",
        "PROSPECT-5B, 2 leaves × 2101 wavelengths",
        PROSAIL,
    ),
    row(
        "prosail at all wavelengths prospect_4",
        "PROSPECT-4, 2 leaves × 2101 wavelengths",
        PROSAIL,
    ),
    row(
        "prosail prospect_d",
        "PROSPECT-D, 24 leaves × 50 wavelengths",
        PROSAIL,
    ),
    row(
        "prosail prospect_5",
        "PROSPECT-5, 24 leaves × 50 wavelengths",
        PROSAIL,
    ),
    row(
        "prosail prospect_5b",
        "PROSPECT-5B, 24 leaves × 50 wavelengths",
        PROSAIL,
    ),
    row(
        "prosail prospect_4",
        "PROSPECT-4, 24 leaves × 50 wavelengths",
        PROSAIL,
    ),
    row(
        "prosail prospect_pro",
        "PROSPECT-PRO, 24 leaves × 50 wavelengths, its absorption given to the package as dry matter",
        PROSAIL,
    ),
    row(
        "golden PROSPECT-D",
        "PROSPECT-D, 32 leaves × 50 wavelengths",
        OWN,
    ),
    row(
        "golden PROSPECT-5",
        "PROSPECT-5, 32 leaves × 50 wavelengths",
        OWN,
    ),
    row(
        "golden PROSPECT-5B",
        "PROSPECT-5B, 32 leaves × 50 wavelengths",
        OWN,
    ),
    row(
        "golden PROSPECT-PRO",
        "PROSPECT-PRO, 32 leaves × 50 wavelengths",
        OWN,
    ),
    row(
        "f32 bands",
        "INFORM in single precision, worst kind of register of the processor, 13 bands, 96 forests",
        OWN,
    ),
    row(
        "f32 Jacobian",
        "INFORM in single precision, as above: Jacobian, of its columns",
        OWN,
    ),
    row(
        "Mogi displacements",
        "Mogi, 32 sources, 12 stations: displacements, relative",
        WIDE,
    ),
    row(
        "Mogi Jacobian",
        "Mogi, 32 sources, 12 stations: Jacobian, of its columns",
        WIDE,
    ),
];
