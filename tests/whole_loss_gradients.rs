//! The whole training loss with the real physics, in double precision, against finite differences.

use losses::{Distance, Goal, Objective, Smoothness, Terms, Weights};
use model::{
    Architecture, Calibration, Gaussian, Noise, PhysVae, PhysicsLayer, Posterior, Residual,
    ResidualKind, ResidualScale,
};
use ndarray::{Array2, Axis, concatenate};
use nn::named::{parameters, parameters_mut};
use nn::{Cpu, Matrix, check, from_rows, to_host};
use physics::{ReflectanceModel, Variant};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::num::NonZeroUsize;
use std::sync::Arc;

use dfdx::prelude::Trace;

/// Of the largest gradient among the elements checked of one parameter; five-point differences of a
/// loss near 10 lose some 1e-15/3e-6 absolutely, and gradients here are above 1e-3.
const TOLERANCE: f64 = 1e-6;
/// Small, so that no unit crosses ELU's kink (of second order) on the way.
const STEP: f64 = 3e-6;
const ROWS: usize = 5;
/// Elements checked per parameter tensor.
const PER_TENSOR: usize = 3;

const RANGES: [(f64, f64); 7] = [
    (1.0, 3.0),
    (10.0, 80.0),
    (0.001, 0.02),
    (0.005, 0.05),
    (0.01, 5.0),
    (0.01, 1.0),
    (0.1, 1.0),
];
const BANDS: [&str; 4] = ["B03", "B05", "B8A", "B11"];

fn physics(variant: Variant) -> PhysicsLayer {
    let model = ReflectanceModel::builder()
        .variant(variant)
        .bands(BANDS)
        .build()
        .unwrap();
    PhysicsLayer::new(
        Arc::new(model),
        RANGES.to_vec(),
        vec![0.05, 0.07, 0.3, 0.15],
        vec![0.02, 0.03, 0.1, 0.05],
    )
    .unwrap()
}

fn vae(variant: Option<Variant>, dim_z_aux: usize) -> PhysVae<f64, Cpu> {
    vae_of(variant, dim_z_aux, None)
}

fn vae_of(
    variant: Option<Variant>,
    dim_z_aux: usize,
    learned_noise: Option<f64>,
) -> PhysVae<f64, Cpu> {
    let dim_z_phy = if variant.is_some() { 7 } else { 0 };
    let architecture = Architecture {
        learned_noise,
        ..small(dim_z_phy, dim_z_aux)
    };
    of(architecture, variant)
}

fn small(dim_z_phy: usize, dim_z_aux: usize) -> Architecture {
    Architecture {
        num_units_feat: 6,
        hidlayers_feat: vec![6],
        hidlayers_z_phy: vec![6],
        hidlayers_z_aux: vec![6],
        ..Architecture::new(BANDS.len(), dim_z_phy, dim_z_aux)
    }
}

fn of(architecture: Architecture, variant: Option<Variant>) -> PhysVae<f64, Cpu> {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    PhysVae::new(
        &Cpu::default(),
        architecture,
        variant.map(physics),
        &mut rng,
    )
    .unwrap()
}

fn random(rows: usize, columns: usize, seed: u64) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..rows * columns)
        .map(|_| rng.gen_range(-1.0..1.0))
        .collect()
}

const WEIGHTS: Weights = Weights {
    beta: 0.7,
    gate: 0.3,
    residual: 0.2,
    data_aug: 1.5,
};

/// Loss of Stage B and, if asked for, its gradient by parameter.
fn train_loss(model: &PhysVae<f64, Cpu>, gradient: bool) -> (f64, Vec<Vec<f64>>) {
    train_loss_towards(&Goal::default(), model, gradient)
}

