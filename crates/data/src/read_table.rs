//! Reading a CSV by its declared layout.

use crate::plausibility::{Cells, check_channels, check_conditions};
use crate::text_lines::{LineCounter, read_text};
use crate::{
    CheckedLayout, DataError, Labels, Missing, NamedColumns, Place, Table, ValueSpace, Values,
};
use ndarray::{Array2, ArrayView2, Axis, Slice};
use physics::Quantity;
use std::fmt;
use std::path::{Path, PathBuf};

/// Dropped rows that the text of a [`ReadReport`] names; the list itself has all of them.
const ROWS_NAMED: usize = 5;

/// What was read of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadReport {
    /// The file.
    pub path: PathBuf,
    /// Rows kept.
    pub rows: usize,
    /// Rows left out, in the order of the file.
    pub dropped: Vec<DroppedRow>,
}

/// A row that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DroppedRow {
    /// Its line in the file, counted from 1, the header included.
    pub line: u64,
    /// Why, such as `column "B02" is empty`.
    pub reason: String,
}

impl fmt::Display for ReadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} rows", self.path.display(), self.rows)?;
        for (i, row) in self.dropped.iter().take(ROWS_NAMED).enumerate() {
            match i {
                0 => write!(f, ", {} dropped: ", self.dropped.len())?,
                _ => write!(f, "; ")?,
            }
            write!(f, "line {} ({})", row.line, row.reason)?;
        }
        match self.dropped.len().saturating_sub(ROWS_NAMED) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

/// Reads a comma-separated UTF-8 file with a header line, by a declared layout.
///
/// A byte-order mark, CRLF line ends, blank lines, quoted fields and columns that are not declared are
/// fine. Reflectance and digital numbers come out as reflectance (0–1), displacements in mm,
/// standardised values as they are.
///
/// # Errors
/// What is wrong names the file, and where there is one the line, the column, the value and what is
/// allowed: a file that cannot be read, is not UTF-8, is empty or separated by semicolons or tabs; a
/// declared column that is missing or occurs twice; a row with another number of fields than the
/// header; text in place of a number; a missing number, unless such rows are dropped; no rows left;
/// a reflectance outside −0.1 to 1.6 or a condition outside the model's range; numbers that cannot be
/// what was declared, such as digital numbers declared as reflectance.
pub fn read_table(path: &Path, layout: &CheckedLayout) -> Result<(Table, ReadReport), DataError> {
    let text = read_text(path)?;
    let mut csv = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(text.as_bytes());
    // the text is UTF-8 and in memory, so that the csv reader cannot fail; should it, the reason is kept
    let unexpected = |error: csv::Error| DataError::Read {
        path: path.into(),
        source: error.into(),
    };
    let header: Vec<String> = csv
        .headers()
        .map_err(unexpected)?
        .iter()
        .map(String::from)
        .collect();
    let columns = Columns::find(path, layout, &header)?;

    let declared = layout.layout();
    let mut cells = Vec::new();
    let mut lines = Vec::new();
    let mut labels = [&declared.class, &declared.sample_id, &declared.date]
        .map(|c| c.as_ref().map(|_| Vec::new()));
    let mut report = ReadReport {
        path: path.into(),
        rows: 0,
        dropped: Vec::new(),
    };
    let mut counter = LineCounter::new(text.as_bytes());
    let mut record = csv::StringRecord::new();
    while csv.read_record(&mut record).map_err(unexpected)? {
        let line = counter.line_of_row(
            record
                .position()
                .map_or(0, |position| position.byte() as usize),
        );
        if record.len() != header.len() {
            let (found, expected) = (record.len(), header.len());
            return Err(DataError::RaggedRow {
                path: path.into(),
                line,
                found,
                expected,
            });
        }
        let first = cells.len();
        let mut missing = None;
        for (i, &column) in columns.numbers.iter().enumerate() {
            let text = record[column].trim();
            let is_channel = i < declared.columns.len();
            let place = || {
                Box::new(Place {
                    path: path.into(),
                    line,
                    column: header[column].clone(),
                })
            };
            match parse(text, is_channel.then_some(declared.values)) {
                Cell::Number(number) => cells.push(number),
                Cell::Text => {
                    return Err(DataError::NotANumber {
                        place: place(),
                        text: text.into(),
                    });
                }
                Cell::Missing(reason) if declared.missing == Missing::Error => {
                    return Err(DataError::MissingValue {
                        place: place(),
                        reason,
                    });
                }
                // go on: text further right is an error all the same
                Cell::Missing(reason) => {
                    missing.get_or_insert_with(|| format!("column {:?}: {reason}", header[column]));
                }
            }
        }
        if let Some(reason) = missing {
            cells.truncate(first);
            report.dropped.push(DroppedRow { line, reason });
            continue;
        }
        lines.push(line);
        for (labels, column) in labels.iter_mut().zip(columns.labels) {
            if let (Some(labels), Some(column)) = (labels, column) {
                labels.push(record[column].to_string());
            }
        }
    }
    report.rows = lines.len();
    if lines.is_empty() {
        return Err(DataError::NoRows {
            path: path.into(),
            dropped: report.dropped.len(),
        });
    }
    let width = columns.numbers.len();
    let cells =
        Array2::from_shape_vec((lines.len(), width), cells).map_err(|_| DataError::Shape {
            what: "the number of cells",
            found: 0,
            expected: lines.len() * width,
        })?;
    let table = interpret(path, layout, &lines, cells.view(), labels)?;
    Ok((table, report))
}

