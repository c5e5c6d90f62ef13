//! A forward model of one's own: light below a canopy after Beer and Lambert, checked against differences.
//!
//!     cargo run -p physics --example own_model
//!
//! Whatever implements [`ForwardModel`] can be simulated, inverted and trained with.

use ndarray::{Array2, Array3, ArrayView2, ArrayViewMut2, ArrayViewMut3, array};
use physics::{ForwardModel, PhysicsError, Quantity, check_ranges};

/// Share of light at three depths of a canopy: I(f) = e^(−G·f·LAI/cos θ), f = 1/3, 2/3, 1.
struct BeerLambert {
    parameters: Vec<Quantity>,
    conditions: Vec<Quantity>,
    outputs: Vec<String>,
}

fn quantity(name: &str, unit: &str, (min, max): (f64, f64), default: f64) -> Quantity {
    Quantity {
        name: name.into(),
        unit: unit.into(),
        min,
        max,
        default,
    }
}

impl BeerLambert {
    fn new() -> Self {
        Self {
            parameters: vec![
                quantity("LAI", "m2/m2", (0.0, 15.0), 3.0),
                quantity("G", "1", (0.0, 1.0), 0.5),
            ],
            conditions: vec![quantity("tts", "deg", (0.0, 80.0), 30.0)],
            outputs: ["upper", "middle", "ground"].map(String::from).to_vec(),
        }
    }
}

impl ForwardModel for BeerLambert {
    fn name(&self) -> &'static str {
        "beer-lambert"
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
        "share of light"
    }
    fn compute(
        &self,
        parameters: ArrayView2<f64>,
        conditions: Option<ArrayView2<f64>>,
        mut values: ArrayViewMut2<f64>,
        mut jacobian: Option<ArrayViewMut3<f64>>,
    ) -> Result<(), PhysicsError> {
        check_ranges(&self.parameters, &parameters)?;
        if let Some(conditions) = &conditions {
            check_ranges(&self.conditions, conditions)?;
        }
        for (row, p) in parameters.rows().into_iter().enumerate() {
            let (lai, g) = (p[0], p[1]);
            let tts = conditions.map_or(self.conditions[0].default, |c| c[[row, 0]]);
            for output in 0..3 {
                let path = (output + 1) as f64 / 3.0 / tts.to_radians().cos();
                let light = (-g * lai * path).exp();
                values[[row, output]] = light;
                if let Some(jacobian) = &mut jacobian {
                    jacobian[[row, output, 0]] = -g * path * light;
                    jacobian[[row, output, 1]] = -lai * path * light;
                }
            }
        }
        Ok(())
    }
}

/// Largest difference between the Jacobian of a model and central differences.
fn worst_difference(model: &dyn ForwardModel, at: &Array2<f64>) -> Result<f64, PhysicsError> {
    let (n, d, p) = (at.nrows(), model.outputs().len(), model.parameters().len());
    let (mut values, mut jacobian) = (Array2::zeros((n, d)), Array3::zeros((n, d, p)));
    model.evaluate_with_jacobian(at.view(), None, values.view_mut(), jacobian.view_mut())?;
    let mut worst = 0.0_f64;
    for k in 0..p {
        let step = 1e-6;
        let moved = |by: f64| -> Result<Array2<f64>, PhysicsError> {
            let mut parameters = at.clone();
            parameters.column_mut(k).mapv_inplace(|v| v + by);
            let mut values = Array2::zeros((n, d));
            model.evaluate(parameters.view(), None, values.view_mut())?;
            Ok(values)
        };
        let difference = (moved(step)? - moved(-step)?) / (2.0 * step);
        let slopes = jacobian.index_axis(ndarray::Axis(2), k);
        for (a, b) in difference.iter().zip(slopes) {
            worst = worst.max((a - b).abs());
        }
    }
    Ok(worst)
}

fn main() -> Result<(), PhysicsError> {
    let model = BeerLambert::new();
    let at = array![[3.0, 0.5], [0.5, 0.3], [8.0, 0.9]];
    let mut values = Array2::zeros((3, 3));
    model.evaluate(at.view(), None, values.view_mut())?;
    println!(
        "{} ({}): {:?}",
        model.name(),
        model.output_unit(),
        model.outputs()
    );
    println!("{values:.4}");
    let worst = worst_difference(&model, &at)?;
    println!("Jacobian against central differences: {worst:.1e}");
    assert!(worst < 1e-8);
    Ok(())
}