/// The same with another goal.
fn train_loss_towards(
    goal: &Goal,
    model: &PhysVae<f64, Cpu>,
    gradient: bool,
) -> (f64, Vec<Vec<f64>>) {
    let device = Cpu::default();
    let a = model.architecture();
    let (d, p, k) = (a.channels, a.dim_z_phy, a.dim_z_aux);
    let noise = |columns: usize, seed| {
        (columns > 0)
            .then(|| from_rows(&device, ROWS, columns, random(ROWS, columns, seed)).unwrap())
    };
    let x = || from_rows(&device, ROWS, d, random(ROWS, d, 1)).unwrap();
    let posterior = model.encode(x().leaky_traced(), None).unwrap();
    let shown = Posterior {
        physical: posterior.physical.as_ref().map(Gaussian::with_empty_tape),
        auxiliary: posterior.auxiliary.as_ref().map(Gaussian::with_empty_tape),
    };
    let noise = Noise {
        physical: noise(p, 2),
        auxiliary: noise(k, 3),
    };
    // the physics' own view and sun, and a time of year for each sample
    let season = a.sees_season().then(|| {
        let season = random(ROWS, model::SEASON, 8);
        let season = Array2::from_shape_vec((ROWS, model::SEASON), season).unwrap();
        let physics = model.physics().unwrap().forward_model();
        let own: Vec<f64> = physics.conditions().iter().map(|q| q.default).collect();
        let own = Array2::from_shape_fn((ROWS, own.len()), |(_, k)| own[k]);
        concatenate![Axis(1), own, season]
    });
    let conditions = season.as_ref().map(Array2::view);
    let decoded = model.decode(posterior, Some(noise), conditions).unwrap();
    let (delta, gate, coefficients) = decoded.residual.map_or((None, None, None), |r| {
        (Some(r.delta), r.gate, r.coefficients)
    });
    let terms = Terms {
        x_pb: decoded.x_pb,
        x_p: decoded.x_p,
        z_phy: decoded.z_phy,
        physical: shown.physical.map(|g| {
            let g = model.relative_to_prior(g).unwrap();
            (g.mean, g.lnvar)
        }),
        auxiliary: shown.auxiliary.map(|g| (g.mean, g.lnvar)),
        delta,
        gate,
        coefficients,
        directions: model.residual().and_then(Residual::directions),
        noise: model
            .noise()
            .map_or([None, None], |noise| noise.lnvar().unwrap()),
    };
    finish(
        model,
        Objective::train(terms, x(), &WEIGHTS, goal).unwrap(),
        gradient,
    )
}

/// Loss of Stage A and, if asked for, its gradient by parameter.
fn pretrain_loss(model: &PhysVae<f64, Cpu>, gradient: bool) -> (f64, Vec<Vec<f64>>) {
    let (x, target) = synthetic(model);
    let u = model
        .encode_physical_mean(x.leaky_traced(), None)
        .unwrap()
        .unwrap();
    finish(
        model,
        Objective::pretrain(u, target, &WEIGHTS).unwrap(),
        gradient,
    )
}

/// Synthetic spectra and logit z of their parameters.
fn synthetic(model: &PhysVae<f64, Cpu>) -> (Matrix<f64, Cpu>, Matrix<f64, Cpu>) {
    let device = Cpu::default();
    let z: Vec<f64> = random(ROWS, 7, 4).iter().map(|v| 0.5 + 0.45 * v).collect();
    let z = Array2::from_shape_vec((ROWS, 7), z).unwrap();
    let x = model.physics().unwrap().signals(z.view(), None).unwrap();
    let x = from_rows(&device, ROWS, BANDS.len(), x.iter().copied()).unwrap();
    let target = from_rows(&device, ROWS, 7, z.iter().map(|&z| latent::logit(z))).unwrap();
    (x, target)
}

/// The same as a likelihood.
fn pretrain_likelihood(model: &PhysVae<f64, Cpu>, gradient: bool) -> (f64, Vec<Vec<f64>>) {
    let (x, target) = synthetic(model);
    let gaussian = model
        .encode_physical(x.leaky_traced(), None)
        .unwrap()
        .unwrap();
    let objective =
        Objective::pretrain_likelihood((gaussian.mean, gaussian.lnvar), target, &WEIGHTS).unwrap();
    finish(model, objective, gradient)
}

