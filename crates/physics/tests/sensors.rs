//! Built-in sensors against what their agencies publish, and sensors described by a few numbers.

use physics::{CanopyParameters, GaussianBand, PhysicsError, ReflectanceModel, Sensor};

/// Rounding of a sum of a few hundred numbers.
const ROUNDING: f64 = 1e-13;
/// Published centres of Landsat 8 are those of an earlier version of its response functions.
const CENTRE_NM: f64 = 0.15;
/// Published band limits are given in thousandths of a µm, rounded in some editions of the table.
const LIMIT_NM: f64 = 2.0;
/// ESA's centres are in tenths of a nm, from responses with more digits than 1 nm keeps.
const ESA_NM: f64 = 0.2;
/// Mean of a Gaussian of at least 2 nm, nm: the cut at 1e-4 of the top falls on different sides unequally.
const GAUSSIAN_MEAN_NM: f64 = 2e-4;
/// The same at 1 nm: the grid does not resolve it.
const NARROW_MEAN_NM: f64 = 0.07;
/// Width of a Gaussian cut where its response is below 1e-4 of the top, relative.
const CUT_WIDTH: f64 = 6e-4;

fn message<T>(result: Result<T, PhysicsError>) -> String {
    match result {
        Ok(_) => panic!("accepted"),
        Err(error) => error.to_string(),
    }
}

fn gaussian(name: &str, centre_nm: f64, fwhm_nm: f64) -> GaussianBand {
    GaussianBand {
        name: name.into(),
        centre_nm,
        fwhm_nm,
    }
}

#[test]
fn built_in_sensors_are_found_by_name() {
    for name in Sensor::BUILT_IN {
        let sensor = Sensor::built_in(name).unwrap();
        assert_eq!(sensor.name(), name);
        for band in sensor.bands() {
            let sum: f64 = band.response().iter().map(|(_, s)| s).sum();
            assert!((sum - 1.0).abs() < ROUNDING, "{name} {}", band.name());
            assert!(band.response().windows(2).all(|w| w[0].0 < w[1].0));
        }
    }
    assert_eq!(
        message(Sensor::built_in("l7")),
        "unknown sensor 'l7', expected one of: s2a, s2b, l8, l9"
    );
}

#[test]
fn sentinel_2_has_esas_central_wavelengths() {
    let published = [
        (
            "s2a",
            [
                442.7, 492.4, 559.8, 664.6, 704.1, 740.5, 782.8, 832.8, 864.7, 945.1, 1373.5,
                1613.7, 2202.4,
            ],
        ),
        (
            "s2b",
            [
                442.2, 492.1, 559.0, 664.9, 703.8, 739.1, 779.7, 832.9, 864.0, 943.2, 1376.9,
                1610.4, 2185.7,
            ],
        ),
    ];
    for (name, centres) in published {
        let sensor = Sensor::built_in(name).unwrap();
        assert_eq!(sensor.bands().len(), 13);
        for (band, centre) in sensor.bands().iter().zip(centres) {
            let found = band.mean_wavelength_nm();
            assert!(
                (found - centre).abs() < ESA_NM,
                "{name} {} {found} {centre}",
                band.name()
            );
        }
    }
}

#[test]
fn landsat_has_nasas_centres_and_limits() {
    let names = ["B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B9"];
    // centres between the half maxima: of OLI in nm (Barsi et al. 2014, doi:10.3390/rs61010232), of OLI-2
    // as NASA's tables of its response functions are named, in whole nm
    let oli = [
        442.96, 482.04, 561.41, 654.59, 864.67, 1608.86, 2200.73, 589.50, 1373.43,
    ];
    let oli_2 = [
        443.0, 482.0, 561.0, 654.0, 865.0, 1608.0, 2200.0, 589.0, 1374.0,
    ];
    // limits at half maximum (USGS)
    let limits = [
        (435.0, 451.0),
        (452.0, 512.0),
        (533.0, 590.0),
        (636.0, 673.0),
        (851.0, 879.0),
        (1566.0, 1651.0),
        (2107.0, 2294.0),
        (503.0, 676.0),
        (1363.0, 1384.0),
    ];
    for (sensor, centres, allowed) in [
        (Sensor::landsat8(), oli, CENTRE_NM),
        (Sensor::landsat9(), oli_2, 0.5),
    ] {
        assert_eq!(sensor.band_names(), names);
        for ((band, centre), (low, high)) in sensor.bands().iter().zip(centres).zip(limits) {
            let (from, to) = band.half_maximum_nm();
            let found = f64::midpoint(from, to);
            let who = format!("{} {}: {from} to {to}", sensor.name(), band.name());
            assert!((found - centre).abs() <= allowed, "{who}, {centre}");
            assert!(
                (from - low).abs() < LIMIT_NM && (to - high).abs() < LIMIT_NM,
                "{who}"
            );
        }
    }
    // mean wavelengths, computed from the source's files with other code
    let mean = |sensor: Sensor, band: usize| sensor.bands()[band].mean_wavelength_nm();
    assert!((mean(Sensor::landsat8(), 4) - 864.571).abs() < 1e-3);
    assert!((mean(Sensor::landsat9(), 7) - 593.950).abs() < 1e-3);
}

