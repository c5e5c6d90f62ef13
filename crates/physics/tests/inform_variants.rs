//! The two variants of INFORM composed anew from leaves and layers alone (`Prospect`, `Sail`), with the five
//! deviations of `enmap_box` switched one by one: what each does to the bands and to what LAI does to them.
//!
//! Without any deviation the composition is the published variant, with all of them it is `enmap_box`. The
//! figures printed are those of `docs/inform-variants.md`.

use ndarray::s;
use physics::{
    CanopyParameters, LeafParameters, LeafVersion, Prospect, ReflectanceModel, Sail, SailFluxes,
    SailParameters, Sensor, SpectralTables, Variant, mix_direct_and_diffuse, sky_fraction,
};
use rayon::prelude::*;
use std::f64::consts::PI;

/// The composition against the two whole models: rounding of sums over a band.
const COMPOSED: f64 = 1e-12;
/// Mean derivatives by differences against the two models' Jacobians, relative.
const DIFFERENCES: f64 = 1e-5;
/// Step of the differences, of the range of LAI.
const STEP: f64 = 1e-4;

/// What each deviation but the first may do to the effect of LAI, relative: measured, up to 0.11.
const HARDLY: f64 = 0.15;

/// In each of the two samples.
const FORESTS: u32 = 256;
/// The seven usual parameters within the ranges of `configs/ranges/rtm.json`, and Sentinel-2's directions.
const DRAWN: [(&str, f64, f64); 10] = [
    ("N", 1.0, 3.0),
    ("cab", 10.0, 80.0),
    ("cw", 0.001, 0.02),
    ("cm", 0.005, 0.05),
    ("LAI", 0.01, 5.0),
    ("LAIu", 0.01, 1.0),
    ("fc", 0.1, 1.0),
    ("tts", 20.0, 70.0),
    ("tto", 0.0, 10.0),
    ("psi", 0.0, 180.0),
];
/// Bases of Halton's sequence, one for each of [`DRAWN`].
const BASES: [u32; 10] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29];
/// How many of them are drawn where the directions are the defaults.
const USUAL: usize = 7;
const LAI_WIDTH: f64 = 5.0 - 0.01;
/// Leaf area index of the infinitely deep crown.
const DEEP_LAI: f64 = 15.0;

/// Point `i` of Halton's sequence in one base, between 0 and 1.
fn halton(mut i: u32, base: u32) -> f64 {
    let (mut sum, mut digit) = (0.0, 1.0);
    while i > 0 {
        digit /= f64::from(base);
        sum += digit * f64::from(i % base);
        i /= base;
    }
    sum
}

/// Forests with the first `drawn` of [`DRAWN`] drawn, the others at their defaults.
fn forests(drawn: usize) -> Vec<CanopyParameters> {
    (1..=FORESTS)
        .map(|i| {
            let mut forest = CanopyParameters::default();
            for ((name, low, high), base) in DRAWN.into_iter().zip(BASES).take(drawn) {
                let value = low + (high - low) * halton(i, base);
                forest.set(name, value).unwrap();
            }
            forest
        })
        .collect()
}

/// Which of the five deviations there are.
#[allow(clippy::struct_excessive_bools)] // five switches that can be combined freely
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Deviations {
    reflectances: bool,
    sine: bool,
    angles: bool,
    weight: bool,
    intervals: bool,
}

/// Short names of the deviations, in the order of the page.
const NAMES: [&str; 5] = [
    "crown reflectances",
    "cosine for sine",
    "cosines for angles",
    "weight F<sub>cd</sub>",
    "19 intervals",
];

impl Deviations {
    fn of(on: impl Fn(usize) -> bool) -> Self {
        Self {
            reflectances: on(0),
            sine: on(1),
            angles: on(2),
            weight: on(3),
            intervals: on(4),
        }
    }
}

