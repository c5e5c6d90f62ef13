//! Seconds to write and read rasters of a Sentinel-2 tile's size with two threads:
//! `cargo run -p raster --example raster_speed -- FOLDER [SIDE]`. It needs 8 GB in the folder.

use raster::{
    BandChoice, CogBand, CogCompression, CogNumber, CogSpec, CogWriter, RasterError, Stack, Window,
};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

const THREADS: usize = 2;

fn main() -> Result<(), RasterError> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().unwrap_or_else(|| ".".to_owned()));
    let side = arguments
        .next()
        .and_then(|side| side.parse().ok())
        .unwrap_or(5490);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(THREADS).build();
    let Ok(pool) = pool else { return Ok(()) };
    for compression in [
        CogCompression::None,
        CogCompression::Deflate { level: 1 },
        CogCompression::Deflate { level: 6 },
    ] {
        for (number, bands) in [(CogNumber::U16, 10), (CogNumber::F32, 14)] {
            let path = folder.join(format!("speed_{number:?}.tif"));
            let bands = (0..bands).map(|band| CogBand::new(format!("band {band}")));
            let mut spec = CogSpec::new(side, side, bands.collect());
            (spec.compression, spec.number, spec.overwrite) = (compression, number, true);
            spec.nodata = Some(0.0);
            println!("{number:?} x {} bands, {compression:?}", spec.bands.len());
            write(&pool, &path, spec)?;
            read(&path)?;
            let _ = std::fs::remove_file(path);
        }
    }
    Ok(())
}

fn write(pool: &rayon::ThreadPool, path: &Path, spec: CogSpec) -> Result<(), RasterError> {
    let (tile, bands) = (spec.tile, spec.bands.len());
    let writer = CogWriter::create(path, spec)?;
    let begin = Instant::now();
    let (across, blocks) = (
        writer.tiles_across(),
        writer.tiles_across() * writer.tiles_down(),
    );
    in_threads(blocks, || {
        let mut values = vec![0.0; bands * tile * tile];
        let writer = &writer;
        move |block| {
            scene(&mut values, tile, block % across, block / across);
            writer.write_block(block % across, block / across, &values)
        }
    })?;
    let written = begin.elapsed().as_secs_f64();
    pool.install(|| writer.finish())?;
    let all = begin.elapsed().as_secs_f64();
    let bytes = std::fs::metadata(path).map_err(|source| RasterError::Read {
        path: path.to_owned(),
        source,
    })?;
    println!(
        "  write: {all:.2} s, of it blocks {written:.2} s; {} MB",
        bytes.len() / 1_000_000
    );
    Ok(())
}

fn read(path: &Path) -> Result<(), RasterError> {
    let bands = raster::RasterFile::open(path)?.bands().len();
    let choices: Vec<_> = (1..=bands)
        .map(|band| BandChoice::new(format!("1:{band}")))
        .collect();
    let stack = Stack::open(&[path.to_owned()], &choices, None)?;
    let begin = Instant::now();
    let across = stack.width().div_ceil(512);
    let opened: Result<Vec<_>, _> = (0..THREADS).map(|_| stack.reader()).collect();
    let readers = std::sync::Mutex::new(opened?);
    in_threads(across * stack.height().div_ceil(512), || {
        let mut reader = readers.lock().ok().and_then(|mut readers| readers.pop());
        let mut values = vec![0.0; bands * 512 * 512];
        let stack = &stack;
        move |block| {
            let (col, row) = (block % across * 512, block / across * 512);
            let width = 512.min(stack.width() - col);
            let window = Window::new(col, row, width, 512.min(stack.height() - row));
            match &mut reader {
                Some(reader) => reader.read(window, &mut values[..bands * window.pixels()]),
                None => Ok(()),
            }
        }
    })?;
    println!("  read: {:.2} s", begin.elapsed().as_secs_f64());
    Ok(())
}

/// Does all blocks with [`THREADS`] threads; `worker` makes what one of them does to a block.
fn in_threads<W: FnMut(usize) -> Result<(), RasterError> + Send>(
    blocks: usize,
    worker: impl Fn() -> W,
) -> Result<(), RasterError> {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                let (next, mut work) = (&next, worker());
                scope.spawn(move || {
                    loop {
                        let block = next.fetch_add(1, Ordering::Relaxed);
                        if block >= blocks {
                            return Ok(());
                        }
                        work(block)?;
                    }
                })
            })
            .collect();
        for thread in threads {
            if let Ok(done) = thread.join() {
                done?;
            }
        }
        Ok(())
    })
}

/// Something like a landscape: smooth, with noise in its last digits.
fn scene(values: &mut [f32], tile: usize, column: usize, row: usize) {
    let mut noise = 0x9E37_79B9_u32 ^ (column as u32) << 16 ^ row as u32;
    for (at, value) in values.iter_mut().enumerate() {
        let (band, pixel) = (at / (tile * tile), at % (tile * tile));
        let x = (column * tile + pixel % tile) as f32;
        let y = (row * tile + pixel / tile) as f32;
        noise = noise.wrapping_mul(1664525).wrapping_add(1013904223);
        *value = 1500.0 + 30.0 * band as f32 + 0.05 * (x + y) + (noise >> 24) as f32 / 8.0;
    }
}
