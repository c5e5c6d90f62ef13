//! Coordinate systems as text: OGC's and Esri's well-known text (versions 1 and 2) and `EPSG:` codes.

/// A coordinate system as GeoTIFF can keep it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Crs {
    /// EPSG code of a projected system.
    Projected(u16),
    /// EPSG code of a geographic system.
    Geographic(u16),
    /// Well-known text of a system without a code.
    Text(String),
}

/// Bytes of a text; GeoTIFF counts them by 16 bits.
const MOST_BYTES: usize = 60_000;
/// Nodes of a text that may lie in one another.
const MOST_DEPTH: usize = 64;

/// The system that a text means; `None` if it is not understood.
pub(crate) fn parse(text: &str) -> Option<Crs> {
    let text = text.trim().trim_end_matches('\0');
    if text.len() > MOST_BYTES {
        return None;
    }
    if let Some(code) = code_alone(text) {
        // EPSG's older ranges; what is behind other codes would have to be looked up
        return match code {
            4001..=4999 => Some(Crs::Geographic(code)),
            2000..=3999 | 20000..=32766 => Some(Crs::Projected(code)),
            _ => None,
        };
    }
    let mut root = Element::of(text)?;
    // a height beside the map is left out
    for _ in 0..MOST_DEPTH {
        let inner = match root.keyword.to_ascii_uppercase().as_str() {
            "COMPD_CS" | "COMPOUNDCRS" | "BOUNDCRS" | "SOURCECRS" => {
                root.children().into_iter().next()?
            }
            _ => break,
        };
        root = inner;
    }
    let geographic = match root.keyword.to_ascii_uppercase().as_str() {
        "PROJCS" | "PROJCRS" | "PROJECTEDCRS" => false,
        "GEOGCS" | "GEOGCRS" | "GEOGRAPHICCRS" | "GEODCRS" | "GEODETICCRS" => true,
        _ => return None,
    };
    let code = root.epsg().or_else(|| code_of_esri_name(&root.name()?));
    Some(match code {
        Some(code) if geographic => Crs::Geographic(code),
        Some(code) => Crs::Projected(code),
        None => Crs::Text(root.text.to_owned()),
    })
}

/// The code of `EPSG:32633` or `urn:ogc:def:crs:EPSG::32633`.
fn code_alone(text: &str) -> Option<u16> {
    let upper = text.to_ascii_uppercase();
    let code = upper.strip_prefix("EPSG:").or_else(|| {
        upper
            .strip_prefix("URN:OGC:DEF:CRS:EPSG:")?
            .split(':')
            .next_back()
    })?;
    code.trim().parse().ok().filter(|code| *code > 0)
}

/// Esri's names of systems that rasters are kept in; its text has no codes.
fn code_of_esri_name(name: &str) -> Option<u16> {
    for (start, north, south) in [
        ("WGS_1984_UTM_Zone_", 32600, Some(32700)),
        ("ETRS_1989_UTM_Zone_", 25800, None),
        ("NAD_1983_UTM_Zone_", 26900, None),
    ] {
        if let Some(zone) = name.strip_prefix(start) {
            let (number, base) = match zone.strip_suffix('N') {
                Some(number) => (number, north),
                None => (zone.strip_suffix('S')?, south?),
            };
            let number: u16 = number.parse().ok()?;
            let zones = match north {
                32600 => 1..=60,
                25800 => 28..=37,
                _ => 1..=23,
            };
            return zones.contains(&number).then_some(base + number);
        }
    }
    match name {
        "GCS_WGS_1984" => Some(4326),
        "GCS_ETRS_1989" => Some(4258),
        "GCS_North_American_1983" => Some(4269),
        "ETRS_1989_LAEA" => Some(3035),
        "WGS_1984_Web_Mercator_Auxiliary_Sphere" => Some(3857),
        _ => None,
    }
}

/// `KEYWORD[...]` of well-known text.
#[derive(Clone, Copy, Debug)]
struct Element<'a> {
    keyword: &'a str,
    /// Between the brackets.
    inside: &'a str,
    /// All of it.
    text: &'a str,
}