fn finish(
    model: &PhysVae<f64, Cpu>,
    objective: Objective<f64, Cpu, nn::OwnedTape<f64, Cpu>>,
    gradient: bool,
) -> (f64, Vec<Vec<f64>>) {
    let loss = objective.loss;
    if !gradient {
        return (loss, vec![]);
    }
    let mut gradients = nn::backward(objective.total).unwrap();
    let all = parameters(model)
        .into_iter()
        .map(|(_, m)| gradients.get_or_alloc_mut(m).unwrap().to_vec())
        .collect();
    (loss, all)
}

/// A loss and, if asked for, its gradient by parameter.
type Loss<'a> = &'a dyn Fn(&PhysVae<f64, Cpu>, bool) -> (f64, Vec<Vec<f64>>);

/// Checks some elements of every parameter; returns the worst relative error over those with a gradient.
fn check_all(model: &mut PhysVae<f64, Cpu>, loss: Loss<'_>, learns: fn(&str) -> bool) -> f64 {
    let (_, analytic) = loss(model, true);
    let names: Vec<String> = parameters(model)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    let mut worst = 0.0_f64;
    for (i, name) in names.iter().enumerate() {
        if !learns(name) {
            assert!(
                analytic[i].iter().all(|g| *g == 0.0),
                "{name} must have no gradient"
            );
            continue;
        }
        let point = to_host(parameters(model)[i].1);
        let n = point.len();
        let mut rng = ChaCha8Rng::seed_from_u64(i as u64);
        let mut elements: Vec<usize> = (0..PER_TENSOR.min(n))
            .map(|_| rng.gen_range(0..n))
            .collect();
        // the largest is among them, so that relative means something
        elements.push(
            (0..n)
                .max_by(|&a, &b| analytic[i][a].abs().total_cmp(&analytic[i][b].abs()))
                .unwrap(),
        );
        let error = check::worst_relative_error(&point, &analytic[i], &elements, STEP, |moved| {
            parameters_mut(model)[i].1.copy_from(moved);
            loss(model, false).0
        });
        parameters_mut(model)[i].1.copy_from(&point);
        assert!(
            analytic[i].iter().any(|g| *g != 0.0),
            "{name} has no gradient"
        );
        assert!(error <= TOLERANCE, "{name}: {error:.1e}");
        worst = worst.max(error);
    }
    worst
}

/// The context sees z_phy without gradient, which differences cannot: give that path no effect. (What
/// stops there is tested in the model crate.)
fn cut_detached_path(model: &mut PhysVae<f64, Cpu>) {
    for (name, m) in parameters_mut(model) {
        if name == "residual.context.0.weight" {
            let mut values = to_host(m);
            for row in values.chunks_exact_mut(9) {
                row[..7].fill(0.0);
            }
            m.copy_from(&values);
        }
    }
}

/// A gate at 0.01 lets so little through that rounding shows in the differences.
fn open_the_gate(model: &mut PhysVae<f64, Cpu>) {
    for (name, m) in parameters_mut(model) {
        if name == "residual.gate.1.bias" {
            m.copy_from(&[0.0; BANDS.len()]);
        }
    }
}

#[test]
fn the_loss_of_every_phase_and_variant_has_the_gradient_it_says() {
    for inform in [Variant::Published, Variant::EnmapBox] {
        let mut c = vae(Some(inform), 2);
        let pretrain = check_all(&mut c, &pretrain_loss, |name| {
            PhysVae::<f64, Cpu>::learns_in_pretraining(name, false)
        });
        cut_detached_path(&mut c);
        let train_c = check_all(&mut c, &train_loss, |_| true);
        let train_b = check_all(&mut vae(Some(inform), 0), &train_loss, |_| true);
        println!(
            "{inform:?}: Pretrain {pretrain:.1e}, Train C {train_c:.1e}, Train B {train_b:.1e}"
        );
    }
    let train_a = check_all(&mut vae(None, 3), &train_loss, |_| true);
    println!("Train A {train_a:.1e}");
}

