//! FLIM: which part of the scene is crown or background, sunlit or shaded.

use crate::numbers::{Real, Sloped};
use crate::parameters::{Parameter, Varied};
use std::f64::consts::PI;

/// FLIM, the forest light interaction model: shares of the scene by what stands in the way of view and sun
/// (Rosema et al. 1992, Remote Sensing of Environment 42:23–41).
///
/// For crowns of diameter cd (m) on trees of height h (m), sd of them per hectare, placed at random, seen from
/// zenith θ_o under a sun at zenith θ_s (up to 80°) at relative azimuth ψ:
///
/// ```math
/// K = \pi\,\frac{cd^2}{4}\,\frac{sd}{10^4}, \qquad
/// c_o = 1-e^{-K/\cos\theta_o}, \qquad c_s = 1-e^{-K/\cos\theta_s}
/// ```
///
/// The two are correlated, the more the closer sun and view and the squatter the trees:
///
#[doc = include_str!("../../canopy/shadow_distance.md")]
///
/// ```math
/// p = e^{-d_{so}\,h/cd}, \qquad X = p\,\sqrt{c_o(1-c_o)\,c_s(1-c_s)},
/// ```
///
/// ```math
/// \begin{aligned}
/// F_{cd} &= c_oc_s + X, & F_{cs} &= c_o(1-c_s) - X, \\
/// F_{od} &= (1-c_o)c_s - X, & F_{os} &= (1-c_o)(1-c_s) + X
/// \end{aligned}
/// ```
///
/// All are dimensionless; the four shares sum to 1. They are not clipped: F_cs and F_od can fall to −0.002 for
/// squat crowns under an oblique sun. How they weigh what is seen: [`Variant`](crate::Variant). How cd and h
/// follow from cover: [`CanopyParameters`](crate::CanopyParameters).
///
/// Limits: K → 0, no trees: F_os = 1. K → ∞: F_cd = 1. Sun and view in one direction: p = 1, F_cd = c_o and
/// F_cs = F_od = 0: whatever is seen is lit. The variant `enmap_box` has other angles, see
/// [`guide::inform_variants`](crate::guide::inform_variants).
#[doc = include_str!("../../../katex.html")]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CrownCover {
    /// Crown cover seen by the observer, c_o.
    pub co: f64,
    /// Crown cover seen by the sun, c_s.
    pub cs: f64,
    /// Correlation of the two.
    pub p: f64,
    /// F_cd: crown in the view's way, crown in the sun's way.
    pub fcd: f64,
    /// F_cs: crown in the view's way, ground in the sun.
    pub fcs: f64,
    /// F_od: open view, ground in the shade.
    pub fod: f64,
    /// F_os: open view, ground in the sun.
    pub fos: f64,
}

/// Where FLIM sees sun and observer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CoverAngles {
    pub cos_sun: Sloped,
    pub cos_view: Sloped,
    /// Distance of the shadows per height.
    pub shadow_distance: Sloped,
}

/// [`CrownCover`] varied along a direction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CoverScalars {
    pub co: Sloped,
    pub cs: Sloped,
    pub p: Sloped,
    pub fcd: Sloped,
    pub fcs: Sloped,
    pub fod: Sloped,
    pub fos: Sloped,
}

impl CoverScalars {
    /// The formulas of [`CrownCover`]. 1 − co = e^(−K/cos θ) is not computed as a difference, so that dense
    /// stands keep their derivative.
    pub fn new(varied: Varied<'_>, angles: &CoverAngles) -> Self {
        let cd = varied.crown_diameter_m();
        let h = varied.tree_height_of_m(cd);
        let k = (cd * cd * varied.get(Parameter::Sd)).scale(PI / 4e4);
        let p = (-(angles.shadow_distance * h / cd)).exp();

        let (path_o, path_s) = (k / angles.cos_view, k / angles.cos_sun);
        let ((open_o, co), (open_s, cs)) = (gap_and_cover(path_o), gap_and_cover(path_s));
        let x = p * (co * cs).sqrt() * (-(path_o + path_s).scale(0.5)).exp();
        Self {
            co,
            cs,
            p,
            fcd: co * cs + x,
            fcs: co * open_s - x,
            fod: open_o * cs - x,
            fos: open_o * open_s + x,
        }
    }

