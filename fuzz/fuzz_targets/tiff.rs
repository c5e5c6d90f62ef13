//! Any bytes as a GeoTIFF and as a file beside it: it is described and read by windows, with bounded memory.
#![no_main]

use libfuzzer_sys::fuzz_target;
use raster::{BandChoice, RasterFile, Stack, Window};

fuzz_target!(|bytes: &[u8]| {
    // a choice, the length of a text beside the file, the text, the file
    let [choice, low, high, rest @ ..] = bytes else {
        return;
    };
    let length = usize::from(u16::from_le_bytes([*low, *high])).min(rest.len());
    let (text, bytes) = rest.split_at(length);
    let path = fuzz::file("scene.tif", bytes);
    let endings = ["tfw", "tif.aux.xml", "prj", "tif.msk"];
    for (at, ending) in endings.into_iter().enumerate() {
        let path = path.with_file_name(format!("scene.{ending}"));
        // a mask may be the file itself once more
        let content = if ending == "tif.msk" { bytes } else { text };
        if choice >> at & 1 == 1 {
            std::fs::write(path, content).expect("a file can be written");
        } else {
            let _ = std::fs::remove_file(path);
        }
    }
    let Ok(file) = RasterFile::open(&path) else {
        return;
    };
    if let Some(place) = file.georeference() {
        let affine = place.affine();
        assert!(affine.iter().all(|number| number.is_finite()), "{affine:?}");
        let _ = (place.crs_name(), place.epsg(), place.cropped(1, 1));
    }
    let (width, height) = (file.width(), file.height());
    let bands = file.bands().len();
    let choices = [BandChoice::new("1"), BandChoice::categorical(bands.to_string())];
    // the grid of the file, and one twice as coarse
    let size = file.georeference().map_or(1.0, |it| it.pixel_size()[0]);
    let resolution = (choice & 16 != 0).then_some(2.0 * size);
    let Ok(stack) = Stack::of(vec![file], &choices, resolution) else {
        return;
    };
    let _ = stack.notes();
    let mut reader = stack.reader().expect("the file was opened before");
    let side = |size: usize| size.min(40);
    let (columns, rows) = (side(stack.width()), side(stack.height()));
    for (col, row) in [
        (0, 0),
        (stack.width() - columns, stack.height() - rows),
        ((stack.width() - columns) / 2, (stack.height() - rows) / 2),
    ] {
        let window = Window::new(col, row, columns, rows);
        let mut out = vec![0.0; 2 * window.pixels()];
        if reader.read(window, &mut out).is_err() {
            return;
        }
    }
    assert!(stack.width() <= width && stack.height() <= height);
});
