//! The physical model that a configuration names.

use crate::TrainerError;
use crate::config::{
    CheckedData, CheckedExperiment, CheckedInform, CheckedPhysics, FixedParameters, InformVariant,
    LeafAngles as LeafAnglesName, Precision as PrecisionName, SensorChoice,
    SpectralSampling as SpectralSamplingName,
};
use physics::{
    BandQuadrature, CanopyParameters, ForwardModel, LeafAngles, Parameter, Precision,
    ReflectanceModel, ReflectanceModelBuilder, Sensor, SpectralSampling, SpectralTables, Variant,
};
use std::path::Path;
use std::sync::Arc;

/// The wavelengths at which bands are computed.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Wavelengths {
    /// As `physics.spectral` says.
    OfTraining,
    /// All that carry weight.
    All,
}

/// Whether training computes bands at other wavelengths than evaluation.
pub(super) fn training_is_approximate(checked: &CheckedExperiment) -> bool {
    match &checked.physics {
        CheckedPhysics::Inform(inform) => inform.spectral.sampling != SpectralSamplingName::Exact,
        CheckedPhysics::Mogi(_) => false,
    }
}

/// The model, its parameters in the order of the latents.
pub(super) fn build(
    checked: &CheckedExperiment,
    wavelengths: Wavelengths,
) -> Result<Arc<dyn ForwardModel>, TrainerError> {
    let channels = checked.data.channels();
    match &checked.physics {
        CheckedPhysics::Inform(inform) => {
            let fitted = wavelengths == Wavelengths::OfTraining && training_is_approximate(checked);
            let sampling = if fitted {
                SpectralSampling::Fitted(quadrature(inform, has_angles(checked))?)
            } else {
                SpectralSampling::Exact
            };
            let model = builder(inform, channels, fitted)?.sampling(sampling);
            Ok(Arc::new(model.build()?))
        }
        CheckedPhysics::Mogi(mogi) => Ok(Arc::new(super::mogi::build(mogi, &channels)?)),
    }
}

/// Free parameters are those of the ranges, over their whole physical range or, `within`, these alone: a
/// quadrature serves no others.
fn builder(
    inform: &CheckedInform,
    bands: Vec<String>,
    within: bool,
) -> Result<ReflectanceModelBuilder, TrainerError> {
    let mut builder = ReflectanceModel::builder()
        .variant(variant(inform.variant))
        .tables(tables(inform.tables.as_deref())?)
        .sensor(sensor(&inform.sensor)?)
        .bands(bands)
        .precision(precision(inform.precision))
        .fixed(base(&inform.fixed)?);
    let mut angles = vec![Parameter::Tts, Parameter::Tto, Parameter::Psi];
    for range in &inform.ranges {
        let free: Parameter = range.name.parse()?;
        angles.retain(|angle| *angle != free);
        builder = if within {
            builder.free_within(free, range.min..=range.max)
        } else {
            builder.free([free])
        };
    }
    Ok(builder.per_sample(angles))
}

/// Whether angles differ from sample to sample.
fn has_angles(checked: &CheckedExperiment) -> bool {
    match &checked.data {
        CheckedData::Csv(csv) => csv.angles.is_some() || csv.sun.is_some(),
        CheckedData::Synthetic(synthetic) => synthetic.settings.geometries.is_some(),
    }
}

/// The quadrature of a file, or the built-in one of variant and sensor.
fn quadrature(inform: &CheckedInform, angles: bool) -> Result<BandQuadrature, TrainerError> {
    let quadrature = if let Some(file) = &inform.spectral.file {
        BandQuadrature::read(file)?
    } else {
        let variant = match inform.variant {
            InformVariant::Published => "published",
            InformVariant::EnmapBox => "enmap_box",
        };
        let sensor = sensor(&inform.sensor)?;
        let suffix = if angles { "_angles" } else { "" };
        BandQuadrature::built_in(&format!("{variant}_{}{suffix}", sensor.name()))?
    };
    let (found, wanted) = (quadrature.nodes_nm().len(), inform.spectral.nodes);
    if found == wanted {
        Ok(quadrature)
    } else {
        Err(TrainerError::Quadrature { found, wanted })
    }
}

/// Spectral tables of a folder, or the built-in ones.
pub(crate) fn tables(folder: Option<&Path>) -> Result<SpectralTables, TrainerError> {
    Ok(match folder {
        Some(folder) => SpectralTables::read(folder)?,
        None => SpectralTables::built_in(),
    })
}

/// The sensor that a name or path stands for.
pub(crate) fn sensor(choice: &SensorChoice) -> Result<Sensor, TrainerError> {
    Ok(match choice {
        SensorChoice::BuiltIn(name) => Sensor::built_in(name)?,
        SensorChoice::Csv(path) => Sensor::read(path)?,
    })
}

/// The variant of that name.
pub(crate) fn variant(name: InformVariant) -> Variant {
    match name {
        InformVariant::Published => Variant::Published,
        InformVariant::EnmapBox => Variant::EnmapBox,
    }
}

/// The precision of that name.
pub(crate) fn precision(name: PrecisionName) -> Precision {
    match name {
        PrecisionName::F32 => Precision::F32,
        PrecisionName::F64 => Precision::F64,
    }
}

fn base(fixed: &FixedParameters) -> Result<CanopyParameters, TrainerError> {
    Ok(CanopyParameters {
        n: fixed.n,
        cab: fixed.cab,
        car: fixed.car,
        anth: fixed.anth,
        cbrown: fixed.cbrown,
        cw: fixed.cw,
        cm: fixed.cm,
        lai: fixed.lai,
        laiu: fixed.laiu,
        fc: fixed.fc,
        psoil: fixed.psoil,
        rsoil: fixed.rsoil,
        hspot: fixed.hspot,
        sd: fixed.sd,
        tts: fixed.tts,
        tto: fixed.tto,
        psi: fixed.psi,
        leaf_angles: match fixed.lidf {
            LeafAnglesName::Named(name) => LeafAngles::named(name)?,
            LeafAnglesName::AverageDegrees(degrees) => LeafAngles::Ellipsoidal(degrees),
        },
        ..CanopyParameters::default()
    })
}
