//! Tables of numbers: `#` comments, one header line of names, comma separated numbers.

use super::{FIRST_WAVELENGTH_NM, LAST_WAVELENGTH_NM, WAVELENGTHS};
use crate::PhysicsError;
use std::path::Path;

/// Name of the first column of every table.
pub(super) const WAVELENGTH: &str = "wavelength_nm";

/// A parsed table; errors name its file, line and column.
pub(super) struct NumericTable {
    name: String,
    columns: Vec<String>,
    rows: Vec<Row>,
}

struct Row {
    line: usize,
    values: Vec<f64>,
}

impl NumericTable {
    pub fn read(path: &Path) -> Result<Self, PhysicsError> {
        let text = std::fs::read_to_string(path).map_err(|source| PhysicsError::ReadFile {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&path.display().to_string(), &text)
    }

    /// Parse `text`; `name` stands for it in messages.
    pub fn parse(name: &str, text: &str) -> Result<Self, PhysicsError> {
        let mut lines = text
            .lines()
            .enumerate()
            .map(|(i, line)| (i + 1, line.trim().trim_start_matches('\u{feff}')))
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let header = lines.next().map_or("", |(_, line)| line);
        let columns: Vec<String> = header.split(',').map(|c| c.trim().to_owned()).collect();
        let rows = lines
            .map(|(line, text)| Self::parse_row(name, &columns, line, text))
            .collect::<Result<_, _>>()?;
        let table = Self {
            name: name.to_owned(),
            columns,
            rows,
        };
        if table.columns[0] != WAVELENGTH {
            return Err(table.missing(WAVELENGTH));
        }
        Ok(table)
    }

    fn parse_row(
        name: &str,
        columns: &[String],
        line: usize,
        text: &str,
    ) -> Result<Row, PhysicsError> {
        let fields: Vec<&str> = text.split(',').map(str::trim).collect();
        if fields.len() != columns.len() {
            return Err(PhysicsError::TableSize {
                table: name.to_owned(),
                line,
                what: "fields",
                found: fields.len(),
                expected: columns.len(),
            });
        }
        let values = fields
            .iter()
            .zip(columns)
            .map(|(field, column)| {
                field
                    .parse::<f64>()
                    .ok()
                    .filter(|v| v.is_finite())
                    .ok_or_else(|| PhysicsError::TableValue {
                        table: name.to_owned(),
                        line,
                        column: column.clone(),
                        value: (*field).to_owned(),
                        expected: "a finite number".into(),
                    })
            })
            .collect::<Result<_, _>>()?;
        Ok(Row { line, values })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Names of the columns after the wavelength.
    pub fn value_columns(&self) -> &[String] {
        &self.columns[1..]
    }

    fn missing(&self, column: &str) -> PhysicsError {
        PhysicsError::MissingColumn {
            table: self.name.clone(),
            column: column.to_owned(),
            found: self.columns.clone(),
        }
    }

    /// A value cannot be used.
    fn reject(&self, row: &Row, column: usize, expected: String) -> PhysicsError {
        PhysicsError::TableValue {
            table: self.name.clone(),
            line: row.line,
            column: self.columns[column].clone(),
            value: row.values[column].to_string(),
            expected,
        }
    }

    /// The value in a row, from 0, and a column cannot be used.
    pub fn reject_at(&self, row: usize, column: usize, expected: String) -> PhysicsError {
        self.reject(&self.rows[row], column, expected)
    }

    /// The column `name`, whose values must lie in `min` to `max` (which may be infinite).
    pub fn column(&self, name: &str, min: f64, max: f64) -> Result<Vec<f64>, PhysicsError> {
        let column = self
            .columns
            .iter()
            .position(|c| c == name)
            .ok_or_else(|| self.missing(name))?;
        self.rows
            .iter()
            .map(|row| {
                let value = row.values[column];
                if (min..=max).contains(&value) {
                    Ok(value)
                } else {
                    let expected = if max == f64::INFINITY {
                        format!("at least {min}")
                    } else {
                        format!("between {min} and {max}")
                    };
                    Err(self.reject(row, column, expected))
                }
            })
            .collect()
    }

    /// The wavelengths: whole, on the grid, ascending.
    pub fn wavelengths(&self) -> Result<Vec<u32>, PhysicsError> {
        let grid = f64::from(FIRST_WAVELENGTH_NM)..=f64::from(LAST_WAVELENGTH_NM);
        let mut before = 0.0;
        self.rows
            .iter()
            .map(|row| {
                let nm = row.values[0];
                if nm.fract() != 0.0 || !grid.contains(&nm) {
                    let expected = format!(
                        "a whole wavelength between {FIRST_WAVELENGTH_NM} and {LAST_WAVELENGTH_NM} nm"
                    );
                    return Err(self.reject(row, 0, expected));
                }
                if nm <= before {
                    let expected = format!("greater than the wavelength before it, {before}");
                    return Err(self.reject(row, 0, expected));
                }
                before = nm;
                Ok(nm as u32)
            })
            .collect()
    }

    /// Check that the table has a row for every wavelength of the grid.
    pub fn check_complete(&self) -> Result<(), PhysicsError> {
        let found = self.wavelengths()?.len();
        if found == WAVELENGTHS {
            return Ok(());
        }
        Err(PhysicsError::TableSize {
            table: self.name.clone(),
            line: self.rows.last().map_or(1, |row| row.line),
            what: "wavelengths",
            found,
            expected: WAVELENGTHS,
        })
    }
}
