//! The `.aux.xml` beside a raster: GDAL's persistent auxiliary metadata, which QGIS and ArcGIS write too.
//!
//! ```xml
//! <PAMDataset>
//!   <SRS>PROJCS["WGS 84 / UTM zone 33N", ...]</SRS>
//!   <GeoTransform>600000, 20, 0, 5340000, 0, -20</GeoTransform>
//!   <Metadata><MDI key="MODEL">v3</MDI></Metadata>
//!   <PAMRasterBand band="1">
//!     <Description>B02</Description><UnitType>m</UnitType><NoDataValue>0</NoDataValue>
//!     <Offset>-0.1</Offset><Scale>0.0001</Scale>
//!   </PAMRasterBand>
//! </PAMDataset>
//! ```

use super::number;
use roxmltree::{Document, Node};

/// What such a file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Pam {
    /// From column and row to coordinates, in the order of GDAL.
    pub(crate) affine: Option<[f64; 6]>,
    /// The coordinate system: well-known text or `EPSG:` and a code.
    pub(crate) srs: Option<String>,
    /// Ground control points are given instead of a map.
    pub(crate) control_points: usize,
    pub(crate) metadata: Vec<(String, String)>,
    pub(crate) bands: Vec<PamBand>,
    /// What is there and not understood, in words.
    pub(crate) problems: Vec<String>,
}

/// What it says of one band.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PamBand {
    /// Number of the band, from 1.
    pub(crate) number: usize,
    pub(crate) name: Option<String>,
    pub(crate) unit: Option<String>,
    /// As text: it can be a number, or something else.
    pub(crate) nodata: Option<String>,
    pub(crate) scale: Option<f64>,
    pub(crate) offset: Option<f64>,
}

/// Reads the text of such a file.
///
/// # Errors
/// Why it is none, in words.
pub(crate) fn parse(xml: &str) -> Result<Pam, String> {
    let document = Document::parse(xml).map_err(|error| error.to_string())?;
    let root = document.root_element();
    if !root.tag_name().name().eq_ignore_ascii_case("PAMDataset") {
        return Err(format!(
            "its root is {:?}, expected PAMDataset",
            root.tag_name().name()
        ));
    }
    let mut pam = Pam {
        srs: text(root, "SRS"),
        ..Pam::default()
    };
    if let Some(text) = text(root, "GeoTransform") {
        match affine(&text) {
            Some(affine) => pam.affine = Some(affine),
            None => pam.problems.push(format!("GeoTransform {text:?}")),
        }
    }
    if let Some(list) = child(root, "GCPList") {
        pam.control_points = children(list, "GCP").count();
    }
    for metadata in children(root, "Metadata") {
        match metadata.attribute("domain") {
            None | Some("") => pam
                .metadata
                .extend(children(metadata, "MDI").filter_map(|item| {
                    let text = item.text().unwrap_or_default();
                    Some((item.attribute("key")?.to_owned(), text.to_owned()))
                })),
            Some("xml:ESRI") => esri(metadata, &mut pam),
            Some(_) => {}
        }
    }
    for band in children(root, "PAMRasterBand") {
        let Some(number) = band.attribute("band").and_then(|it| it.parse().ok()) else {
            continue;
        };
        let mut value = |name| {
            let text = text(band, name)?;
            let value = self::number(&text);
            if value.is_none() {
                pam.problems
                    .push(format!("{name} {text:?} of band {number}"));
            }
            value
        };
        let (scale, offset) = (value("Scale"), value("Offset"));
        pam.bands.push(PamBand {
            number,
            name: text(band, "Description"),
            unit: text(band, "UnitType"),
            nodata: text(band, "NoDataValue"),
            scale,
            offset,
        });
    }
    Ok(pam)
}

/// ArcGIS gives its coordinate system and its polynomial in a domain of its own.
fn esri(metadata: Node<'_, '_>, pam: &mut Pam) {
    let Some(xform) = child(metadata, "GeodataXform") else {
        return;
    };
    if let Some(reference) = child(xform, "SpatialReference") {
        pam.srs = pam.srs.take().or_else(|| text(reference, "WKT"));
    }
    if let Some(points) = child(xform, "SourceGCPs") {
        // x and y of one point after the other
        pam.control_points += points
            .descendants()
            .filter(|it| it.has_tag_name("Double"))
            .count()
            / 2;
    }
}

fn affine(text: &str) -> Option<[f64; 6]> {
    let numbers: Option<Vec<f64>> = text
        .split(',')
        .map(|part| part.trim().parse().ok())
        .collect();
    let affine: [f64; 6] = numbers?.try_into().ok()?;
    let [_, xx, xy, _, yx, yy] = affine;
    let good = affine.iter().all(|number| number.is_finite()) && xx * yy - xy * yx != 0.0;
    good.then_some(affine)
}

fn children<'a, 'b>(node: Node<'a, 'b>, name: &'static str) -> impl Iterator<Item = Node<'a, 'b>> {
    node.children()
        .filter(move |child| child.tag_name().name().eq_ignore_ascii_case(name))
}

fn child<'a, 'b>(node: Node<'a, 'b>, name: &'static str) -> Option<Node<'a, 'b>> {
    children(node, name).next()
}

/// The text of a child; `None` where it has none.
fn text(node: Node<'_, '_>, name: &'static str) -> Option<String> {
    let text = child(node, name)?.text()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_used_is_read() {
        let pam = parse(
            "<PAMDataset><SRS>EPSG:32633</SRS><GeoTransform> 600000, 20, 0, 5340000, 0, -20</GeoTransform>\
             <Metadata><MDI key=\"A\">b</MDI></Metadata><Metadata domain=\"x\"><MDI key=\"C\">d</MDI></Metadata>\
             <PAMRasterBand band=\"2\"><Description>B03</Description><UnitType>m</UnitType>\
             <NoDataValue le_hex_equiv=\"00\">3</NoDataValue><Offset>4</Offset><Scale>two</Scale></PAMRasterBand>\
             </PAMDataset>",
        )
        .unwrap();
        assert_eq!(
            pam.affine,
            Some([600000.0, 20.0, 0.0, 5340000.0, 0.0, -20.0])
        );
        assert_eq!(pam.srs.as_deref(), Some("EPSG:32633"));
        assert_eq!(pam.metadata, [("A".to_owned(), "b".to_owned())]);
        assert_eq!(pam.bands[0].nodata.as_deref(), Some("3"));
        assert_eq!((pam.bands[0].number, pam.bands[0].offset), (2, Some(4.0)));
        assert_eq!(pam.problems, ["Scale \"two\" of band 2"]);
    }

    #[test]
    fn what_is_no_such_file_is_said() {
        assert!(
            parse("<GDAL/>")
                .unwrap_err()
                .contains("expected PAMDataset")
        );
        assert!(parse("not xml").is_err());
        let pam = parse("<PAMDataset><GeoTransform>1,2,3</GeoTransform></PAMDataset>").unwrap();
        assert_eq!(pam.problems, ["GeoTransform \"1,2,3\""]);
        let deep = "<a>".repeat(200_000);
        assert!(parse(&deep).is_err());
    }
}
