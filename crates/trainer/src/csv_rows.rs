//! Small tables of text: rows with the lines they stand on.

use crate::TrainerError;
use std::path::{Path, PathBuf};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A CSV file with a header, `#` before comments, and blank lines where anyone likes them.
pub(crate) struct CsvRows {
    path: PathBuf,
    text: Vec<u8>,
}

/// What is wrong in a row, without the file and the line.
pub(crate) type Refusal = String;

impl CsvRows {
    /// # Errors
    /// The file cannot be read.
    pub fn open(path: &Path) -> Result<Self, TrainerError> {
        let mut text = std::fs::read(path).map_err(|error| TrainerError::Table {
            path: path.to_owned(),
            why: error.to_string(),
        })?;
        if text.starts_with(BYTE_ORDER_MARK) {
            text.drain(..BYTE_ORDER_MARK.len());
        }
        Ok(Self {
            path: path.to_owned(),
            text,
        })
    }

    /// `header` sees the names of the columns, `row` each row after it.
    ///
    /// # Errors
    /// What they refuse, a row with another number of fields than the header, text that is not UTF-8, no rows; with file
    /// and line.
    pub fn each<H>(
        &self,
        header: impl FnOnce(&[&str]) -> Result<H, Refusal>,
        mut row: impl FnMut(&H, &csv::StringRecord) -> Result<(), Refusal>,
    ) -> Result<(), TrainerError> {
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .comment(Some(b'#'))
            .from_reader(self.text.as_slice());
        let names = match reader.headers() {
            Ok(names) => names.clone(),
            Err(error) => return Err(self.unread(&error)),
        };
        let names: Vec<&str> = names.iter().collect();
        let header = header(&names).map_err(|why| self.refused(0, ": ", &why))?;
        let mut record = csv::StringRecord::new();
        let mut rows = 0;
        while reader
            .read_record(&mut record)
            .map_err(|error| self.unread(&error))?
        {
            let begin = record.position().map_or(0, csv::Position::byte);
            row(&header, &record).map_err(|why| self.refused(begin, ", ", &why))?;
            rows += 1;
        }
        if rows == 0 {
            return Err(self.table("there are no rows below the header".to_owned()));
        }
        Ok(())
    }

    fn table(&self, why: String) -> TrainerError {
        TrainerError::Table {
            path: self.path.clone(),
            why,
        }
    }

    fn refused(&self, begin: u64, then: &str, why: &str) -> TrainerError {
        self.table(format!("line {}{then}{why}", self.line_of_row(begin)))
    }

    fn unread(&self, error: &csv::Error) -> TrainerError {
        let begin = error.position().map_or(0, csv::Position::byte);
        let why = match error.kind() {
            csv::ErrorKind::UnequalLengths {
                expected_len, len, ..
            } => format!("{len} fields, expected {expected_len} as in the header"),
            csv::ErrorKind::Utf8 { .. } => "the text is not UTF-8".to_owned(),
            _ => return self.table(error.to_string()),
        };
        self.refused(begin, ": ", &why)
    }

    /// Line, from 1, of the row for which the CSV reader began to look at `begin`: blank lines and comments come before it.
    fn line_of_row(&self, begin: u64) -> usize {
        let mut at = usize::try_from(begin)
            .unwrap_or(usize::MAX)
            .min(self.text.len());
        while let Some(byte) = self.text.get(at) {
            match byte {
                b'\n' | b'\r' => at += 1,
                b'#' => {
                    let rest = &self.text[at..];
                    let comment = rest.iter().position(|byte| *byte == b'\n');
                    at += comment.unwrap_or(rest.len());
                }
                _ => break,
            }
        }
        let before = &self.text[..at];
        let ends_line = |(i, byte): (usize, &u8)| {
            *byte == b'\n' || (*byte == b'\r' && before.get(i + 1) != Some(&b'\n'))
        };
        1 + before
            .iter()
            .enumerate()
            .filter(|it| ends_line(*it))
            .count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line that is named where the row `wrong` is refused.
    fn named(text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        std::fs::write(&path, text).unwrap();
        let rows = CsvRows::open(&path).unwrap();
        let error = rows.each(
            |_| Ok(()),
            |(), row| {
                if row.iter().any(|cell| cell == "wrong") {
                    Err("column a: wrong".to_owned())
                } else {
                    Ok(())
                }
            },
        );
        let text = error.unwrap_err().to_string();
        text[text.find("line ").unwrap()..].to_owned()
    }

    /// Every sequence of up to four pieces before the row, with either line end and with and without a mark.
    #[test]
    fn the_line_is_the_one_that_an_editor_shows() {
        let pieces = [
            "",
            "# a comment, with \"quotes\"",
            "1,2",
            "\"x\ny\",2",
            "  ,2",
        ];
        let mut tried = 0;
        for end in ["\n", "\r\n"] {
            for mark in ["", "\u{feff}"] {
                for length in 0..=4_u32 {
                    for number in 0..pieces.len().pow(length) {
                        let own = (0..length)
                            .map(|k| pieces[number / pieces.len().pow(k) % pieces.len()]);
                        for before_header in [0, 1, 2] {
                            let top = ["# top", ""].iter().take(before_header).copied();
                            let all: Vec<&str> = top.chain(["a,b"]).chain(own.clone()).collect();
                            let text =
                                format!("{mark}{}\nwrong,2\n", all.join("\n")).replace('\n', end);
                            let line =
                                text.lines().position(|l| l.starts_with("wrong")).unwrap() + 1;
                            assert_eq!(
                                named(&text),
                                format!("line {line}, column a: wrong"),
                                "{text:?}"
                            );
                            let short = text.replace("wrong,2", "wrong");
                            let expected =
                                format!("line {line}: 1 fields, expected 2 as in the header");
                            assert_eq!(named(&short), expected, "{short:?}");
                            tried += 2;
                        }
                    }
                }
            }
        }
        println!("{tried} tables");
        assert_eq!(tried, 2 * 2 * 3 * 2 * (1 + 5 + 25 + 125 + 625));
    }
}
