//! Reading a CSV by its declared layout, row by row.

use crate::columns::Columns;
use crate::kept_rows::{KeptRows, Row};
use crate::layout::Given;
use crate::overpass::Sun;
use crate::plausibility::{AngleEvidence, ChannelEvidence, allowed_channel};
use crate::read_report::Absence;
use crate::text_lines::{LONGEST_ROW, LineReader};
use crate::values::{NO_DATA, SATURATED};
use crate::{
    BadRow, CheckedLayout, DataError, Date, DateCell, DroppedRow, Duplicates, Place, ReadReport,
    Reason, Table, Values,
};
use physics::relative_azimuth;
use std::path::Path;
use std::sync::Arc;

/// The condition that is the same in every turn.
const AZIMUTH: &str = "psi";
/// The memory of the rows is looked at whenever so many more were read.
const ROWS_BETWEEN_LOOKS: usize = 1024;

/// Reads a comma-separated UTF-8 file with a header line, by a declared layout.
///
/// A byte-order mark, CRLF line ends, blank lines, quoted fields and columns that are not declared are
/// fine. Reflectance and digital numbers come out as reflectance (0–1), displacements in mm,
/// standardised values as they are; a relative azimuth of another turn comes out in 0 to 180 degrees. Where the layout has a sun, its zenith angle follows from the date of each row.
///
/// The file is read once, from its beginning to its end, and only the rows that are taken are held: 8 bytes
/// for each number (channels, the model's conditions where a row gives one of them, truth), 4 for each label
/// and once each distinct text, 13 to 21 where duplicates are looked for; `max_bytes` of the rules is the most.
///
/// # Errors
/// What is wrong names the file, and where there is one the line, the column, the value and what is
/// allowed: a file that cannot be read, is not UTF-8, is empty or separated by semicolons or tabs; a
/// declared column that is missing or occurs twice; a row with another number of fields than the
/// header, or longer than 1 MiB; text in place of a number, or of a date that the sun needs; by the rules, unless
/// they leave such rows out, a missing number or such date, a reflectance outside −0.1 to 1.6, a condition outside the model's range, a duplicate; more
/// rows left out than the rules allow; no rows left; more memory than the rules allow; numbers that cannot be
/// what was declared, such as digital numbers declared as reflectance.
pub fn read_table(path: &Path, layout: &CheckedLayout) -> Result<(Table, ReadReport), DataError> {
    let lines = LineReader::open(path).map_err(|source| DataError::Read {
        path: path.into(),
        source,
    })?;
    let mut csv = csv::ReaderBuilder::new()
        .flexible(true)
        .buffer_capacity(1 << 16)
        .from_reader(lines);
    let header: Vec<Arc<str>> = match csv.headers() {
        Ok(header) => header.iter().map(Arc::from).collect(),
        Err(error) => return Err(unread(path, error, 0, csv.get_mut())),
    };
    let columns = Columns::find(path, layout, &header)?;
    let mut rows = Reading::new(path, layout, &columns, &header);
    let mut record = csv::StringRecord::new();
    loop {
        let read = csv.read_record(&mut record);
        let position = record.position().map_or(0, csv::Position::byte);
        match read {
            Ok(true) => {}
            Ok(false) => return rows.finish(),
            Err(error) => return Err(unread(path, error, position, csv.get_mut())),
        }
        let line = csv.get_mut().line_of_row(position);
        rows.take(line, &record)?;
    }
}

/// Why the CSV reader stopped in the row at `position`.
fn unread<R: std::io::Read>(
    path: &Path,
    error: csv::Error,
    position: u64,
    lines: &mut LineReader<R>,
) -> DataError {
    let (path, line) = (path.into(), lines.line_of_row(position));
    if lines.row_is_too_long {
        let longest = LONGEST_ROW;
        return DataError::RowTooLong {
            path,
            line,
            longest,
        };
    }
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => DataError::NotUtf8 { path, line },
        _ => DataError::Read {
            path,
            source: error.into(),
        },
    }
}

