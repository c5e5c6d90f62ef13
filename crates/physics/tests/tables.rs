//! Tables and sensors of the user: what is read, and how errors read.

use physics::tables::{LeafConstants, SoilAndSky, WAVELENGTHS};
use physics::{
    CanopyParameters, LeafVersion, PhysicsError, Prospect, ReflectanceModel,
    SENTINEL2_TRAINING_BANDS, Sensor, SpectralTables,
};
use std::path::PathBuf;

fn built_in(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tables")
        .join(name);
    std::fs::read_to_string(path).unwrap()
}

fn message<T>(result: Result<T, PhysicsError>) -> String {
    match result {
        Ok(_) => panic!("accepted"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_folder_of_tables_is_read_as_the_built_in_ones() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tables");
    assert_eq!(
        SpectralTables::read(folder).unwrap(),
        SpectralTables::built_in()
    );
    assert_eq!(
        LeafConstants::prospect_d().refractive_index().len(),
        WAVELENGTHS
    );
}

#[test]
fn a_folder_without_tables_is_refused() {
    let missing = message(SpectralTables::read("/nowhere"));
    assert_eq!(missing, "cannot read /nowhere/prospect_d.csv");
}

#[test]
fn errors_name_line_column_and_value() {
    let text = built_in("prospect_d.csv");
    // comments are lines 1 to 3, the header line 4
    let broken = text.replacen("\n401,1.5115,", "\n401,water,", 1);
    assert_eq!(
        message(LeafConstants::parse("mine.csv", &broken)),
        "mine.csv, line 6, column n: 'water' is not a finite number"
    );
    let broken = text.replacen("\n401,1.5115,", "\n401,15115,", 1);
    assert_eq!(
        message(LeafConstants::parse("mine.csv", &broken)),
        "mine.csv, line 6, column n: '15115' is not between 1.05 and 2"
    );
    let broken = text.replacen("\n401,1.5115,", "\n401,1.5115,7,", 1);
    assert_eq!(
        message(LeafConstants::parse("mine.csv", &broken)),
        "mine.csv, line 6: 9 fields, expected 8"
    );
    let short = text.lines().take(50).collect::<Vec<_>>().join("\n");
    assert_eq!(
        message(LeafConstants::parse("mine.csv", &short)),
        "mine.csv, line 50: 46 wavelengths, expected 2101"
    );
    let renamed = text.replacen(",k_cab,", ",cab,", 1);
    assert!(message(LeafConstants::parse("mine.csv", &renamed)).contains("'cab in mine.csv'"));
    let soil = built_in("soil_and_sky.csv").replacen("r_wet", "wet", 1);
    assert_eq!(
        message(SoilAndSky::parse("soil.csv", &soil)),
        "soil.csv: no column 'r_wet', found: wavelength_nm, r_dry, wet, e_direct, e_diffuse"
    );
    assert!(message(LeafConstants::parse("empty.csv", "")).contains("no column 'wavelength_nm'"));
}

#[test]
fn leaf_constants_must_fit_the_version() {
    let without = LeafConstants::prospect_5();
    let error = message(Prospect::with_constants(LeafVersion::ProspectD, without));
    assert!(error.contains("no column 'k_anth'"), "{error}");
}

#[test]
fn a_sensor_of_the_user() {
    let text = "# mine\nwavelength_nm,red,nir\n650,1,0\n651,3,0\n652,0,0\n799,0,0\n800,0,2\n";
    let sensor = Sensor::parse("mine", text).unwrap();
    assert_eq!(sensor.band_names(), ["red", "nir"]);
    assert_eq!(sensor.wavelengths_nm(), [650, 651, 800]);
    assert_eq!(sensor.bands()[0].response(), [(650, 0.25), (651, 0.75)]);
    assert_eq!(sensor.bands()[0].mean_wavelength_nm(), 650.75);

    let inform = ReflectanceModel::builder().sensor(sensor).build().unwrap();
    let forest = [CanopyParameters::default()];
    let bands = inform.bands(&forest).unwrap();
    let spectrum = inform.spectra(&forest, &[650, 651, 800]).unwrap();
    let red = 0.25 * spectrum[[0, 0]] + 0.75 * spectrum[[0, 1]];
    assert!((bands[[0, 0]] - red).abs() < 1e-15);
    assert!((bands[[0, 1]] - spectrum[[0, 2]]).abs() < 1e-15);
}

#[test]
fn impossible_sensors_are_refused() {
    let of = |text: &str| message(Sensor::parse("mine", text));
    assert_eq!(
        of("wavelength_nm,red\n650.5,1\n"),
        "mine, line 2, column wavelength_nm: '650.5' is not a whole wavelength between 400 and 2500 nm"
    );
    assert!(of("wavelength_nm,red\n350,1\n").contains("'350'"));
    assert!(of("wavelength_nm,red\n650,1\n649,1\n").contains("greater than"));
    assert!(of("wavelength_nm,red\n650,-1\n").contains("'-1' is not at least 0"));
    assert!(of("wavelength_nm,red\n650,0\n").contains("'red' has no weight"));
    assert!(of("wavelength_nm,red,red\n650,1,1\n").contains("'red' appears twice"));
    assert!(of("nm,red\n650,1\n").contains("no column 'wavelength_nm'"));
    assert!(of("wavelength_nm\n650\n").contains("no band"));
}

#[test]
fn bands_are_chosen_by_name() {
    let sensor = Sensor::sentinel2b();
    let chosen = sensor.with_bands(&SENTINEL2_TRAINING_BANDS).unwrap();
    assert_eq!(chosen.band_names(), SENTINEL2_TRAINING_BANDS);
    // only wavelengths that carry weight are evaluated
    assert!(chosen.wavelengths_nm().len() < sensor.wavelengths_nm().len());
    assert!(message(sensor.with_bands(&["B02", "B02"])).contains("'B02' appears twice"));
    assert!(message(sensor.with_bands::<&str>(&[])).contains("none chosen"));
    let near_infrared = &chosen.bands()[7];
    assert_eq!(near_infrared.name(), "B8A");
    assert!((near_infrared.mean_wavelength_nm() - 864.0).abs() < 1.0);
}

#[test]
fn a_band_of_a_spectrum() {
    let sensor = Sensor::sentinel2a();
    let band = &sensor.bands()[2];
    let flat = vec![0.3; WAVELENGTHS];
    assert!((band.value(&flat).unwrap() - 0.3).abs() < 1e-14);
    assert!(band.value(&flat[1..]).is_err());
}
