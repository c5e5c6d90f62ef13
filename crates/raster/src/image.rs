//! One image of a TIFF: a page or a mask.

use crate::SampleType;
use crate::tiff::layout::Layout;
use std::path::PathBuf;

/// An image and what is needed to read its pixels.
#[derive(Debug)]
pub(crate) struct Image {
    /// The file it is in.
    pub(crate) path: PathBuf,
    /// Bytes of that file.
    pub(crate) length: u64,
    pub(crate) layout: Layout,
    /// The number that stands for missing values, for each of its bands.
    pub(crate) nodata: Vec<Option<f64>>,
}

impl Image {
    /// The bytes of a band's number in a chunk that was left out, least byte first.
    pub(crate) fn empty_number(&self, band: usize) -> [u8; 8] {
        let value = self.nodata.get(band).copied().flatten().unwrap_or(0.0);
        let mut bytes = [0; 8];
        match self.layout.sample {
            SampleType::F32 => bytes[..4].copy_from_slice(&(value as f32).to_le_bytes()),
            SampleType::F64 => bytes = value.to_le_bytes(),
            _ => bytes = (value as i64).to_le_bytes(),
        }
        bytes
    }
}
