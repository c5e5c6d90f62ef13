//! A small nonlinear physics with an exact Jacobian: three parameters, one condition, four channels.
//!
//! y_j = e^(−k_j p₀) (1 + b_j p₁²) + 0.3 c sin(w_j p₂)

use ndarray::{ArrayView2, ArrayViewMut2, ArrayViewMut3};
use physics::{ForwardModel, PhysicsError, Quantity};

pub const CHANNELS: usize = 4;
pub const RANGES: [(f64, f64); 3] = [(0.2, 2.0), (-1.0, 1.5), (0.5, 3.0)];
pub const MEAN: [f64; 4] = [0.6, 0.4, 0.3, 0.5];
pub const SCALE: [f64; 4] = [0.3, 0.2, 0.5, 0.25];
pub const CONDITION: (f64, f64) = (0.0, 2.0);
pub const DEFAULT_CONDITION: f64 = 1.0;

const K: [f64; 4] = [0.3, 0.7, 1.1, 1.9];
const B: [f64; 4] = [0.5, -0.2, 0.8, 0.1];
const W: [f64; 4] = [0.9, 1.4, 0.4, 2.0];

/// Signals of one sample and their derivatives.
pub fn toy(p: [f64; 3], c: f64) -> ([f64; 4], [[f64; 3]; 4]) {
    let (mut y, mut dy) = ([0.0; 4], [[0.0; 3]; 4]);
    for j in 0..4 {
        let e = (-K[j] * p[0]).exp();
        let f = 1.0 + B[j] * p[1] * p[1];
        y[j] = e * f + 0.3 * c * (W[j] * p[2]).sin();
        dy[j] = [
            -K[j] * e * f,
            e * 2.0 * B[j] * p[1],
            0.3 * c * W[j] * (W[j] * p[2]).cos(),
        ];
    }
    (y, dy)
}

pub struct Toy {
    parameters: Vec<Quantity>,
    conditions: Vec<Quantity>,
    outputs: Vec<String>,
}

impl Toy {
    pub fn new() -> Self {
        let quantity = |name: &str, (min, max): (f64, f64), default| Quantity {
            name: name.into(),
            unit: "1".into(),
            min,
            max,
            default,
        };
        Self {
            parameters: ["p0", "p1", "p2"]
                .into_iter()
                .zip(RANGES)
                .map(|(name, range)| quantity(name, range, 0.7))
                .collect(),
            conditions: vec![quantity("c", CONDITION, DEFAULT_CONDITION)],
            outputs: (0..4).map(|j| format!("y{j}")).collect(),
        }
    }

    fn rows(
        &self,
        parameters: ArrayView2<f64>,
        conditions: Option<ArrayView2<f64>>,
        mut each: impl FnMut(usize, [f64; 4], [[f64; 3]; 4]),
    ) -> Result<(), PhysicsError> {
        let n = parameters.nrows();
        if let Some(c) = conditions.filter(|c| c.dim() != (n, 1)) {
            return Err(PhysicsError::Shape {
                what: "conditions",
                found: c.shape().to_vec(),
                expected: vec![n, 1],
            });
        }
        for (row, p) in parameters.outer_iter().enumerate() {
            for (q, &value) in self.parameters.iter().zip(p) {
                if !(q.min..=q.max).contains(&value) {
                    return Err(PhysicsError::OutOfRange {
                        row,
                        name: q.name.clone(),
                        value,
                        unit: q.unit.clone(),
                        min: q.min,
                        max: q.max,
                    });
                }
            }
            let c = conditions.map_or(DEFAULT_CONDITION, |c| c[[row, 0]]);
            let (y, dy) = toy([p[0], p[1], p[2]], c);
            each(row, y, dy);
        }
        Ok(())
    }
}

impl ForwardModel for Toy {
    fn name(&self) -> &'static str {
        "toy"
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
        "1"
    }
    fn compute(
        &self,
        parameters: ArrayView2<f64>,
        conditions: Option<ArrayView2<f64>>,
        mut values: ArrayViewMut2<f64>,
        mut jacobian: Option<ArrayViewMut3<f64>>,
    ) -> Result<(), PhysicsError> {
        self.rows(parameters, conditions, |row, y, dy| {
            for j in 0..4 {
                values[[row, j]] = y[j];
                if let Some(jacobian) = &mut jacobian {
                    for k in 0..3 {
                        jacobian[[row, j, k]] = dy[j][k];
                    }
                }
            }
        })
    }
}

/// A physics of any size whose signals are 0: for counting.
pub struct Nothing {
    parameters: Vec<Quantity>,
    outputs: Vec<String>,
}

impl Nothing {
    pub fn new(p: usize, d: usize) -> Self {
        let quantity = |k: usize| Quantity {
            name: format!("p{k}"),
            unit: "1".into(),
            min: 0.0,
            max: 1.0,
            default: 0.5,
        };
        Self {
            parameters: (0..p).map(quantity).collect(),
            outputs: (0..d).map(|j| format!("y{j}")).collect(),
        }
    }
}

impl ForwardModel for Nothing {
    fn name(&self) -> &'static str {
        "nothing"
    }
    fn parameters(&self) -> &[Quantity] {
        &self.parameters
    }
    fn conditions(&self) -> &[Quantity] {
        &[]
    }
    fn outputs(&self) -> &[String] {
        &self.outputs
    }
    fn output_unit(&self) -> &'static str {
        "1"
    }
    fn compute(
        &self,
        _: ArrayView2<f64>,
        _: Option<ArrayView2<f64>>,
        mut values: ArrayViewMut2<f64>,
        jacobian: Option<ArrayViewMut3<f64>>,
    ) -> Result<(), PhysicsError> {
        values.fill(0.0);
        if let Some(mut jacobian) = jacobian {
            jacobian.fill(0.0);
        }
        Ok(())
    }
}