#[test]
fn a_spectrum_is_its_own_sensor() {
    let at = [2500, 400, 670];
    let sensor = Sensor::hyperspectral(&at).unwrap();
    assert_eq!(sensor.band_names(), ["2500nm", "400nm", "670nm"]);
    assert_eq!(sensor.wavelengths_nm(), [400, 670, 2500]);
    let inform = ReflectanceModel::builder().sensor(sensor).build().unwrap();
    let forest = [CanopyParameters::default()];
    let bands = inform.bands(&forest).unwrap();
    let spectrum = inform.spectra(&forest, &at).unwrap();
    for i in 0..3 {
        assert!((bands[[0, i]] - spectrum[[0, i]]).abs() < ROUNDING);
    }

    assert_eq!(
        message(Sensor::hyperspectral(&[500, 2501])),
        "row 1: wavelength = 2501 nm is outside the allowed range 400 to 2500"
    );
    assert_eq!(
        message(Sensor::hyperspectral(&[500, 500])),
        "response functions: hyperspectral: band '500nm' appears twice"
    );
    assert_eq!(
        message(Sensor::hyperspectral(&[])),
        "response functions: hyperspectral: no band"
    );
}

#[test]
fn gaussian_bands_have_their_centre_and_width() {
    for (centre, fwhm, allowed) in [
        (550.0, 1.0, ROUNDING * 550.0), // symmetric about a whole nm
        (550.25, 1.0, NARROW_MEAN_NM),
        (700.3, 2.0, GAUSSIAN_MEAN_NM),
        (865.71, 6.5, GAUSSIAN_MEAN_NM),
        (1610.4, 12.0, GAUSSIAN_MEAN_NM),
        (2100.0, 180.0, GAUSSIAN_MEAN_NM),
    ] {
        let sensor = Sensor::gaussian("g", &[gaussian("one", centre, fwhm)]).unwrap();
        let band = &sensor.bands()[0];
        let mean = band.mean_wavelength_nm();
        assert!((mean - centre).abs() < allowed, "{centre} {fwhm}: {mean}");
        let variance: f64 = band
            .response()
            .iter()
            .map(|(nm, s)| s * (f64::from(*nm) - mean).powi(2))
            .sum();
        let width = (8.0 * 2.0_f64.ln() * variance).sqrt();
        if fwhm >= 2.0 {
            let off = (width / fwhm - 1.0).abs();
            assert!(off < CUT_WIDTH, "{centre} {fwhm}: {width}");
        }
        let top = band.response().iter().fold(0.0_f64, |m, (_, s)| m.max(*s));
        assert!(band.response().iter().all(|(_, s)| *s > 0.9e-4 * top));
    }
    // of a smooth spectrum a band is its value at the centre and half the variance times its curvature
    let sensor = Sensor::gaussian("g", &[gaussian("one", 900.0, 20.0)]).unwrap();
    let spectrum: Vec<f64> = (400..=2500)
        .map(|nm| 0.2 + 1e-6 * f64::from(nm - 900).powi(2))
        .collect();
    let variance = 20.0_f64.powi(2) / (8.0 * 2.0_f64.ln());
    let value = sensor.bands()[0].value(&spectrum).unwrap();
    assert!((value - 0.2 - 1e-6 * variance).abs() < 1e-6 * variance * 2.0 * CUT_WIDTH);
}

#[test]
fn a_band_cut_by_the_edge_of_the_grid_keeps_its_sum() {
    // 2.3 standard deviations from the edge: 1 % of the weight is outside from 2.33 on
    let sigma = 10.0 / (8.0 * 2.0_f64.ln()).sqrt();
    let inside = gaussian("edge", 400.0 + 2.5 * sigma, 10.0);
    let sensor = Sensor::gaussian("g", &[inside]).unwrap();
    let response = sensor.bands()[0].response();
    assert_eq!(response[0].0, 400);
    assert!((response.iter().map(|(_, s)| s).sum::<f64>() - 1.0).abs() < ROUNDING);
    let outside = message(Sensor::gaussian("g", &[gaussian("edge", 405.0, 10.0)]));
    assert_eq!(
        outside,
        "response functions: g: band 'edge' of centre 405 nm and width 10 nm has 9.7 % of its weight \
         outside 400 to 2500 nm, at most 1 % are allowed"
    );
}

#[test]
fn impossible_gaussian_bands_are_refused() {
    let of = |bands: &[GaussianBand]| message(Sensor::gaussian("mine", bands));
    let good = gaussian("red", 665.0, 10.0);
    assert_eq!(
        of(&[good.clone(), gaussian("uv", 380.0, 10.0)]),
        "row 1: centre of band 'uv' of mine = 380 nm is outside the allowed range 400 to 2500"
    );
    for fwhm in [0.0, -3.0, f64::NAN, f64::INFINITY] {
        assert_eq!(
            of(&[gaussian("red", 665.0, fwhm)]),
            format!(
                "row 0: width of band 'red' of mine = {fwhm} nm is outside the allowed range 1 to 2100"
            )
        );
    }
    assert_eq!(
        of(&[good.clone(), good]),
        "response functions: mine: band 'red' appears twice"
    );
    assert_eq!(of(&[]), "response functions: mine: no band");
}

