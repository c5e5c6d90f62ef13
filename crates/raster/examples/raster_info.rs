//! Prints what is in GeoTIFFs: `cargo run -p raster --example raster_info -- FILE...`

use raster::{RasterError, RasterFile};

fn main() -> Result<(), RasterError> {
    if std::env::args_os().len() < 2 {
        println!("usage: raster_info FILE...");
    }
    for path in std::env::args_os().skip(1) {
        let file = RasterFile::open(&path)?;
        println!("{}", file.path().display());
        let (width, height) = (file.width(), file.height());
        println!("  {width} x {height} pixels, {}", file.sample_type());
        println!("  {}", file.layout_in_words());
        if let Some(reference) = file.georeference() {
            let extent = reference.extent(width, height);
            println!("  {}, extent {extent:?}", reference.crs_name());
            println!("  affine {:?}", reference.affine());
        }
        if let Some(nodata) = file.nodata() {
            println!("  nodata {nodata}");
        }
        for (number, band) in file.bands().iter().enumerate() {
            let name = band.name.as_deref().unwrap_or("without name");
            let unit = band.unit.as_deref().unwrap_or_default();
            println!(
                "  band {}: {name} {unit} (scale {}, offset {})",
                number + 1,
                band.scale,
                band.offset
            );
        }
        for (name, text) in file.metadata() {
            println!("  {name}: {text}");
        }
    }
    Ok(())
}
