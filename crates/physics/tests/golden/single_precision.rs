//! Single precision in every lane this processor has, against golden values and double precision.

use crate::files::{golden, numbers, worst, worst_of_column};
use crate::published;
use physics::{Lanes, Precision, ReflectanceModel};

/// Bands in single precision, absolute: a tenth of the noise of a 12-bit sensor.
const F32_REFLECTANCE: f64 = 5e-6;
/// Jacobians in single precision, of the largest of the column.
const F32_JACOBIAN: f64 = 3e-4;

#[test]
fn golden_cases_in_every_lane() {
    let Some(file) = golden("inform_published_s2.json") else {
        return;
    };
    let forests = published::forests(&file);
    let mut worst_of_lanes = (0.0_f64, 0.0_f64);
    for lanes in Lanes::available() {
        let inform = ReflectanceModel::builder()
            .precision(Precision::F32)
            .lanes(lanes)
            .build()
            .unwrap();
        let only_bands = inform.bands(&forests).unwrap();
        let (bands, jacobian) = inform.bands_with_jacobian(&forests).unwrap();
        let (mut in_bands, mut error) = (0.0_f64, 0.0_f64);
        for (i, slopes) in jacobian.outer_iter().enumerate() {
            let expected = numbers(&file["bands_s2a"][i]);
            in_bands = in_bands
                .max(worst(bands.row(i).to_vec(), &expected))
                .max(worst(only_bands.row(i).to_vec(), &expected));
            let expected: Vec<f64> = (0..13)
                .flat_map(|b| numbers(&file["jacobian_s2a"][i][b]))
                .collect();
            let found: Vec<f64> = slopes.iter().copied().collect();
            for e in worst_of_column(&found, &expected, 7) {
                error = error.max(e);
            }
        }
        println!("{lanes:?}: bands {in_bands:.1e}, Jacobian {error:.1e}");
        assert!(in_bands < F32_REFLECTANCE, "{lanes:?} {in_bands:e}");
        assert!(error < F32_JACOBIAN, "{lanes:?} {error:e}");
        worst_of_lanes = (worst_of_lanes.0.max(in_bands), worst_of_lanes.1.max(error));
    }
    let (in_bands, error) = worst_of_lanes;
    println!("figure: f32 bands: {in_bands:.1e} (limit {F32_REFLECTANCE:e})");
    println!("figure: f32 Jacobian: {error:.1e} (limit {F32_JACOBIAN:e})");
}