impl<'a> Element<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let text = text.trim();
        let open = text.find(['[', '('])?;
        let keyword = text[..open].trim();
        let good = !keyword.is_empty()
            && keyword
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let inside = text[open + 1..].strip_suffix([']', ')'])?;
        good.then_some(Self {
            keyword,
            inside,
            text,
        })
    }

    /// What is between its commas.
    fn parts(&self) -> Vec<&'a str> {
        let (mut depth, mut quoted, mut start) = (0_usize, false, 0);
        let mut parts = Vec::new();
        for (at, byte) in self.inside.bytes().enumerate() {
            match byte {
                b'"' => quoted = !quoted,
                _ if quoted => {}
                b'[' | b'(' => depth += 1,
                b']' | b')' => depth = depth.saturating_sub(1),
                b',' if depth == 0 => {
                    parts.push(&self.inside[start..at]);
                    start = at + 1;
                }
                _ => {}
            }
        }
        parts.push(&self.inside[start..]);
        parts
    }

    fn children(&self) -> Vec<Self> {
        let parts = self.parts().into_iter();
        parts
            .filter(|part| !part.trim_start().starts_with('"'))
            .filter_map(Self::of)
            .collect()
    }

    fn name(&self) -> Option<String> {
        let first = self.parts().first()?.trim();
        Some(first.strip_prefix('"')?.strip_suffix('"')?.to_owned())
    }

    /// The code of `AUTHORITY["EPSG","32633"]` or `ID["EPSG",32633]` of this element itself.
    fn epsg(&self) -> Option<u16> {
        let id = self.children().into_iter().find(|child| {
            child.keyword.eq_ignore_ascii_case("AUTHORITY")
                || child.keyword.eq_ignore_ascii_case("ID")
        })?;
        let parts = id.parts();
        let bare = |at: usize| Some(parts.get(at)?.trim().trim_matches('"'));
        if !bare(0)?.eq_ignore_ascii_case("EPSG") {
            return None;
        }
        bare(1)?.parse().ok().filter(|code| *code > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GEOGCS: &str = r#"GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]]],AUTHORITY["EPSG","4326"]]"#;

    #[test]
    fn codes_are_those_of_the_outermost_system() {
        let utm = format!(
            r#"PROJCS["WGS 84, UTM [33N]",{GEOGCS},UNIT["metre",1],AUTHORITY["EPSG","32633"]]"#
        );
        for (text, crs) in [
            (GEOGCS.to_owned(), Crs::Geographic(4326)),
            (utm.clone(), Crs::Projected(32633)),
            (
                format!(
                    "COMPD_CS[\"x\",{utm},VERT_CS[\"h\",UNIT[\"metre\",1]],AUTHORITY[\"EPSG\",\"7\"]]"
                ),
                Crs::Projected(32633),
            ),
            (
                format!("BOUNDCRS[SOURCECRS[{utm}],TARGETCRS[{GEOGCS}]]"),
                Crs::Projected(32633),
            ),
            (
                "PROJCRS[\"x\",BASEGEOGCRS[\"WGS 84\",ID[\"EPSG\",4326]],ID[\"EPSG\",32633]]"
                    .to_owned(),
                Crs::Projected(32633),
            ),
            ("EPSG:32633".to_owned(), Crs::Projected(32633)),
            (
                "urn:ogc:def:crs:EPSG::4326".to_owned(),
                Crs::Geographic(4326),
            ),
            (
                "PROJCS[\"WGS_1984_UTM_Zone_33S\",GEOGCS[\"GCS_WGS_1984\"]]\n".to_owned(),
                Crs::Projected(32733),
            ),
            (
                "GEOGCS[\"GCS_WGS_1984\",DATUM[\"D_WGS_1984\"]]".to_owned(),
                Crs::Geographic(4326),
            ),
        ] {
            assert_eq!(parse(&text), Some(crs), "{text}");
        }
    }

    #[test]
    fn systems_without_code_keep_their_text() {
        let own = format!(r#"PROJCS["mine",{GEOGCS},AUTHORITY["ESRI","54009"]]"#);
        assert_eq!(parse(&own), Some(Crs::Text(own.clone())));
        for text in [
            "",
            "PROJCS",
            "LOCAL_CS[\"x\"]",
            "+proj=utm +zone=33",
            "PROJCS[",
            "[]",
            "EPSG:0",
            "EPSG:99999",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(&"COMPD_CS[\"x\",".repeat(10_000)), None);
        let deep = format!("{}{}", "BOUNDCRS[".repeat(10_000), "]".repeat(10_000));
        assert_eq!(parse(&deep), None);
    }
}
