//! Spectra at any wavelength, in double precision.

use super::choices::{Canopy, Variant};
use super::model::ReflectanceModel;
use super::spectral::{Block, SampleScalars, light};
use crate::PhysicsError;
use crate::one_thread::is_alone;
use crate::parameters::{Along, CanopyParameters, Varied};
use crate::stand::{
    CrownCover, EnmapBox, Inform, InformVariant, Published, Scene, Stand, Turbid, Values,
};
use crate::tables::grid_places;
use ndarray::Array2;
use rayon::prelude::*;

/// Reflectances of a forest and its parts at some wavelengths.
#[derive(Clone, Debug, PartialEq)]
pub struct ForestSpectra {
    /// The forest, R = R_∞ C + R_u G.
    pub forest: Vec<f64>,
    /// Understorey over soil, R_u.
    pub understorey: Vec<f64>,
    /// Infinitely deep crown over the understorey, R_∞.
    pub deep_crown: Vec<f64>,
    /// Crown transmittance towards the sun, T_s.
    pub crown_to_sun: Vec<f64>,
    /// Crown transmittance towards the view, T_o.
    pub crown_to_view: Vec<f64>,
    /// Shares of the scene.
    pub cover: CrownCover,
}

impl ReflectanceModel {
    /// Reflectance at these wavelengths (whole nm, 400 to 2500) in double precision: samples ×
    /// wavelengths.
    ///
    /// # Errors
    /// As [`ReflectanceModel::bands`], or a wavelength off the grid.
    pub fn spectra(
        &self,
        samples: &[CanopyParameters],
        wavelengths_nm: &[u32],
    ) -> Result<Array2<f64>, PhysicsError> {
        let blocks = self.blocks(wavelengths_nm)?;
        let rows = each(samples, |row, sample| {
            self.check(row, sample)?;
            Ok(match self.canopy {
                Canopy::Sail => spectrum::<Turbid>(&blocks, sample),
                Canopy::Inform(Variant::Published) => {
                    spectrum::<Inform<Published>>(&blocks, sample)
                }
                Canopy::Inform(Variant::EnmapBox) => spectrum::<Inform<EnmapBox>>(&blocks, sample),
            })
        })?;
        let columns = wavelengths_nm.len();
        Ok(Array2::from_shape_fn((samples.len(), columns), |(i, j)| {
            rows[i][j]
        }))
    }

    /// The spectra of a forest and its parts, and the shares of the scene.
    ///
    /// # Errors
    /// As [`ReflectanceModel::spectra`]; a canopy that is no forest.
    pub fn spectra_of_parts(
        &self,
        samples: &[CanopyParameters],
        wavelengths_nm: &[u32],
    ) -> Result<Vec<ForestSpectra>, PhysicsError> {
        let variant = self.forest_variant()?;
        let blocks = self.blocks(wavelengths_nm)?;
        each(samples, |row, sample| {
            self.check(row, sample)?;
            Ok(match variant {
                Variant::Published => parts::<Published>(&blocks, sample),
                Variant::EnmapBox => parts::<EnmapBox>(&blocks, sample),
            })
        })
    }

    /// The shares of crowns and background in the scene.
    ///
    /// # Errors
    /// A parameter outside its range; a canopy that is no forest.
    pub fn crown_cover(&self, sample: &CanopyParameters) -> Result<CrownCover, PhysicsError> {
        Ok(self
            .spectra_of_parts(std::slice::from_ref(sample), &[])?
            .swap_remove(0)
            .cover)
    }

    fn forest_variant(&self) -> Result<Variant, PhysicsError> {
        match self.canopy {
            Canopy::Inform(variant) => Ok(variant),
            Canopy::Sail => Err(PhysicsError::Inconsistent {
                what: "canopy",
                problem: "4SAIL alone has no understorey and no crowns, expected INFORM".into(),
            }),
        }
    }

    fn blocks(&self, wavelengths_nm: &[u32]) -> Result<Vec<Block<f64>>, PhysicsError> {
        let places = grid_places(wavelengths_nm)?;
        let block = |place: usize| Block::new(&self.data, &[place]);
        Ok(places.into_iter().map(block).collect())
    }
}

/// What `of` makes of each sample and its row, in their order.
fn each<T: Send>(
    samples: &[CanopyParameters],
    of: impl Fn(usize, &CanopyParameters) -> Result<T, PhysicsError> + Sync,
) -> Result<Vec<T>, PhysicsError> {
    if is_alone() {
        let alone = samples.iter().enumerate();
        return alone.map(|(row, sample)| of(row, sample)).collect();
    }
    let shared = samples.par_iter().enumerate();
    shared.map(|(row, sample)| of(row, sample)).collect()
}

/// Values only: whatever the direction, its derivatives are not computed.
fn varied(sample: &CanopyParameters) -> Varied<'_> {
    Varied::new(sample, Along::EachItsOwn)
}

fn spectrum<K: Stand>(blocks: &[Block<f64>], sample: &CanopyParameters) -> Vec<f64> {
    let scene = Scene::<K>::new(varied(sample));
    let scalars = SampleScalars::new(&scene, varied(sample));
    let at = |block: &Block<f64>| {
        let (light, _, _) = light::<Values<f64>, K>(block, sample, &scene, &scalars);
        K::reflectance::<Values<f64>>(&light, &scene, &scalars.stand).total
    };
    blocks.iter().map(at).collect()
}

fn parts<V: InformVariant>(blocks: &[Block<f64>], sample: &CanopyParameters) -> ForestSpectra {
    let scene = Scene::<Inform<V>>::new(varied(sample));
    let scalars = SampleScalars::new(&scene, varied(sample));
    let mut spectra = ForestSpectra {
        forest: Vec::with_capacity(blocks.len()),
        understorey: Vec::with_capacity(blocks.len()),
        deep_crown: Vec::with_capacity(blocks.len()),
        crown_to_sun: Vec::with_capacity(blocks.len()),
        crown_to_view: Vec::with_capacity(blocks.len()),
        cover: scalars.stand.cover(),
    };
    for block in blocks {
        let (light, _, _) = light::<Values<f64>, _>(block, sample, &scene, &scalars);
        let at = Inform::<V>::parts::<Values<f64>>(&light, &scene, &scalars.stand);
        spectra.forest.push(at.forest);
        spectra.understorey.push(at.understorey);
        spectra.deep_crown.push(at.deep_crown);
        spectra.crown_to_sun.push(at.crown_to_sun);
        spectra.crown_to_view.push(at.crown_to_view);
    }
    spectra
}
