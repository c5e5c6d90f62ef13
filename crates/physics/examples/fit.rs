//! Fits one noisy spectrum of a canopy (PROSAIL) by Levenberg–Marquardt with the model's exact Jacobian.
//!
//!     cargo run -p physics --example fit -- --noise 0.002 --seed 7
//!
//! Minimises χ² = Σ ((R(p) − y)/σ)². Each parameter stays within its range by p = min + (max − min)·s(u),
//! s(u) = 1/(1 + e^−u), where u is free. Standard errors are the square roots of the diagonal of
//! (Jᵀ W J)⁻¹ at the answer, J = ∂R/∂p and W = 1/σ²: those of the straightened problem.

#[path = "shared/outcome.rs"]
mod outcome;

use clap::Parser;
use levenberg_marquardt::{LeastSquaresProblem, LevenbergMarquardt};
use nalgebra::{DMatrix, DVector, Dyn, Owned};
use ndarray::{Array2, Array3, ArrayView2};
use outcome::{AnyError, exit_code};
use physics::{Canopy, ForwardModel, Parameter, PhysicsError, ReflectanceModel};
use physics::{Quantity, SENTINEL2_TRAINING_BANDS};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};
use std::fmt::Write;
use std::process::ExitCode;

/// What is sought, the ends of its range, and the truth.
const SOUGHT: [(Parameter, f64, f64, f64); 6] = [
    (Parameter::N, 1.0, 3.0, 1.6),
    (Parameter::Cab, 10.0, 80.0, 45.0),
    (Parameter::Cw, 0.001, 0.02, 0.011),
    (Parameter::Cm, 0.001, 0.02, 0.006),
    (Parameter::Lai, 0.01, 8.0, 2.5),
    (Parameter::Ala, 20.0, 80.0, 50.0),
];
/// A parameter counts as identified if its standard error is below this share of its range; that of
/// knowing nothing but the range is 1/√12 = 0.29.
const IDENTIFIED: f64 = 0.15;
/// Standard errors by which an identified parameter may miss the truth: 1 of 370 normal ones is further,
/// so that about one seed in 70 must fail.
const FURTHEST: f64 = 3.0;
/// Standard deviations √(2f) by which χ² may exceed its mean f: 1 in 1000 does for f = 5.
const WORST_CHI_SQUARED: f64 = 5.0;

/// Fits one noisy spectrum of a canopy by Levenberg-Marquardt with the exact Jacobian
#[derive(Parser)]
struct Request {
    /// Standard deviation of the noise added to every band, reflectance
    #[arg(long, default_value_t = 0.002)]
    noise: f64,
    /// Seed of the noise
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// A model at one place: values, and their derivatives as bands × parameters.
struct Evaluated {
    parameters: Vec<f64>,
    values: DVector<f64>,
    jacobian: DMatrix<f64>,
}

fn evaluate(model: &dyn ForwardModel, parameters: &[f64]) -> Result<Evaluated, PhysicsError> {
    let (d, p) = (model.outputs().len(), parameters.len());
    let (mut values, mut jacobian) = (Array2::zeros((1, d)), Array3::zeros((1, d, p)));
    let row = ArrayView2::from_shape((1, p), parameters);
    let row = row.map_err(|error| PhysicsError::Inconsistent {
        what: "parameters",
        problem: error.to_string(),
    })?;
    model.evaluate_with_jacobian(row, None, values.view_mut(), jacobian.view_mut())?;
    Ok(Evaluated {
        parameters: parameters.to_vec(),
        values: DVector::from_fn(d, |j, _| values[[0, j]]),
        jacobian: DMatrix::from_fn(d, p, |j, k| jacobian[[0, j, k]]),
    })
}

/// The parameter of its range at u, and its derivative to u.
fn within(range: &Quantity, u: f64) -> (f64, f64) {
    let s = 1.0 / (1.0 + (-u).exp());
    let width = range.max - range.min;
    let value = (range.min + width * s).clamp(range.min, range.max); // rounding may pass an end
    (value, width * s * (1.0 - s))
}

/// Residuals (R(p(u)) − y)/σ for the library; what they need is computed once per u.
struct Fit<'a> {
    model: &'a dyn ForwardModel,
    measured: &'a DVector<f64>,
    noise: f64,
    u: DVector<f64>,
    here: Result<Evaluated, PhysicsError>,
}

impl<'a> Fit<'a> {
    /// From the middle of every range.
    fn new(model: &'a dyn ForwardModel, measured: &'a DVector<f64>, noise: f64) -> Self {
        let u = DVector::zeros(model.parameters().len());
        Self {
            model,
            measured,
            noise,
            here: at(model, &u),
            u,
        }
    }
}

