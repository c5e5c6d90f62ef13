//! The names that programs give, and what must stay without an answer.

use super::*;

const CHANNELS: [&str; 10] = [
    "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12",
];

fn own(names: &[&str]) -> Vec<Candidate> {
    let of = |name: &&str| Candidate {
        name: Some((*name).to_owned()),
        file: None,
    };
    names.iter().map(of).collect()
}

fn channel(name: &str) -> Sought<'_> {
    Sought {
        name,
        by_common_name: true,
    }
}

/// How programs write the bands of the model, in its order.
fn families() -> Vec<(&'static str, Vec<String>)> {
    let each = |of: &dyn Fn(&str) -> String| CHANNELS.iter().map(|it| of(it)).collect::<Vec<_>>();
    let short = |it: &str| it.replace("B0", "B");
    let words = |all: &str| all.split(' ').map(str::to_owned).collect::<Vec<_>>();
    vec![
        ("as they are", each(&str::to_owned)),
        ("lower case", each(&str::to_lowercase)),
        ("Earth Engine", each(&short)),
        (
            "Earth Engine, toBands",
            each(&|it| format!("0_{}", short(it))),
        ),
        ("terra", each(&|it| format!("{it}_20m"))),
        (
            "SAFE",
            each(&|it| format!("T33UXP_20230101T100319_{it}_20m")),
        ),
        (
            "SAFE with its ending",
            each(&|it| format!("T33UXP_20230101T100319_{it}_20m.jp2")),
        ),
        (
            "old SAFE",
            each(&|it| format!("S2A_MSIL2A_20230101T100319_N0509_R122_T33UXP_{it}.jp2")),
        ),
        ("ending", each(&|it| format!("{it}.jp2"))),
        (
            "Band 2",
            each(&|it| format!("Band {}", short(it).trim_start_matches('B'))),
        ),
        (
            "band_2",
            each(&|it| format!("band_{}", short(it).trim_start_matches('B').to_lowercase())),
        ),
        ("SR_B2", each(&|it| format!("SR_{}", short(it)))),
        (
            "the reference data",
            words(
                "B02_BLUE B03_GREEN B04_RED B05_RE1 B06_RE2 B07_RE3 B08_NIR1 B8A_NIR2 B11_SWI1 B12_SWI2",
            ),
        ),
        (
            "STAC",
            words("blue green red rededge1 rededge2 rededge3 nir nir08 swir16 swir22"),
        ),
        (
            "STAC 1.1",
            words("blue green red rededge071 rededge075 rededge078 nir nir08 swir16 swir22"),
        ),
        (
            "HLS",
            words("Blue Green Red Red_Edge1 Red_Edge2 Red_Edge3 NIR_Broad NIR_Narrow SWIR1 SWIR2"),
        ),
        (
            "with hyphens",
            words(
                "blue green red red-edge-1 red-edge-2 red-edge-3 nir-broad nir-narrow swir-1 swir-2",
            ),
        ),
    ]
}

#[test]
fn every_way_of_writing_is_understood() {
    let mut tried = 0;
    for (family, names) in families() {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        // by the column or description, and by the file's name of files of one band
        let in_files: Vec<Candidate> = (names.iter())
            .map(|name| Candidate {
                name: None,
                file: Some((*name).to_owned()),
            })
            .collect();
        let others = [
            "SCL",
            "AOT_20m",
            "B01_60m",
            "B09",
            "QA60",
            "MSK_CLDPRB",
            "B04_std",
            "sur_refl_b02",
        ];
        for mut candidates in [own(&names), in_files] {
            candidates.extend(own(&others));
            for (k, name) in CHANNELS.iter().enumerate() {
                let found = find(channel(name), &candidates);
                assert_eq!(found, Ok(k), "{family}: {name}");
                tried += 1;
            }
            assert_eq!(
                find(channel("scl_20m"), &candidates),
                Ok(names.len()),
                "{family}"
            );
        }
    }
    println!("{tried} names");
    assert_eq!(tried, 17 * 2 * 10);
}

#[test]
fn what_is_not_clear_stays_without_an_answer() {
    let nowhere = Err(NotFound::Nowhere);
    for (wanted, names, expected) in [
        (
            "B02",
            &["B02_10m", "B02_20m"][..],
            Err(NotFound::Several(vec![0, 1])),
        ),
        ("B02", &["B02", "b02"], Ok(0)),
        ("B02", &["b02", "B2"], Ok(0)),
        ("B8A", &["nir", "B08"], nowhere.clone()),
        ("B08", &["B8A", "nir08"], nowhere.clone()),
        ("B05", &["rededge"], nowhere.clone()),
        (
            "B02",
            &["B12", "B20", "B022", "B02B03", "AB02", "b", "band", ""],
            nowhere.clone(),
        ),
        ("B04", &["B04_std", "mean_B04_B05"], nowhere.clone()),
        ("blue", &["B02"], nowhere.clone()),
        ("sun", &["Sun_20m"], Ok(0)),
        ("sun", &["sun_zenith"], nowhere.clone()),
    ] {
        assert_eq!(
            find(channel(wanted), &own(names)),
            expected,
            "{wanted} of {names:?}"
        );
    }
    // a name that the user gave is that one
    let given = Sought {
        name: "B02",
        by_common_name: false,
    };
    assert_eq!(find(given, &own(&["blue"])), nowhere);
}

#[test]
fn a_files_name_counts_unless_the_band_says_another() {
    let band = |name: &str| Candidate {
        name: Some(name.to_owned()),
        file: Some("HLS.S30.T33UXP.2023001T100319.v2.0.B05".to_owned()),
    };
    // HLS of Sentinel-2, words that say nothing, and HLS of Landsat, whose band 5 is the near infrared
    assert_eq!(find(channel("B05"), &[band("Red_Edge1")]), Ok(0));
    assert_eq!(find(channel("B05"), &[band("Layer 1")]), Ok(0));
    assert_eq!(find(channel("B05"), &[band("NIR")]), Err(NotFound::Nowhere));
    assert_eq!(find(channel("B05"), &[band("B06")]), Err(NotFound::Nowhere));
}

#[test]
fn common_names_are_those_of_sentinel2_alone() {
    let of = |names: &[&str]| names.iter().map(|&it| it.to_owned()).collect::<Vec<_>>();
    assert!(are_of_sentinel2(&of(&CHANNELS)));
    assert!(are_of_sentinel2(&of(&["B02_BLUE", "B8A_NIR2"])));
    // Landsat's near infrared is band 5
    assert!(!are_of_sentinel2(&of(&["B2", "B3", "B4", "B5"])));
    assert!(!are_of_sentinel2(&of(&["ux_AKGG", "uy_AKGG"])));
    assert_eq!(blue(&of(&CHANNELS)), Some(0));
    assert_eq!(blue(&of(&["B2", "B3"])), None);
}
