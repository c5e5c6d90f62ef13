//! The cells of one column in one row group.

use super::kind::Cell;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{DataType, Int96};
use parquet::errors::ParquetError;

/// Rows decoded at once: room is made for these, not for as many as a file claims.
const AT_ONCE: usize = 1 << 14;

/// Julian day of 1970-01-01.
const EPOCH: i128 = 2_440_588;

/// Passes on at most `rows` cells, `None` for a null; returns how many there were.
pub(crate) fn read_cells(
    reader: &mut ColumnReader,
    rows: usize,
    optional: bool,
    push: impl FnMut(Option<Cell<'_>>),
) -> Result<usize, ParquetError> {
    match reader {
        ColumnReader::BoolColumnReader(of) => read(of, rows, optional, |v| Cell::Bool(*v), push),
        ColumnReader::Int32ColumnReader(of) => {
            read(of, rows, optional, |v| Cell::Integer(i64::from(*v)), push)
        }
        ColumnReader::Int64ColumnReader(of) => {
            read(of, rows, optional, |v| Cell::Integer(*v), push)
        }
        ColumnReader::Int96ColumnReader(of) => read(of, rows, optional, nanoseconds, push),
        ColumnReader::FloatColumnReader(of) => read(of, rows, optional, |v| Cell::Float(*v), push),
        ColumnReader::DoubleColumnReader(of) => {
            read(of, rows, optional, |v| Cell::Double(*v), push)
        }
        ColumnReader::ByteArrayColumnReader(of) => {
            read(of, rows, optional, |v| Cell::Bytes(v.data()), push)
        }
        ColumnReader::FixedLenByteArrayColumnReader(of) => {
            read(of, rows, optional, |v| Cell::Bytes(v.data()), push)
        }
    }
}

fn nanoseconds(time: &Int96) -> Cell<'_> {
    let [low, high, day] = [0, 1, 2].map(|i| i128::from(time.data()[i]));
    Cell::Nanoseconds((day - EPOCH) * 86_400_000_000_000 + (high << 32 | low))
}

fn read<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    rows: usize,
    optional: bool,
    cell: impl Fn(&T::T) -> Cell<'_>,
    mut push: impl FnMut(Option<Cell<'_>>),
) -> Result<usize, ParquetError> {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    let mut read = 0;
    while read < rows {
        values.clear();
        levels.clear();
        let at_once = AT_ONCE.min(rows - read);
        let defined = optional.then_some(&mut levels);
        let (records, _, _) = reader.read_records(at_once, defined, None, &mut values)?;
        if records == 0 {
            break;
        }
        if optional {
            let mut values = values.iter();
            for &level in &levels {
                let value = if level == 0 { None } else { values.next() };
                push(value.map(&cell));
            }
        } else {
            for value in &values {
                push(Some(cell(value)));
            }
        }
        read += records;
    }
    Ok(read)
}