fn at(model: &dyn ForwardModel, u: &DVector<f64>) -> Result<Evaluated, PhysicsError> {
    let ranges = model.parameters().iter().zip(u);
    let parameters: Vec<f64> = ranges.map(|(range, u)| within(range, *u).0).collect();
    evaluate(model, &parameters)
}

impl LeastSquaresProblem<f64, Dyn, Dyn> for Fit<'_> {
    type ParameterStorage = Owned<f64, Dyn>;
    type ResidualStorage = Owned<f64, Dyn>;
    type JacobianStorage = Owned<f64, Dyn, Dyn>;

    fn set_params(&mut self, u: &DVector<f64>) {
        self.u.clone_from(u);
        self.here = at(self.model, u);
    }

    fn params(&self) -> DVector<f64> {
        self.u.clone()
    }

    fn residuals(&self) -> Option<DVector<f64>> {
        let here = self.here.as_ref().ok()?;
        Some((&here.values - self.measured) / self.noise)
    }

    fn jacobian(&self) -> Option<DMatrix<f64>> {
        let mut jacobian = &self.here.as_ref().ok()?.jacobian / self.noise;
        let ranges = self.model.parameters().iter().zip(&self.u);
        for (mut column, (range, u)) in jacobian.column_iter_mut().zip(ranges) {
            column *= within(range, *u).1;
        }
        Some(jacobian)
    }
}

fn run(request: &Request) -> Result<String, AnyError> {
    let noise = request.noise;
    if !(noise > 0.0 && noise <= 1.0) {
        let message = format!("--noise {noise} is outside the allowed range above 0 to 1");
        return Err(message.into());
    }
    let mut builder = ReflectanceModel::builder()
        .canopy(Canopy::Sail)
        .bands(SENTINEL2_TRAINING_BANDS);
    for (parameter, min, max, _) in SOUGHT {
        builder = builder.free_within(parameter, min..=max);
    }
    let model = builder.build()?;

    let truth = SOUGHT.map(|(.., truth)| truth);
    let mut random = ChaCha8Rng::seed_from_u64(request.seed);
    let error = Normal::new(0.0, noise)?;
    let measured = evaluate(&model, &truth)?
        .values
        .map(|value| value + error.sample(&mut random));

    let fit = Fit::new(&model, &measured, noise);
    let (fit, report) = LevenbergMarquardt::new().minimize(fit);
    let answer = fit.here?;
    if !report.termination.was_successful() {
        let message = format!(
            "no minimum within the ranges after {} evaluations ({:?}), at noise {noise}",
            report.number_of_evaluations, report.termination
        );
        return Err(message.into());
    }
    let chi_squared = 2.0 * report.objective_function;
    let degrees = measured.len() - SOUGHT.len();
    let precision = answer.jacobian.tr_mul(&answer.jacobian) / (noise * noise);
    let covariance = precision
        .try_inverse()
        .ok_or("the spectrum does not determine the parameters: their covariance is singular")?;

    let mut text = format!(
        "{}, {} bands, noise {noise}: {} evaluations, chi2 = {chi_squared:.2} with {degrees} degrees of \
         freedom\n\n{:<6}{:>11}{:>11}{:>17}{:>25}\n",
        model.name(),
        measured.len(),
        report.number_of_evaluations,
        "",
        "truth",
        "answer",
        "standard error",
        "off by standard errors",
    );
    let mut missed = Vec::new();
    for (k, (parameter, min, max, truth)) in SOUGHT.into_iter().enumerate() {
        let found = answer.parameters[k];
        let standard_error = covariance[(k, k)].sqrt();
        let off = (found - truth) / standard_error;
        let identified = standard_error < IDENTIFIED * (max - min);
        let unit = parameter.quantity().unit;
        writeln!(
            text,
            "{:<6}{truth:>11.5}{found:>11.5}{standard_error:>17.5}{off:>25.2}  {unit}{}",
            parameter.symbol(),
            if identified { "" } else { ", not identified" },
        )?;
        let close = off.abs() < FURTHEST;
        if identified && !close {
            missed.push(format!(
                "{parameter} is {off:.1} standard errors off the truth"
            ));
        }
    }
    let largest = degrees as f64 + WORST_CHI_SQUARED * (2.0 * degrees as f64).sqrt();
    let likely = chi_squared < largest;
    if !likely {
        missed.push(format!(
            "chi2 = {chi_squared:.1}, expected less than {largest:.1}"
        ));
    }
    if !missed.is_empty() {
        return Err(format!("{text}{}", missed.join("; ")).into());
    }
    Ok(text)
}

fn main() -> ExitCode {
    exit_code(run(&Request::parse()))
}
