//! Windows of a stack as `f32`.

use super::grid::Fit;
use super::{Member, Stack};
use crate::tiff::chunks::{ChunkCache, ChunkReader, RowPart};
use crate::tiff::samples::row_to_f32;
use crate::{RasterError, Window};

/// Bytes of decoded strips or tiles that a reader keeps.
const CACHE_BYTES: usize = 96 << 20;

/// What a user says of the numbers of a band (by its place in the stack): called for each row as it lies in its file,
/// before pixels are averaged; what is missing becomes NaN.
#[derive(Clone, Copy)]
struct Prepare<'a>(&'a (dyn Fn(usize, &mut [f32]) + Sync));

impl std::fmt::Debug for Prepare<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Prepare")
    }
}

impl Prepare<'_> {
    fn row(this: Option<Self>, place: usize, row: &mut [f32]) {
        if let Some(Self(prepare)) = this {
            prepare(place, row);
        }
    }
}

/// Reads windows of a [`Stack`], with file handles and buffers of its own.
///
/// Strips or tiles that reach beyond a window are kept decoded for the next ones, up to 96 MiB (another
/// bound: [`StackReader::with_cache`]). That holds a row of windows 512 high of ten `u16` bands in strips
/// 5490 wide; such windows, walked row by row, decode every strip once. Beyond it, a reader needs one
/// coded and one decoded strip or tile, and two bytes for each pixel of averaged bands in a window.
#[derive(Debug)]
pub struct StackReader<'a> {
    stack: &'a Stack,
    chunks: Vec<ChunkReader>,
    cache: ChunkCache,
    row: Vec<f32>,
    counts: Vec<u16>,
    prepare: Option<Prepare<'a>>,
}

impl<'a> StackReader<'a> {
    pub(super) fn new(stack: &'a Stack) -> Result<Self, RasterError> {
        let members = stack.members.iter().enumerate();
        let chunks: Result<_, _> = members
            .map(|(at, member)| ChunkReader::open(at, member.file.clone()))
            .collect();
        Ok(Self {
            stack,
            chunks: chunks?,
            cache: ChunkCache::new(CACHE_BYTES),
            row: Vec::new(),
            counts: Vec::new(),
            prepare: None,
        })
    }

    /// The same reader with so many bytes for decoded strips or tiles.
    #[must_use]
    pub fn with_cache(mut self, bytes: usize) -> Self {
        self.cache = ChunkCache::new(bytes);
        self
    }

    /// The same reader, in which every row of a band (its place in the stack, its numbers as the file has them, NaN for the
    /// file's own missing ones) goes through `prepare` before pixels are averaged.
    #[must_use]
    pub fn prepared(mut self, prepare: &'a (dyn Fn(usize, &mut [f32]) + Sync)) -> Self {
        self.prepare = Some(Prepare(prepare));
        self
    }

    /// Reads a window of all bands into `out`, bands x height x width. Missing values are NaN; scale and
    /// offset of the bands are not applied.
    ///
    /// # Errors
    /// [`RasterError::Window`] for a window beyond the grid, [`RasterError::Buffer`] for a buffer of
    /// another length; [`RasterError::Read`] and [`RasterError::Damaged`] where the files do not give
    /// what they promised. After an error the contents of `out` mean nothing.
    pub fn read(&mut self, window: Window, out: &mut [f32]) -> Result<(), RasterError> {
        let stack = self.stack;
        window.check(stack.width, stack.height)?;
        let expected = stack.bands.len() * window.pixels();
        if out.len() != expected {
            return Err(RasterError::Buffer {
                found: out.len(),
                expected,
                shape: format!(
                    "{} bands x {} rows x {} columns",
                    stack.bands.len(),
                    window.height,
                    window.width
                ),
            });
        }
        for (member, chunks) in stack.members.iter().zip(&mut self.chunks) {
            let layout = &member.file.layout;
            let planes = layout.bands / layout.chunk_bands;
            for plane in 0..planes {
                let bands = member
                    .bands
                    .iter()
                    .filter(|(_, band)| band / layout.chunk_bands == plane)
                    .map(|(place, band)| (*place, band % layout.chunk_bands));
                let bands: Vec<(usize, usize)> = bands.collect();
                if bands.is_empty() {
                    continue;
                }
                let mut target = Target {
                    stack,
                    member,
                    bands: &bands,
                    window,
                    row: &mut self.row,
                    counts: &mut self.counts,
                    prepare: self.prepare,
                    out,
                };
                target.begin();
                let source = source(window, member.fit);
                chunks.rows(&mut self.cache, plane, source, |part| target.add(part))?;
                target.end();
            }
        }
        Ok(())
    }
}

/// The pixels of a file that a window of the grid is made of.
fn source(window: Window, fit: Fit) -> Window {
    match fit {
        Fit::Same => window,
        Fit::Finer(k) => Window::new(
            window.col * k,
            window.row * k,
            window.width * k,
            window.height * k,
        ),
        Fit::Coarser(k) => {
            let (col, row) = (window.col / k, window.row / k);
            Window::new(
                col,
                row,
                window.right().div_ceil(k) - col,
                window.bottom().div_ceil(k) - row,
            )
        }
    }
}

