//! The text of a file and the line numbers in it.

use crate::DataError;
use std::fs;
use std::path::Path;

/// The text of a UTF-8 file, without the byte-order mark.
pub(crate) fn read_text(path: &Path) -> Result<String, DataError> {
    let bytes = fs::read(path).map_err(|source| DataError::Read {
        path: path.into(),
        source,
    })?;
    let mut text = String::from_utf8(bytes).map_err(|error| DataError::NotUtf8 {
        path: path.into(),
        line: LineCounter::new(error.as_bytes()).line_at(error.utf8_error().valid_up_to()),
    })?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

/// Line numbers, from 1, of ever higher positions in a text.
///
/// The CSV reader's own line numbers are those of the end of the row before: wrong after blank lines.
pub(crate) struct LineCounter<'a> {
    text: &'a [u8],
    position: usize,
    line: u64,
}

impl<'a> LineCounter<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            position: 0,
            line: 1,
        }
    }

    /// Line of the byte at `position`, which is not before the last one asked for.
    pub(crate) fn line_at(&mut self, position: usize) -> u64 {
        let position = position.clamp(self.position, self.text.len());
        let passed = &self.text[self.position..position];
        self.line += passed
            .iter()
            .map(|&byte| u64::from(byte == b'\n'))
            .sum::<u64>();
        self.position = position;
        self.line
    }

    /// Line of the first byte from `position` on that is not part of a line break.
    pub(crate) fn line_of_row(&mut self, position: usize) -> u64 {
        let rest = self.text.get(position..).unwrap_or_default();
        let blank = rest
            .iter()
            .take_while(|&&byte| byte == b'\n' || byte == b'\r')
            .count();
        self.line_at(position + blank)
    }
}
