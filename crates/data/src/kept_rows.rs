//! The rows of a table while it is read.

use crate::label_column::{LabelBuilder, LabelColumn};
use crate::{
    CheckedLayout, DataError, Duplicates, Labels, NamedColumns, Table, ValueSpace, Values,
};
use hashbrown::HashTable;
use ndarray::Array2;
use physics::Quantity;
use std::hash::{BuildHasher, Hasher, RandomState};

/// One row as it is read: the channels as written, the conditions that it gives and the truth, both in the order
/// of the model, then class, sample id and date as far as declared.
pub(crate) struct Row<'a> {
    pub(crate) line: u64,
    pub(crate) numbers: &'a [f64],
    pub(crate) labels: [Option<&'a str>; 3],
}

/// Rows that were taken, in the form of a [`Table`]: nothing is copied when it is done.
pub(crate) struct KeptRows<'a> {
    layout: &'a CheckedLayout,
    rows: usize,
    channels: Vec<f64>,
    /// All conditions of the model, or none.
    conditions: Vec<f64>,
    truth: Vec<f64>,
    labels: [Option<LabelBuilder>; 3],
    /// Where each condition of the model comes from.
    sources: Vec<Source>,
    /// Conditions that a row gives.
    given: usize,
    earlier: Option<Earlier>,
}

enum Source {
    /// One that the row gives.
    Given(usize),
    /// The model's default.
    Default(f64),
}

/// The rows so far by their hash, to find duplicates.
#[derive(Default)]
struct Earlier {
    rows: HashTable<u32>,
    /// Line of each row.
    lines: Vec<u64>,
    hasher: RandomState,
}

impl<'a> KeptRows<'a> {
    pub(crate) fn new(layout: &'a CheckedLayout) -> Self {
        let declared = layout.layout();
        let mut next = 0..;
        let source = |quantity: &Quantity| {
            layout
                .given(&quantity.name)
                .and_then(|_| next.next().map(Source::Given))
                .unwrap_or(Source::Default(quantity.default))
        };
        Self {
            layout,
            rows: 0,
            channels: vec![],
            conditions: vec![],
            truth: vec![],
            labels: [&declared.class, &declared.sample_id, &declared.date]
                .map(|column| column.as_ref().map(|_| LabelBuilder::default())),
            sources: layout.conditions().iter().map(source).collect(),
            given: layout.given_conditions().count(),
            earlier: (declared.rows.duplicates != Duplicates::Keep).then(Earlier::default),
        }
    }

    /// Rows taken.
    pub(crate) fn len(&self) -> usize {
        self.rows
    }

    /// Bytes that they take.
    pub(crate) fn bytes(&self) -> usize {
        let numbers = self.channels.len() + self.conditions.len() + self.truth.len();
        let labels: usize = self.labels.iter().flatten().map(LabelBuilder::bytes).sum();
        let earlier = self.earlier.as_ref().map_or(0, |earlier| {
            size_of::<u64>() * earlier.lines.len() + size_of::<u32>() * earlier.rows.capacity()
        });
        size_of::<f64>() * numbers + labels + earlier
    }

    /// Takes a row, unless duplicates are looked for and it is one: then the line it was first on.
    pub(crate) fn push(&mut self, row: &Row<'_>) -> Result<Option<u64>, DataError> {
        let declared = self.layout.layout();
        let (channels, others) = row.numbers.split_at(declared.columns.len());
        let (conditions, truth) = others.split_at(self.given);
        let values = declared.values;
        self.channels
            .extend(channels.iter().map(|&cell| values.to_physical(cell)));
        self.conditions
            .extend(self.sources.iter().map(|source| match *source {
                Source::Given(which) => conditions[which],
                Source::Default(value) => value,
            }));
        self.truth.extend_from_slice(truth);
        for (column, label) in self.labels.iter_mut().zip(row.labels) {
            if let Some(column) = column {
                column.push(label.unwrap_or_default())?;
            }
        }
        self.rows += 1;
        let first = self.line_of_its_equal(row.line)?;
        if first.is_some() {
            self.pop();
        }
        Ok(first)
    }

    /// Where duplicates are looked for, the line of the row that equals the last one; else the last one is
    /// entered among the earlier ones.
    fn line_of_its_equal(&mut self, line: u64) -> Result<Option<u64>, DataError> {
        let Some(mut earlier) = self.earlier.take() else {
            return Ok(None);
        };
        let last = self.rows - 1;
        let index = u32::try_from(last).map_err(|_| DataError::Shape {
            what: "the number of rows among which duplicates are looked for",
            found: last,
            expected: u32::MAX as usize,
        })?;
        let hash = |row: usize| self.hash(row, &earlier.hasher);
        let own = hash(last);
        let equal = (earlier.rows)
            .find(own, |&row| self.bits(row as usize).eq(self.bits(last)))
            .map(|&row| earlier.lines[row as usize]);
        if equal.is_none() {
            earlier
                .rows
                .insert_unique(own, index, |&row| hash(row as usize));
            earlier.lines.push(line);
        }
        self.earlier = Some(earlier);
        Ok(equal)
    }

    /// All of a row, as bits.
    fn bits(&self, row: usize) -> impl Iterator<Item = u64> {
        let part = |numbers: &'_ Vec<f64>| {
            let width = numbers.len() / self.rows;
            row * width..(row + 1) * width
        };
        let numbers = self.channels[part(&self.channels)]
            .iter()
            .chain(&self.conditions[part(&self.conditions)])
            .chain(&self.truth[part(&self.truth)]);
        let labels = self.labels.iter().flatten();
        numbers
            .map(|x| x.to_bits())
            .chain(labels.filter_map(move |column| column.code(row).map(u64::from)))
    }

    fn hash(&self, row: usize, hasher: &RandomState) -> u64 {
        let mut hasher = hasher.build_hasher();
        self.bits(row).for_each(|bits| hasher.write_u64(bits));
        hasher.finish()
    }

    fn pop(&mut self) {
        let last = self.rows - 1;
        for numbers in [&mut self.channels, &mut self.conditions, &mut self.truth] {
            numbers.truncate(numbers.len() / self.rows * last);
        }
        self.labels.iter_mut().flatten().for_each(LabelBuilder::pop);
        self.rows = last;
    }

    /// The table.
    pub(crate) fn finish(self) -> Result<Table, DataError> {
        let (rows, declared) = (self.rows, self.layout.layout());
        let named = |quantities: &[Quantity], numbers: Vec<f64>| match quantities {
            [] => Ok(None),
            all => {
                let names = all.iter().map(|quantity| quantity.name.clone()).collect();
                NamedColumns::with_gaps(names, array(rows, all.len(), numbers)?).map(Some)
            }
        };
        let conditions = named(self.layout.conditions(), self.conditions)?;
        let truth = named(self.layout.truth(), self.truth)?;
        let space = match declared.values {
            Values::Standardized => ValueSpace::Standardized,
            _ => ValueSpace::Physical,
        };
        let [class, sample_id, date]: [Option<LabelColumn>; 3] =
            self.labels.map(|column| column.map(LabelBuilder::finish));
        Table::new(
            declared.columns.clone(),
            array(rows, declared.columns.len(), self.channels)?,
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
}

fn array(rows: usize, columns: usize, mut numbers: Vec<f64>) -> Result<Array2<f64>, DataError> {
    numbers.shrink_to_fit();
    let found = numbers.len();
    Array2::from_shape_vec((rows, columns), numbers).map_err(|_| DataError::Shape {
        what: "the number of cells",
        found,
        expected: rows * columns,
    })
}
