//! Windows of a stack as `f32`.

use super::grid::Fit;
use super::{Member, MemberBand, Stack};
use crate::image::Image;
use crate::positioned::PositionedFile;
use crate::tiff::chunks::{ChunkCache, ChunkReader, RowPart};
use crate::tiff::samples::row_to_f32;
use crate::{RasterError, Window};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// Bytes of decoded strips or tiles that a reader keeps.
const CACHE_BYTES: usize = 96 << 20;
/// Pixels of a file whose masks are held at once, one byte each.
const MOST_MASKED: usize = 64 << 20;

/// What a user says of the numbers of a band (by its place in the stack): called for each row as it lies in its file,
/// before pixels are averaged; what is missing becomes NaN.
#[derive(Clone, Copy)]
struct Prepare<'a>(&'a (dyn Fn(usize, &mut [f32]) + Sync));

impl std::fmt::Debug for Prepare<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Prepare")
    }
}

/// Reads windows of a [`Stack`], with file handles and buffers of its own.
///
/// Strips or tiles that reach beyond a window are kept decoded for the next ones, up to 96 MiB (another
/// bound: [`StackReader::with_cache`]). That holds a row of windows 512 high of ten `u16` bands in strips
/// 5490 wide; such windows, walked row by row, decode every strip once. Beyond it, a reader needs one
/// coded and one decoded strip or tile, two bytes for each pixel of averaged bands in a window, and one
/// byte for each pixel of a file with a mask, up to 64 MiB.
#[derive(Debug)]
pub struct StackReader<'a> {
    stack: &'a Stack,
    members: Vec<MemberReaders>,
    cache: ChunkCache,
    row: Vec<f32>,
    counts: Vec<u16>,
    /// For each mask, whether pixels are left out by it (not 0).
    masked: Vec<Vec<u8>>,
    prepare: Option<Prepare<'a>>,
}

/// The readers of one file and of its masks.
#[derive(Debug)]
struct MemberReaders {
    /// One for each page with a chosen band.
    pages: Vec<(usize, ChunkReader)>,
    /// One for each mask.
    masks: Vec<ChunkReader>,
}

impl<'a> StackReader<'a> {
    pub(super) fn new(stack: &'a Stack) -> Result<Self, RasterError> {
        let mut images: Vec<Arc<Image>> = Vec::new();
        let mut handles: Vec<(&Path, Arc<PositionedFile>)> = Vec::new();
        let mut reader = |image: &'a Arc<Image>| -> Result<ChunkReader, RasterError> {
            let known = images.iter().position(|it| Arc::ptr_eq(it, image));
            let number = known.unwrap_or_else(|| {
                images.push(Arc::clone(image));
                images.len() - 1
            });
            let path = &*image.path;
            let known = handles.iter().find(|(known, _)| *known == path);
            let handle = if let Some((_, handle)) = known {
                Arc::clone(handle)
            } else {
                let file = File::open(path).map_err(RasterError::read(path))?;
                let handle = Arc::new(PositionedFile::new(file));
                handles.push((path, Arc::clone(&handle)));
                handle
            };
            Ok(ChunkReader::new(number, Arc::clone(image), handle))
        };
        let mut members = Vec::new();
        for member in &stack.members {
            let mut pages: Vec<usize> = member.bands.iter().map(|band| band.page).collect();
            pages.sort_unstable();
            pages.dedup();
            let pages: Result<Vec<_>, RasterError> = pages
                .into_iter()
                .map(|page| Ok((page, reader(&member.file.images[page])?)))
                .collect();
            let masks: Result<Vec<_>, RasterError> = member
                .masks
                .iter()
                .map(|mask| reader(&mask.image))
                .collect();
            members.push(MemberReaders {
                pages: pages?,
                masks: masks?,
            });
        }
        Ok(Self {
            stack,
            members,
            cache: ChunkCache::new(CACHE_BYTES),
            row: Vec::new(),
            counts: Vec::new(),
            masked: Vec::new(),
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
    /// file's own missing ones and for masked ones) goes through `prepare` before pixels are averaged.
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
        for (member, readers) in stack.members.iter().zip(&mut self.members) {
            let mut target = Target {
                stack,
                member,
                window,
                row: &mut self.row,
                counts: &mut self.counts,
                out,
            };
            target.begin();
            for stripe in stripes(source(window, member.fit), member) {
                self.masked.resize(member.masks.len(), Vec::new());
                let masks = member.masks.iter().zip(&mut readers.masks);
                for ((mask, reader), masked) in masks.zip(&mut self.masked) {
                    read_mask(reader, &mut self.cache, mask.band, stripe, masked)?;
                }
                for (page, reader) in &mut readers.pages {
                    let image = Arc::clone(&reader.image);
                    for plane in 0..image.layout.planes() {
                        let part = Part {
                            image: &image,
                            page: *page,
                            plane,
                            stripe,
                            masked: &self.masked,
                            prepare: self.prepare,
                        };
                        if target.bands(&part).next().is_some() {
                            let add = |row: RowPart<'_>| target.add(&part, row);
                            reader.rows(&mut self.cache, plane, stripe, add)?;
                        }
                    }
                }
            }
            target.end();
        }
        Ok(())
    }
}

/// The parts of a file's window that are read one after the other: all of it, or so many rows that the masks fit into
/// the memory that is meant for them.
fn stripes(source: Window, member: &Member) -> impl Iterator<Item = Window> {
    let rows = if member.masks.is_empty() {
        source.height
    } else {
        (MOST_MASKED / member.masks.len() / source.width).clamp(1, source.height)
    };
    (source.row..source.bottom()).step_by(rows).map(move |row| {
        let rows = rows.min(source.bottom() - row);
        Window::new(source.col, row, source.width, rows)
    })
}

/// Reads which pixels of a window a mask leaves out.
fn read_mask(
    reader: &mut ChunkReader,
    cache: &mut ChunkCache,
    band: usize,
    window: Window,
    masked: &mut Vec<u8>,
) -> Result<(), RasterError> {
    let image = Arc::clone(&reader.image);
    let layout = &image.layout;
    masked.clear();
    masked.resize(window.pixels(), 1);
    let mut row = Vec::new();
    let (plane, sample) = (band / layout.chunk_bands, band % layout.chunk_bands);
    reader.rows(cache, plane, window, |part| {
        row.resize(part.bytes.len() / layout.pixel_bytes(), 0.0);
        let (bytes, samples) = (part.bytes, layout.chunk_bands);
        row_to_f32(bytes, layout.sample, samples, sample, None, &mut row);
        let start = (part.row - window.row) * window.width + part.col - window.col;
        for (masked, value) in masked[start..].iter_mut().zip(&row) {
            *masked = u8::from(*value == 0.0 || value.is_nan());
        }
    })
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

/// Where the rows of a file go.
struct Target<'a> {
    stack: &'a Stack,
    member: &'a Member,
    window: Window,
    row: &'a mut Vec<f32>,
    /// Valid pixels in each pixel of an average, bands of the file x height x width.
    counts: &'a mut Vec<u16>,
    out: &'a mut [f32],
}

/// A part of a file that is read in one go.
struct Part<'a> {
    image: &'a Image,
    /// Number of the image among the pages.
    page: usize,
    /// Number of the plane in the image.
    plane: usize,
    stripe: Window,
    /// For each mask, which pixels of the stripe it leaves out.
    masked: &'a [Vec<u8>],
    prepare: Option<Prepare<'a>>,
}

