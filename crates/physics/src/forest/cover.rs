//! FLIM: which part of the scene is crown or background, sunlit or shaded.

use super::parameters::ForestParameters;
use crate::canopy::Sloped;
use std::f64::consts::PI;

/// Shares of the ground seen and lit through the crowns (Rosema et al. 1992, Remote Sensing of
/// Environment 42:23–41). The four shares sum to 1; they are not clipped, and the share of shaded crowns
/// can fall to −0.002 for squat crowns under an oblique sun.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CrownCover {
    /// Crown cover seen by the observer, 1 − e^(−K/cos θ_o).
    pub co: f64,
    /// Crown cover seen by the sun, 1 − e^(−K/cos θ_s).
    pub cs: f64,
    /// Correlation of the two, e^(−g h/cd).
    pub p: f64,
    /// Crown in front, crown in the sun's way.
    pub fcd: f64,
    /// Crown in front, sunlit ground.
    pub fcs: f64,
    /// Open view, shaded ground.
    pub fod: f64,
    /// Open view, sunlit ground.
    pub fos: f64,
}

/// Where FLIM sees sun and observer.
#[derive(Clone, Copy, Debug)]
pub(super) struct CoverAngles {
    pub cos_sun: f64,
    pub cos_view: f64,
    /// Distance of the shadows per height.
    pub shadow_distance: f64,
}

/// [`CrownCover`] with the derivatives to nominal cover.
#[derive(Clone, Copy, Debug)]
pub(super) struct CoverScalars {
    pub co: Sloped,
    pub cs: Sloped,
    pub p: Sloped,
    pub fcd: Sloped,
    pub fcs: Sloped,
    pub fod: Sloped,
    pub fos: Sloped,
}

impl CoverScalars {
    /// K = π (cd/2)² sd/10⁴; X = p √(co (1−co) cs (1−cs)); Fcd = co cs + X, Fcs = co (1−cs) − X,
    /// Fod = (1−co) cs − X, Fos = (1−co)(1−cs) + X.
    ///
    /// 1 − co = e^(−K/cos θ) is not computed as a difference, so that dense stands keep their derivative.
    pub fn new(forest: &ForestParameters, angles: &CoverAngles) -> Self {
        let (cd, h) = (forest.crown_diameter_m(), forest.tree_height_m());
        // to fc: a given crown diameter does not depend on it, a given height not on the diameter
        let cd_slope = if forest.cd.is_some() {
            0.0
        } else {
            cd / (2.0 * forest.fc)
        };
        let h_slope = if forest.h.is_some() {
            0.0
        } else {
            0.507 * h / cd * cd_slope
        };
        let k = PI * (cd / 2.0).powi(2) * forest.sd / 1e4;
        let k_slope = 2.0 * k / cd * cd_slope;

        let distance = angles.shadow_distance;
        let p = (-distance * h / cd).exp();
        let p_slope = -p * distance * (h_slope - h / cd * cd_slope) / cd;

        let (path_o, path_s) = (1.0 / angles.cos_view, 1.0 / angles.cos_sun);
        let (open_o, open_s) = ((-k * path_o).exp(), (-k * path_s).exp());
        let (co, cs) = (-(-k * path_o).exp_m1(), -(-k * path_s).exp_m1());
        let (co_slope, cs_slope) = (open_o * path_o * k_slope, open_s * path_s * k_slope);
        let root = (co * cs).sqrt() * (-k * (path_o + path_s) / 2.0).exp();
        let root_slope = root * 0.5 * (co_slope / co + cs_slope / cs - (path_o + path_s) * k_slope);
        let (x, x_slope) = (p * root, p_slope * root + p * root_slope);

        let s = |value, slope| Sloped { value, slope };
        Self {
            co: s(co, co_slope),
            cs: s(cs, cs_slope),
            p: s(p, p_slope),
            fcd: s(co * cs + x, co_slope * cs + co * cs_slope + x_slope),
            fcs: s(co * open_s - x, co_slope * open_s - co * cs_slope - x_slope),
            fod: s(open_o * cs - x, open_o * cs_slope - co_slope * cs - x_slope),
            fos: s(
                open_o * open_s + x,
                x_slope - co_slope * open_s - open_o * cs_slope,
            ),
        }
    }

    /// co·cs
    pub fn both(&self) -> Sloped {
        Sloped {
            value: self.co.value * self.cs.value,
            slope: self.co.slope * self.cs.value + self.co.value * self.cs.slope,
        }
    }

    pub fn values(&self) -> CrownCover {
        CrownCover {
            co: self.co.value,
            cs: self.cs.value,
            p: self.p.value,
            fcd: self.fcd.value,
            fcs: self.fcs.value,
            fod: self.fod.value,
            fos: self.fos.value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Central differences in fc with a relative step of 1e-6.
    const DIFFERENCE: f64 = 1e-8;

    fn all(c: &CoverScalars) -> [Sloped; 8] {
        [c.co, c.cs, c.p, c.fcd, c.fcs, c.fod, c.fos, c.both()]
    }

    #[test]
    fn slopes_are_the_differences_and_shares_sum_to_one() {
        for (sun, view, distance) in [(1.0, 1.0, 0.0), (0.5, 0.9, 1.3), (0.2, 0.4, 4.0)] {
            let angles = CoverAngles {
                cos_sun: sun,
                cos_view: view,
                shadow_distance: distance,
            };
            for fc in [0.01, 0.3, 1.0, 3.0, 10.0] {
                for h in [None, Some(20.0)] {
                    let at = |fc: f64| {
                        let forest = ForestParameters {
                            fc,
                            h,
                            ..Default::default()
                        };
                        all(&CoverScalars::new(&forest, &angles))
                    };
                    let step = fc * 1e-6;
                    let (down, here, up) = (at(fc - step), at(fc), at(fc + step));
                    for i in 0..8 {
                        let difference = (up[i].value - down[i].value) / (2.0 * step);
                        let scale = 1.0_f64.max(1.0 / fc);
                        let error = (difference - here[i].slope).abs() / scale;
                        assert!(error < DIFFERENCE, "{i} {fc} {h:?}: {error:e}");
                    }
                    let sum: f64 = here[3..7].iter().map(|s| s.value).sum();
                    assert!((sum - 1.0).abs() < 1e-14);
                }
            }
        }
    }

    #[test]
    fn a_given_crown_diameter_does_not_depend_on_cover() {
        let angles = CoverAngles {
            cos_sun: 0.8,
            cos_view: 1.0,
            shadow_distance: 0.6,
        };
        let forest = ForestParameters {
            cd: Some(4.0),
            ..Default::default()
        };
        let cover = CoverScalars::new(&forest, &angles);
        assert!(all(&cover).iter().all(|s| s.slope == 0.0));
    }
}
