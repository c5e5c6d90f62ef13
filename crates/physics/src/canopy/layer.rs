//! What a layer of leaves does at every wavelength alike: direct transmission and the hot spot.

use super::Scattering;
use crate::numbers::{Real, Sloped, phi_of_each};

/// Largest α of the hot spot; beyond it there is none. Part of the distributed PROSAIL.
const LARGEST_ALPHA: f64 = 200.0;

/// Nodes of the hot spot's integral.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nodes {
    /// 20 intervals.
    Published,
    /// The `enmap_box` variant overwrites the last but one node: 19 intervals.
    EnmapBox,
}

const INTERVALS: usize = 20;

/// The exponent y(x) of the hot spot of [`crate::Sail`] at its nodes; only L is left open here.
#[derive(Clone)]
pub(crate) struct HotSpot {
    depth: [Sloped; INTERVALS + 1],
    /// y/L at the depths.
    slope: [Sloped; INTERVALS + 1],
    intervals: usize,
}

impl HotSpot {
    /// α = 2·distance/(size·(ks + ko)), at most 200. The exact hot spot (distance 0) is α = 0; size 0 is
    /// no hot spot. Derivatives are 0 at the clip and, where distance has a kink, at distance 0.
    pub fn new(
        scattering: &Scattering,
        shadow_distance: Sloped,
        size: Sloped,
        nodes: Nodes,
    ) -> Self {
        let (ks, ko) = (scattering.ks, scattering.ko);
        let none = Sloped::constant(LARGEST_ALPHA);
        let alpha = if size.value() == 0.0 {
            none
        } else {
            let alpha = shadow_distance.scale(2.0) / (size * (ks + ko));
            if alpha.value() < LARGEST_ALPHA {
                alpha
            } else {
                none
            }
        };
        // nodes at equal steps of e^−αx: with φ(α) = (1 − e^−α)/α,
        // x_i = −ln(1 − (i/20) α φ)/α and (1 − e^−αx_i)/α = (i/20) φ
        let phi = alpha.phi();
        let root = (ko * ks).sqrt();
        let intervals = match nodes {
            Nodes::Published => INTERVALS,
            Nodes::EnmapBox => INTERVALS - 1,
        };
        let zero = Sloped::constant(0.0);
        let mut hot_spot = Self {
            depth: [zero; INTERVALS + 1],
            slope: [zero; INTERVALS + 1],
            intervals,
        };
        for i in 1..=intervals {
            let (depth, correlated) = if i == intervals {
                (Sloped::constant(1.0), phi)
            } else {
                let correlated = phi.scale(i as f64 / INTERVALS as f64);
                (correlated * (correlated * alpha).ln_ratio(), correlated)
            };
            hot_spot.depth[i] = depth;
            hot_spot.slope[i] = root * correlated - (ko + ks) * depth;
        }
        hot_spot
    }

    /// ∫ e^y(x) dx over the layer, with y linear between the nodes, and e^y(1), of a layer of leaf area
    /// index `l`.
    #[inline(always)]
    fn integrate(&self, l: Sloped) -> (Sloped, Sloped) {
        // −δ of the intervals, and the mean of e^y over each in units of its beginning, (e^δ − 1)/δ = φ(−δ):
        // all at once, for this is most of a sample's scalars
        let mut fall = [0.0; INTERVALS];
        for (i, fall) in fall.iter_mut().enumerate() {
            *fall = l.value() * (self.slope[i].value() - self.slope[i + 1].value());
        }
        let means = phi_of_each(&fall);
        let (mut sum, mut f) = (Sloped::constant(0.0), Sloped::constant(1.0));
        for (i, (mean, slope)) in means.into_iter().enumerate().take(self.intervals) {
            let fall = l * (self.slope[i] - self.slope[i + 1]);
            let mean = fall.map(mean, slope);
            let width = self.depth[i + 1] - self.depth[i];
            sum = sum + f * mean * width;
            // e^δ = 1 + δ φ(−δ); it has cancelled for long intervals
            f = if fall.value() < 1.0 {
                f * (-(fall * mean)).offset(1.0)
            } else {
                f * (-fall).exp()
            };
        }
        (sum, f)
    }
}

/// Scalars of one layer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LayerScalars {
    /// Leaf area index L.
    pub length: Sloped,
    /// Direct transmittance of the sun beam, e^−ks L.
    pub tss: Sloped,
    /// Direct transmittance of the view beam, e^−ko L.
    pub too: Sloped,
    /// J₂(ks, ko, L) = (1 − e^−(ks+ko)L)/(ks + ko)
    pub j2: Sloped,
    /// L·Σ, single scattering with the hot spot.
    pub single: Sloped,
    /// Bidirectional gap fraction with the hot spot.
    pub tsstoo: Sloped,
}