#[test]
fn every_sensor_sees_a_forest() {
    for name in Sensor::BUILT_IN {
        let sensor = Sensor::built_in(name).unwrap();
        let bands = sensor.bands().len();
        let inform = ReflectanceModel::builder().sensor(sensor).build().unwrap();
        let (values, jacobian) = inform
            .bands_with_jacobian(&[CanopyParameters::default()])
            .unwrap();
        assert_eq!((values.ncols(), jacobian.dim().1), (bands, bands));
        assert!(values.iter().all(|v| *v > 0.0 && *v < 0.7));
    }
}

/// A table of one band.
fn table(rows: impl Iterator<Item = (u32, f64)>) -> String {
    let rows: Vec<String> = rows.map(|(nm, s)| format!("{nm},{s}")).collect();
    format!("wavelength_nm,band\n{}\n", rows.join("\n"))
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(1000))]

    /// A response that is linear between some of its rows is the same band with those rows alone, with all of them, and
    /// with any choice between: the others say nothing new.
    #[test]
    fn rows_on_a_line_may_be_left_out(
        first in 400_u32..900,
        steps in proptest::collection::vec((1_u32..=25, 0.1_f64..1.0), 1..30),
        keep in proptest::collection::vec(proptest::bool::ANY, 25 * 30 + 1),
    ) {
        let mut nodes = vec![(first, 0.5)];
        for (step, value) in steps {
            nodes.push((nodes[nodes.len() - 1].0 + step, value));
        }
        let last = nodes[nodes.len() - 1].0;
        let all: Vec<(u32, f64)> = (first..=last).map(|nm| {
            let after = nodes.iter().position(|(node, _)| *node >= nm).unwrap();
            let (b, y) = nodes[after];
            let (a, x) = nodes[after.saturating_sub(1)];
            (nm, if b == nm { y } else { x + (y - x) * f64::from(nm - a) / f64::from(b - a) })
        }).collect();
        let is_node = |nm: u32| nodes.iter().any(|(node, _)| *node == nm);
        let some = all.iter().zip(&keep).filter(|((nm, _), keep)| **keep || is_node(*nm));
        let some = Sensor::parse("some", &table(some.map(|(row, _)| *row))).unwrap();
        let every = Sensor::parse("every", &table(all.iter().copied())).unwrap();
        let (some, every) = (some.bands()[0].response(), every.bands()[0].response());
        proptest::prop_assert_eq!(some.len(), every.len());
        for (a, b) in some.iter().zip(every) {
            proptest::prop_assert!(a.0 == b.0 && (a.1 - b.1).abs() < ROUNDING, "{:?} {:?}", a, b);
        }
    }
}

#[test]
fn a_hole_in_a_response_names_its_line() {
    let refused = |rows: &str| {
        message(Sensor::parse(
            "mine.csv",
            &format!("wavelength_nm,a,b\n# top\n{rows}"),
        ))
    };
    assert_eq!(
        refused("500,1,0\n510,1,0\n\n700,0.5,1\n"),
        "mine.csv, line 6, column wavelength_nm: '700' is not at most 25 nm after the wavelength before it, 510, which \
         it must be unless band 'a' is 0 at both (1 at 510 nm, 0.5 at 700 nm)"
    );
    // the bands of a table lie far apart, and each is 0 where the others are
    let far = "500,1,0\n510,0,0\n700,0,0\n710,0,1\n";
    let sensor = Sensor::parse("far", &format!("wavelength_nm,a,b\n{far}")).unwrap();
    assert_eq!(sensor.bands()[0].response().len(), 10);
    assert!((sensor.bands()[1].mean_wavelength_nm() - 707.0).abs() < 0.01);
}

/// Tables with the rows that any band sees, and no others, mean 0 between them.
#[test]
fn built_in_tables_mean_what_they_say() {
    for (name, file) in [
        ("s2a", "sentinel2a"),
        ("s2b", "sentinel2b"),
        ("l8", "landsat8"),
        ("l9", "landsat9"),
    ] {
        let path = format!("{}/tables/srf_{file}.csv", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let rows: Vec<Vec<f64>> = text
            .lines()
            .filter(|line| line.starts_with(|c: char| c.is_ascii_digit()))
            .map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect())
            .collect();
        for (k, band) in Sensor::built_in(name).unwrap().bands().iter().enumerate() {
            let seen = rows.iter().filter(|row| row[k + 1] > 0.0);
            let expected: Vec<u32> = seen.map(|row| row[0] as u32).collect();
            let found: Vec<u32> = band.response().iter().map(|(nm, _)| *nm).collect();
            assert_eq!(found, expected, "{name} {}", band.name());
        }
    }
}
