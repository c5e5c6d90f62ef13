//! The writer: blocks in any order, from any thread, across interruptions.

mod discard;

use super::assemble::assemble;
use super::coding::Coder;
use super::header::{head, head_bytes, needs_big};
use super::journal::{Journal, Record};
use super::levels::{Level, Place, levels, places};
use super::overviews::{Tiles, halve, inside};
use super::spec::{CogCompression, CogSpec};
use crate::RasterError;
use crate::positioned::PositionedFile;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A batch of blocks is synced and entered in the journal when it has so many blocks ...
const BATCH: usize = 64;
/// ... or its first is so old.
const BATCH_AGE: Duration = Duration::from_secs(10);

const FREE: u8 = 0;
const BUSY: u8 = 1;
const DONE: u8 = 2;

/// Writes a Cloud-Optimized GeoTIFF block by block.
///
/// A block is one tile of every band. Blocks come in any order and from any thread; after the last one
/// [`CogWriter::finish`] adds the overviews. Until then the output is `<output>.part`, with a journal
/// `<output>.part.journal` and, for compressed ones, `<output>.part.tiles`. A killed process loses the
/// blocks of at most one batch (64 blocks or 10 s); [`CogWriter::create`] goes on with the others.
///
/// The finished file has the same bytes whatever the order of the blocks, the number of threads and the
/// interruptions. Tiles are separate by band, the directories come first, then the tiles of the smallest
/// overview, the full resolution last. A file that could pass 4 GiB is a BigTIFF.
#[derive(Debug)]
pub struct CogWriter {
    spec: CogSpec,
    output: PathBuf,
    levels: Vec<Level>,
    /// Final places of the tiles of every level; only known here where they are not compressed.
    places: Vec<Vec<Place>>,
    big: bool,
    /// Where tiles are written: the part itself, or the file beside it.
    tiles: PositionedFile,
    tiles_path: PathBuf,
    /// End of what is written in the file beside.
    end: AtomicU64,
    states: Vec<AtomicU8>,
    log: Mutex<Log>,
    journal: Mutex<Journal>,
    finished: AtomicBool,
}

#[derive(Debug)]
struct Log {
    /// Blocks that are written, but not in the journal.
    pending: Vec<Record>,
    since: Instant,
    /// Places of compressed tiles in the file beside.
    places: Vec<Place>,
}

