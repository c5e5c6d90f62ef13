//! The text of a file, passed on in pieces, and the line numbers in it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Longest row that is read, in bytes: a quotation mark that is never closed would else make one row of the
/// whole file.
pub(crate) const LONGEST_ROW: usize = 1 << 20;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Passes the bytes of a file on, without its byte-order mark, and says on which line a row begins.
///
/// The CSV reader's own line numbers are those of the end of the row before: wrong after blank lines. Only the
/// bytes from the row last asked for to those that were last read are kept.
pub(crate) struct LineReader<R> {
    source: R,
    /// Bytes passed on, from the row last asked for.
    recent: Vec<u8>,
    /// Position in the text of the first of them.
    start: u64,
    /// Its line, from 1.
    line: u64,
    /// Whether reading stopped because a row is too long.
    pub(crate) row_is_too_long: bool,
}

impl LineReader<io::Chain<io::Cursor<Vec<u8>>, File>> {
    /// From the beginning of a file.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut first = Vec::new();
        (&mut file)
            .take(BYTE_ORDER_MARK.len() as u64)
            .read_to_end(&mut first)?;
        if first == BYTE_ORDER_MARK {
            first.clear();
        }
        Ok(Self::new(io::Cursor::new(first).chain(file)))
    }
}

impl<R: Read> LineReader<R> {
    fn new(source: R) -> Self {
        Self {
            source,
            recent: Vec::new(),
            start: 0,
            line: 1,
            row_is_too_long: false,
        }
    }

    /// Line of the first byte from `position` on that is not part of a line break; no position may be before
    /// the one last asked for.
    pub(crate) fn line_of_row(&mut self, position: u64) -> u64 {
        let passed = usize::try_from(position.saturating_sub(self.start)).unwrap_or(usize::MAX);
        let passed = passed.min(self.recent.len());
        let blank = self.recent[passed..]
            .iter()
            .take_while(|&&byte| byte == b'\n' || byte == b'\r')
            .count();
        let passed = passed + blank;
        let breaks = self.recent[..passed].iter().filter(|&&byte| byte == b'\n');
        self.line += breaks.count() as u64;
        self.recent.drain(..passed);
        self.start += passed as u64;
        self.line
    }
}

impl<R: Read> Read for LineReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.recent.len() > LONGEST_ROW {
            self.row_is_too_long = true;
            return Err(io::ErrorKind::InvalidData.into());
        }
        let read = self.source.read(buffer)?;
        self.recent.extend_from_slice(&buffer[..read]);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_ever_higher_positions() {
        let text = b"a\n\r\n\nb\nc".as_slice();
        let mut lines = LineReader::new(text);
        let mut out = Vec::new();
        lines.read_to_end(&mut out).unwrap();
        assert_eq!(out, text);
        for (position, line) in [(0, 1), (1, 4), (5, 4), (6, 5), (7, 5), (99, 5)] {
            assert_eq!(lines.line_of_row(position), line, "{position}");
        }
    }

    #[test]
    fn only_what_is_behind_the_last_row_is_kept() {
        let text = "1,2\n".repeat(100_000);
        let mut lines = LineReader::new(text.as_bytes());
        let mut block = [0; 1000];
        for position in (1000..=400_000).step_by(1000) {
            assert_eq!(lines.read(&mut block).unwrap(), 1000);
            assert_eq!(lines.line_of_row(position), 1 + position / 4);
            assert!(lines.recent.len() <= 1000);
        }
    }

    #[test]
    fn a_row_without_end_is_not_read_on() {
        let mut lines = LineReader::new(io::repeat(b'x'));
        let mut block = vec![0; 1 << 16];
        let ended = (0..100).any(|_| lines.read(&mut block).is_err());
        assert!(ended && lines.row_is_too_long);
        assert!(lines.recent.len() <= LONGEST_ROW + block.len());
    }
}
