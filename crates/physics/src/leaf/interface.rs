//! Mean transmissivity of a dielectric interface.

/// Mean transmissivity of the surface of a medium of refractive index `n` for isotropic light within
/// a cone of half-angle `degrees` around the normal: Fresnel's, averaged over both polarisations and the
/// cone (Stern 1964, Applied Optics 3:111; Allen 1973, J. Opt. Soc. Am. 63:664, equations 11 to 19),
///
#[doc = include_str!("interface.md")]
#[doc = include_str!("../../katex.html")]
pub(super) fn mean_transmissivity(degrees: f64, n: f64) -> f64 {
    let (n2, sin) = (n * n, degrees.to_radians().sin());
    let (p, q) = (n2 + 1.0, n2 - 1.0);
    let (a, kappa) = ((n + 1.0) * (n + 1.0) / 2.0, -(q * q) / 4.0);
    let b2 = sin * sin - p / 2.0;
    let b1 = if degrees == 90.0 {
        0.0 // exactly; the root would be a rounding error
    } else {
        (b2 * b2 + kappa).sqrt()
    };
    let b = b1 - b2;

    let perpendicular = |x: f64| kappa * kappa / (6.0 * x * x * x) + kappa / x - x / 2.0;
    let ts = perpendicular(b) - perpendicular(a);
    let (xb, xa) = (2.0 * p * b - q * q, 2.0 * p * a - q * q);
    let tp1 = -2.0 * n2 * (b - a) / (p * p);
    let tp2 = -2.0 * n2 * p * (b / a).ln() / (q * q);
    let tp3 = n2 * (1.0 / b - 1.0 / a) / 2.0;
    let tp4 = 16.0 * n2 * n2 * (n2 * n2 + 1.0) * (xb / xa).ln() / (p.powi(3) * q * q);
    let tp5 = 16.0 * n2.powi(3) * (1.0 / xb - 1.0 / xa) / p.powi(3);
    (ts + tp1 + tp2 + tp3 + tp4 + tp5) / (2.0 * sin * sin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    /// Rounding of the closed form: its terms cancel by a factor of a few hundred.
    const CANCELLATION: f64 = 1e-12;
    /// Midpoint rule with 20 000 steps, and the cancellation of the closed form near n = 1.05.
    const QUADRATURE: f64 = 1e-8;

    /// The same mean by integrating Fresnel's equations over the cone.
    fn by_quadrature(degrees: f64, n: f64) -> f64 {
        let steps = 20_000;
        let end = degrees.to_radians().sin().powi(2);
        // in s = sin², isotropic light is uniform; substitute to soften the root at grazing angles
        let mean = |u: f64| {
            let s = end * (1.0 - (1.0 - u) * (1.0 - u));
            let (ci, ct) = ((1.0 - s).sqrt(), (1.0 - s / (n * n)).sqrt());
            let rs = ((ci - n * ct) / (ci + n * ct)).powi(2);
            let rp = ((n * ci - ct) / (n * ci + ct)).powi(2);
            (2.0 - rs - rp) * (1.0 - u)
        };
        (0..steps)
            .map(|i| mean((f64::from(i) + 0.5) / f64::from(steps)))
            .sum::<f64>()
            / f64::from(steps)
    }

    #[test]
    fn agrees_with_the_integral_of_fresnels_equations() {
        for n in [1.25, 1.4, 1.55] {
            for degrees in [40.0, 60.0, 90.0] {
                let difference = mean_transmissivity(degrees, n) - by_quadrature(degrees, n);
                assert!(
                    difference.abs() < QUADRATURE,
                    "{n} {degrees}: {difference:e}"
                );
            }
        }
    }

    #[test]
    fn small_cone_is_normal_incidence() {
        let n: f64 = 1.4;
        let normal = 4.0 * n / (n + 1.0).powi(2);
        assert!((mean_transmissivity(5.0, n) - normal).abs() < 1e-5);
        assert!(
            (mean_transmissivity(90.0, n) - mean_transmissivity(89.9999999, n)).abs()
                < CANCELLATION * 1e3
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::with_cases(64) })]

        #[test]
        fn holds_over_the_whole_range_of_refractive_indices(n in 1.05..2.0_f64, degrees in 10.0..90.0_f64) {
            let mean = mean_transmissivity(degrees, n);
            prop_assert!((mean - by_quadrature(degrees, n)).abs() < QUADRATURE);
            // less of a wider cone, less of a denser medium, never more than at normal incidence
            prop_assert!(mean <= 4.0 * n / (n + 1.0).powi(2) + QUADRATURE);
            prop_assert!(mean_transmissivity(90.0, n) <= mean + QUADRATURE);
            prop_assert!(mean_transmissivity(degrees, n + 0.01) < mean);
            // out of the medium: what Stokes' reciprocity leaves is total reflection
            let out = mean_transmissivity(90.0, n) / (n * n);
            prop_assert!(out > 0.0 && out < 1.0);
        }
    }
}
