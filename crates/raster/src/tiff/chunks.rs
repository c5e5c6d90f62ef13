//! Rows of a window out of the strips or tiles they lie in.

use super::decode::{Scratch, decode, to_little_endian};
use super::layout::{Compression, Layout};
use super::packing::{Packing, reverse_bits};
use crate::image::Image;
use crate::positioned::PositionedFile;
use crate::{RasterError, Window};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Decoded chunks that reach beyond the windows they were needed for, the longest unused thrown away first.
#[derive(Debug)]
pub(crate) struct ChunkCache {
    limit: usize,
    bytes: usize,
    clock: u64,
    /// (image, chunk) → last use and decoded bytes.
    chunks: BTreeMap<(usize, usize), (u64, Vec<u8>)>,
    /// Last use → (image, chunk).
    uses: BTreeMap<u64, (usize, usize)>,
}

impl ChunkCache {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            bytes: 0,
            clock: 0,
            chunks: BTreeMap::new(),
            uses: BTreeMap::new(),
        }
    }

    fn take(&mut self, key: (usize, usize)) -> Option<Vec<u8>> {
        let (used, bytes) = self.chunks.remove(&key)?;
        self.uses.remove(&used);
        self.bytes -= bytes.capacity();
        Some(bytes)
    }

    /// Keeps a chunk; returns a buffer that is no longer needed.
    fn keep(&mut self, key: (usize, usize), chunk: Vec<u8>) -> Vec<u8> {
        let mut spare = Vec::new();
        if chunk.capacity() > self.limit {
            return chunk;
        }
        while self.bytes + chunk.capacity() > self.limit {
            let Some((_, oldest)) = self.uses.pop_first() else {
                break;
            };
            if let Some((_, old)) = self.chunks.remove(&oldest) {
                self.bytes -= old.capacity();
                spare = old;
            }
        }
        self.clock += 1;
        self.bytes += chunk.capacity();
        self.uses.insert(self.clock, key);
        self.chunks.insert(key, (self.clock, chunk));
        spare
    }
}

/// A part of one row of one chunk.
#[derive(Clone, Copy)]
pub(crate) struct RowPart<'a> {
    /// Row of the file.
    pub(crate) row: usize,
    /// Column of its first pixel in the file.
    pub(crate) col: usize,
    /// Its pixels, each with the numbers of all bands of the chunk, least byte first.
    pub(crate) bytes: &'a [u8],
}

/// An image of an open file and the buffers it is read with.
#[derive(Debug)]
pub(crate) struct ChunkReader {
    /// Number of the image in the cache.
    number: usize,
    pub(crate) image: Arc<Image>,
    /// The images of one file share it.
    handle: Arc<PositionedFile>,
    coded: Vec<u8>,
    decoded: Vec<u8>,
    scratch: Scratch,
}

/// One chunk: its number, rows and the part of it that lies in the window.
#[derive(Clone, Copy)]
struct Chunk {
    plane: usize,
    number: usize,
    rows: usize,
    /// All of it that lies in the image.
    whole: Window,
    part: Window,
}

impl ChunkReader {
    pub(crate) fn new(number: usize, image: Arc<Image>, handle: Arc<PositionedFile>) -> Self {
        Self {
            number,
            image,
            handle,
            coded: Vec::new(),
            decoded: Vec::new(),
            scratch: Scratch::default(),
        }
    }