/// A table of which some rows have been read.
struct Reading<'a> {
    path: &'a Path,
    layout: &'a CheckedLayout,
    columns: &'a Columns,
    header: &'a [Arc<str>],
    kept: KeptRows<'a>,
    dropped: Vec<DroppedRow>,
    channels: ChannelEvidence,
    /// The columns of angles, each by its place among the numbers.
    angles: Vec<(usize, AngleEvidence)>,
    /// The place of the relative azimuth.
    azimuth: Option<usize>,
    /// The sun of the dates, and which of the numbers it is.
    sun: Option<(usize, Sun)>,
    /// The numbers of the row at hand.
    numbers: Vec<f64>,
    /// The first number out of its range, where that is an error: what the rest of the table looks like may
    /// say why.
    out_of_range: Option<DataError>,
    /// Rows that have all their numbers.
    complete: usize,
}

impl<'a> Reading<'a> {
    fn new(
        path: &'a Path,
        layout: &'a CheckedLayout,
        columns: &'a Columns,
        header: &'a [Arc<str>],
    ) -> Self {
        let channels = layout.layout().columns.len();
        let sun = |(i, (_, given))| match given {
            Given::Sun { overpass, .. } => Some((channels + i, Sun::of(overpass))),
            Given::Column(_) => None,
        };
        Self {
            path,
            layout,
            columns,
            header,
            kept: KeptRows::new(layout),
            dropped: vec![],
            channels: ChannelEvidence::new(channels, layout.layout().values),
            angles: (layout.given_conditions().enumerate())
                .filter(|(_, (_, given))| matches!(given, Given::Column(_)))
                .map(|(i, (quantity, _))| (channels + i, AngleEvidence::new(quantity)))
                .collect(),
            azimuth: (layout.given_conditions())
                .position(|(quantity, _)| quantity.name == AZIMUTH)
                .map(|i| channels + i),
            sun: layout.given_conditions().enumerate().find_map(sun),
            numbers: vec![],
            out_of_range: None,
            complete: 0,
        }
    }

    /// Takes a row, or leaves it out.
    fn take(&mut self, line: u64, record: &csv::StringRecord) -> Result<(), DataError> {
        let (found, expected) = (record.len(), self.header.len());
        if found != expected {
            return Err(DataError::RaggedRow {
                path: self.path.into(),
                line,
                found,
                expected,
            });
        }
        if let Some(reason) = self.parse(line, record)? {
            self.dropped.push(DroppedRow { line, reason });
            return self.check_memory();
        }
        let declared = self.layout.layout();
        let d = declared.columns.len();
        self.complete += 1;
        self.channels.add(&self.numbers[..d]);
        for (number, angles) in &mut self.angles {
            angles.add(self.numbers[*number]);
        }
        if let Some(outside) = self.outside() {
            match declared.rows.out_of_range {
                BadRow::Error => {
                    let text = &record[self.columns.numbers[outside.number]];
                    let error = outside.into_error(self.place(line, outside.number), text);
                    self.out_of_range.get_or_insert(error);
                }
                BadRow::DropRow => {
                    let reason = outside.into_reason(self.column(outside.number));
                    self.dropped.push(DroppedRow { line, reason });
                }
            }
            return self.check_memory();
        }
        if self.out_of_range.is_some() {
            // it is an error already, and the rest is read for its cause
            return Ok(());
        }
        let row = Row {
            line,
            numbers: &self.numbers,
            labels: self.columns.labels.map(|column| record.get(column?)),
        };
        if let Some(of_line) = self.kept.push(&row)? {
            if declared.rows.duplicates == Duplicates::Error {
                let path = self.path.into();
                return Err(DataError::DuplicateRow {
                    path,
                    line,
                    of_line,
                });
            }
            let reason = Reason::Duplicate { of_line };
            self.dropped.push(DroppedRow { line, reason });
        }
        self.check_memory()
    }

