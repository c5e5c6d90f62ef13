//! Which band of which file.

use super::StackBand;
use crate::{RasterError, RasterFile};
use std::sync::Arc;

/// A band, chosen by a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BandChoice {
    /// One of:
    /// - a name: a band's description, or for files of one band without description a part of the file's name
    ///   between `_`, `-`, `.` or blanks (`T33UXP_20200101T100319_B8A_20m.tif` has `B8A`), in upper or lower case;
    /// - `FILE_NUMBER:BAND_NUMBER`, both from 1;
    /// - a number from 1 that counts the bands of all files in their order.
    pub name: String,
    /// Its values are classes: they are never averaged.
    pub categorical: bool,
}

impl BandChoice {
    /// A band of measured values.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            categorical: false,
        }
    }

    /// A band of classes, such as the scene classification or a mask.
    pub fn categorical(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            categorical: true,
        }
    }

    pub(super) fn find(&self, files: &[Arc<RasterFile>]) -> Result<StackBand, RasterError> {
        let (file, band) = match self.numbered(files)? {
            Some(place) => place,
            None => self.named(files)?,
        };
        let info = &files[file].bands()[band];
        Ok(StackBand {
            name: info.name.clone().unwrap_or_else(|| self.name.clone()),
            file,
            band,
            scale: info.scale,
            offset: info.offset,
            categorical: self.categorical,
        })
    }

    /// The place that a number or a pair of numbers stands for; `None` if the text is neither.
    fn numbered(&self, files: &[Arc<RasterFile>]) -> Result<Option<(usize, usize)>, RasterError> {
        let number = |text: &str| text.trim().parse::<usize>().ok();
        let place = match self.name.split_once(':') {
            Some((file, band)) => match (number(file), number(band)) {
                (Some(file), Some(band)) => {
                    file.checked_sub(1)
                        .zip(band.checked_sub(1))
                        .filter(|(file, band)| {
                            files
                                .get(*file)
                                .is_some_and(|file| *band < file.bands().len())
                        })
                }
                _ => return Ok(None),
            },
            None => match number(&self.name) {
                Some(number) => number.checked_sub(1).and_then(|mut left| {
                    for (at, file) in files.iter().enumerate() {
                        if left < file.bands().len() {
                            return Some((at, left));
                        }
                        left -= file.bands().len();
                    }
                    None
                }),
                None => return Ok(None),
            },
        };
        match place {
            Some(place) => Ok(Some(place)),
            None => Err(self.missing(files)),
        }
    }

    fn named(&self, files: &[Arc<RasterFile>]) -> Result<(usize, usize), RasterError> {
        let mut places = Vec::new();
        for (at, file) in files.iter().enumerate() {
            for (band, info) in file.bands().iter().enumerate() {
                let found = match &info.name {
                    Some(name) => name.eq_ignore_ascii_case(&self.name),
                    None if file.bands().len() == 1 => {
                        parts(file).any(|part| part.eq_ignore_ascii_case(&self.name))
                    }
                    None => false,
                };
                if found {
                    places.push((at, band));
                }
            }
        }
        match places[..] {
            [place] => Ok(place),
            [] => Err(self.missing(files)),
            _ => Err(RasterError::AmbiguousBand {
                name: self.name.clone(),
                places: list(places.iter().map(|&(file, band)| {
                    let path = files[file].path().display();
                    format!("{}:{} ({path})", file + 1, band + 1)
                })),
            }),
        }
    }

    fn missing(&self, files: &[Arc<RasterFile>]) -> RasterError {
        let available = files.iter().enumerate().flat_map(|(at, file)| {
            let bands = file.bands().iter().enumerate();
            bands.map(move |(band, info)| {
                let place = format!("{}:{}", at + 1, band + 1);
                if let Some(name) = &info.name {
                    return format!("{place} {name}");
                }
                let name = file.path().file_name().unwrap_or_default();
                format!("{place} of {}", name.display())
            })
        });
        RasterError::NoSuchBand {
            name: self.name.clone(),
            available: list(available),
        }
    }
}

fn parts(file: &RasterFile) -> impl Iterator<Item = &str> {
    let stem = file.path().file_stem().and_then(|stem| stem.to_str());
    stem.unwrap_or_default().split(['_', '-', '.', ' '])
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}