/// Where the declared columns are in a row.
struct Columns {
    /// The channels, then the declared conditions and the truth, both in the order of the model.
    numbers: Vec<usize>,
    /// Class, sample id, date.
    labels: [Option<usize>; 3],
}

impl Columns {
    fn find(path: &Path, layout: &CheckedLayout, header: &[String]) -> Result<Self, DataError> {
        if header.is_empty() || header.iter().all(String::is_empty) {
            return Err(DataError::Empty { path: path.into() });
        }
        let find = |declared_in, column: &String| {
            let mut places = header
                .iter()
                .enumerate()
                .filter(|(_, name)| *name == column);
            match (places.next(), places.count()) {
                (Some((place, _)), 0) => Ok(place),
                (Some(_), more) => Err(DataError::DuplicateColumn {
                    path: path.into(),
                    column: column.clone(),
                    times: 1 + more,
                }),
                (None, _) => match header {
                    [only] if only.contains([';', '\t']) => Err(DataError::Separator {
                        path: path.into(),
                        found: if only.contains(';') { ';' } else { '\t' },
                    }),
                    _ => Err(DataError::MissingColumn {
                        path: path.into(),
                        column: column.clone(),
                        declared_in,
                        present: header.to_vec(),
                    }),
                },
            }
        };
        let declared = layout.layout();
        let mut numbers = Vec::new();
        for column in &declared.columns {
            numbers.push(find("columns", column)?);
        }
        for quantity in declared_conditions(layout) {
            numbers.push(find("conditions", &declared.conditions[&quantity.name])?);
        }
        for quantity in layout.truth() {
            numbers.push(find("truth", &declared.truth[&quantity.name])?);
        }
        let label = |declared_in, column: &Option<String>| {
            column.as_ref().map(|c| find(declared_in, c)).transpose()
        };
        let labels = [
            label("class", &declared.class)?,
            label("sample_id", &declared.sample_id)?,
            label("date", &declared.date)?,
        ];
        Ok(Self { numbers, labels })
    }
}

/// The conditions with a declared column, in the order of the model.
fn declared_conditions(layout: &CheckedLayout) -> impl Iterator<Item = &Quantity> {
    layout
        .conditions()
        .iter()
        .filter(|quantity| layout.layout().conditions.contains_key(&quantity.name))
}

enum Cell {
    Number(f64),
    Missing(String),
    Text,
}

/// `channel` is what the channels are declared as, `None` for other columns.
fn parse(text: &str, channel: Option<Values>) -> Cell {
    if text.is_empty() {
        return Cell::Missing("the cell is empty".into());
    }
    match text.parse::<f64>() {
        Ok(number) if !number.is_finite() => Cell::Missing(format!("the cell is {text:?}")),
        Ok(number) => match channel {
            Some(Values::DigitalNumbers { .. }) if number == 0.0 => {
                Cell::Missing("digital number 0 is no data".into())
            }
            Some(Values::DigitalNumbers { .. }) if number == 65535.0 => {
                Cell::Missing("digital number 65535 is saturated".into())
            }
            _ => Cell::Number(number),
        },
        Err(_)
            if ["na", "n/a", "null", "none"]
                .iter()
                .any(|marker| text.eq_ignore_ascii_case(marker)) =>
        {
            Cell::Missing(format!("the cell is {text:?}"))
        }
        Err(_) => Cell::Text,
    }
}

/// Makes a table of the numbers as written, n × (channels, declared conditions, truth).
fn interpret(
    path: &Path,
    layout: &CheckedLayout,
    lines: &[u64],
    cells: ArrayView2<f64>,
    [class, sample_id, date]: [Option<Vec<String>>; 3],
) -> Result<Table, DataError> {
    let declared = layout.layout();
    let d = declared.columns.len();
    let c = declared.conditions.len();
    let channels = cells.slice_axis(Axis(1), Slice::from(..d));
    let part = Cells {
        path,
        columns: &declared.columns,
        lines,
        numbers: channels,
    };
    check_channels(&part, declared.values)?;

    let quantities: Vec<&Quantity> = declared_conditions(layout).collect();
    let columns: Vec<String> = quantities
        .iter()
        .map(|q| declared.conditions[&q.name].clone())
        .collect();
    let part = Cells {
        path,
        columns: &columns,
        lines,
        numbers: cells.slice_axis(Axis(1), Slice::from(d..d + c)),
    };
    check_conditions(&part, &quantities)?;
    let conditions = match layout.conditions() {
        [] => None,
        all => {
            let mut values = Array2::zeros((lines.len(), all.len()));
            let mut given = part.numbers.axis_iter(Axis(1));
            for (quantity, mut column) in all.iter().zip(values.axis_iter_mut(Axis(1))) {
                if declared.conditions.contains_key(&quantity.name)
                    && let Some(given) = given.next()
                {
                    column.assign(&given);
                } else {
                    column.fill(quantity.default);
                }
            }
            Some(NamedColumns::new(names(all), values)?)
        }
    };
    let truth = match layout.truth() {
        [] => None,
        known => Some(NamedColumns::new(
            names(known),
            cells.slice_axis(Axis(1), Slice::from(d + c..)).to_owned(),
        )?),
    };
    let space = match declared.values {
        Values::Standardized => ValueSpace::Standardized,
        _ => ValueSpace::Physical,
    };
    let values = channels.mapv(|cell| declared.values.to_physical(cell));
    Table::new(
        declared.columns.clone(),
        values,
        space,
        conditions,
        Labels {
            class,
            sample_id,
            date,
        },
        truth,
    )
}

fn names(quantities: &[Quantity]) -> Vec<String> {
    quantities
        .iter()
        .map(|quantity| quantity.name.clone())
        .collect()
}
