//! Writes the sample raster of this repository: a simulated forest as a Sentinel-2 L2A product would hold it.
//!
//! ```sh
//! cargo run -p trainer --example sample_raster -- samples/forest.tif
//! ```
//!
//! 160 × 160 pixels of 20 m in UTM zone 33 N: ten bands of digital numbers (offset −1000, as from baseline 04.00 on) and the
//! scene classification SCL. Stands are cells around random points, each of one of four kinds of forest; in the middle is a
//! lake, in a corner a cloud, and a wedge along the left side is outside the swath (0, no data). The spectra are INFORM's
//! (variant `published`) with noise of 0.003 + 0.02 R, the sun 40° from the vertical.

use physics::{Canopy, CanopyParameters, ReflectanceModel, Sensor, Variant};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use raster::{CogBand, CogCompression, CogNumber, CogSpec, CogWriter, GeoReference};
use std::error::Error;
use std::path::PathBuf;

const SIDE: usize = 160;
const BANDS: [&str; 10] = [
    "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12",
];
const STANDS: usize = 60;
/// Classes of SCL.
const NO_DATA: f32 = 0.0;
const VEGETATION: f32 = 4.0;
const WATER: f32 = 6.0;
const CLOUD: f32 = 9.0;

/// Four kinds of forest; what varies within each is added in [`pixel`].
fn kinds() -> [CanopyParameters; 4] {
    let forest = |n, cab, cw, cm, lai, fc| CanopyParameters {
        n,
        cab,
        cw,
        cm,
        lai,
        fc,
        laiu: 0.5,
        tts: 40.0,
        tto: 5.0,
        psi: 90.0,
        ..CanopyParameters::default()
    };
    [
        forest(1.6, 50.0, 0.012, 0.008, 4.0, 0.9),
        forest(1.4, 40.0, 0.015, 0.022, 3.2, 0.75),
        forest(1.8, 30.0, 0.008, 0.010, 2.0, 0.55),
        forest(1.3, 60.0, 0.017, 0.015, 4.6, 0.95),
    ]
}

/// The forest of a pixel: that of its stand, with the crowns thinner towards the upper right.
fn pixel(
    base: CanopyParameters,
    stand: [f64; 2],
    x: f64,
    y: f64,
    rng: &mut impl Rng,
) -> CanopyParameters {
    let thinner = 1.0 - 0.35 * x * (1.0 - y);
    let vary = |spread: f64, rng: &mut dyn rand::RngCore| {
        1.0 + spread * rng.sample::<f64, _>(StandardNormal)
    };
    CanopyParameters {
        cab: (base.cab * stand[0] * vary(0.03, rng)).clamp(10.0, 80.0),
        lai: (base.lai * stand[1] * thinner * vary(0.05, rng)).clamp(0.2, 5.0),
        fc: (base.fc * thinner * vary(0.02, rng)).clamp(0.1, 1.0),
        ..base
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args()
        .nth(1)
        .map_or_else(|| PathBuf::from("forest.tif"), PathBuf::from);
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let stands: Vec<([f64; 2], usize, [f64; 2])> = (0..STANDS)
        .map(|_| {
            let place = [rng.gen_range(0.0..1.0), rng.gen_range(0.0..1.0)];
            (
                place,
                rng.gen_range(0..4),
                [rng.gen_range(0.8..1.2), rng.gen_range(0.75..1.1)],
            )
        })
        .collect();
    let inform = ReflectanceModel::builder()
        .canopy(Canopy::Inform(Variant::Published))
        .sensor(Sensor::sentinel2a())
        .bands(BANDS)
        .build()?;
    let kinds = kinds();
    let (mut forests, mut classes) = (vec![], vec![]);
    for row in 0..SIDE {
        for column in 0..SIDE {
            let (x, y) = (column as f64 / SIDE as f64, row as f64 / SIDE as f64);
            let away = |place: [f64; 2]| (place[0] - x).powi(2) + (place[1] - y).powi(2);
            let nearest = stands.iter().min_by(|a, b| away(a.0).total_cmp(&away(b.0)));
            let (_, kind, stand) = *nearest.ok_or("there are stands")?;
            forests.push(pixel(kinds[kind].clone(), stand, x, y, &mut rng));
            let lake = (x - 0.55).powi(2) + 1.8 * (y - 0.5).powi(2) < 0.008;
            let cloud = (x - 0.9).powi(2) + (y - 0.1).powi(2) < 0.02;
            classes.push(match (x < 0.08 * (1.0 - y), cloud, lake) {
                (true, ..) => NO_DATA,
                (_, true, _) => CLOUD,
                (.., true) => WATER,
                _ => VEGETATION,
            });
        }
    }
    let reflectance = inform.bands(&forests)?;
    let mut bands = vec![0.0_f32; (BANDS.len() + 1) * SIDE * SIDE];
    for (at, &class) in classes.iter().enumerate() {
        for band in 0..BANDS.len() {
            let seen = match class {
                CLOUD => 0.45 + 0.03 * rng.sample::<f64, _>(StandardNormal),
                WATER => 0.03 / (1.0 + band as f64),
                _ => reflectance[[at, band]],
            };
            let noise = (0.003 + 0.02 * seen) * rng.sample::<f64, _>(StandardNormal);
            let number = ((seen + noise) * 1e4).round() + 1000.0;
            let value = if class == NO_DATA {
                0.0
            } else {
                number.max(1.0)
            };
            bands[band * SIDE * SIDE + at] = value as f32;
        }
        bands[BANDS.len() * SIDE * SIDE + at] = if class == NO_DATA { f32::NAN } else { class };
    }
    let tile = SIDE;
    let scl = CogBand {
        categorical: true,
        ..CogBand::new("SCL")
    };
    let described = BANDS
        .iter()
        .map(|&name| CogBand::new(name))
        .chain([scl])
        .collect();
    let spec = CogSpec {
        tile,
        number: CogNumber::U16,
        compression: CogCompression::Deflate { level: 9 },
        nodata: Some(0.0),
        georeference: Some(GeoReference::projected(
            32633,
            [600_000.0, 20.0, 0.0, 5_340_000.0, 0.0, -20.0],
        )),
        description: Some(
            "simulated forest, Sentinel-2 L2A digital numbers (offset -1000, scale 1e-4)"
                .to_owned(),
        ),
        overwrite: true,
        ..CogSpec::new(SIDE, SIDE, described)
    };
    let writer = CogWriter::create(&path, spec)?;
    writer.write_block(0, 0, &bands)?;
    writer.finish()?;
    println!(
        "{}: {SIDE} x {SIDE} pixels, {} bands",
        path.display(),
        BANDS.len() + 1
    );
    Ok(())
}
