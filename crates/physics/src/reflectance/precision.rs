//! When single precision is enough.

/// Smallest absorptance of a leaf at any wavelength down to which single precision is enough; samples
/// below it are computed in double precision.
///
/// The digits of 4SAIL's multiple scattering go as 1/m³ where m² ≈ absorptance. Measured by the test
/// below over the whole allowed range: from here up bands are within 2e-6 and Jacobians within 1e-4 of
/// double precision; at a tenth of it Jacobians are a percent off, far below it nothing is left. Leaves
/// of the usual ranges (dry matter from 0.005 g/cm² up) absorb several times as much everywhere.
pub(super) const LEAST_ABSORPTANCE_F32: f64 = 0.002;

#[cfg(test)]
mod tests {
    use super::LEAST_ABSORPTANCE_F32;
    use crate::reflectance::Lanes;
    use crate::reflectance::engine::Results;
    use crate::{
        Canopy, CanopyParameters, ForwardModel, LeafAngles, Parameter, Precision, ReflectanceModel,
        Variant,
    };

    /// Bands, absolute.
    const BANDS: f64 = 5e-6;
    /// Jacobians, of the largest of their column …
    const JACOBIAN: f64 = 3e-4;
    /// … or, for columns that nearly vanish, in reflectance over the parameter's usual range.
    const JACOBIAN_FLOOR: f64 = 1e-6;
    const SAMPLES: usize = 500;
    /// Of Sentinel-2A.
    const BANDS_COUNT: usize = 13;

    /// Every kind of free parameter there is.
    const FREE: [(Parameter, f64); 16] = [
        (Parameter::N, 2.0),
        (Parameter::Cab, 70.0),
        (Parameter::Car, 20.0),
        (Parameter::Anth, 10.0),
        (Parameter::Cbrown, 1.0),
        (Parameter::Cw, 0.019),
        (Parameter::Cm, 0.045),
        (Parameter::Lai, 4.99),
        (Parameter::LaiU, 2.99),
        (Parameter::Fc, 0.9),
        (Parameter::H, 20.0),
        (Parameter::Hspot, 0.5),
        (Parameter::Psoil, 1.0),
        (Parameter::Rsoil, 1.0),
        (Parameter::Tts, 40.0),
        (Parameter::Ala, 50.0),
    ];

    /// A linear congruential generator: the same samples everywhere.
    struct Random(u64);

    impl Random {
        fn between(&mut self, low: f64, high: f64) -> f64 {
            self.0 = (self.0)
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            low + (high - low) * (self.0 >> 11) as f64 / (1_u64 << 53) as f64
        }

        fn log_between(&mut self, low: f64, high: f64) -> f64 {
            self.between(low.ln(), high.ln()).exp()
        }

        /// Over the whole allowed range, weakly absorbing leaves as often as others.
        fn forest(&mut self) -> CanopyParameters {
            CanopyParameters {
                n: self.between(1.0, 4.0),
                cab: self.log_between(0.1, 120.0),
                car: self.between(0.0, 10.0),
                anth: self.between(0.0, 2.0),
                cbrown: 0.0,
                cw: self.log_between(1e-5, 0.1),
                cm: self.log_between(1e-5, 0.06),
                lai: self.between(0.0, 15.0),
                laiu: self.between(0.0, 10.0),
                fc: self.between(0.01, 3.0),
                h: Some(self.between(5.0, 30.0)),
                hspot: self.between(0.0, 1.0),
                psoil: self.between(0.0, 1.0),
                tts: self.between(0.0, 80.0),
                tto: self.between(0.0, 60.0),
                psi: self.between(0.0, 180.0),
                leaf_angles: LeafAngles::Ellipsoidal(self.between(10.0, 85.0)),
                ..Default::default()
            }
        }
    }

    struct Batch {
        values: Vec<f64>,
        jacobian: Vec<f64>,
        absorptance: Vec<f64>,
    }