impl CogWriter {
    /// Begins an output, or goes on with an unfinished one of the same specification and fingerprint.
    ///
    /// # Errors
    /// [`RasterError::NotAllowed`] for a specification without sense; [`RasterError::Exists`] if the
    /// output is there, or an unfinished one of another specification, and `overwrite` is not set;
    /// [`RasterError::Locked`] if another process is at it; [`RasterError::Write`].
    pub fn create(path: impl AsRef<Path>, spec: CogSpec) -> Result<Self, RasterError> {
        spec.check()?;
        let output = path.as_ref().to_owned();
        if output.exists() && !spec.overwrite {
            return Err(RasterError::Exists {
                path: output,
                reason: "",
            });
        }
        let part = beside(&output, ".part");
        let hash = spec.hash();
        let journal_path = beside(&output, ".part.journal");
        let (mut journal, mut records) = Journal::open(journal_path, &part, &hash, spec.overwrite)?;
        let levels = levels(&spec);
        let tile_bytes = Coder::tile_bytes(&spec);
        let big = needs_big(&levels, tile_bytes);
        let compressed = spec.compression != CogCompression::None;
        let tiles_path = if compressed {
            beside(&output, ".part.tiles")
        } else {
            part
        };
        let mut options = OpenOptions::new();
        options
            .read(true)
            .write(true)
            .create(true)
            .truncate(records.is_empty());
        let file = match options.open(&tiles_path) {
            Ok(file) => file,
            Err(source) => {
                if records.is_empty() {
                    // begun just now, and nothing is in it
                    let _ = fs::remove_file(journal.path());
                }
                let path = tiles_path;
                return Err(RasterError::Write { path, source });
            }
        };
        let length = file
            .metadata()
            .map_err(RasterError::read(&tiles_path))?
            .len();

        let blocks = levels[0].across * levels[0].down;
        let mut fixed = Vec::new();
        let mut end = 0;
        if !compressed {
            let start = head_bytes(&spec, &levels, big);
            fixed = places(&levels, start, |_, _| tile_bytes as u64);
            end = fixed[0]
                .last()
                .map_or(start, |place| place.offset + place.bytes);
        }
        let fits = |record: &Record| {
            let ends = record
                .places
                .iter()
                .map(|place| place.offset.saturating_add(place.bytes));
            record.column < levels[0].across
                && record.row < levels[0].down
                && record.places.len() == if compressed { levels[0].bands } else { 0 }
                && ends.max().is_none_or(|end| end <= length)
        };
        let whole = compressed || length == end;
        let believed = whole && records.iter().all(fits);
        if !records.is_empty() && !believed {
            // tiles were removed behind the journal's back
            if !spec.overwrite {
                return Err(RasterError::Exists {
                    path: tiles_path,
                    reason: ", unfinished and shorter than its journal says",
                });
            }
            journal.restart(&Journal::first_line(&hash))?;
            records.clear();
        }
        let writer = Self {
            output,
            big,
            tiles: PositionedFile::new(file),
            end: AtomicU64::new(end),
            states: (0..blocks).map(|_| AtomicU8::new(FREE)).collect(),
            log: Mutex::new(Log {
                pending: Vec::new(),
                since: Instant::now(),
                places: vec![Place::default(); if compressed { levels[0].tiles() } else { 0 }],
            }),
            journal: Mutex::new(journal),
            finished: AtomicBool::new(false),
            tiles_path,
            places: fixed,
            levels,
            spec,
        };
        if !compressed
            && records.is_empty()
            && let Err(error) = writer.begin(end)
        {
            let _ = writer.discard();
            return Err(error);
        }
        for record in records {
            writer
                .state(record.column, record.row)?
                .store(DONE, Ordering::Release);
            for place in &record.places {
                let end = place.offset + place.bytes;
                writer.end.fetch_max(end, Ordering::Relaxed);
            }
            writer.enter(&mut lock(&writer.log), &record);
        }
        Ok(writer)
    }

    /// Writes the head and gives the file its final length.
    fn begin(&self, length: u64) -> Result<(), RasterError> {
        let head = head(&self.spec, &self.levels, &self.places, self.big);
        let file = self.tiles.file();
        file.set_len(0)
            .and_then(|()| file.set_len(length))
            .and_then(|()| self.tiles.write_all_at(&head, 0))
            .map_err(RasterError::write(&self.tiles_path))
    }

    /// What is written.
    pub fn spec(&self) -> &CogSpec {
        &self.spec
    }

    /// Columns of blocks.
    pub fn tiles_across(&self) -> usize {
        self.levels[0].across
    }

    /// Rows of blocks.
    pub fn tiles_down(&self) -> usize {
        self.levels[0].down
    }

    /// Whether a block is written, now or before an interruption; `false` for blocks beyond the raster.
    pub fn is_done(&self, tile_col: usize, tile_row: usize) -> bool {
        self.state(tile_col, tile_row)
            .is_ok_and(|state| state.load(Ordering::Acquire) == DONE)
    }