    /// Parses the numbers of a row, the sun's from the date; a reason to leave it out if one is missing.
    fn parse(
        &mut self,
        line: u64,
        record: &csv::StringRecord,
    ) -> Result<Option<Reason>, DataError> {
        let declared = self.layout.layout();
        self.numbers.clear();
        let mut missing = None;
        for (i, &column) in self.columns.numbers.iter().enumerate() {
            let text = record[column].trim();
            let is_channel = i < declared.columns.len();
            let sun = self.sun.as_mut().filter(|(number, _)| *number == i);
            let is_date = sun.is_some();
            let cell = match sun {
                Some((_, sun)) => parse_sun(text, sun)?,
                None => parse(text, is_channel.then_some(declared.values)),
            };
            match cell {
                Cell::Number(number) if self.azimuth == Some(i) => {
                    self.numbers.push(relative_azimuth(number));
                }
                Cell::Number(number) => self.numbers.push(number),
                Cell::Text => {
                    let (place, text) = (Box::new(self.place(line, i)), shown(text));
                    return Err(if is_date {
                        DataError::NotADate { place, text }
                    } else {
                        DataError::NotANumber { place, text }
                    });
                }
                Cell::Missing(absence) if declared.rows.missing == BadRow::Error => {
                    return Err(DataError::MissingValue {
                        place: Box::new(self.place(line, i)),
                        expected: if is_date { "a date" } else { "a finite number" },
                        reason: absence.to_string(),
                    });
                }
                // go on: text further right is an error all the same
                Cell::Missing(absence) => {
                    let column = self.column(i);
                    missing.get_or_insert(Reason::Missing { column, absence });
                }
            }
        }
        Ok(missing)
    }

    /// The first number of the row that is out of its range.
    fn outside(&self) -> Option<Outside<'a>> {
        let declared = self.layout.layout();
        let (channels, others) = self.numbers.split_at(declared.columns.len());
        if let Some((min, max)) = allowed_channel(declared.values) {
            for (number, &cell) in channels.iter().enumerate() {
                let value = declared.values.to_physical(cell);
                if !(min..=max).contains(&value) {
                    return Some(Outside {
                        number,
                        quantity: "reflectance",
                        unit: "(0–1)",
                        of_date: false,
                        value,
                        cell,
                        min,
                        max,
                    });
                }
            }
        }
        let conditions = self.layout.given_conditions().zip(others).enumerate();
        for (i, ((quantity, given), &cell)) in conditions {
            if !(quantity.min..=quantity.max).contains(&cell) {
                return Some(Outside {
                    number: channels.len() + i,
                    quantity: &quantity.name,
                    unit: &quantity.unit,
                    of_date: matches!(given, Given::Sun { .. }),
                    value: cell,
                    cell,
                    min: quantity.min,
                    max: quantity.max,
                });
            }
        }
        None
    }

    fn column(&self, number: usize) -> Arc<str> {
        self.header[self.columns.numbers[number]].clone()
    }

    fn place(&self, line: u64, number: usize) -> Place {
        Place {
            path: self.path.into(),
            line,
            column: self.column(number).to_string(),
        }
    }

    fn check_memory(&self) -> Result<(), DataError> {
        let rows = self.kept.len() + self.dropped.len();
        if !rows.is_multiple_of(ROWS_BETWEEN_LOOKS) {
            return Ok(());
        }
        let bytes = self.kept.bytes() + size_of::<DroppedRow>() * self.dropped.len();
        let max_bytes = self.layout.layout().rows.max_bytes;
        if bytes as u64 <= max_bytes {
            return Ok(());
        }
        Err(DataError::TooMuchMemory {
            path: self.path.into(),
            rows,
            bytes: bytes as u64,
            max_bytes,
        })
    }

    /// The table, unless what was seen of it forbids that.
    fn finish(self) -> Result<(Table, ReadReport), DataError> {
        let declared = self.layout.layout();
        let path = || self.path.to_owned();
        if self.complete > 0 {
            let of_channels = self.channels.contradiction();
            let of_angles = || self.angles.iter().find_map(|(_, it)| it.contradiction());
            if let Some(contradiction) = of_channels.or_else(of_angles) {
                return Err(contradiction.of_file(self.path));
            }
            if let Some(error) = self.out_of_range {
                return Err(error);
            }
        }
        let report = ReadReport {
            path: path(),
            rows: self.kept.len(),
            dropped: self.dropped,
        };
        if report.dropped_fraction() > declared.rows.max_dropped {
            return Err(DataError::TooManyDropped {
                report: Box::new(report),
                max_dropped: declared.rows.max_dropped,
            });
        }
        if report.rows == 0 {
            return Err(DataError::NoRows {
                path: path(),
                dropped: report.dropped.len(),
            });
        }
        Ok((self.kept.finish()?, report))
    }
}

