//! Where the declared columns of a table are.

use crate::{CheckedLayout, DataError};
use std::path::Path;
use std::sync::Arc;

/// Where the declared columns are in a row.
pub(crate) struct Columns {
    /// The channels, then the conditions that a row gives and the truth, both in the order of the model.
    pub(crate) numbers: Vec<usize>,
    /// Class, sample id, date.
    pub(crate) labels: [Option<usize>; 3],
}

impl Columns {
    pub(crate) fn find(
        path: &Path,
        layout: &CheckedLayout,
        header: &[Arc<str>],
    ) -> Result<Self, DataError> {
        if header.is_empty() || header.iter().all(|name| name.is_empty()) {
            return Err(DataError::Empty { path: path.into() });
        }
        let find = |declared_in, column: &str| {
            let mut places = header
                .iter()
                .enumerate()
                .filter(|(_, name)| ***name == *column);
            match (places.next(), places.count()) {
                (Some((place, _)), 0) => Ok(place),
                (Some(_), more) => Err(DataError::DuplicateColumn {
                    path: path.into(),
                    column: column.into(),
                    times: 1 + more,
                }),
                (None, _) => match header {
                    [only] if only.contains([';', '\t']) => Err(DataError::Separator {
                        path: path.into(),
                        found: if only.contains(';') { ';' } else { '\t' },
                    }),
                    _ => Err(DataError::MissingColumn {
                        path: path.into(),
                        column: column.into(),
                        declared_in,
                        present: header.iter().map(ToString::to_string).collect(),
                    }),
                },
            }
        };
        let declared = layout.layout();
        let mut numbers = Vec::new();
        for column in &declared.columns {
            numbers.push(find("columns", column)?);
        }
        for (_, given) in layout.given_conditions() {
            let (declared_in, column) = given.column();
            numbers.push(find(declared_in, column)?);
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