    /// Writes one block; may be called from several threads at once.
    ///
    /// `values` is bands x tile x tile, row by row, NaN for missing. Beyond the raster's right and lower
    /// edge it may hold anything; the file holds missing values there.
    ///
    /// # Errors
    /// [`RasterError::NotAllowed`] for a block beyond the raster, or for NaN where whole numbers have no
    /// nodata; [`RasterError::Buffer`] for another number of values; [`RasterError::Twice`];
    /// [`RasterError::Write`], after which the block may be written again.
    pub fn write_block(
        &self,
        tile_col: usize,
        tile_row: usize,
        values: &[f32],
    ) -> Result<(), RasterError> {
        let state = self.state(tile_col, tile_row)?;
        let (tile, bands) = (self.spec.tile, self.spec.bands.len());
        if values.len() != bands * tile * tile {
            return Err(RasterError::Buffer {
                found: values.len(),
                expected: bands * tile * tile,
                shape: format!("{bands} bands x {tile} rows x {tile} columns"),
            });
        }
        let taken = state.compare_exchange(FREE, BUSY, Ordering::AcqRel, Ordering::Acquire);
        if taken.is_err() {
            return Err(RasterError::Twice {
                path: self.output.clone(),
                column: tile_col,
                row: tile_row,
            });
        }
        let written = self.write_tiles(tile_col, tile_row, values);
        let state_after = if written.is_ok() { DONE } else { FREE };
        state.store(state_after, Ordering::Release);
        self.log(written?)
    }

