//! Values of one tile as the bytes in the file, and back.

use super::spec::{CogCompression, CogNumber, CogSpec};
use crate::RasterError;
use crate::tiff::predictor::{difference_u16, gather_row, scatter_f32, sum_row};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use std::io;

/// Codes and decodes tiles of a specification; one for each thread.
#[derive(Debug)]
pub(super) struct Coder {
    tile: usize,
    number: CogNumber,
    compression: CogCompression,
    nodata: Option<f64>,
    plain: Vec<u8>,
    row: Vec<u8>,
}

impl Coder {
    pub(super) fn new(spec: &CogSpec) -> Self {
        Self {
            tile: spec.tile,
            number: spec.number,
            compression: spec.compression,
            nodata: spec.nodata,
            plain: Vec::new(),
            row: Vec::new(),
        }
    }

    /// Bytes of an uncompressed tile.
    pub(super) fn tile_bytes(spec: &CogSpec) -> usize {
        spec.tile * spec.tile * spec.number.bytes()
    }

    /// Codes `tile` x `tile` values of which the upper left `width` x `height` are in the image; the
    /// others are written as missing, or 0 where nothing stands for missing.
    pub(super) fn encode(
        &mut self,
        values: &[f32],
        (width, height): (usize, usize),
        out: &mut Vec<u8>,
    ) -> Result<(), RasterError> {
        out.clear();
        let plain = match self.compression {
            CogCompression::None => &mut *out,
            CogCompression::Deflate { .. } => {
                self.plain.clear();
                &mut self.plain
            }
        };
        match self.number {
            CogNumber::F32 => floats(values, self.tile, (width, height), self.nodata, plain),
            CogNumber::U16 => numbers(values, self.tile, (width, height), self.nodata, plain)?,
        }
        if let CogCompression::Deflate { level } = self.compression {
            for row in self.plain.chunks_exact_mut(self.tile * self.number.bytes()) {
                match self.number {
                    CogNumber::F32 => scatter_f32(row, &mut self.row),
                    CogNumber::U16 => difference_u16(row),
                }
            }
            deflate(&self.plain, level, out);
        }
        Ok(())
    }

    /// Decodes a tile that [`Coder::encode`] made; missing values become NaN.
    pub(super) fn decode(&mut self, coded: &[u8], out: &mut [f32]) -> io::Result<()> {
        let plain = if self.compression == CogCompression::None {
            coded
        } else {
            self.plain.clear();
            self.plain.resize(out.len() * self.number.bytes(), 0);
            let mut inflate = Decompress::new(true);
            let status = inflate.decompress(coded, &mut self.plain, FlushDecompress::Finish)?;
            if status != Status::StreamEnd {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "a tile is not whole",
                ));
            }
            for row in self.plain.chunks_exact_mut(self.tile * self.number.bytes()) {
                match self.number {
                    CogNumber::F32 => gather_row(row, 4, 1, &mut self.row),
                    CogNumber::U16 => sum_row(row, 2, 1),
                }
            }
            &self.plain
        };
        match self.number {
            CogNumber::F32 => {
                let nodata = self.nodata.map(|nodata| nodata as f32);
                for (value, bytes) in out.iter_mut().zip(plain.as_chunks::<4>().0) {
                    let number = f32::from_le_bytes(*bytes);
                    *value = if Some(number) == nodata {
                        f32::NAN
                    } else {
                        number
                    };
                }
            }
            CogNumber::U16 => {
                let nodata = self.nodata.map(|nodata| nodata as u16);
                for (value, bytes) in out.iter_mut().zip(plain.as_chunks::<2>().0) {
                    let number = u16::from_le_bytes(*bytes);
                    *value = if Some(number) == nodata {
                        f32::NAN
                    } else {
                        f32::from(number)
                    };
                }
            }
        }
        Ok(())
    }
}

fn floats(
    values: &[f32],
    tile: usize,
    (width, height): (usize, usize),
    nodata: Option<f64>,
    out: &mut Vec<u8>,
) {
    let missing = nodata.map_or(f32::NAN, |nodata| nodata as f32);
    let beyond = if nodata.is_some() { missing } else { 0.0 };
    for (at, row) in values.chunks_exact(tile).enumerate() {
        let inside = if at < height { width } else { 0 };
        for value in &row[..inside] {
            let value = if value.is_nan() { missing } else { *value };
            out.extend_from_slice(&value.to_le_bytes());
        }
        for _ in inside..tile {
            out.extend_from_slice(&beyond.to_le_bytes());
        }
    }
}

fn numbers(
    values: &[f32],
    tile: usize,
    (width, height): (usize, usize),
    nodata: Option<f64>,
    out: &mut Vec<u8>,
) -> Result<(), RasterError> {
    let missing = nodata.map(|nodata| nodata as u16);
    // a value beyond the range must not become a missing one
    let least = if missing == Some(0) { 1.0 } else { 0.0 };
    let greatest = if missing == Some(u16::MAX) {
        65534.0
    } else {
        65535.0
    };
    let beyond = missing.unwrap_or(0);
    for (at, row) in values.chunks_exact(tile).enumerate() {
        let inside = if at < height { width } else { 0 };
        for value in &row[..inside] {
            let number = if value.is_nan() {
                missing.ok_or_else(|| RasterError::NotAllowed {
                    name: "value",
                    value: "NaN".to_owned(),
                    allowed: "numbers, as the specification has no nodata value".to_owned(),
                })?
            } else {
                // halves go up, so that a mean does not depend on the neighbouring numbers
                (value + 0.5).floor().clamp(least, greatest) as u16
            };
            out.extend_from_slice(&number.to_le_bytes());
        }
        for _ in inside..tile {
            out.extend_from_slice(&beyond.to_le_bytes());
        }
    }
    Ok(())
}

fn deflate(plain: &[u8], level: u32, out: &mut Vec<u8>) {
    let mut deflate = Compress::new(Compression::new(level), true);
    // room for data that cannot be compressed, so that one step is enough nearly always
    out.reserve(plain.len() + plain.len() / 1000 + 64);
    loop {
        let read = deflate.total_in() as usize;
        let status = deflate.compress_vec(&plain[read..], out, FlushCompress::Finish);
        if matches!(status, Ok(Status::StreamEnd) | Err(_)) {
            // compressing fails only where the arguments contradict each other, and these do not
            return;
        }
        out.reserve(out.capacity() / 4 + 64);
    }
}
