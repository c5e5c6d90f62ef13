//! Quantities of the canopy over ground area, made of parameters.

use ndarray::ArrayView2;

/// A product of parameters with a name of its own.
pub(super) struct Definition {
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    pub(super) about: &'static str,
    factors: &'static [&'static str],
    /// From the units of the parameters to `unit`.
    factor: f64,
}

/// LAI is that of the crowns, so that LAI·fc is the area of leaves over the ground; the understorey is no part of it.
pub(super) const PRODUCTS: [Definition; 3] = [
    Definition {
        name: "LAI_canopy",
        unit: "m2/m2",
        about: "leaf area of the trees over ground area, LAI fc",
        factors: &["LAI", "fc"],
        factor: 1.0,
    },
    Definition {
        name: "CCC",
        unit: "g/m2",
        about: "canopy chlorophyll content, cab LAI fc",
        factors: &["cab", "LAI", "fc"],
        // µg/cm² of leaf to g/m²
        factor: 0.01,
    },
    Definition {
        name: "CWC",
        unit: "g/m2",
        about: "canopy water content, cw LAI fc",
        factors: &["cw", "LAI", "fc"],
        // 1 cm of water is 1 g/cm², 1e4 g/m²
        factor: 1e4,
    },
];

/// A product of some of a model's parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Product {
    /// Places of the factors among the parameters.
    pub(super) factors: Vec<usize>,
    factor: f64,
}

impl Definition {
    /// Among parameters of these names; `None` where one of the factors is not inferred.
    pub(super) fn of(&self, names: &[&str]) -> Option<Product> {
        let place = |name: &&str| names.iter().position(|it| it == name);
        Some(Product {
            factors: self.factors.iter().map(place).collect::<Option<_>>()?,
            factor: self.factor,
        })
    }
}

impl Product {
    /// The product of these parameter values.
    pub(super) fn value(&self, of: impl Fn(usize) -> f64) -> f64 {
        self.factor * self.factors.iter().map(|&k| of(k)).product::<f64>()
    }

    /// Standard deviation of the product of independent parameters: √(∏(μ² + σ²) − ∏μ²) (Goodman 1960,
    /// doi:10.1080/01621459.1960.10483369).
    pub(super) fn sd_of_independent(&self, moments: impl Fn(usize) -> (f64, f64)) -> f64 {
        let (mut squares, mut mean) = (1.0, 1.0);
        for &k in &self.factors {
            let (mu, sigma) = moments(k);
            squares *= mu * mu + sigma * sigma;
            mean *= mu * mu;
        }
        self.factor * (squares - mean).max(0.0).sqrt()
    }

    /// Standard deviation by the delta method, √(gᵀ C g), where C is the covariance of u and g the slope of the product by
    /// u: `value` and `slope` give a parameter and its slope by its u.
    pub(super) fn sd_by_covariance(
        &self,
        value: impl Fn(usize) -> f64,
        slope: impl Fn(usize) -> f64,
        covariance: ArrayView2<f64>,
    ) -> f64 {
        let gradient = |k: usize| {
            let others = self.factors.iter().filter(|&&other| other != k);
            slope(k) * others.map(|&other| value(other)).product::<f64>()
        };
        let mut variance = 0.0;
        for &a in &self.factors {
            for &b in &self.factors {
                variance += gradient(a) * gradient(b) * covariance[[a, b]];
            }
        }
        self.factor * variance.max(0.0).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng as _, SeedableRng as _};
    use rand_distr::StandardNormal;

    #[test]
    fn products_by_hand() {
        let names = ["cw", "N", "fc", "LAI", "cab"];
        let values = [0.01, 1.5, 0.5, 4.0, 40.0];
        let of = |definition: &Definition| definition.of(&names).unwrap().value(|k| values[k]);
        // 40 µg/cm² of 4 m²/m² over half the ground: 0.4 g/m² · 2; 0.01 cm: 100 g/m² · 2
        let found: Vec<f64> = PRODUCTS.iter().map(of).collect();
        for (found, expected) in found.iter().zip([2.0, 0.8, 200.0]) {
            assert!((found - expected).abs() < 1e-12);
        }
        assert_eq!(PRODUCTS[1].of(&["LAI", "fc"]), None);
    }

    /// 400,000 draws of three independent factors; the delta method where they are narrow and belong together.
    #[test]
    fn standard_deviations_are_those_of_draws() {
        let product = PRODUCTS[1].of(&["LAI", "fc", "cab"]).unwrap();
        let moments = [(4.0, 1.0), (0.6, 0.1), (40.0, 12.0)];
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        let mut draw = || rng.sample::<f64, _>(StandardNormal);
        let sd = |draws: &[f64]| {
            let n = draws.len() as f64;
            let mean = draws.iter().sum::<f64>() / n;
            (draws.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt()
        };
        let draws: Vec<f64> = (0..400_000)
            .map(|_| {
                let values = moments.map(|(mu, sigma)| mu + sigma * draw());
                product.value(|k| values[k])
            })
            .collect();
        let found = product.sd_of_independent(|k| moments[k]);
        assert!((found / sd(&draws) - 1.0).abs() < 0.01);

        // u₂ follows u₁: C = s² of 1, ρ, ρ, 1
        let (s, rho) = (0.01, -0.7);
        let covariance = ndarray::array![
            [s * s, rho * s * s, 0.0],
            [rho * s * s, s * s, 0.0],
            [0.0, 0.0, 0.0]
        ];
        let draws: Vec<f64> = (0..400_000)
            .map(|_| {
                let a = draw();
                let b = rho * a + (1.0_f64 - rho * rho).sqrt() * draw();
                let values = [4.0 + 2.0 * s * a, 0.6 + 0.3 * s * b, 40.0];
                product.value(|k| values[k])
            })
            .collect();
        let slopes = [2.0, 0.3, 5.0];
        let found = product.sd_by_covariance(|k| moments[k].0, |k| slopes[k], covariance.view());
        assert!((found / sd(&draws) - 1.0).abs() < 0.01);
    }
}