    fn write_tiles(
        &self,
        column: usize,
        row: usize,
        values: &[f32],
    ) -> Result<Record, RasterError> {
        let tile = self.spec.tile;
        let inside = inside(&self.levels[0], tile, column, row);
        let mut coder = Coder::new(&self.spec);
        let mut coded = Vec::new();
        let mut record = Record {
            column,
            row,
            places: Vec::new(),
        };
        for (band, values) in values.chunks_exact(tile * tile).enumerate() {
            coder.encode(values, inside, &mut coded)?;
            match self.places.first() {
                Some(places) => {
                    let place = places[self.levels[0].tile(band, row, column)];
                    self.write_at(&coded, place.offset)?;
                }
                None => record.places.push(self.append(&coded)?),
            }
        }
        Ok(record)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> Result<(), RasterError> {
        let written = self.tiles.write_all_at(bytes, offset);
        written.map_err(RasterError::write(&self.tiles_path))
    }

    /// Writes a compressed tile behind the others.
    fn append(&self, coded: &[u8]) -> Result<Place, RasterError> {
        let bytes = coded.len() as u64;
        let offset = self.end.fetch_add(bytes, Ordering::Relaxed);
        self.write_at(coded, offset)?;
        Ok(Place { offset, bytes })
    }

    fn state(&self, column: usize, row: usize) -> Result<&AtomicU8, RasterError> {
        let level = &self.levels[0];
        if column < level.across && row < level.down {
            return Ok(&self.states[row * level.across + column]);
        }
        Err(RasterError::NotAllowed {
            name: "block",
            value: format!("{column},{row}"),
            allowed: format!(
                "columns 0 to {}, rows 0 to {}",
                level.across - 1,
                level.down - 1
            ),
        })
    }

    fn enter(&self, log: &mut Log, record: &Record) {
        for (band, place) in record.places.iter().enumerate() {
            log.places[self.levels[0].tile(band, record.row, record.column)] = *place;
        }
    }

    /// Notes a written block; syncs the batch if it is due and no other thread does it already.
    fn log(&self, record: Record) -> Result<(), RasterError> {
        let due = {
            let mut log = lock(&self.log);
            self.enter(&mut log, &record);
            if log.pending.is_empty() {
                log.since = Instant::now();
            }
            log.pending.push(record);
            log.pending.len() >= BATCH || log.since.elapsed() >= BATCH_AGE
        };
        if due && let Ok(mut journal) = self.journal.try_lock() {
            return self.sync(&mut journal);
        }
        Ok(())
    }

    /// Syncs all written blocks to disk and enters them in the journal, as a batch does by itself.
    ///
    /// # Errors
    /// [`RasterError::Write`]; the blocks stay due.
    pub fn flush(&self) -> Result<(), RasterError> {
        self.sync(&mut lock(&self.journal))
    }

    fn sync(&self, journal: &mut Journal) -> Result<(), RasterError> {
        // others go on writing meanwhile; their blocks are the next batch
        let batch = std::mem::take(&mut lock(&self.log).pending);
        if batch.is_empty() {
            return Ok(());
        }
        let synced = self.tiles.file().sync_data();
        let entered = synced
            .map_err(RasterError::write(&self.tiles_path))
            .and_then(|()| journal.add(&batch));
        if entered.is_err() {
            lock(&self.log).pending.extend(batch);
        }
        entered
    }

    /// Computes the overviews, in parallel in the current rayon pool with a few tiles of memory for each
    /// thread, puts the file together, syncs it and gives it its name.
    ///
    /// # Errors
    /// [`RasterError::Unfinished`] if blocks are missing; [`RasterError::Read`] and
    /// [`RasterError::Write`]. The blocks stay on disk then, for a [`CogWriter::create`] to go on with.
    pub fn finish(self) -> Result<(), RasterError> {
        let all = || self.states.iter().enumerate();
        let missing = || all().filter(|(_, state)| state.load(Ordering::Acquire) != DONE);
        if let Some((first, _)) = missing().next() {
            let across = self.levels[0].across;
            return Err(RasterError::Unfinished {
                path: self.output.clone(),
                missing: missing().count(),
                column: first % across,
                row: first / across,
            });
        }
        self.flush()?;
        let part = beside(&self.output, ".part");
        if self.places.is_empty() {
            let from = self.overviews()?;
            let start = head_bytes(&self.spec, &self.levels, self.big);
            let to = places(&self.levels, start, |level, tile| from[level][tile].bytes);
            let head = head(&self.spec, &self.levels, &to, self.big);
            File::create(&part)
                .and_then(|mut out| {
                    assemble(&mut out, &head, self.tiles.file(), &from)?;
                    out.sync_all()
                })
                .map_err(RasterError::write(&part))?;
        } else {
            self.overviews()?;
            let synced = self.tiles.file().sync_all();
            synced.map_err(RasterError::write(&self.tiles_path))?;
        }
        fs::rename(&part, &self.output)
            .and_then(|()| sync_folder(&self.output))
            .map_err(RasterError::write(&self.output))?;
        self.finished.store(true, Ordering::Release);
        // the journal goes first: without it the tiles are nobody's
        let journal = lock(&self.journal).path().to_owned();
        fs::remove_file(&journal).map_err(RasterError::write(&journal))?;
        if self.places.is_empty() {
            fs::remove_file(&self.tiles_path).map_err(RasterError::write(&self.tiles_path))?;
        }
        Ok(())
    }

    /// Writes the overviews' tiles; gives the places of the tiles of all levels.
    fn overviews(&self) -> Result<Vec<Vec<Place>>, RasterError> {
        let first = match self.places.first() {
            Some(places) => places.clone(),
            None => lock(&self.log).places.clone(),
        };
        let mut all = vec![first];
        for number in 1..self.levels.len() {
            let keep = |tile: usize, coded: &[u8]| match self.places.get(number) {
                Some(places) => {
                    self.write_at(coded, places[tile].offset)?;
                    Ok(places[tile])
                }
                None => self.append(coded),
            };
            let finer = Tiles {
                level: &self.levels[number - 1],
                places: &all[number - 1],
            };
            let file = (&self.tiles, &*self.tiles_path);
            let level = &self.levels[number];
            all.push(halve(&self.spec, file, &finer, level, keep)?);
        }
        Ok(all)
    }
}

impl Drop for CogWriter {
    /// An error on the caller's side loses no block; one of this flush can only lose what a kill would.
    fn drop(&mut self) {
        if !self.finished.load(Ordering::Acquire) {
            let _ = self.flush();
        }
    }
}

/// The path with something behind its file name.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// A lock whose data are whole even if a thread panicked: every step under it is one assignment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes a new name last.
#[cfg(unix)]
fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all()
}

/// Elsewhere folders cannot be opened; the rename itself has to do.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> std::io::Result<()> {
    Ok(())
}
