//! Choosing what a model is made of.

use super::choices::{Canopy, Illumination, Precision, Soil, Variant};
use super::columns::Columns;
use super::dispatch::{Lanes, Plan, double_engine, single_engine};
use super::engine::Quadrature;
use super::model::{LEAF_ANGLES, ReflectanceModel};
use super::parameters::Free;
use super::quadrature::{BandQuadrature, Chosen, SpectralSampling};
use super::tables::SpectralData;
use crate::canopy::LeafAngles;
use crate::leaf::LeafVersion;
use crate::parameters::{CanopyParameters, Parameter};
use crate::tables::{LeafConstants, Sensor, SoilAndSky, SpectralTables};
use crate::{PhysicsError, Quantity};
use std::ops::RangeInclusive;

/// Chooses what a [`ReflectanceModel`] is made of; everything has a default: published INFORM with
/// PROSPECT-D leaves, all 13 bands of Sentinel-2A, the seven usual parameters free, double precision.
///
/// ```
/// use physics::{Canopy, LeafVersion, Parameter, ReflectanceModel, Sensor};
///
/// let model = ReflectanceModel::builder()
///     .leaf(LeafVersion::ProspectPro)
///     .canopy(Canopy::Sail)
///     .sensor(Sensor::sentinel2b())
///     .bands(["B04", "B8A", "B12"])
///     .free([Parameter::Cab, Parameter::Cp, Parameter::Lai])
///     .free_within(Parameter::Ala, 20.0..=80.0)
///     .fix(Parameter::Rsoil, 0.7)
///     .build()?;
/// assert_eq!(model.free(), [Parameter::Cab, Parameter::Cp, Parameter::Lai, Parameter::Ala]);
/// # Ok::<(), physics::PhysicsError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ReflectanceModelBuilder {
    pub(super) leaf: LeafVersion,
    leaf_constants: Option<LeafConstants>,
    pub(super) canopy: Canopy,
    soil_and_sky: SoilAndSky,
    pub(super) soil: Soil,
    pub(super) illumination: Illumination,
    sensor: Sensor,
    bands: Option<Vec<String>>,
    pub(super) fixed: CanopyParameters,
    /// What [`Self::fix`] was called for.
    pub(super) held: Vec<Parameter>,
    pub(super) free: Option<Vec<Free>>,
    pub(super) per_sample: Option<Vec<Parameter>>,
    pub(super) leaf_angle_classes: Vec<LeafAngles>,
    /// Boxed: a builder is moved with every call.
    quadrature: Option<Box<BandQuadrature>>,
    precision: Precision,
    lanes: Option<Lanes>,
}

impl Default for ReflectanceModelBuilder {
    fn default() -> Self {
        Self {
            leaf: LeafVersion::default(),
            leaf_constants: None,
            canopy: Canopy::default(),
            soil_and_sky: SoilAndSky::built_in(),
            soil: Soil::default(),
            illumination: Illumination::default(),
            sensor: Sensor::sentinel2a(),
            bands: None,
            fixed: CanopyParameters::default(),
            held: Vec::new(),
            free: None,
            per_sample: None,
            leaf_angle_classes: Vec::new(),
            quadrature: None,
            precision: Precision::default(),
            lanes: None,
        }
    }
}

impl ReflectanceModel {
    /// Choose what the model is made of.
    pub fn builder() -> ReflectanceModelBuilder {
        ReflectanceModelBuilder::default()
    }
}

impl ReflectanceModelBuilder {
    /// The version of PROSPECT, with its published constants unless [`Self::leaf_constants`] gives others.
    pub fn leaf(mut self, version: LeafVersion) -> Self {
        self.leaf = version;
        self
    }

    /// Other leaf constants.
    pub fn leaf_constants(mut self, constants: LeafConstants) -> Self {
        self.leaf_constants = Some(constants);
        self
    }

    /// What stands on the soil.
    pub fn canopy(mut self, canopy: Canopy) -> Self {
        self.canopy = canopy;
        self
    }

    /// INFORM in this variant, short for [`Self::canopy`].
    pub fn variant(self, variant: Variant) -> Self {
        self.canopy(Canopy::Inform(variant))
    }