/// Σ of the hot spot over 20 intervals, or over 19 with the last but one node left out.
fn hot_spot_sum(sail: &Sail, canopy: &SailParameters, nineteen: bool) -> f64 {
    let (ks, ko, l) = (sail.ks(), sail.ko(), canopy.lai);
    let [s, o] = [canopy.tts, canopy.tto].map(|angle| angle.to_radians().tan());
    let cos_psi = canopy.psi.to_radians().cos();
    let distance = (s * s + o * o - 2.0 * s * o * cos_psi).max(0.0).sqrt();
    let alpha = if canopy.hspot == 0.0 {
        200.0
    } else {
        f64::min(200.0, 2.0 * distance / (canopy.hspot * (ks + ko)))
    };
    let inner = if nineteen { 18 } else { 19 };
    let mut nodes: Vec<f64> = (0..=inner)
        .map(|i| -(1.0 - f64::from(i) / 20.0 * (1.0 - (-alpha).exp())).ln() / alpha)
        .collect();
    nodes.push(1.0);
    let y = |x: f64| l * (-(ks + ko) * x + (ks * ko).sqrt() * (1.0 - (-alpha * x).exp()) / alpha);
    nodes
        .windows(2)
        .map(|x| {
            let (a, b) = (y(x[0]), y(x[1]));
            (b.exp() - a.exp()) / (b - a) * (x[1] - x[0])
        })
        .sum()
}

/// A layer and the ratio of its hot spot's sums.
struct Layer {
    sail: Sail,
    /// Σ over 19 intervals by Σ over 20.
    ratio: f64,
}

impl Layer {
    fn new(canopy: &SailParameters) -> Self {
        let sail = Sail::new(canopy).unwrap();
        let ratio = hot_spot_sum(&sail, canopy, true) / hot_spot_sum(&sail, canopy, false);
        Self { sail, ratio }
    }

    /// Its fluxes, the bidirectional one with 19 intervals if so chosen.
    fn fluxes(&self, leaf: (f64, f64), soil: f64, nineteen: bool) -> SailFluxes {
        let f = self.sail.fluxes(leaf.0, leaf.1, soil).unwrap();
        if nineteen {
            let rsot = f.rsot + f.rsos * (self.ratio - 1.0);
            SailFluxes { rsot, ..f }
        } else {
            f
        }
    }
}

/// What a forest is composed of, at the sensor's wavelengths.
struct Composer {
    prospect: Prospect,
    tables: SpectralTables,
    sensor: Sensor,
    wavelengths: Vec<u32>,
}

impl Composer {
    fn new() -> Self {
        let sensor = Sensor::sentinel2a();
        Self {
            prospect: Prospect::new(LeafVersion::ProspectD),
            tables: SpectralTables::built_in(),
            wavelengths: sensor.wavelengths_nm(),
            sensor,
        }
    }

    fn leaves(&self, forest: &CanopyParameters) -> Vec<(f64, f64)> {
        let leaf = LeafParameters {
            n: forest.n,
            cab: forest.cab,
            car: forest.car,
            anth: forest.anth,
            cbrown: forest.cbrown,
            cw: forest.cw,
            cm: forest.cm,
            ..Default::default()
        };
        let optics = self.prospect.leaf(&leaf, &self.wavelengths).unwrap();
        let pairs = optics.iter().map(|o| (o.reflectance, o.transmittance));
        pairs.collect()
    }

