//! The names that programs give to Sentinel-2's bands.

/// Words that stand for a band: those of STAC's `eo` extension, of ESA, of HLS and of openEO, in lower case and without
/// what separates them.
const WORDS: [(&str, &[&str]); 13] = [
    ("B01", &["coastal", "coastalaerosol", "ultrablue"]),
    ("B02", &["blue"]),
    ("B03", &["green"]),
    ("B04", &["red"]),
    (
        "B05",
        &["rededge1", "re1", "vre1", "rededge071", "rededge705"],
    ),
    (
        "B06",
        &["rededge2", "re2", "vre2", "rededge075", "rededge740"],
    ),
    (
        "B07",
        &["rededge3", "re3", "vre3", "rededge078", "rededge783"],
    ),
    (
        "B08",
        &["nir", "nir1", "nirbroad", "nirwide", "broadnir", "widenir"],
    ),
    ("B8A", &["nir08", "nir2", "nirnarrow", "narrownir", "nir8a"]),
    ("B09", &["nir09", "wv", "watervapour", "watervapor"]),
    ("B10", &["cirrus"]),
    ("B11", &["swir16", "swir1", "swi1", "swir1610"]),
    ("B12", &["swir22", "swir2", "swi2", "swir2190"]),
];

/// The band that a word stands for; what programs add to names does not count.
pub(super) fn common_band(name: &str) -> Option<String> {
    let word: String = tokens(name).filter(|it| !is_added(it)).collect();
    word_band(&word).map(str::to_owned)
}

/// The band of the longest word that a name ends with: `scene_2020_red_edge_1` is B05, not B04.
pub(super) fn common_band_at_end(name: &str) -> Option<String> {
    let all: Vec<String> = tokens(name).filter(|it| !is_added(it)).collect();
    let ends = (0..all.len()).map(|from| all[from..].concat());
    let mut bands = ends.filter_map(|word| word_band(&word));
    bands.next().map(str::to_owned)
}

fn word_band(word: &str) -> Option<&'static str> {
    let of_it = |(_, words): &&(&str, &[&str])| words.contains(&word);
    WORDS.iter().find(of_it).map(|(band, _)| *band)
}

/// The band that a name is of, as `B02` or `B8A`, if it names one and says nothing else but what programs add: the place,
/// time and product (`T33UXP_20230101T100319_B02_20m.jp2`), the resolution, a number in front (`0_B2`), its own common
/// name (`B02_BLUE`). So `B04_std` and `sur_refl_b02` are none.
pub(super) fn band_of(name: &str) -> Option<String> {
    let all: Vec<String> = tokens(name).collect();
    let mut found: Option<String> = None;
    let mut rest = String::new();
    let mut at = 0;
    while at < all.len() {
        let token = &all[at];
        let joined = (token == "band").then(|| all.get(at + 1)).flatten();
        let numbered = joined.map(|number| format!("b{number}"));
        let band = band_token(numbered.as_ref().unwrap_or(token));
        at += 1;
        match band {
            Some(band) => {
                at += usize::from(numbered.is_some());
                if found.as_ref().is_some_and(|it| *it != band) {
                    return None;
                }
                found = Some(band);
            }
            None if is_added(token) || token.bytes().all(|b| b.is_ascii_digit()) => {}
            None => rest.push_str(token),
        }
    }
    let found = found?;
    (rest.is_empty() || word_band(&rest) == Some(&found)).then_some(found)
}

/// A name without what programs add to it, in lower case; `None` of nothing.
pub(super) fn plain(name: &str) -> Option<String> {
    let all: Vec<String> = tokens(name).filter(|it| !is_added(it)).collect();
    (!all.is_empty()).then(|| all.join("_"))
}

fn tokens(name: &str) -> impl Iterator<Item = String> {
    let between = |c: char| !c.is_alphanumeric();
    let all = name.split(between).filter(|it| !it.is_empty());
    all.map(str::to_lowercase)
}

/// `b2`, `b02` and `b8a`, as `B02` and `B8A`.
fn band_token(token: &str) -> Option<String> {
    let number = token
        .strip_prefix("band")
        .or_else(|| token.strip_prefix('b'))?;
    if number.len() > 3 {
        return None;
    }
    if let Some(eight) = number.strip_suffix('a') {
        return matches!(eight, "8" | "08").then(|| "B8A".to_owned());
    }
    if number.len() > 2 || !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: u8 = number.parse().ok()?;
    (1..=12).contains(&number).then(|| format!("B{number:02}"))
}

/// Whether programs add this to a band's name.
fn is_added(token: &str) -> bool {
    const WORDS: [&str; 22] = [
        "jp2",
        "tif",
        "tiff",
        "img",
        "vrt",
        "s2",
        "s2a",
        "s2b",
        "s2c",
        "sentinel2",
        "msi",
        "l2a",
        "msil2a",
        "boa",
        "sr",
        "bottom",
        "of",
        "atmosphere",
        "surface",
        "reflectance",
        "hls",
        "s30",
    ];
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_resolution = |text: &str| {
        let size = text
            .strip_suffix('m')
            .map(|it| it.strip_prefix('r').unwrap_or(it));
        size.is_some_and(digits)
    };
    // T33UXP or 33UXP
    let is_tile = |text: &str| {
        let text = text.strip_prefix('t').unwrap_or(text);
        text.len() == 5
            && text.is_ascii()
            && digits(&text[..2])
            && text[2..].bytes().all(|b| b.is_ascii_alphabetic())
    };
    // 20230101T100319, and with the day of the year 2023001T100319
    let is_time = |text: &str| {
        text.split_once('t').is_some_and(|(day, time)| {
            digits(day) && digits(time) && day.len() >= 7 && time.len() >= 4
        })
    };
    // N0509, R122 and v2 of products
    let is_version = |text: &str| {
        text.is_ascii() && matches!(text.as_bytes()[0], b'n' | b'r' | b'v') && digits(&text[1..])
    };
    WORDS.contains(&token)
        || is_resolution(token)
        || is_tile(token)
        || is_time(token)
        || is_version(token)
}
