//! What a layer of leaves does at every wavelength alike: direct transmission and the hot spot.

use super::Scattering;

/// A value and its derivative to the one parameter it depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sloped {
    pub value: f64,
    pub slope: f64,
}

fn sloped(value: f64, slope: f64) -> Sloped {
    Sloped { value, slope }
}

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

/// Hot spot of Kuusk (1985, Soviet Journal of Remote Sensing 3:645) as in Verhoef et al. (2007, IEEE
/// TGRS 45:1808–1822): correlation of the gaps seen by the sun and by the view, at depths x in the layer.
///
/// y(x) = L·[−(ko + ks) x + √(ko ks) (1 − e^−αx)/α], of which only L is left open here.
#[derive(Clone, Debug)]
pub(crate) struct HotSpot {
    depth: [f64; INTERVALS + 1],
    /// y/L at the depths.
    slope: [f64; INTERVALS + 1],
    intervals: usize,
}

impl HotSpot {
    /// α = 2·distance/(size·(ks + ko)), at most 200. The exact hot spot (distance 0) is α = 0; size 0 is
    /// no hot spot.
    pub fn new(scattering: &Scattering, shadow_distance: f64, size: f64, nodes: Nodes) -> Self {
        let (ks, ko) = (scattering.ks, scattering.ko);
        let alpha = if size == 0.0 {
            LARGEST_ALPHA
        } else if shadow_distance == 0.0 {
            0.0
        } else {
            (2.0 * shadow_distance / (size * (ks + ko))).min(LARGEST_ALPHA)
        };
        // nodes at equal steps of e^−αx
        let step = -(-alpha).exp_m1() / INTERVALS as f64;
        let intervals = match nodes {
            Nodes::Published => INTERVALS,
            Nodes::EnmapBox => INTERVALS - 1,
        };
        let mut hot_spot = Self {
            depth: [0.0; INTERVALS + 1],
            slope: [0.0; INTERVALS + 1],
            intervals,
        };
        for i in 1..=intervals {
            let steps = if i == intervals { INTERVALS } else { i } as f64;
            let (depth, correlated) = if i == intervals && alpha > 0.0 {
                (1.0, steps * step / alpha)
            } else if alpha > 0.0 {
                (-(-steps * step).ln_1p() / alpha, steps * step / alpha)
            } else {
                (steps / INTERVALS as f64, steps / INTERVALS as f64)
            };
            hot_spot.depth[i] = depth;
            hot_spot.slope[i] = -(ko + ks) * depth + (ko * ks).sqrt() * correlated;
        }
        hot_spot
    }

    /// ∫ e^y(x) dx over the layer, with y linear between the nodes, and e^y(1), of a layer of leaf area
    /// index `l`, with their derivatives to it.
    fn integrate(&self, l: f64) -> (Sloped, Sloped) {
        let (mut sum, mut sum_slope, mut f) = (0.0, 0.0, 1.0);
        for i in 1..=self.intervals {
            let (before, here) = (self.slope[i - 1], self.slope[i]);
            let step = here - before;
            let (delta, width) = (l * step, self.depth[i] - self.depth[i - 1]);
            // mean of e^y over the interval: f (e^δ − 1)/δ
            let growth = delta.exp_m1();
            let next = f * (1.0 + growth);
            let (mean, mean_slope) = if delta.abs() > 1e-4 {
                let mean = f * growth / delta;
                (mean, (here * next - before * f - mean * step) / delta)
            } else {
                let mean = f * (1.0 + delta / 2.0 + delta * delta / 6.0);
                let curve = 0.5 + delta / 3.0 + delta * delta / 8.0;
                (mean, mean * before + f * step * curve)
            };
            sum += mean * width;
            sum_slope += mean_slope * width;
            f = next;
        }
        (
            sloped(sum, sum_slope),
            sloped(f, self.slope[self.intervals] * f),
        )
    }
}

/// Scalars of one layer, with their derivatives to its leaf area index.
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
    /// A layer with a hot spot.
    pub fn new(scattering: &Scattering, length: f64, hot_spot: &HotSpot) -> Self {
        let (sum, end) = hot_spot.integrate(length);
        let mut layer = Self::without_bidirectional(scattering, length);
        layer.single = sloped(length * sum.value, sum.value + length * sum.slope);
        layer.tsstoo = end;
        layer
    }

    /// A layer of which the bidirectional reflectance is not asked.
    pub fn without_bidirectional(scattering: &Scattering, length: f64) -> Self {
        let (ks, ko) = (scattering.ks, scattering.ko);
        let (tss, too) = ((-ks * length).exp(), (-ko * length).exp());
        let k = ks + ko;
        let j2 = if k * length > 0.0 {
            -(-k * length).exp_m1() / k
        } else {
            length
        };
        Self {
            length: sloped(length, 1.0),
            tss: sloped(tss, -ks * tss),
            too: sloped(too, -ko * too),
            j2: sloped(j2, tss * too),
            single: sloped(0.0, 0.0),
            tsstoo: sloped(0.0, 0.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCATTERING: Scattering = Scattering {
        ks: 0.7,
        ko: 0.55,
        bf: 0.4,
        sob: 0.1,
        sof: 0.05,
    };
    /// Central differences with a step of 1e-6: rounding 1e-10, curvature 1e-12.
    const DIFFERENCE: f64 = 1e-8;

    #[test]
    fn slopes_are_the_differences() {
        for distance in [0.0, 1e-9, 1e-3, 0.3, 5.0] {
            for nodes in [Nodes::Published, Nodes::EnmapBox] {
                let hot = HotSpot::new(&SCATTERING, distance, 0.05, nodes);
                for l in [1e-5, 0.01, 1.0, 15.0] {
                    let at = |l: f64| LayerScalars::new(&SCATTERING, l, &hot);
                    let (h, here) = (1e-6, at(l));
                    let (up, down) = (at(l + h), at(l - h));
                    for pick in [
                        |s: &LayerScalars| s.tss,
                        |s: &LayerScalars| s.too,
                        |s: &LayerScalars| s.j2,
                        |s: &LayerScalars| s.single,
                        |s: &LayerScalars| s.tsstoo,
                    ] {
                        let difference = (pick(&up).value - pick(&down).value) / (2.0 * h);
                        let error = difference - pick(&here).slope;
                        assert!(error.abs() < DIFFERENCE, "{distance} {l}: {error:e}");
                    }
                }
            }
        }
    }

    #[test]
    fn exact_hot_spot_is_the_single_beam() {
        let equal = Scattering {
            ko: 0.7,
            ..SCATTERING
        };
        let hot = HotSpot::new(&equal, 0.0, 0.05, Nodes::Published);
        let layer = LayerScalars::new(&equal, 3.0, &hot);
        assert!((layer.tsstoo.value - layer.tss.value).abs() < 1e-15);
        let expected = (1.0 - layer.tss.value) / 0.7;
        assert!((layer.single.value - expected).abs() < 1e-14);
    }

    #[test]
    fn without_leaves_everything_passes() {
        let hot = HotSpot::new(&SCATTERING, 0.2, 0.05, Nodes::Published);
        let layer = LayerScalars::new(&SCATTERING, 0.0, &hot);
        assert_eq!((layer.tss.value, layer.tsstoo.value), (1.0, 1.0));
        assert_eq!((layer.single.value, layer.single.slope), (0.0, 1.0));
        assert_eq!((layer.j2.value, layer.j2.slope), (0.0, 1.0));
    }
}