impl Part<'_> {
    /// Turns one band of a row of pixels into values, missing ones into NaN.
    fn values(&self, band: &MemberBand, row: RowPart<'_>, out: &mut [f32]) {
        let layout = &self.image.layout;
        let (samples, sample) = (layout.chunk_bands, band.band % layout.chunk_bands);
        let nodata = self.image.nodata[band.band];
        row_to_f32(row.bytes, layout.sample, samples, sample, nodata, out);
        for mask in &band.masks {
            let start = (row.row - self.stripe.row) * self.stripe.width + row.col - self.stripe.col;
            for (value, masked) in out.iter_mut().zip(&self.masked[*mask][start..]) {
                if *masked != 0 {
                    *value = f32::NAN;
                }
            }
        }
        if let Some(Prepare(prepare)) = self.prepare {
            prepare(band.place, out);
        }
    }
}

impl<'a> Target<'a> {
    fn averaged(&self, place: usize) -> bool {
        matches!(self.member.fit, Fit::Finer(_)) && !self.stack.bands[place].categorical
    }

    /// The bands of the file that are in a part, with their numbers among its chosen bands.
    fn bands(&self, part: &Part<'_>) -> impl Iterator<Item = (usize, &'a MemberBand)> + use<'a> {
        let (page, plane) = (part.page, part.plane);
        let chunk_bands = part.image.layout.chunk_bands;
        let bands = self.member.bands.iter().enumerate();
        bands.filter(move |(_, band)| band.page == page && band.band / chunk_bands == plane)
    }

    fn begin(&mut self) {
        let pixels = self.window.pixels();
        self.counts.clear();
        if matches!(self.member.fit, Fit::Finer(_)) {
            self.counts.resize(self.member.bands.len() * pixels, 0);
        }
        for band in &self.member.bands {
            if self.averaged(band.place) {
                self.out[band.place * pixels..][..pixels].fill(0.0);
            }
        }
    }

    fn add(&mut self, part: &Part<'_>, row: RowPart<'_>) {
        let length = row.bytes.len() / part.image.layout.pixel_bytes();
        let (window, pixels) = (self.window, self.window.pixels());
        for (at, band) in self.bands(part) {
            let out = &mut self.out[band.place * pixels..][..pixels];
            match self.member.fit {
                Fit::Same => {
                    let start = (row.row - window.row) * window.width + row.col - window.col;
                    part.values(band, row, &mut out[start..start + length]);
                }
                Fit::Finer(k) => {
                    let categorical = self.stack.bands[band.place].categorical;
                    let centre = (k - 1) / 2;
                    if categorical && row.row % k != centre {
                        continue;
                    }
                    self.row.resize(length, 0.0);
                    part.values(band, row, self.row);
                    let start = (row.row / k - window.row) * window.width;
                    let out = &mut out[start..start + window.width];
                    let col = row.col - window.col * k;
                    if categorical {
                        nearest(self.row, k, col, centre, out);
                    } else {
                        let counts = &mut self.counts[at * pixels + start..][..window.width];
                        sum(self.row, k, col, out, counts);
                    }
                }
                Fit::Coarser(k) => {
                    self.row.resize(length, 0.0);
                    part.values(band, row, self.row);
                    let top = (row.row * k).max(window.row);
                    let bottom = ((row.row + 1) * k).min(window.bottom());
                    let left = (row.col * k).max(window.col);
                    let right = ((row.col + length) * k).min(window.right());
                    let first = (top - window.row) * window.width;
                    for col in left..right {
                        out[first + col - window.col] = self.row[col / k - row.col];
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
        for (at, band) in self.member.bands.iter().enumerate() {
            let place = band.place;
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
