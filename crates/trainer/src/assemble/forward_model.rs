//! The physical model that a configuration names.

use crate::TrainerError;
use crate::config::{
    CheckedExperiment, CheckedInform, CheckedPhysics, FixedParameters, InformVariant,
    LeafAngles as LeafAnglesName, Precision as PrecisionName, SensorChoice,
};
use physics::{
    CanopyParameters, ForwardModel, LeafAngles, Parameter, PhysicsError, Precision,
    ReflectanceModel, Sensor, SpectralTables, Variant,
};
use std::path::Path;
use std::sync::Arc;

/// The model, its parameters in the order of the latents.
pub(super) fn build(checked: &CheckedExperiment) -> Result<Arc<dyn ForwardModel>, TrainerError> {
    let channels = checked.data.channels();
    match &checked.physics {
        CheckedPhysics::Inform(inform) => Ok(Arc::new(reflectance(inform, channels)?)),
        CheckedPhysics::Mogi(mogi) => Ok(Arc::new(super::mogi::build(mogi, &channels)?)),
    }
}

fn reflectance(
    inform: &CheckedInform,
    bands: Vec<String>,
) -> Result<ReflectanceModel, TrainerError> {
    let free = inform.ranges.iter().map(|range| range.name.parse());
    let free: Vec<Parameter> = free.collect::<Result<_, PhysicsError>>()?;
    let angles = [Parameter::Tts, Parameter::Tto, Parameter::Psi];
    Ok(ReflectanceModel::builder()
        .variant(variant(inform.variant))
        .tables(tables(inform.tables.as_deref())?)
        .sensor(sensor(&inform.sensor)?)
        .bands(bands)
        .precision(precision(inform.precision))
        .fixed(base(&inform.fixed)?)
        .per_sample(angles.into_iter().filter(|angle| !free.contains(angle)))
        .free(free)
        .build()?)
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