    /// The engine alone, without the model's falling back to double precision.
    fn run(model: &ReflectanceModel, forests: &[CanopyParameters]) -> Batch {
        let (n, bands) = (forests.len(), model.outputs().len());
        let mut batch = Batch {
            values: vec![0.0; n * bands],
            jacobian: vec![0.0; n * bands * FREE.len()],
            absorptance: vec![0.0; n],
        };
        let mut results = Results {
            values: &mut batch.values,
            jacobian: &mut batch.jacobian,
            least_absorptance: &mut batch.absorptance,
        };
        let engine = model.single.as_ref().unwrap_or(&model.double);
        engine.evaluate(model.canopy, forests, &mut results);
        batch
    }

    /// Errors of one sample in units of what is allowed: bands, Jacobian. Infinite where not finite.
    fn errors(single: &Batch, double: &Batch, i: usize) -> (f64, f64) {
        let largest = |errors: &mut dyn Iterator<Item = f64>| {
            errors.fold(0.0, |worst: f64, e| {
                if e.is_finite() {
                    worst.max(e)
                } else {
                    f64::INFINITY
                }
            })
        };
        let bands = i * BANDS_COUNT..(i + 1) * BANDS_COUNT;
        let in_bands = largest(
            &mut bands
                .clone()
                .map(|at| (single.values[at] - double.values[at]).abs() / BANDS),
        );
        let in_jacobian = largest(&mut (0..FREE.len()).map(|column| {
            let at = |band: usize| band * FREE.len() + column;
            let top = bands
                .clone()
                .map(|band| double.jacobian[at(band)].abs())
                .fold(0.0, f64::max);
            let allowed = (JACOBIAN * top).max(JACOBIAN_FLOOR / FREE[column].1);
            largest(&mut bands.clone().map(|band| {
                (single.jacobian[at(band)] - double.jacobian[at(band)]).abs() / allowed
            }))
        }));
        (in_bands, in_jacobian)
    }

    #[test]
    fn is_enough_down_to_the_limit_and_not_far_below() {
        let mut random = Random(1);
        let forests: Vec<_> = (0..SAMPLES).map(|_| random.forest()).collect();
        let builder = ReflectanceModel::builder().free(FREE.map(|(parameter, _)| parameter));
        for canopy in [
            Canopy::Inform(Variant::Published),
            Canopy::Inform(Variant::EnmapBox),
        ] {
            let builder = builder.clone().canopy(canopy);
            let exact = run(&builder.clone().build().unwrap(), &forests);
            for lanes in Lanes::available() {
                let single = builder.clone().precision(Precision::F32).lanes(lanes);
                let found = run(&single.build().unwrap(), &forests);
                let (mut above, mut below) = ((0.0_f64, 0.0_f64), (0.0_f64, 0.0_f64));
                for i in 0..SAMPLES {
                    // An understorey seen in its hot spot can be brighter than white; INFORM takes it for
                    // a Lambertian ground, and multiple reflections diverge. No such scene is served.
                    let bands = &exact.values[i * BANDS_COUNT..(i + 1) * BANDS_COUNT];
                    if bands.iter().any(|r| !(0.0..=1.0).contains(r)) {
                        continue;
                    }
                    let error = errors(&found, &exact, i);
                    let worst = if found.absorptance[i] >= LEAST_ABSORPTANCE_F32 {
                        &mut above
                    } else if exact.absorptance[i] < LEAST_ABSORPTANCE_F32 / 8.0 {
                        &mut below
                    } else {
                        continue;
                    };
                    *worst = (worst.0.max(error.0), worst.1.max(error.1));
                }
                println!(
                    "{canopy:?} {lanes:?}, of what is allowed: bands {:.2}, Jacobian {:.2}; below an \
                     eighth of the limit {:.1} and {:.1}",
                    above.0, above.1, below.0, below.1
                );
                assert!(above.0 < 1.0 && above.1 < 1.0, "{above:?}");
                assert!(below.1 > 1.0, "the limit could be lower: {below:?}");
            }
        }
    }
}