    /// Other leaf constants, soils and irradiance in one.
    pub fn tables(mut self, tables: SpectralTables) -> Self {
        self.soil_and_sky = tables.soil_and_sky;
        self.leaf_constants(tables.leaf)
    }

    /// The soil.
    pub fn soil(mut self, soil: Soil) -> Self {
        self.soil = soil;
        self
    }

    /// Direct and diffuse light.
    pub fn illumination(mut self, illumination: Illumination) -> Self {
        self.illumination = illumination;
        self
    }

    /// The sensor.
    pub fn sensor(mut self, sensor: Sensor) -> Self {
        self.sensor = sensor;
        self
    }

    /// Only these bands of the sensor, in this order.
    pub fn bands<S: Into<String>>(mut self, bands: impl IntoIterator<Item = S>) -> Self {
        self.bands = Some(bands.into_iter().map(Into::into).collect());
        self
    }

    /// All bands of another sensor.
    pub(super) fn of_sensor(mut self, sensor: Sensor) -> Self {
        self.bands = None;
        self.sensor(sensor)
    }

    /// Values of everything that is neither free nor given per sample, and the defaults of what is.
    pub fn fixed(mut self, parameters: CanopyParameters) -> Self {
        self.fixed = parameters;
        self.held.clear();
        self
    }

    /// The value of a parameter that is neither free nor given per sample. It is none of the parameters that are so
    /// unless others are chosen; a model that does not have it, or would not look at it, is not built.
    pub fn fix(mut self, parameter: Parameter, value: f64) -> Self {
        self.fixed.put(parameter, value);
        self.held.push(parameter);
        self
    }

    /// Parameters that are free over their whole physical range, after those already chosen. They are the
    /// columns of `parameters` and of the Jacobian, in the order of the calls.
    pub fn free(mut self, parameters: impl IntoIterator<Item = Parameter>) -> Self {
        let more = parameters.into_iter().map(|parameter| Free {
            parameter,
            within: None,
        });
        self.free.get_or_insert_default().extend(more);
        self
    }

    /// A parameter that is free within a range; values outside it are refused.
    pub fn free_within(mut self, parameter: Parameter, range: RangeInclusive<f64>) -> Self {
        self.free.get_or_insert_default().push(Free {
            parameter,
            within: Some(range),
        });
        self
    }

    /// Parameters given for each sample without being free, the columns of `conditions`. The angles tts,
    /// tto, psi unless chosen otherwise or free.
    pub fn per_sample(mut self, parameters: impl IntoIterator<Item = Parameter>) -> Self {
        self.per_sample = Some(parameters.into_iter().collect());
        self
    }

    /// Leaf angle distributions of which each sample has one: adds the column `leaf_angles` after those of
    /// [`Self::per_sample`], the place of the sample's distribution in this list, from 0.
    pub fn leaf_angle_classes(mut self, classes: impl IntoIterator<Item = LeafAngles>) -> Self {
        self.leaf_angle_classes = classes.into_iter().collect();
        self
    }

    /// The wavelengths at which bands are computed; all unless a quadrature is given.
    pub fn sampling(mut self, sampling: SpectralSampling) -> Self {
        self.quadrature = match sampling {
            SpectralSampling::Exact => None,
            SpectralSampling::Fitted(quadrature) => Some(Box::new(quadrature)),
        };
        self
    }

    /// Precision.
    pub fn precision(mut self, precision: Precision) -> Self {
        self.precision = precision;
        self
    }

    /// Lanes of single precision, for comparisons; the fastest unless chosen.
    pub fn lanes(mut self, lanes: Lanes) -> Self {
        self.lanes = Some(lanes);
        self
    }