/// Every goal, with noise that is learned.
#[test]
fn the_loss_of_every_goal_has_the_gradient_it_says() {
    let goals = [
        Distance::Squares,
        Distance::Gaussian,
        Distance::Absolute,
        Distance::Huber { delta: 0.4 },
    ]
    .map(|distance| Goal {
        distance,
        physics: 0.8,
        beta_phy: 0.6,
        beta_aux: 0.4,
        free_bits: 0.005,
        edge: 0.3,
        edge_power: 2.0,
        ..Goal::default()
    });
    for goal in goals {
        let mut model = vae_of(Some(Variant::Published), 2, Some(0.5));
        cut_detached_path(&mut model);
        open_the_gate(&mut model);
        let gaussian = goal.distance == Distance::Gaussian;
        let learns: fn(&str) -> bool = if gaussian {
            |_| true
        } else {
            |name| !name.starts_with("noise.")
        };
        let loss =
            |model: &PhysVae<f64, Cpu>, gradient: bool| train_loss_towards(&goal, model, gradient);
        let worst = check_all(&mut model, &loss, learns);
        println!("{:?}: {worst:.1e}", goal.distance);
    }
}

/// A residual of low rank with its penalties behind a calibration, a prior that is not N(0, I), capacity control, the
/// physics judged by itself, and a series whose consecutive samples are to be alike.
#[test]
fn the_loss_of_a_low_rank_residual_has_the_gradient_it_says() {
    let goal = Goal {
        smoothness: Some(Smoothness {
            weight: 40.0,
            window: NonZeroUsize::new(2).unwrap(),
            columns: vec![0, 3],
        }),
        capacity_weight: 0.7,
        capacity: 3.0,
        orthogonality: 0.4,
        coefficients: 0.6,
        physics: 0.5,
        ..Goal::default()
    };
    for (detach_x_p, season) in [(false, false), (true, false), (false, true)] {
        let architecture = Architecture {
            residual: ResidualKind::LowRank { rank: 3, season },
            running_prior: true,
            detach_x_p,
            ..small(7, 2)
        };
        let mut model = of(architecture, Some(Variant::Published));
        let buffers = model.buffers_mut();
        buffers.residual = ResidualScale { tau: 1.7, r: 0.8 };
        let rows = |seed| Array2::from_shape_vec((3, BANDS.len()), random(3, BANDS.len(), seed));
        let (outputs, observed) = (rows(11).unwrap(), rows(12).unwrap());
        let calibration = Calibration::by_moments(outputs.view(), observed.view(), true);
        buffers.calibration = Some(calibration);
        let prior = buffers.prior.as_mut().unwrap();
        prior.follow(&[0.5, -1.0, 0.2, 0.0, 1.0, 2.0, -0.3], &[3.0; 7], 0.4);
        // with r = 0 x_P's own way through the residual is all that detaching cuts: differences see it
        if detach_x_p {
            cut_x_p(&mut model);
        }
        let loss =
            |model: &PhysVae<f64, Cpu>, gradient: bool| train_loss_towards(&goal, model, gradient);
        // orthonormal to begin with, where the penalty's gradient is 0
        skew(&mut model);
        let worst = check_all(&mut model, &loss, |_| true);
        println!("detached {detach_x_p}, season {season}: {worst:.1e}");
    }
}

/// Directions that are neither orthogonal nor of length 1.
fn skew(model: &mut PhysVae<f64, Cpu>) {
    for (name, m) in parameters_mut(model) {
        if name == "residual.directions" {
            let values = random(3, BANDS.len(), 9);
            m.copy_from(&values);
        }
    }
}

/// Coefficients that do not look at x_P: the path that detaching cuts has no effect then.
fn cut_x_p(model: &mut PhysVae<f64, Cpu>) {
    for (name, m) in parameters_mut(model) {
        if name == "residual.coefficients.0.weight" {
            let mut values = to_host(m);
            for row in values.chunks_exact_mut(2 + BANDS.len()) {
                row[2..].fill(0.0);
            }
            m.copy_from(&values);
        }
    }
}

#[test]
fn the_likelihood_of_stage_a_has_the_gradient_it_says() {
    let mut model = vae(Some(Variant::Published), 2);
    let worst = check_all(&mut model, &pretrain_likelihood, |name| {
        PhysVae::<f64, Cpu>::learns_in_pretraining(name, true)
    });
    println!("{worst:.1e}");
}