    /// Calls `visit` with every row of every chunk of a plane (a band, or all bands where they are
    /// interleaved) as far as it lies in the window. Each chunk is decoded at most once.
    pub(crate) fn rows(
        &mut self,
        cache: &mut ChunkCache,
        plane: usize,
        window: Window,
        mut visit: impl FnMut(RowPart<'_>),
    ) -> Result<(), RasterError> {
        let image = Arc::clone(&self.image);
        let layout = &image.layout;
        let (width, height) = (layout.chunk_width, layout.chunk_height);
        for chunk_row in window.row / height..window.bottom().div_ceil(height) {
            for chunk_column in window.col / width..window.right().div_ceil(width) {
                let all = Window::new(0, 0, layout.width, layout.height);
                let whole = Window::new(chunk_column * width, chunk_row * height, width, height)
                    .intersection(&all);
                let Some(whole) = whole else { continue };
                let Some(part) = whole.intersection(&window) else {
                    continue;
                };
                let chunk = Chunk {
                    plane,
                    number: layout.chunk(plane, chunk_row, chunk_column),
                    rows: layout.rows_of(chunk_row),
                    whole,
                    part,
                };
                self.chunk(layout, cache, chunk, &mut visit)?;
            }
        }
        Ok(())
    }

    fn chunk(
        &mut self,
        layout: &Layout,
        cache: &mut ChunkCache,
        chunk: Chunk,
        visit: &mut impl FnMut(RowPart<'_>),
    ) -> Result<(), RasterError> {
        let Some((offset, bytes)) = layout.place(chunk.number) else {
            self.empty(layout, chunk.plane, chunk.part, visit);
            return Ok(());
        };
        if layout.compression == Compression::None {
            return self.uncompressed(layout, chunk, (offset, bytes), visit);
        }
        let key = (self.number, chunk.number);
        let decoded = match cache.take(key) {
            Some(decoded) => decoded,
            None => self.decode(layout, chunk, offset, bytes)?,
        };
        let (row_bytes, pixel_bytes) = (layout.row_bytes(), layout.pixel_bytes());
        let part = chunk.part;
        let first = (part.col - chunk.whole.col) * pixel_bytes;
        for row in part.row..part.bottom() {
            let start = (row - chunk.whole.row) * row_bytes + first;
            visit(RowPart {
                row,
                col: part.col,
                bytes: &decoded[start..start + part.width * pixel_bytes],
            });
        }
        self.decoded = if chunk.part == chunk.whole {
            decoded
        } else {
            cache.keep(key, decoded)
        };
        Ok(())
    }

    fn decode(
        &mut self,
        layout: &Layout,
        chunk: Chunk,
        offset: u64,
        bytes: u64,
    ) -> Result<Vec<u8>, RasterError> {
        let damaged = |what| {
            let number = chunk.number;
            RasterError::damaged(&self.image.path, format!("strip or tile {number}: {what}"))
        };
        let length = self.image.length;
        if offset.checked_add(bytes).is_none_or(|end| end > length) {
            let what = format!("{bytes} bytes at {offset}, the file ends at {length}");
            return Err(damaged(what));
        }
        self.coded.resize(bytes as usize, 0);
        let read = self.handle.read_exact_at(&mut self.coded, offset);
        read.map_err(RasterError::read(&self.image.path))?;
        if layout.reversed {
            reverse_bits(&mut self.coded);
        }
        let mut decoded = std::mem::take(&mut self.decoded);
        let coded = &self.coded;
        decode(layout, chunk.rows, coded, &mut decoded, &mut self.scratch).map_err(damaged)?;
        Ok(decoded)
    }

    /// Rows are read one by one where a window needs less than half of them.
    fn uncompressed(
        &mut self,
        layout: &Layout,
        chunk: Chunk,
        (offset, bytes): (u64, u64),
        visit: &mut impl FnMut(RowPart<'_>),
    ) -> Result<(), RasterError> {
        let (row_bytes, pixel_bits) = (layout.packed_row_bytes(), layout.packed_pixel_bits());
        let part = chunk.part;
        let first_row = part.row - chunk.whole.row;
        // packed numbers may begin within a byte
        let first_bit = (part.col - chunk.whole.col) * pixel_bits;
        let (first, skipped) = (first_bit / 8, first_bit % 8);
        let part_bytes = (skipped + part.width * pixel_bits).div_ceil(8);
        let last = (first_row + part.height - 1) * row_bytes + first + part_bytes;
        let end = offset.checked_add(last as u64);
        if last as u64 > bytes || end.is_none_or(|end| end > self.image.length) {
            let what = format!(
                "strip or tile {}: {bytes} bytes at {offset}, needed {last}; the file ends at {}",
                chunk.number, self.image.length
            );
            return Err(RasterError::damaged(&self.image.path, what));
        }
        // a batch of rows is at most this large, so that a strip of the whole image needs no more
        let batch = if part_bytes * 2 < row_bytes {
            1
        } else {
            ((1 << 20) / row_bytes).clamp(1, part.height)
        };
        let mut unpacked = vec![
            0;
            match layout.packing {
                Packing::Whole => 0,
                _ => part.width * layout.pixel_bytes(),
            }
        ];
        for top in (0..part.height).step_by(batch) {
            let rows = batch.min(part.height - top);
            let length = (rows - 1) * row_bytes + part_bytes;
            let from = offset + ((first_row + top) * row_bytes + first) as u64;
            self.decoded.resize(length, 0);
            let read = self.handle.read_exact_at(&mut self.decoded, from);
            read.map_err(RasterError::read(&self.image.path))?;
            if layout.reversed {
                reverse_bits(&mut self.decoded);
            }
            if layout.big_endian {
                to_little_endian(&mut self.decoded, layout.packing.word(layout.sample));
            }
            for row in 0..rows {
                let mut bytes = &self.decoded[row * row_bytes..][..part_bytes];
                if layout.packing != Packing::Whole {
                    let packing = layout.packing;
                    packing.unpack(layout.sample, bytes, skipped, &mut unpacked);
                    bytes = &unpacked;
                }
                visit(RowPart {
                    row: part.row + top + row,
                    col: part.col,
                    bytes,
                });
            }
        }
        Ok(())
    }

    /// A chunk that was left out of the file holds nothing but nodata, or zeros if there is no nodata value.
    fn empty(
        &mut self,
        layout: &Layout,
        plane: usize,
        part: Window,
        visit: &mut impl FnMut(RowPart<'_>),
    ) {
        let bytes = layout.sample.bytes();
        self.decoded.clear();
        for at in 0..part.width * layout.chunk_bands {
            let band = plane * layout.chunk_bands + at % layout.chunk_bands;
            let number = self.image.empty_number(band);
            self.decoded.extend_from_slice(&number[..bytes]);
        }
        for row in part.row..part.bottom() {
            visit(RowPart {
                row,
                col: part.col,
                bytes: &self.decoded,
            });
        }
    }
}
