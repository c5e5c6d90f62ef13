//! What a file says of its bands, inside and beside it.

use crate::beside::pam::Pam;
use crate::metadata::Item;
use crate::pages::{self, Page};
use std::collections::BTreeMap;
use std::path::Path;

/// What a file says of one of its bands.
#[derive(Clone, Debug, PartialEq)]
pub struct BandInfo {
    /// Its description, such as `B8A`.
    pub name: Option<String>,
    /// Unit of its values.
    pub unit: Option<String>,
    /// Physical value = `scale` · number + `offset`; 1 where nothing is said. Readers give the numbers.
    pub scale: f64,
    /// See [`BandInfo::scale`]; 0 where nothing is said.
    pub offset: f64,
    /// The number that stands for missing values.
    pub nodata: Option<f64>,
}

/// What is said of the bands of all pages: by the page, and before that by the XML beside the file.
///
/// The images learn which number stands for missing values.
pub(crate) fn band_infos(
    pages: &mut [Page],
    pam: &Pam,
    path: &Path,
    notes: &mut Vec<String>,
) -> Vec<BandInfo> {
    let several = pages.len() > 1;
    let mut named = BTreeMap::<String, usize>::new();
    for name in pages.iter().filter_map(|page| page.name.clone()) {
        *named.entry(name).or_default() += 1;
    }
    let mut infos = Vec::new();
    for page in pages {
        let bands = page.image.layout.bands;
        for band in 0..bands {
            let mut info = band_info(&page.metadata, band);
            if several && info.name.is_none() {
                // a name that several pages have names none of them
                let own = page.name.clone().filter(|name| named[name] == 1);
                let own = own.unwrap_or_else(|| format!("page {}", page.number));
                info.name = Some(match bands {
                    1 => own,
                    _ => format!("{own} band {}", band + 1),
                });
            }
            info.nodata = page.image.nodata[band];
            if let Some(said) = pam.bands.iter().find(|it| it.number == infos.len() + 1) {
                info.name = said.name.clone().or(info.name);
                info.unit = said.unit.clone().or(info.unit);
                info.scale = said.scale.unwrap_or(info.scale);
                info.offset = said.offset.unwrap_or(info.offset);
                let nodata = said.nodata.as_ref();
                let nodata = nodata.and_then(|text| pages::nodata(text, path, notes));
                info.nodata = nodata.or(info.nodata);
            }
            page.image.nodata[band] = info.nodata;
            infos.push(info);
        }
    }
    infos
}

fn band_info(metadata: &[Item], band: usize) -> BandInfo {
    let text = |role: &str| {
        let item = metadata
            .iter()
            .find(|item| item.sample == Some(band) && item.role.as_deref() == Some(role));
        item.map(|item| item.text.trim())
            .filter(|text| !text.is_empty())
    };
    // openEO and others write it as any other tag of the band
    let tag = |name: &str| {
        let is_it = |item: &&Item| {
            item.sample == Some(band) && item.role.is_none() && item.name.eq_ignore_ascii_case(name)
        };
        let text = metadata.iter().find(is_it)?.text.trim();
        (!text.is_empty()).then_some(text)
    };
    let number = |role| text(role).and_then(|text| text.parse().ok());
    BandInfo {
        name: (text("description").or_else(|| tag("DESCRIPTION"))).map(str::to_owned),
        unit: text("unittype").map(str::to_owned),
        scale: number("scale").unwrap_or(1.0),
        offset: number("offset").unwrap_or(0.0),
        nodata: None,
    }
}