    /// Bands of a forest with each of these sets of deviations.
    fn bands(&self, forest: &CanopyParameters, sets: &[Deviations]) -> Vec<[f64; 13]> {
        let layer = |lai: f64, hspot: f64, tts: f64| {
            Layer::new(&SailParameters {
                lai,
                hspot,
                tts,
                tto: forest.tto,
                psi: forest.psi,
                leaf_angles: forest.leaf_angles.clone(),
            })
        };
        let understorey = layer(forest.laiu, forest.hspot, forest.tts);
        let deep = layer(DEEP_LAI, forest.hspot, forest.tts);
        let crown_at = |sun: f64| layer(forest.lai, 0.0, sun);
        let crown_to_sun = crown_at(forest.tts);
        let crown_to_view = crown_at(forest.tto);
        // a sun whose sine and cosine are alike is scattered as the one at 45°
        let crown_to_45 = crown_at(45.0);
        let (sky, sky_at_view) = (sky_fraction(forest.tts), sky_fraction(forest.tto));
        let shares: Vec<[f64; 5]> = sets.iter().map(|set| flim(forest, *set)).collect();

        let mut spectra = vec![[0.0; 13]; sets.len()];
        let of_bands = self.sensor.bands();
        let mut next = [0_usize; 13];
        let leaves = self.leaves(forest);
        let light = &self.tables.soil_and_sky;
        for (nm, leaf) in self.wavelengths.iter().zip(leaves) {
            let place = (nm - 400) as usize;
            let soil =
                forest.psoil * light.dry_soil[place] + (1.0 - forest.psoil) * light.wet_soil[place];
            let mixed = |f: &SailFluxes| {
                let (direct, diffuse) = (light.direct[place], light.diffuse[place]);
                mix_direct_and_diffuse(f.rsot, f.rdot, sky, direct, diffuse)
            };
            // by the number of intervals
            let parts = [false, true].map(|nineteen| {
                let ground = mixed(&understorey.fluxes(leaf, soil, nineteen));
                let deep = mixed(&deep.fluxes(leaf, ground, nineteen));
                let through = [&crown_to_sun, &crown_to_view, &crown_to_45]
                    .map(|crown| crown.fluxes(leaf, ground, nineteen));
                (ground, deep, through)
            });
            let weights: Vec<(usize, f64)> = of_bands
                .iter()
                .enumerate()
                .filter_map(|(band, of_band)| {
                    let (at, weight) = *of_band.response().get(next[band])?;
                    (at == *nm).then(|| {
                        next[band] += 1;
                        (band, weight)
                    })
                })
                .collect();
            for ((set, share), bands) in sets.iter().zip(&shares).zip(&mut spectra) {
                let (ground, deep, through) = &parts[usize::from(set.intervals)];
                let to_view = &through[if set.sine { 2 } else { 1 }];
                let (ts, to) = if set.reflectances {
                    (
                        (1.0 - sky) * through[0].rsot + sky * through[0].rdot,
                        (1.0 - sky_at_view) * to_view.rsot + sky_at_view * to_view.rdot,
                    )
                } else {
                    (
                        transmittance(&through[0], *ground, sky),
                        transmittance(to_view, *ground, sky),
                    )
                };
                let [fcd, fcs, fod, fos, weight] = *share;
                let seen = fcd * ts * to + fcs * to + fod * ts + fos;
                let value = deep * (1.0 - ts * to) * weight + ground * seen;
                for (band, response) in &weights {
                    bands[*band] += response * value;
                }
            }
        }
        spectra
    }
}

/// The flux that reaches a ground of this reflectance below a crown.
fn transmittance(f: &SailFluxes, ground: f64, sky: f64) -> f64 {
    let bounced = ground * f.rdd;
    let beam = f.tss + (f.tsd + f.tss * bounced) / (1.0 - bounced);
    (1.0 - sky) * beam + sky * f.tdd / (1.0 - bounced)
}

/// Fcd, Fcs, Fod, Fos, and the weight of crown reflectance.
fn flim(forest: &CanopyParameters, set: Deviations) -> [f64; 5] {
    let [mut sun, mut view, mut azimuth] =
        [forest.tts, forest.tto, forest.psi].map(f64::to_radians);
    if set.angles {
        (sun, view, azimuth) = (view.cos(), view.cos(), azimuth.cos());
    }
    let (cd, h) = (forest.crown_diameter_m(), forest.tree_height_m());
    let cover = PI * (cd / 2.0).powi(2) * forest.sd / 1e4;
    let seen = |zenith: f64| 1.0 - (-cover / zenith.cos()).exp();
    let (co, cs) = (seen(view), seen(sun));
    let (s, o) = (sun.tan(), view.tan());
    let distance = (s * s + o * o - 2.0 * s * o * azimuth.cos())
        .max(0.0)
        .sqrt();
    let p = (-distance * h / cd).exp();
    let x = p * (co * (1.0 - co) * cs * (1.0 - cs)).sqrt();
    let fcd = co * cs + x;
    let shares = [
        co * (1.0 - cs) - x,
        (1.0 - co) * cs - x,
        (1.0 - co) * (1.0 - cs) + x,
    ];
    let weight = if set.weight { fcd } else { co * cs };
    [fcd, shares[0], shares[1], shares[2], weight]
}

/// What a set of deviations does, over forests and bands.
#[derive(Clone, Copy, Debug)]
struct Effect {
    /// Mean absolute difference to the published variant.
    mean: f64,
    /// Largest one.
    max: f64,
    /// Mean |∂band/∂z_LAI|.
    to_lai: f64,
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), v| (sum + v, count + 1.0));
    sum / count
}

fn absolute_difference<'a>(
    a: impl IntoIterator<Item = &'a f64>,
    b: impl IntoIterator<Item = &'a f64>,
) -> Vec<f64> {
    a.into_iter().zip(b).map(|(a, b)| (a - b).abs()).collect()
}

