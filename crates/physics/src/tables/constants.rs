//! Optical constants of leaves, soils and the sky.

use super::FIRST_WAVELENGTH_NM;
use super::csv::NumericTable;
use crate::PhysicsError;
use std::path::Path;

/// What absorbs light in a leaf. The order is that of [`Absorber::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absorber {
    /// Chlorophyll a and b; content in µg/cm², coefficient in cm²/µg.
    Chlorophyll,
    /// Carotenoids; content in µg/cm², coefficient in cm²/µg.
    Carotenoids,
    /// Anthocyanins; content in µg/cm², coefficient in cm²/µg.
    Anthocyanins,
    /// Brown pigments; arbitrary units.
    BrownPigments,
    /// Water; equivalent thickness in cm, coefficient in 1/cm.
    Water,
    /// Dry matter; content in g/cm², coefficient in cm²/g.
    DryMatter,
    /// Proteins (PROSPECT-PRO); content in g/cm², coefficient in cm²/g.
    Proteins,
    /// Carbon-based constituents (PROSPECT-PRO); content in g/cm², coefficient in cm²/g.
    CarbonBasedConstituents,
}

impl Absorber {
    /// All absorbers, in order.
    pub const ALL: [Self; 8] = [
        Self::Chlorophyll,
        Self::Carotenoids,
        Self::Anthocyanins,
        Self::BrownPigments,
        Self::Water,
        Self::DryMatter,
        Self::Proteins,
        Self::CarbonBasedConstituents,
    ];

    /// Name of the absorber's column in a table of leaf constants.
    pub fn column(self) -> &'static str {
        match self {
            Self::Chlorophyll => "k_cab",
            Self::Carotenoids => "k_car",
            Self::Anthocyanins => "k_anth",
            Self::BrownPigments => "k_brown",
            Self::Water => "k_w",
            Self::DryMatter => "k_m",
            Self::Proteins => "k_prot",
            Self::CarbonBasedConstituents => "k_cbc",
        }
    }
}

/// Refractive index and specific absorption coefficients of leaves at every wavelength of the grid.
#[derive(Clone, Debug, PartialEq)]
pub struct LeafConstants {
    refractive_index: Vec<f64>,
    /// One column per absorber of [`Absorber::ALL`], empty where the table has none.
    absorption: [Vec<f64>; 8],
}

impl LeafConstants {
    /// PROSPECT-D (Féret et al. 2017, doi:10.1016/j.rse.2017.03.004).
    ///
    /// # Panics
    /// Never: the built-in tables are tested.
    pub fn prospect_d() -> Self {
        Self::built_in(
            "prospect_d.csv",
            include_str!("../../tables/prospect_d.csv"),
        )
    }

    /// PROSPECT-4, -5 and -5B (Féret et al. 2008, doi:10.1016/j.rse.2008.02.012).
    ///
    /// # Panics
    /// Never: the built-in tables are tested.
    pub fn prospect_5() -> Self {
        Self::built_in(
            "prospect_5.csv",
            include_str!("../../tables/prospect_5.csv"),
        )
    }

    /// PROSPECT-PRO (Féret et al. 2021, doi:10.1016/j.rse.2020.112173).
    ///
    /// # Panics
    /// Never: the built-in tables are tested.
    pub fn prospect_pro() -> Self {
        Self::built_in(
            "prospect_pro.csv",
            include_str!("../../tables/prospect_pro.csv"),
        )
    }

    fn built_in(name: &str, text: &str) -> Self {
        NumericTable::parse(name, text)
            .and_then(|table| Self::from_table(&table))
            .expect("built-in table")
    }

    /// Read a table: columns `wavelength_nm` (400 to 2500, every nm), `n`, and any of `k_cab`, `k_car`,
    /// `k_anth`, `k_brown`, `k_w`, `k_m`, `k_prot`, `k_cbc`; `#` starts a comment line.
    ///
    /// # Errors
    /// The file cannot be read, a wavelength or `n` is missing, a column has an unknown name, n is
    /// outside 1.05 to 2, a coefficient is negative; the error names file, line, column and value.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, PhysicsError> {
        Self::from_table(&NumericTable::read(path.as_ref())?)
    }

    /// As [`LeafConstants::read`] from the text of a table; `name` stands for it in messages.
    ///
    /// # Errors
    /// As [`LeafConstants::read`].
    pub fn parse(name: &str, text: &str) -> Result<Self, PhysicsError> {
        Self::from_table(&NumericTable::parse(name, text)?)
    }

    fn from_table(table: &NumericTable) -> Result<Self, PhysicsError> {
        table.check_complete()?;
        let mut constants = Self {
            refractive_index: table.column("n", 1.05, 2.0)?,
            absorption: Default::default(),
        };
        for name in table.value_columns().iter().filter(|name| *name != "n") {
            let Some(i) = Absorber::ALL.iter().position(|a| a.column() == name) else {
                return Err(PhysicsError::UnknownName {
                    what: "column of leaf constants",
                    name: format!("{name} in {}", table.name()),
                    known: Absorber::ALL.map(|a| a.column().to_owned()).to_vec(),
                });
            };
            // far above any published coefficient; catches a wrong unit
            constants.absorption[i] = table.column(name, 0.0, 1e4)?;
        }
        Ok(constants)
    }

    /// Refuse constants that lack an absorber.
    pub(crate) fn check_has(&self, absorbers: &[Absorber]) -> Result<(), PhysicsError> {
        let Some(missing) = absorbers.iter().find(|a| self.absorption(**a).is_none()) else {
            return Ok(());
        };
        let present = |a: &Absorber| self.absorption(*a).is_some();
        Err(PhysicsError::MissingColumn {
            table: "leaf constants".into(),
            column: missing.column().into(),
            found: Absorber::ALL
                .into_iter()
                .filter(present)
                .map(|a| a.column().to_owned())
                .collect(),
        })
    }

    /// Refractive index at every wavelength of the grid.
    pub fn refractive_index(&self) -> &[f64] {
        &self.refractive_index
    }

    /// Absorption coefficient at every wavelength of the grid, or `None` if the table has none.
    pub fn absorption(&self, absorber: Absorber) -> Option<&[f64]> {
        let column = &self.absorption[absorber as usize];
        (!column.is_empty()).then_some(column.as_slice())
    }

    /// Coefficient at one place of the grid, 0 where the table has none.
    pub(crate) fn coefficient(&self, absorber: Absorber, place: usize) -> f64 {
        self.absorption[absorber as usize]
            .get(place)
            .copied()
            .unwrap_or(0.0)
    }
}