/// Where the rows of one plane of a file go.
struct Target<'a> {
    stack: &'a Stack,
    member: &'a Member,
    /// Place in the stack, and number among the bands of a chunk.
    bands: &'a [(usize, usize)],
    window: Window,
    row: &'a mut Vec<f32>,
    /// Valid pixels in each pixel of an average, bands x height x width.
    counts: &'a mut Vec<u16>,
    prepare: Option<Prepare<'a>>,
    out: &'a mut [f32],
}

impl Target<'_> {
    fn averaged(&self, place: usize) -> bool {
        matches!(self.member.fit, Fit::Finer(_)) && !self.stack.bands[place].categorical
    }

    fn begin(&mut self) {
        let pixels = self.window.pixels();
        self.counts.clear();
        if matches!(self.member.fit, Fit::Finer(_)) {
            self.counts.resize(self.bands.len() * pixels, 0);
        }
        for (place, _) in self.bands {
            if self.averaged(*place) {
                self.out[place * pixels..][..pixels].fill(0.0);
            }
        }
    }

    fn add(&mut self, part: RowPart<'_>) {
        let file = &self.member.file;
        let (samples, kind) = (file.layout.chunk_bands, file.sample_type());
        let length = part.bytes.len() / file.layout.pixel_bytes();
        let (window, pixels) = (self.window, self.window.pixels());
        for (at, &(place, sample)) in self.bands.iter().enumerate() {
            let out = &mut self.out[place * pixels..][..pixels];
            let nodata = file.nodata();
            match self.member.fit {
                Fit::Same => {
                    let start = (part.row - window.row) * window.width + part.col - window.col;
                    let out = &mut out[start..start + length];
                    row_to_f32(part.bytes, kind, samples, sample, nodata, out);
                    Prepare::row(self.prepare, place, out);
                }
                Fit::Finer(k) => {
                    let categorical = self.stack.bands[place].categorical;
                    let centre = (k - 1) / 2;
                    if categorical && part.row % k != centre {
                        continue;
                    }
                    self.row.resize(length, 0.0);
                    row_to_f32(part.bytes, kind, samples, sample, nodata, self.row);
                    Prepare::row(self.prepare, place, self.row);
                    let start = (part.row / k - window.row) * window.width;
                    let out = &mut out[start..start + window.width];
                    let col = part.col - window.col * k;
                    if categorical {
                        nearest(self.row, k, col, centre, out);
                    } else {
                        let counts = &mut self.counts[at * pixels + start..][..window.width];
                        sum(self.row, k, col, out, counts);
                    }
                }
                Fit::Coarser(k) => {
                    self.row.resize(length, 0.0);
                    row_to_f32(part.bytes, kind, samples, sample, nodata, self.row);
                    Prepare::row(self.prepare, place, self.row);
                    let top = (part.row * k).max(window.row);
                    let bottom = ((part.row + 1) * k).min(window.bottom());
                    let left = (part.col * k).max(window.col);
                    let right = ((part.col + length) * k).min(window.right());
                    let first = (top - window.row) * window.width;
                    for col in left..right {
                        out[first + col - window.col] = self.row[col / k - part.col];
                    }
                    let columns = left - window.col..right - window.col;
                    for row in 1..bottom - top {
                        let to = first + row * window.width + columns.start;
                        out.copy_within(first + columns.start..first + columns.end, to);
                    }
                }
            }
        }
    }

    fn end(&mut self) {
        let pixels = self.window.pixels();
        for (at, &(place, _)) in self.bands.iter().enumerate() {
            if self.averaged(place) {
                let counts = &self.counts[at * pixels..][..pixels];
                let out = &mut self.out[place * pixels..][..pixels];
                for (value, count) in out.iter_mut().zip(counts) {
                    // 0/0 is NaN: no valid pixel, no value
                    *value /= f32::from(*count);
                }
            }
        }
    }
}

/// Adds a row's valid values to the pixels they lie in; its first value is number `col` of the window's.
fn sum(row: &[f32], k: usize, col: usize, out: &mut [f32], counts: &mut [u16]) {
    let mut left = row;
    let mut at = col / k;
    // a strip or tile may begin inside a block
    let mut take = k - col % k;
    while !left.is_empty() {
        let (block, rest) = left.split_at(take.min(left.len()));
        let (mut sum, mut count) = (0.0, 0);
        for value in block {
            if !value.is_nan() {
                sum += value;
                count += 1;
            }
        }
        out[at] += sum;
        counts[at] += count;
        left = rest;
        at += 1;
        take = k;
    }
}

/// Takes the value at the centre of each block.
fn nearest(row: &[f32], k: usize, col: usize, centre: usize, out: &mut [f32]) {
    let first = (centre + k - col % k) % k;
    let values = row.iter().skip(first).step_by(k);
    for (out, value) in out.iter_mut().skip((col + first) / k).zip(values) {
        *out = *value;
    }
}
