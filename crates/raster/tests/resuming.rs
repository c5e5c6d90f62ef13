//! A killed writer goes on where its journal ends.

mod common;

use common::{block, spec, write, write_rest};
use raster::{CogCompression, CogNumber, CogSpec, CogWriter, RasterError};
use std::path::Path;

fn variants() -> Vec<CogSpec> {
    let mut variants = Vec::new();
    for compression in [CogCompression::None, CogCompression::Deflate { level: 3 }] {
        for number in [CogNumber::F32, CogNumber::U16] {
            let mut spec = spec(300, 170, 2, 16);
            spec.compression = compression;
            spec.number = number;
            spec.nodata = Some(0.0);
            "inputs".clone_into(&mut spec.fingerprint);
            variants.push(spec);
        }
    }
    variants
}

/// Writes some blocks from the end to the start and vanishes as a killed process does: nothing of what
/// a destructor would do is done, and the lock is gone.
fn killed(path: &Path, spec: &CogSpec, blocks: usize) {
    let writer = CogWriter::create(path, spec.clone()).unwrap();
    for at in 0..blocks {
        let (column, row) = (at % writer.tiles_across(), at / writer.tiles_across());
        let row = writer.tiles_down() - 1 - row;
        writer
            .write_block(column, row, &block(spec, column, row))
            .unwrap();
    }
    // the files stay open until the program ends, and with them the lock: what the next writer
    // gets are copies
    std::mem::forget(writer);
    for suffix in [".part", ".part.tiles", ".part.journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        let name = Path::new(&name);
        if name.exists() {
            let mut copy = name.as_os_str().to_owned();
            copy.push(".copy");
            std::fs::copy(name, &copy).unwrap();
            std::fs::rename(copy, name).unwrap();
        }
    }
}

#[test]
fn a_resumed_file_has_the_bytes_of_an_uninterrupted_one() {
    for spec in variants() {
        let folder = tempfile::tempdir().unwrap();
        let (once, twice) = (
            folder.path().join("once.tif"),
            folder.path().join("twice.tif"),
        );
        write(&once, spec.clone());
        killed(&twice, &spec, 150);
        let writer = CogWriter::create(&twice, spec.clone()).unwrap();
        let done = |writer: &CogWriter| {
            let all = (0..writer.tiles_down())
                .flat_map(|row| (0..writer.tiles_across()).map(move |column| (column, row)));
            all.filter(|(column, row)| writer.is_done(*column, *row))
                .count()
        };
        // batches of 64 blocks
        assert_eq!(done(&writer), 128);
        // a graceful end loses nothing
        let values = block(&spec, 0, 0);
        writer.write_block(0, 0, &values).unwrap();
        drop(writer);
        let writer = CogWriter::create(&twice, spec.clone()).unwrap();
        assert_eq!(done(&writer), 129);
        write_rest(&writer);
        writer.finish().unwrap();
        assert!(
            std::fs::read(&once).unwrap() == std::fs::read(&twice).unwrap(),
            "{spec:?}"
        );
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 2, "nothing but the two files: {left:?}");
    }
}

#[test]
fn many_threads_make_the_same_file() {
    for spec in variants() {
        let folder = tempfile::tempdir().unwrap();
        let (one, many) = (
            folder.path().join("one.tif"),
            folder.path().join("many.tif"),
        );
        write(&one, spec.clone());
        let writer = CogWriter::create(&many, spec.clone()).unwrap();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (writer, spec) = (&writer, &spec);
                scope.spawn(move || {
                    for row in (0..writer.tiles_down()).rev() {
                        for column in (thread..writer.tiles_across()).step_by(4) {
                            let values = block(spec, column, row);
                            writer.write_block(column, row, &values).unwrap();
                        }
                    }
                });
            }
        });
        writer.finish().unwrap();
        assert!(std::fs::read(&one).unwrap() == std::fs::read(&many).unwrap());
    }
}

#[test]
fn an_unfinished_file_of_other_inputs_is_kept_unless_overwritten() {
    for spec in variants() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.tif");
        killed(&path, &spec, 70);
        let mut other = spec.clone();
        other.fingerprint = "other inputs".to_owned();
        let refused = CogWriter::create(&path, other.clone()).unwrap_err();
        assert!(matches!(refused, RasterError::Exists { .. }), "{refused}");
        assert!(
            CogWriter::create(&path, spec.clone())
                .unwrap()
                .is_done(0, 10)
        );
        other.overwrite = true;
        let writer = CogWriter::create(&path, other).unwrap();
        assert!(!writer.is_done(0, 10));
        write_rest(&writer);
        writer.finish().unwrap();
    }
}

#[test]
fn a_shortened_part_is_not_believed() {
    for spec in variants() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.tif");
        killed(&path, &spec, 70);
        let part = match spec.compression {
            CogCompression::None => "x.tif.part",
            CogCompression::Deflate { .. } => "x.tif.part.tiles",
        };
        let part = std::fs::OpenOptions::new()
            .write(true)
            .open(folder.path().join(part))
            .unwrap();
        part.set_len(100).unwrap();
        let refused = CogWriter::create(&path, spec.clone()).unwrap_err();
        assert!(
            refused.to_string().contains("shorter than its journal"),
            "{refused}"
        );
        let overwrite = CogSpec {
            overwrite: true,
            ..spec
        };
        assert!(!CogWriter::create(&path, overwrite).unwrap().is_done(0, 10));
    }
}