/// Reflectance of dry and wet soil, and direct and diffuse irradiance, at every wavelength of the grid.
#[derive(Clone, Debug, PartialEq)]
pub struct SoilAndSky {
    /// Reflectance of dry soil, 0 to 1.
    pub dry_soil: Vec<f64>,
    /// Reflectance of wet soil, 0 to 1.
    pub wet_soil: Vec<f64>,
    /// Direct irradiance; only its ratio to the diffuse one matters.
    pub direct: Vec<f64>,
    /// Diffuse irradiance.
    pub diffuse: Vec<f64>,
}

impl SoilAndSky {
    /// The built-in soil and sky.
    ///
    /// # Panics
    /// Never: the built-in tables are tested.
    pub fn built_in() -> Self {
        let text = include_str!("../../tables/soil_and_sky.csv");
        Self::parse("soil_and_sky.csv", text).expect("built-in table")
    }

    /// Read a table: columns `wavelength_nm` (400 to 2500, every nm), `r_dry`, `r_wet`, `e_direct`,
    /// `e_diffuse`.
    ///
    /// # Errors
    /// The file cannot be read, a wavelength or a column is missing, a reflectance is outside 0 to 1, an
    /// irradiance is negative or both are 0; the error names file, line, column and value.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, PhysicsError> {
        Self::from_table(&NumericTable::read(path.as_ref())?)
    }

    /// As [`SoilAndSky::read`] from the text of a table; `name` stands for it in messages.
    ///
    /// # Errors
    /// As [`SoilAndSky::read`].
    pub fn parse(name: &str, text: &str) -> Result<Self, PhysicsError> {
        Self::from_table(&NumericTable::parse(name, text)?)
    }

    fn from_table(table: &NumericTable) -> Result<Self, PhysicsError> {
        table.check_complete()?;
        let tables = Self {
            dry_soil: table.column("r_dry", 0.0, 1.0)?,
            wet_soil: table.column("r_wet", 0.0, 1.0)?,
            direct: table.column("e_direct", 0.0, f64::INFINITY)?,
            diffuse: table.column("e_diffuse", 0.0, f64::INFINITY)?,
        };
        let mut irradiance = tables.direct.iter().zip(&tables.diffuse);
        if let Some(dark) = irradiance.position(|(direct, diffuse)| direct + diffuse == 0.0) {
            return Err(PhysicsError::Inconsistent {
                what: "irradiance",
                problem: format!(
                    "{}: direct and diffuse are both 0 at {} nm",
                    table.name(),
                    dark + FIRST_WAVELENGTH_NM as usize
                ),
            });
        }
        Ok(tables)
    }
}

/// The tables INFORM needs.
#[derive(Clone, Debug, PartialEq)]
pub struct SpectralTables {
    /// PROSPECT-D.
    pub leaf: LeafConstants,
    /// Soil and sky.
    pub soil_and_sky: SoilAndSky,
}

impl SpectralTables {
    /// The built-in tables.
    pub fn built_in() -> Self {
        Self {
            leaf: LeafConstants::prospect_d(),
            soil_and_sky: SoilAndSky::built_in(),
        }
    }

    /// Read `prospect_d.csv` and `soil_and_sky.csv` from a folder; both must be there.
    ///
    /// # Errors
    /// As [`LeafConstants::read`] and [`SoilAndSky::read`].
    pub fn read(folder: impl AsRef<Path>) -> Result<Self, PhysicsError> {
        let folder = folder.as_ref();
        Ok(Self {
            leaf: LeafConstants::read(folder.join("prospect_d.csv"))?,
            soil_and_sky: SoilAndSky::read(folder.join("soil_and_sky.csv"))?,
        })
    }
}

impl Default for SpectralTables {
    fn default() -> Self {
        Self::built_in()
    }
}
