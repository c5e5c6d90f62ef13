//! The bytes of one strip or tile, decompressed and with their predictor undone.

use super::layout::{Compression, Layout, Predictor};
use super::packing::Packing;
use super::predictor::{gather_row, sum_row};
use flate2::{Decompress, FlushDecompress, Status};
use std::io::Read;
use weezl::{BitOrder, LzwStatus};

/// What decoding needs again and again.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    row: Vec<u8>,
    packed: Vec<u8>,
}

/// Decodes a chunk of `rows` rows into `out`, whole numbers in little-endian order.
///
/// # Errors
/// What is wrong with the bytes, in words.
pub(crate) fn decode(
    layout: &Layout,
    rows: usize,
    coded: &[u8],
    out: &mut Vec<u8>,
    scratch: &mut Scratch,
) -> Result<(), String> {
    if layout.packing == Packing::Whole {
        return decode_packed(layout, rows, coded, out, &mut scratch.row);
    }
    let mut packed = std::mem::take(&mut scratch.packed);
    let decoded = decode_packed(layout, rows, coded, &mut packed, &mut scratch.row);
    if decoded.is_ok() {
        out.clear();
        out.resize(layout.row_bytes() * rows, 0);
        let packed_rows = packed.chunks_exact(layout.packed_row_bytes());
        for (row, packed) in out.chunks_exact_mut(layout.row_bytes()).zip(packed_rows) {
            layout.packing.unpack(layout.sample, packed, 0, row);
        }
    }
    scratch.packed = packed;
    decoded
}

/// Decodes a chunk as its numbers lie in the file, but for their byte order and predictor.
fn decode_packed(
    layout: &Layout,
    rows: usize,
    coded: &[u8],
    out: &mut Vec<u8>,
    scratch: &mut Vec<u8>,
) -> Result<(), String> {
    let row_bytes = layout.packed_row_bytes();
    let expected = row_bytes * rows;
    out.clear();
    out.resize(expected, 0);
    let found = match layout.compression {
        Compression::None => copy(coded, out),
        Compression::Deflate => inflate(coded, out)?,
        Compression::Lzw => unlzw(coded, out)?,
        Compression::PackBits => unpack(coded, out),
        Compression::Zstd => unzstd(coded, out)?,
    };
    if found < expected {
        return Err(format!("{found} bytes, expected {expected}"));
    }
    let bytes = layout.packing.word(layout.sample);
    // predictor 3 has a byte order of its own
    if layout.big_endian && layout.predictor != Predictor::Floats {
        to_little_endian(out, bytes);
    }
    match layout.predictor {
        Predictor::None => {}
        Predictor::Differences => {
            for row in out.chunks_exact_mut(row_bytes) {
                sum_row(row, bytes, layout.chunk_bands);
            }
        }
        Predictor::Floats => {
            for row in out.chunks_exact_mut(row_bytes) {
                gather_row(row, bytes, layout.chunk_bands, scratch);
            }
        }
    }
    Ok(())
}

/// Turns the bytes of every number round.
pub(crate) fn to_little_endian(bytes: &mut [u8], size: usize) {
    if size > 1 {
        for number in bytes.chunks_exact_mut(size) {
            number.reverse();
        }
    }
}

fn copy(coded: &[u8], out: &mut [u8]) -> usize {
    let bytes = coded.len().min(out.len());
    out[..bytes].copy_from_slice(&coded[..bytes]);
    bytes
}

fn inflate(coded: &[u8], out: &mut [u8]) -> Result<usize, String> {
    let mut inflate = Decompress::new(true);
    loop {
        let (read, written) = (inflate.total_in(), inflate.total_out());
        let status = inflate
            .decompress(
                &coded[read as usize..],
                &mut out[written as usize..],
                FlushDecompress::Finish,
            )
            .map_err(|error| format!("deflate: {error}"))?;
        let stuck = (inflate.total_in(), inflate.total_out()) == (read, written);
        if status == Status::StreamEnd || stuck || inflate.total_out() as usize == out.len() {
            return Ok(inflate.total_out() as usize);
        }
    }
}

fn unlzw(coded: &[u8], out: &mut [u8]) -> Result<usize, String> {
    let mut lzw = weezl::decode::Decoder::with_tiff_size_switch(BitOrder::Msb, 8);
    let (mut read, mut written) = (0, 0);
    while written < out.len() {
        let step = lzw.decode_bytes(&coded[read..], &mut out[written..]);
        read += step.consumed_in;
        written += step.consumed_out;
        match step.status.map_err(|error| format!("LZW: {error}"))? {
            LzwStatus::Ok if step.consumed_in + step.consumed_out > 0 => {}
            _ => break,
        }
    }
    Ok(written)
}

/// TIFF 6.0 section 9.
fn unpack(coded: &[u8], out: &mut [u8]) -> usize {
    let (mut read, mut written) = (0, 0);
    while written < out.len() && read < coded.len() {
        let head = coded[read] as i8;
        read += 1;
        if head >= 0 {
            let bytes = (head as usize + 1)
                .min(coded.len() - read)
                .min(out.len() - written);
            out[written..written + bytes].copy_from_slice(&coded[read..read + bytes]);
            read += bytes;
            written += bytes;
        } else if head != -128 && read < coded.len() {
            let bytes = (1 - isize::from(head)) as usize;
            let bytes = bytes.min(out.len() - written);
            out[written..written + bytes].fill(coded[read]);
            read += 1;
            written += bytes;
        }
    }
    written
}

fn unzstd(coded: &[u8], out: &mut [u8]) -> Result<usize, String> {
    let mut stream = ruzstd::decoding::StreamingDecoder::new(coded)
        .map_err(|error| format!("Zstandard: {error}"))?;
    let mut written = 0;
    while written < out.len() {
        match stream.read(&mut out[written..]) {
            Ok(0) => break,
            Ok(bytes) => written += bytes,
            Err(error) => return Err(format!("Zstandard: {error}")),
        }
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packbits_of_the_specification() {
        // the example of TIFF 6.0 section 9
        let coded = [
            0xFE, 0xAA, 0x02, 0x80, 0x00, 0x2A, 0xFD, 0xAA, 0x03, 0x80, 0x00, 0x2A, 0x22, 0xF7,
            0xAA,
        ];
        let mut out = [0; 24];
        assert_eq!(unpack(&coded, &mut out), 24);
        assert_eq!(out[..8], [0xAA, 0xAA, 0xAA, 0x80, 0x00, 0x2A, 0xAA, 0xAA]);
        assert_eq!(out[14..], [0xAA; 10]);
        assert_eq!(unpack(&coded[..5], &mut out), 5);
    }
}