/// A number out of its range.
#[derive(Clone, Copy)]
struct Outside<'a> {
    /// Which of the declared numbers.
    number: usize,
    quantity: &'a str,
    unit: &'a str,
    /// Whether it is the sun's, computed from the date.
    of_date: bool,
    /// In the unit.
    value: f64,
    /// As written, unless computed.
    cell: f64,
    min: f64,
    max: f64,
}

impl Outside<'_> {
    /// `text` is that of the cell.
    fn into_error(self, place: Place, text: &str) -> DataError {
        let place = Box::new(place);
        if self.of_date {
            return DataError::SunOutOfRange {
                place,
                date: shown(text),
                zenith: self.value,
                min: self.min,
                max: self.max,
            };
        }
        DataError::OutOfRange {
            place,
            quantity: self.quantity.into(),
            value: self.value,
            unit: self.unit.into(),
            cell: self.cell,
            min: self.min,
            max: self.max,
        }
    }

    fn into_reason(self, column: Arc<str>) -> Reason {
        if self.of_date {
            return Reason::SunOutOfRange {
                column,
                zenith: self.value,
                min: self.min,
                max: self.max,
            };
        }
        Reason::OutOfRange {
            column,
            value: self.value,
            min: self.min,
            max: self.max,
        }
    }
}

enum Cell {
    Number(f64),
    Missing(Absence),
    Text,
}

/// Longest text of a cell that is kept to be shown, characters: a number of a million digits is infinite too, and
/// every row that is left out keeps its own.
const LONGEST_SHOWN: usize = 40;

fn shown(text: &str) -> String {
    match text.char_indices().nth(LONGEST_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into(),
    }
}

/// `channel` is what the channels are declared as, `None` for other columns.
fn parse(text: &str, channel: Option<Values>) -> Cell {
    if text.is_empty() {
        return Cell::Missing(Absence::Empty);
    }
    match text.parse::<f64>() {
        Ok(number) if !number.is_finite() => Cell::Missing(Absence::Written(shown(text).into())),
        Ok(number) => match channel {
            Some(Values::DigitalNumbers { .. }) if number == NO_DATA => {
                Cell::Missing(Absence::NoData)
            }
            Some(Values::DigitalNumbers { .. }) if number == SATURATED => {
                Cell::Missing(Absence::Saturated)
            }
            _ => Cell::Number(number),
        },
        Err(_) => no_number(text, &["na", "n/a", "null", "none"]),
    }
}

/// The sun zenith angle of a date.
fn parse_sun(text: &str, sun: &mut Sun) -> Result<Cell, DataError> {
    Ok(match Date::read(text) {
        DateCell::Date(date) => Cell::Number(sun.zenith(date)?),
        DateCell::Missing(absence) => Cell::Missing(absence),
        DateCell::Text => Cell::Text,
    })
}

/// One of the words for a missing value, or text.
fn no_number(text: &str, words: &[&str]) -> Cell {
    if words.iter().any(|word| text.eq_ignore_ascii_case(word)) {
        Cell::Missing(Absence::Written(shown(text).into()))
    } else {
        Cell::Text
    }
}