impl LayerScalars {
    /// A layer of leaf area index `length` with a hot spot.
    #[inline(always)]
    pub fn new(scattering: &Scattering, length: Sloped, hot_spot: &HotSpot) -> Self {
        let (sum, end) = hot_spot.integrate(length);
        let mut layer = Self::without_bidirectional(scattering, length);
        layer.single = length * sum;
        layer.tsstoo = end;
        layer
    }

    /// A layer of which the bidirectional reflectance is not asked.
    pub fn without_bidirectional(scattering: &Scattering, length: Sloped) -> Self {
        let (ks, ko) = (scattering.ks, scattering.ko);
        let zero = Sloped::constant(0.0);
        Self {
            length,
            tss: (-(ks * length)).exp(),
            too: (-(ko * length)).exp(),
            j2: length * ((ks + ko) * length).phi(),
            single: zero,
            tsstoo: zero,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn c(value: f64) -> Sloped {
        Sloped::constant(value)
    }

    fn scattering(ks: Sloped, ko: Sloped) -> Scattering {
        Scattering {
            ks,
            ko,
            bf: c(0.4),
            sob: c(0.1),
            sof: c(0.05),
        }
    }

    fn fixed() -> Scattering {
        scattering(c(0.7), c(0.55))
    }

    /// Central differences with a step of 1e-6 of the number varied: rounding 1e-10, curvature 1e-12.
    const DIFFERENCE: f64 = 1e-8;

    /// A layer of the numbers ks, ko, distance, size, L.
    fn layer(at: [Sloped; 5], nodes: Nodes) -> [Sloped; 5] {
        let scattering = scattering(at[0], at[1]);
        let hot = HotSpot::new(&scattering, at[2], at[3], nodes);
        let s = LayerScalars::new(&scattering, at[4], &hot);
        [s.tss, s.too, s.j2, s.single, s.tsstoo]
    }

    #[test]
    fn slopes_are_the_differences() {
        for distance in [1e-5, 1e-3, 0.3, 5.0] {
            for nodes in [Nodes::Published, Nodes::EnmapBox] {
                for l in [1e-5, 0.01, 1.0, 15.0] {
                    let at: [f64; 5] = [0.7, 0.55, distance, 0.05, l];
                    for varied in 0..5 {
                        let step = 1e-6 * at[varied].max(0.01);
                        // a step must not cross zero
                        let step = step.min(at[varied] / 2.0);
                        let moved = |step: f64| {
                            let mut at = at.map(c);
                            at[varied] = at[varied].offset(step);
                            layer(at, nodes).map(Real::value)
                        };
                        let (up, down) = (moved(step), moved(-step));
                        let mut here = at.map(c);
                        here[varied] = Sloped::new(at[varied], 1.0);
                        let here = layer(here, nodes).map(Sloped::slope);
                        for i in 0..5 {
                            let difference = (up[i] - down[i]) / (2.0 * step);
                            let scale = 1.0_f64.max(here[i].abs());
                            let error = (difference - here[i]).abs() / scale;
                            let rounding = 4.0 * f64::EPSILON / step / scale;
                            assert!(
                                error < DIFFERENCE + rounding,
                                "distance {distance} L {l} number {varied} scalar {i}: {error:e}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn exact_hot_spot_is_the_single_beam() {
        let equal = scattering(c(0.7), c(0.7));
        let hot = HotSpot::new(&equal, c(0.0), c(0.05), Nodes::Published);
        let layer = LayerScalars::new(&equal, c(3.0), &hot);
        assert!((layer.tsstoo.value() - layer.tss.value()).abs() < 1e-15);
        let expected = (1.0 - layer.tss.value()) / 0.7;
        assert!((layer.single.value() - expected).abs() < 1e-14);
    }

    #[test]
    fn without_leaves_everything_passes() {
        let hot = HotSpot::new(&fixed(), c(0.2), c(0.05), Nodes::Published);
        let layer = LayerScalars::new(&fixed(), Sloped::new(0.0, 1.0), &hot);
        assert_eq!((layer.tss.value(), layer.tsstoo.value()), (1.0, 1.0));
        let single = layer.single;
        // the depths of the nodes sum to 1
        assert_eq!(single.value(), 0.0);
        assert!((single.slope() - 1.0).abs() < 1e-15);
        assert_eq!((layer.j2.value(), layer.j2.slope()), (0.0, 1.0));
    }
}
