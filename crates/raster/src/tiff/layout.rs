//! How the pixels of a TIFF lie in its file.

use super::directory::Directory;
use super::packing::Packing;
use super::samples::SampleType;
use super::tags;
use crate::RasterError;
use std::path::Path;

/// Bytes of a decoded strip or tile beyond which a file is refused: they are decoded whole.
pub(crate) const MOST_CHUNK_BYTES: usize = 256 << 20;
/// Bands and pixels in a row or a column beyond which a file is refused.
pub(crate) const MOST_BANDS: usize = 4096;
const MOST_PIXELS: u64 = 1 << 31;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Lzw,
    Deflate,
    PackBits,
    Zstd,
}

impl Compression {
    fn of(number: u64) -> Option<Self> {
        match number {
            1 => Some(Self::None),
            5 => Some(Self::Lzw),
            8 | 32946 => Some(Self::Deflate),
            32773 => Some(Self::PackBits),
            50000 => Some(Self::Zstd),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Predictor {
    None,
    Differences,
    Floats,
}

/// Sizes, coding and places of all chunks (strips or tiles).
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) bands: usize,
    /// The type of the numbers once they are unpacked.
    pub(crate) sample: SampleType,
    pub(crate) packing: Packing,
    /// The bits of every byte lie the other way round (FillOrder 2).
    pub(crate) reversed: bool,
    pub(crate) big_endian: bool,
    pub(crate) compression: Compression,
    pub(crate) predictor: Predictor,
    /// Bands of one chunk: all of them, or 1 where each band has chunks of its own.
    pub(crate) chunk_bands: usize,
    pub(crate) chunk_width: usize,
    pub(crate) chunk_height: usize,
    pub(crate) tiled: bool,
    /// Chunks in a row of chunks.
    pub(crate) across: usize,
    /// Rows of chunks.
    pub(crate) down: usize,
    offsets: Vec<u64>,
    byte_counts: Vec<u64>,
}

impl Layout {
    pub(crate) fn of(directory: &Directory<'_>, path: &Path) -> Result<Self, RasterError> {
        let size = |tag, name| {
            let found = directory.first_number(tag)?.unwrap_or(0);
            if found == 0 || found > MOST_PIXELS {
                return Err(directory.damaged(format!("{name} = {found}")));
            }
            Ok(found as usize)
        };
        let width = size(tags::IMAGE_WIDTH, "ImageWidth")?;
        let height = size(tags::IMAGE_LENGTH, "ImageLength")?;
        let bands = directory
            .first_number(tags::SAMPLES_PER_PIXEL)?
            .unwrap_or(1);
        if bands == 0 || bands > MOST_BANDS as u64 {
            let allowed = format!("1 to {MOST_BANDS}");
            return Err(RasterError::unsupported(
                path,
                "number of bands",
                bands,
                allowed,
            ));
        }
        let bands = bands as usize;
        let (packing, sample) = sample_type(directory, path)?;
        let number = directory.first_number(tags::COMPRESSION)?.unwrap_or(1);
        let compression = Compression::of(number).ok_or_else(|| {
            let found = match number {
                6 | 7 => format!("{number} (JPEG)"),
                34887 => format!("{number} (LERC)"),
                50001 => format!("{number} (WebP)"),
                _ => number.to_string(),
            };
            let allowed = "none, deflate, LZW, PackBits, Zstandard \
                           (gdal_translate -co COMPRESS=DEFLATE makes such a file)";
            RasterError::unsupported(path, "compression", found, allowed)
        })?;
        let reversed = match directory.first_number(tags::FILL_ORDER)?.unwrap_or(1) {
            1 => false,
            2 => true,
            other => return Err(RasterError::unsupported(path, "fill order", other, "1, 2")),
        };
        let chunk_bands = match directory
            .first_number(tags::PLANAR_CONFIGURATION)?
            .unwrap_or(1)
        {
            1 => bands,
            2 => 1,
            other => {
                let allowed = "1 (interleaved), 2 (separate)";
                return Err(RasterError::unsupported(
                    path,
                    "planar configuration",
                    other,
                    allowed,
                ));
            }
        };
        let tiled = directory.has(tags::TILE_OFFSETS) || directory.has(tags::TILE_WIDTH);
        let (chunk_width, chunk_height) = if tiled {
            let tile_width = size(tags::TILE_WIDTH, "TileWidth")?;
            (tile_width, size(tags::TILE_LENGTH, "TileLength")?)
        } else {
            let rows = directory.first_number(tags::ROWS_PER_STRIP)?;
            match rows {
                Some(0) => return Err(directory.damaged("RowsPerStrip = 0")),
                // the usual way to say that all rows are in one strip is 2^32 - 1
                rows => (width, rows.unwrap_or(u64::MAX).min(height as u64) as usize),
            }
        };
        let (offsets, byte_counts) = if tiled {
            (tags::TILE_OFFSETS, tags::TILE_BYTE_COUNTS)
        } else {
            (tags::STRIP_OFFSETS, tags::STRIP_BYTE_COUNTS)
        };
        let layout = Self {
            width,
            height,
            bands,
            sample,
            packing,
            reversed,
            big_endian: directory.big_endian(),
            compression,
            predictor: predictor(directory, path, compression, (packing, sample))?,
            chunk_bands,
            chunk_width,
            chunk_height,
            tiled,
            across: width.div_ceil(chunk_width),
            down: height.div_ceil(chunk_height),
            offsets: directory.numbers(offsets)?.unwrap_or_default(),
            byte_counts: directory.numbers(byte_counts)?.unwrap_or_default(),
        };
        layout.check(directory, path)?;
        Ok(layout)
    }

