//! INFORM as a [`ForwardModel`].

use super::choices::{Precision, Variant};
use super::inform::{Inform, InformOptions};
use super::parameters::{FREE, ForestParameters, PSI, TTO, TTS};
use crate::forward_model::check_shapes;
use crate::quantities::Range;
use crate::{ForwardModel, PhysicsError, Quantity};
use ndarray::{Array2, Array3, ArrayView2, ArrayViewMut2, ArrayViewMut3};

/// INFORM as the rest of a training sees it: free parameters N, cab, cw, cm, LAI, LAIu, fc; conditions
/// tts, tto, psi in degrees; band reflectances. Everything else is as in the forest it was made with.
#[derive(Debug)]
pub struct InformModel {
    name: String,
    inform: Inform,
    base: ForestParameters,
    parameters: Vec<Quantity>,
    conditions: Vec<Quantity>,
    outputs: Vec<String>,
}

impl InformModel {
    /// A model of `options` whose fixed parameters, and the defaults of parameters and conditions, are
    /// those of `base`.
    ///
    /// # Errors
    /// As [`Inform::new`]; a parameter of `base` outside its range; `base` with a crown diameter, which
    /// would leave the cover without effect.
    pub fn new(options: InformOptions, base: ForestParameters) -> Result<Self, PhysicsError> {
        base.check(0)?;
        if let Some(cd) = base.cd {
            return Err(PhysicsError::Inconsistent {
                what: "fixed parameters",
                problem: format!(
                    "a fixed crown diameter (cd = {cd} m) leaves the free parameter fc without effect"
                ),
            });
        }
        let inform = Inform::new(options)?;
        let variant = match inform.variant() {
            Variant::Published => "published",
            Variant::EnmapBox => "enmap_box",
        };
        let with_default = |range: &Range, default: f64| Quantity {
            default,
            ..range.quantity()
        };
        let defaults = [
            base.n, base.cab, base.cw, base.cm, base.lai, base.laiu, base.fc,
        ];
        let parameters = FREE.iter().zip(defaults);
        let conditions = [(TTS, base.tts), (TTO, base.tto), (PSI, base.psi)];
        Ok(Self {
            name: format!("inform {variant} {}", inform.sensor().name()),
            parameters: parameters.map(|(r, v)| with_default(r, v)).collect(),
            conditions: conditions
                .iter()
                .map(|(r, v)| with_default(r, *v))
                .collect(),
            outputs: inform.sensor().band_names(),
            inform,
            base,
        })
    }

    /// The INFORM underneath.
    pub fn inform(&self) -> &Inform {
        &self.inform
    }

    /// The forest of the fixed parameters.
    pub fn base(&self) -> &ForestParameters {
        &self.base
    }

    /// Its precision.
    pub fn precision(&self) -> Precision {
        self.inform.precision()
    }

    fn forests(
        &self,
        parameters: ArrayView2<f64>,
        conditions: Option<ArrayView2<f64>>,
    ) -> Vec<ForestParameters> {
        let mut forests: Vec<ForestParameters> = parameters
            .rows()
            .into_iter()
            .map(|row| ForestParameters {
                n: row[0],
                cab: row[1],
                cw: row[2],
                cm: row[3],
                lai: row[4],
                laiu: row[5],
                fc: row[6],
                ..self.base.clone()
            })
            .collect();
        if let Some(conditions) = conditions {
            for (forest, row) in forests.iter_mut().zip(conditions.rows()) {
                (forest.tts, forest.tto, forest.psi) = (row[0], row[1], row[2]);
            }
        }
        forests
    }
}

impl ForwardModel for InformModel {
    fn name(&self) -> &str {
        &self.name
    }

    fn parameters(&self) -> &[Quantity] {
        &self.parameters
    }

    fn conditions(&self) -> &[Quantity] {
        &self.conditions
    }

    fn outputs(&self) -> &[String] {
        &self.outputs
    }

    fn output_unit(&self) -> &'static str {
        "reflectance"
    }

    fn evaluate(
        &self,
        parameters: ArrayView2<f64>,
        conditions: Option<ArrayView2<f64>>,
        mut values: ArrayViewMut2<f64>,
    ) -> Result<(), PhysicsError> {
        check_shapes(self, &parameters, conditions.as_ref(), &values, None)?;
        let forests = self.forests(parameters, conditions);
        if let Some(values) = values.as_slice_mut() {
            return self.inform.evaluate(&forests, values, &mut []);
        }
        let mut own = Array2::zeros(values.raw_dim());
        self.inform
            .evaluate(&forests, own.as_slice_mut().unwrap_or_default(), &mut [])?;
        values.assign(&own);
        Ok(())
    }

    fn evaluate_with_jacobian(
        &self,
        parameters: ArrayView2<f64>,
        conditions: Option<ArrayView2<f64>>,
        mut values: ArrayViewMut2<f64>,
        mut jacobian: ArrayViewMut3<f64>,
    ) -> Result<(), PhysicsError> {
        check_shapes(
            self,
            &parameters,
            conditions.as_ref(),
            &values,
            Some(&jacobian),
        )?;
        let forests = self.forests(parameters, conditions);
        if let (Some(values), Some(jacobian)) = (values.as_slice_mut(), jacobian.as_slice_mut()) {
            return self.inform.evaluate(&forests, values, jacobian);
        }
        let mut own = Array2::zeros(values.raw_dim());
        let mut own_jacobian = Array3::zeros(jacobian.raw_dim());
        self.inform.evaluate(
            &forests,
            own.as_slice_mut().unwrap_or_default(),
            own_jacobian.as_slice_mut().unwrap_or_default(),
        )?;
        values.assign(&own);
        jacobian.assign(&own_jacobian);
        Ok(())
    }
}