/// A NaN must not pass.
fn largest(values: &[f64]) -> f64 {
    let worse = |worst: f64, v: &f64| if *v <= worst { worst } else { *v };
    values.iter().fold(0.0, worse)
}

/// None, each alone, all but each, all.
fn sets() -> Vec<Deviations> {
    let mut sets = vec![Deviations::default()];
    sets.extend((0..5).map(|one| Deviations::of(|i| i == one)));
    sets.extend((0..5).map(|one| Deviations::of(|i| i != one)));
    sets.push(Deviations::of(|_| true));
    sets
}

/// The effects of all [`sets`]; the first and the last are compared with the whole models.
fn effects(forests: &[CanopyParameters]) -> Vec<Effect> {
    let (composer, sets) = (Composer::new(), sets());
    let at = |step: f64| -> Vec<Vec<[f64; 13]>> {
        let moved = |forest: &CanopyParameters| CanopyParameters {
            lai: forest.lai + step * LAI_WIDTH,
            ..forest.clone()
        };
        let forests = forests.par_iter();
        forests
            .map(|forest| composer.bands(&moved(forest), &sets))
            .collect()
    };
    let (here, up, down) = (at(0.0), at(STEP), at(-STEP));
    let all = |of: &[Vec<[f64; 13]>], set: usize| -> Vec<f64> {
        of.iter().flat_map(|forest| forest[set]).collect()
    };
    let effects: Vec<Effect> = (0..sets.len())
        .map(|set| {
            let difference = absolute_difference(&all(&here, set), &all(&here, 0));
            let slopes = absolute_difference(&all(&up, set), &all(&down, set));
            Effect {
                mean: mean(difference.iter().copied()),
                max: largest(&difference),
                to_lai: mean(slopes.into_iter()) / (2.0 * STEP),
            }
        })
        .collect();

    for (variant, set) in [(Variant::Published, 0), (Variant::EnmapBox, sets.len() - 1)] {
        let model = ReflectanceModel::builder()
            .variant(variant)
            .build()
            .unwrap();
        let (bands, jacobian) = model.bands_with_jacobian(forests).unwrap();
        let error = largest(&absolute_difference(&bands, &all(&here, set)));
        println!("figure: composed {variant:?}: {error:.1e} (limit {COMPOSED:e})");
        assert!(error < COMPOSED, "{variant:?}: {error:e}");
        let to_lai = jacobian.slice(s![.., .., 4]);
        let to_lai = mean(to_lai.iter().map(|slope| slope.abs())) * LAI_WIDTH;
        let error = (effects[set].to_lai / to_lai - 1.0).abs();
        assert!(error < DIFFERENCES, "{variant:?}: {error:e}");
    }
    effects
}

#[test]
fn each_deviation_alone_and_all_together() {
    let effects_here = effects(&forests(DRAWN.len()));
    // sun at 30°, seen from above
    let effects_nadir = effects(&forests(USUAL));
    let mut names = vec!["none: `published`".to_owned()];
    names.extend((1..).zip(NAMES).map(|(i, name)| format!("{i}: {name}")));
    names.extend((1..=5).map(|i| format!("all but {i}")));
    names.push("all five: `enmap_box`".to_owned());
    for ((name, effect), nadir) in names.iter().zip(&effects_here).zip(&effects_nadir) {
        println!(
            "row: | {name} | {:.5} | {:.4} | {:.4} | {:.4} |",
            effect.mean, effect.max, effect.to_lai, nadir.to_lai
        );
    }

    // what the page says of them
    for effects in [effects_here, effects_nadir] {
        let published = effects[0].to_lai;
        let share = |effect: &Effect| effect.to_lai / published;
        assert!(share(&effects[1]) < 0.2 && share(&effects[11]) < 0.2);
        for hardly in &effects[2..6] {
            assert!((share(hardly) - 1.0).abs() < HARDLY, "{hardly:?}");
        }
        assert!(share(&effects[6]) > 0.9, "{:?}", effects[6]);
        // the largest first, then that of the angles; the hot spot's nodes last
        assert!(effects[1].mean > effects[3].mean && effects[3].mean > effects[2].mean);
        assert!(effects[5].max < 1e-3 && effects[5].mean < 1e-4);
    }
}
