//! The published versions of PROSPECT.

use crate::PhysicsError;
use crate::tables::{Absorber, LeafConstants};
use std::fmt;
use std::str::FromStr;

/// A version of PROSPECT: its constants and its absorbers.
///
/// | name | absorbers | constants |
/// |---|---|---|
/// | `prospect_4` | cab, cw, cm | Féret et al. (2008), doi:10.1016/j.rse.2008.02.012 |
/// | `prospect_5` | cab, car, cw, cm | as `prospect_4` |
/// | `prospect_5b` | cab, car, cbrown, cw, cm | as `prospect_4` |
/// | `prospect_d` | cab, car, anth, cbrown, cw, cm | Féret et al. (2017), doi:10.1016/j.rse.2017.03.004 |
/// | `prospect_pro` | cab, car, anth, cbrown, cw, cp, cbc | Féret et al. (2021), doi:10.1016/j.rse.2020.112173 |
///
/// ```
/// use physics::LeafVersion;
///
/// let version: LeafVersion = "prospect_pro".parse()?;
/// assert_eq!(version, LeafVersion::ProspectPro);
/// assert_eq!(version.name(), "prospect_pro");
/// # Ok::<(), physics::PhysicsError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LeafVersion {
    /// cab, cw, cm: PROSPECT-5 without carotenoids, with its constants (Féret et al. 2008). A fit of the
    /// chlorophyll coefficient for this version alone is not part of the tables.
    Prospect4,
    /// cab, car, cw, cm with the constants of Féret et al. (2008).
    Prospect5,
    /// PROSPECT-5 and brown pigments.
    Prospect5B,
    /// PROSPECT-5B and anthocyanins, constants of Féret et al. (2017).
    #[default]
    ProspectD,
    /// Proteins and carbon-based constituents instead of dry matter (Féret et al. 2021).
    ProspectPro,
}

impl LeafVersion {
    /// All versions, the oldest first.
    pub const ALL: [Self; 5] = [
        Self::Prospect4,
        Self::Prospect5,
        Self::Prospect5B,
        Self::ProspectD,
        Self::ProspectPro,
    ];

    /// Name as configurations write it, such as `prospect_d`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Prospect4 => "prospect_4",
            Self::Prospect5 => "prospect_5",
            Self::Prospect5B => "prospect_5b",
            Self::ProspectD => "prospect_d",
            Self::ProspectPro => "prospect_pro",
        }
    }

    /// What absorbs light in this version.
    pub fn absorbers(self) -> &'static [Absorber] {
        use Absorber::{
            Anthocyanins, BrownPigments, CarbonBasedConstituents, Carotenoids, Chlorophyll,
            DryMatter, Proteins, Water,
        };
        match self {
            Self::Prospect4 => &[Chlorophyll, Water, DryMatter],
            Self::Prospect5 => &[Chlorophyll, Carotenoids, Water, DryMatter],
            Self::Prospect5B => &[Chlorophyll, Carotenoids, BrownPigments, Water, DryMatter],
            Self::ProspectD => &[
                Chlorophyll,
                Carotenoids,
                Anthocyanins,
                BrownPigments,
                Water,
                DryMatter,
            ],
            Self::ProspectPro => &[
                Chlorophyll,
                Carotenoids,
                Anthocyanins,
                BrownPigments,
                Water,
                Proteins,
                CarbonBasedConstituents,
            ],
        }
    }

    /// The constants published with this version.
    pub fn constants(self) -> LeafConstants {
        match self {
            Self::Prospect4 | Self::Prospect5 | Self::Prospect5B => LeafConstants::prospect_5(),
            Self::ProspectD => LeafConstants::prospect_d(),
            Self::ProspectPro => LeafConstants::prospect_pro(),
        }
    }
}

impl fmt::Display for LeafVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for LeafVersion {
    type Err = PhysicsError;

    fn from_str(name: &str) -> Result<Self, PhysicsError> {
        let found = Self::ALL.into_iter().find(|v| v.name() == name);
        found.ok_or_else(|| PhysicsError::UnknownName {
            what: "leaf version",
            name: name.to_owned(),
            known: Self::ALL.map(|v| v.name().to_owned()).to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for version in LeafVersion::ALL {
            assert_eq!(version.name().parse::<LeafVersion>().unwrap(), version);
        }
        let error = "prospect_6".parse::<LeafVersion>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown leaf version 'prospect_6', expected one of: prospect_4, prospect_5, \
             prospect_5b, prospect_d, prospect_pro"
        );
    }

    #[test]
    fn constants_have_what_the_version_needs() {
        for version in LeafVersion::ALL {
            let constants = version.constants();
            for absorber in version.absorbers() {
                assert!(constants.absorption(*absorber).is_some(), "{version}");
            }
        }
    }
}
