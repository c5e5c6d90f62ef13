//! The text of a file, and where its lines are.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// Longest row that is read, in bytes: a quotation mark that is never closed would else make one row of the
/// whole file.
pub(crate) const LONGEST_ROW: usize = 1 << 20;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Passes the bytes of a file on, without its byte-order mark, until one row is too long.
pub(crate) struct Bounded {
    file: File,
    /// Bytes of the file that are not passed on.
    mark: u64,
    since_row: usize,
    pub(crate) row_is_too_long: bool,
}

impl Bounded {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut first = Vec::new();
        (&mut file)
            .take(BYTE_ORDER_MARK.len() as u64)
            .read_to_end(&mut first)?;
        let mark = if first == BYTE_ORDER_MARK {
            first.len() as u64
        } else {
            0
        };
        file.seek(SeekFrom::Start(mark))?;
        Ok(Self {
            file,
            mark,
            since_row: 0,
            row_is_too_long: false,
        })
    }

    /// A row begins: with the next byte, or in those that were passed on last.
    pub(crate) fn row_begins(&mut self) {
        self.since_row = 0;
    }

    /// Line, from 1, of the first byte from `position` of the text on that is not part of a line break.
    ///
    /// The CSV reader's own line numbers are those of the end of the row before: wrong after blank lines.
    /// Reads the file once more, which only an error costs.
    pub(crate) fn line_at(&self, path: &Path, position: u64) -> io::Result<u64> {
        let mut text = BufReader::new(File::open(path)?);
        let mut before = position + self.mark;
        let mut line = 1;
        loop {
            let bytes = text.fill_buf()?;
            let passed = usize::try_from(before)
                .unwrap_or(usize::MAX)
                .min(bytes.len());
            let blank = bytes[passed..]
                .iter()
                .take_while(|&&byte| byte == b'\n' || byte == b'\r')
                .count();
            let used = passed + blank;
            line += bytes[..used]
                .iter()
                .map(|&byte| u64::from(byte == b'\n'))
                .sum::<u64>();
            if bytes.is_empty() || used < bytes.len() {
                return Ok(line);
            }
            before -= passed as u64;
            text.consume(used);
        }
    }
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.since_row > LONGEST_ROW {
            self.row_is_too_long = true;
            return Err(io::ErrorKind::InvalidData.into());
        }
        let read = self.file.read(buffer)?;
        self.since_row += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_positions() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for mark in [b"".as_slice(), BYTE_ORDER_MARK] {
            std::fs::write(file.path(), [mark, b"a\n\r\n\nb\nc"].concat()).unwrap();
            let text = Bounded::open(file.path()).unwrap();
            for (position, line) in [(0, 1), (1, 4), (2, 4), (5, 4), (6, 5), (7, 5), (99, 5)] {
                assert_eq!(
                    text.line_at(file.path(), position).unwrap(),
                    line,
                    "{position}"
                );
            }
        }
    }

    #[test]
    fn lines_beyond_one_buffer() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "1,2\n".repeat(100_000)).unwrap();
        let text = Bounded::open(file.path()).unwrap();
        for line in [1, 2, 2048, 2049, 77_777, 100_000] {
            assert_eq!(text.line_at(file.path(), (line - 1) * 4).unwrap(), line);
        }
    }
}
