//! Damaged files are errors: no panic, no memory beyond what the file can hold.

mod common;

use common::{spec, write};
use proptest::prelude::*;
use raster::{BandChoice, CogCompression, CogNumber, RasterError, RasterFile, Stack, Window};
use std::path::Path;
use std::sync::OnceLock;

/// Small files of every kind that is written here.
fn originals() -> &'static [Vec<u8>] {
    static ORIGINALS: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    ORIGINALS.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let mut files = Vec::new();
        for compression in [CogCompression::None, CogCompression::Deflate { level: 6 }] {
            for number in [CogNumber::F32, CogNumber::U16] {
                let mut spec = spec(50, 40, 2, 16);
                (spec.compression, spec.number) = (compression, number);
                spec.nodata = Some(0.0);
                spec.metadata = vec![("A".to_owned(), "b".to_owned())];
                let path = folder.path().join(files.len().to_string());
                write(&path, spec);
                files.push(std::fs::read(path).unwrap());
            }
        }
        files
    })
}

/// Opens a file and reads a corner of it; any error is fine.
fn read(path: &Path) -> Result<(), RasterError> {
    let file = RasterFile::open(path)?;
    let (width, height) = (file.width().min(64), file.height().min(64));
    let stack = Stack::of(
        vec![file],
        &[BandChoice::new("1"), BandChoice::categorical("2")],
        None,
    )?;
    let window = Window::new(
        stack.width() - width,
        stack.height() - height,
        width,
        height,
    );
    let mut out = vec![0.0; 2 * window.pixels()];
    let mut reader = stack.reader()?;
    reader.read(Window::new(0, 0, width, height), &mut out)?;
    reader.read(window, &mut out)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]
    #[test]
    fn flipped_bits_and_truncations_never_panic(
        which in 0_usize..4,
        flips in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..8, any::<bool>()), 0..8),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = originals()[which].clone();
        for (at, bit, head) in flips {
            // half of them in the directory, where they do most
            let length = if head { 400 } else { bytes.len() };
            bytes[at.index(length)] ^= 1 << bit;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.tif");
        std::fs::write(&path, bytes).unwrap();
        let _ = read(&path);
    }
}

#[test]
fn the_undamaged_files_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.tif");
    for bytes in originals() {
        std::fs::write(&path, bytes).unwrap();
        read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 3000]).unwrap();
        assert!(matches!(read(&path), Err(RasterError::Damaged { .. })));
    }
}

#[test]
fn other_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.tif");
    for text in ["", "II", "a,b,c\n1,2,3\n", "II*\0\u{7f}\u{7f}\u{7f}\u{7f}"] {
        std::fs::write(&path, text).unwrap();
        let error = RasterFile::open(&path).unwrap_err().to_string();
        assert!(error.contains("x.tif: damaged or not a TIFF"), "{error}");
    }
    let missing = folder.path().join("missing.tif");
    assert!(matches!(
        RasterFile::open(missing),
        Err(RasterError::Read { .. })
    ));
}