    pub fn values(&self) -> CrownCover {
        CrownCover {
            co: self.co.value(),
            cs: self.cs.value(),
            p: self.p.value(),
            fcd: self.fcd.value(),
            fcs: self.fcs.value(),
            fod: self.fod.value(),
            fos: self.fos.value(),
        }
    }
}

/// e^−x and 1 − e^−x, each with all its digits, for the price of one.
fn gap_and_cover(path: Sloped) -> (Sloped, Sloped) {
    let x = path.value();
    let (gap, cover) = if x < 0.5 {
        let cover = -(-x).exp_m1();
        (1.0 - cover, cover)
    } else {
        let gap = (-x).exp();
        (gap, 1.0 - gap)
    };
    (path.map(gap, -gap), path.map(cover, gap))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CanopyParameters;
    use crate::parameters::Along;

    /// Central differences with a relative step of 1e-6.
    const DIFFERENCE: f64 = 1e-8;

    fn all(c: &CoverScalars) -> [Sloped; 7] {
        [c.co, c.cs, c.p, c.fcd, c.fcs, c.fod, c.fos]
    }

    fn angles(sun: f64, view: f64, distance: f64) -> CoverAngles {
        CoverAngles {
            cos_sun: Sloped::constant(sun),
            cos_view: Sloped::constant(view),
            shadow_distance: Sloped::constant(distance),
        }
    }

    fn cover(forest: &CanopyParameters, along: Parameter, angles: &CoverAngles) -> [Sloped; 7] {
        all(&CoverScalars::new(
            Varied::new(forest, Along::One(along)),
            angles,
        ))
    }

    #[test]
    fn slopes_are_the_differences_and_shares_sum_to_one() {
        for (sun, view, distance) in [(1.0, 1.0, 0.0), (0.5, 0.9, 1.3), (0.2, 0.4, 4.0)] {
            let angles = angles(sun, view, distance);
            for fc in [0.01, 0.3, 1.0, 3.0, 10.0] {
                let derived = CanopyParameters {
                    fc,
                    ..Default::default()
                };
                let given = CanopyParameters {
                    cd: Some(derived.crown_diameter_m()),
                    h: Some(20.0),
                    ..derived.clone()
                };
                for (forest, along) in [
                    (&derived, Parameter::Fc),
                    (&derived, Parameter::Sd),
                    (&given, Parameter::Cd),
                    (&given, Parameter::H),
                    (&given, Parameter::Sd),
                ] {
                    let value = forest.get(along).unwrap();
                    let step = value * 1e-6;
                    let at = |step: f64| {
                        let mut moved = forest.clone();
                        moved.put(along, value + step);
                        cover(&moved, along, &angles)
                    };
                    let (down, here, up) = (at(-step), at(0.0), at(step));
                    for i in 0..7 {
                        let difference = (up[i].value() - down[i].value()) / (2.0 * step);
                        let scale = 1.0_f64.max(1.0 / value);
                        let error = (difference - here[i].slope()).abs() / scale;
                        assert!(error < DIFFERENCE, "{i} {fc} {along}: {error:e}");
                    }
                    let sum: f64 = here[3..7].iter().map(|s| s.value()).sum();
                    assert!((sum - 1.0).abs() < 1e-14);
                }
            }
        }
    }

    #[test]
    fn a_given_crown_diameter_does_not_depend_on_cover() {
        let forest = CanopyParameters {
            cd: Some(4.0),
            ..Default::default()
        };
        let cover = cover(&forest, Parameter::Fc, &angles(0.8, 1.0, 0.6));
        assert!(cover.iter().all(|s| s.slope() == 0.0));
    }
}