    fn check(&self, directory: &Directory<'_>, path: &Path) -> Result<(), RasterError> {
        let bytes = self
            .chunk_width
            .checked_mul(self.chunk_height)
            .and_then(|pixels| pixels.checked_mul(self.pixel_bytes()));
        // rows of uncompressed chunks are read one by one
        let limit = match self.compression {
            Compression::None => usize::MAX,
            _ => MOST_CHUNK_BYTES,
        };
        if bytes.is_none_or(|bytes| bytes > limit) {
            let found = format!("{} x {} pixels", self.chunk_width, self.chunk_height);
            let allowed = format!("at most {} MiB, use tiles", limit >> 20);
            let what = "size of a strip or tile";
            return Err(RasterError::unsupported(path, what, found, allowed));
        }
        let planes = self.planes();
        let chunks = self
            .across
            .checked_mul(self.down)
            .and_then(|chunks| chunks.checked_mul(planes));
        let (offsets, counts) = (self.offsets.len(), self.byte_counts.len());
        if chunks.is_none_or(|chunks| offsets < chunks || counts < chunks) {
            return Err(directory.damaged(format!(
                "{offsets} offsets and {counts} byte counts of strips or tiles, expected {} x {} x {planes}",
                self.across, self.down
            )));
        }
        Ok(())
    }

    /// Bits of one pixel in a chunk as it lies in the file.
    pub(crate) fn packed_pixel_bits(&self) -> usize {
        self.chunk_bands * self.packing.bits(self.sample)
    }

    /// Bytes of one row in a chunk as it lies in the file: every row begins with a new byte.
    pub(crate) fn packed_row_bytes(&self) -> usize {
        (self.chunk_width * self.packed_pixel_bits()).div_ceil(8)
    }

    /// Bytes of one unpacked pixel in a chunk.
    pub(crate) fn pixel_bytes(&self) -> usize {
        self.chunk_bands * self.sample.bytes()
    }

    /// Bytes of one unpacked row in a chunk.
    pub(crate) fn row_bytes(&self) -> usize {
        self.chunk_width * self.pixel_bytes()
    }

    /// Rows that a chunk of this row of chunks holds: the last strip ends with the image, tiles are padded.
    pub(crate) fn rows_of(&self, chunk_row: usize) -> usize {
        if self.tiled {
            self.chunk_height
        } else {
            self.chunk_height
                .min(self.height - chunk_row * self.chunk_height)
        }
    }

    /// Planes of chunks: one for each band, or one for all of them.
    pub(crate) fn planes(&self) -> usize {
        self.bands / self.chunk_bands
    }

    /// Number of chunks that the file has places for.
    pub(crate) fn chunks(&self) -> usize {
        self.offsets.len().max(self.byte_counts.len())
    }

    /// Number of a chunk among all of them.
    pub(crate) fn chunk(&self, plane: usize, chunk_row: usize, chunk_column: usize) -> usize {
        (plane * self.down + chunk_row) * self.across + chunk_column
    }

    /// Offset and bytes of a chunk, or `None` if it was left out because it is empty.
    pub(crate) fn place(&self, chunk: usize) -> Option<(u64, u64)> {
        let place = (self.offsets[chunk], self.byte_counts[chunk]);
        (place.0 != 0 && place.1 != 0).then_some(place)
    }
}

fn sample_type(
    directory: &Directory<'_>,
    path: &Path,
) -> Result<(Packing, SampleType), RasterError> {
    let same = |tag, default, name| {
        let values = directory.numbers(tag)?.unwrap_or_else(|| vec![default]);
        let first = values.first().copied().unwrap_or(default);
        match values.iter().find(|value| **value != first) {
            None => Ok(first),
            Some(other) => {
                let found = format!("{first} and {other}");
                Err(RasterError::unsupported(
                    path,
                    name,
                    found,
                    "the same in all bands",
                ))
            }
        }
    };
    let bits = same(tags::BITS_PER_SAMPLE, 1, "bits per sample")?;
    // 4 is undefined, which readers take for unsigned
    let format = match same(tags::SAMPLE_FORMAT, 1, "sample format")? {
        4 => 1,
        format => format,
    };
    Packing::of(format, bits).ok_or_else(|| {
        let found = match format {
            1 => format!("unsigned of {bits} bits"),
            2 => format!("signed of {bits} bits"),
            3 => format!("float of {bits} bits"),
            _ => format!("format {format} of {bits} bits"),
        };
        let allowed = "unsigned of 1 to 32 bits, signed of 8, 16 or 32, floats of 16, 24, 32 or 64 \
                       (gdal_translate -ot Float32 makes such a file)";
        RasterError::unsupported(path, "sample type", found, allowed)
    })
}

fn predictor(
    directory: &Directory<'_>,
    path: &Path,
    compression: Compression,
    (packing, sample): (Packing, SampleType),
) -> Result<Predictor, RasterError> {
    // the tag is without meaning for the codings that know no predictor
    if matches!(compression, Compression::None | Compression::PackBits) {
        return Ok(Predictor::None);
    }
    let whole = matches!(packing, Packing::Whole | Packing::Half);
    match directory.first_number(tags::PREDICTOR)?.unwrap_or(1) {
        1 => Ok(Predictor::None),
        2 if whole => Ok(Predictor::Differences),
        3 if sample.is_float() => Ok(Predictor::Floats),
        other => {
            let found = format!("{other} of numbers of {} bits", packing.bits(sample));
            let allowed = "1; 2 for numbers of 8, 16, 32 or 64 bits; 3 for floats";
            Err(RasterError::unsupported(path, "predictor", found, allowed))
        }
    }
}