    /// Make the model.
    ///
    /// # Errors
    /// A band the sensor does not have; leaf constants without an absorber of the leaf model; a parameter
    /// that is free although the model does not have it, twice, without effect (`fc` beside a given `cd`),
    /// beside another that excludes it (`ALA` and `LIDFa`), or within a range that is empty or not
    /// physical; a parameter that [`Self::fix`] names although the model does not have it or would not look at it;
    /// a fixed value outside its range; a spectrum of the wrong length; lanes the processor does
    /// not have; a quadrature that was not fitted for all this.
    pub fn build(self) -> Result<ReflectanceModel, PhysicsError> {
        let sensor = match &self.bands {
            Some(bands) => self.sensor.with_bands(bands)?,
            None => self.sensor.clone(),
        };
        let constants = match &self.leaf_constants {
            Some(constants) => constants.clone(),
            None => self.leaf.constants(),
        };
        constants.check_has(self.leaf.absorbers())?;
        let data = SpectralData::new(
            self.leaf,
            constants,
            &self.soil_and_sky,
            &self.soil,
            &self.illumination,
        )?;
        let largest_rsoil = largest_brightness(&data);
        let known = self.known_parameters();
        let (free, per_sample) = (self.free_parameters(&known)?, self.conditions(&known)?);
        self.check_held(&known, &free, &per_sample)?;
        let base = self.base(&free, largest_rsoil)?;

        let names: Vec<Parameter> = free.iter().map(|f| f.parameter).collect();
        let columns = Columns::new(&names);
        let (quadrature, limits) = match &self.quadrature {
            None => (Quadrature::every_wavelength(&sensor), None),
            Some(fitted) => {
                let (quadrature, limits) = fitted.select(&Chosen {
                    canopy: self.canopy,
                    leaf: self.leaf,
                    sensor: &sensor,
                    data: &data,
                    base: &base,
                    free: free.iter().map(Free::ends).collect(),
                    per_sample: &per_sample,
                    leaf_angle_classes: &self.leaf_angle_classes,
                    known: &known,
                })?;
                (quadrature, Some(limits))
            }
        };
        let plan = Plan {
            data: &data,
            quadrature: &quadrature,
            columns: &columns,
        };
        let single = match self.precision {
            Precision::F64 => None,
            Precision::F32 => {
                let lanes = self.lanes.unwrap_or_else(|| Lanes::available()[0]);
                let engine = single_engine(lanes, &plan);
                Some(engine.ok_or_else(|| PhysicsError::Inconsistent {
                    what: "lanes",
                    problem: format!(
                        "{lanes:?} is not on this processor, which has {:?}",
                        Lanes::available()
                    ),
                })?)
            }
        };
        let of = |parameter: Parameter| {
            let mut quantity = parameter.quantity();
            if parameter == Parameter::Rsoil {
                quantity.max = largest_rsoil;
            }
            quantity.default = base.get(parameter).unwrap_or(quantity.default);
            quantity
        };
        let parameters = free.iter().map(|f| {
            let mut quantity = of(f.parameter);
            if let Some(within) = &f.within {
                (quantity.min, quantity.max) = (*within.start(), *within.end());
                quantity.default = quantity.default.clamp(quantity.min, quantity.max);
            }
            quantity
        });
        let parameters: Vec<Quantity> = parameters.collect();
        let mut conditions: Vec<Quantity> = per_sample.iter().map(|p| of(*p)).collect();
        if !self.leaf_angle_classes.is_empty() {
            conditions.push(Quantity {
                name: LEAF_ANGLES.into(),
                unit: "1".into(),
                min: 0.0,
                max: (self.leaf_angle_classes.len() - 1) as f64,
                default: 0.0,
            });
        }
        let double = double_engine(&plan);
        Ok(ReflectanceModel {
            name: self.name(&sensor),
            canopy: self.canopy,
            leaf: self.leaf,
            precision: self.precision,
            free: names,
            per_sample,
            leaf_angle_classes: self.leaf_angle_classes,
            base,
            largest_rsoil,
            limits,
            outputs: sensor.band_names(),
            parameters,
            conditions,
            sensor,
            data,
            quadrature,
            columns,
            single,
            double,
        })
    }

    fn name(&self, sensor: &Sensor) -> String {
        let canopy = match self.canopy {
            Canopy::Sail => "sail",
            Canopy::Inform(Variant::Published) => "inform published",
            Canopy::Inform(Variant::EnmapBox) => "inform enmap_box",
        };
        format!("{canopy} {}", sensor.name())
    }
}

/// The brightness at which the brightest soil reflects everything at some wavelength, or 2.
fn largest_brightness(data: &SpectralData) -> f64 {
    (1.0 / data.soil.largest()).min(Parameter::Rsoil.quantity().max)
}
