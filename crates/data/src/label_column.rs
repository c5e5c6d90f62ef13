//! A column of texts, each distinct text held once.

use crate::error::DataError;
use hashbrown::HashTable;
use std::hash::{BuildHasher, RandomState};

/// One text per row. A text that occurs in many rows is held once: four bytes a row, and the distinct texts.
///
/// ```
/// use data::LabelColumn;
/// let column: LabelColumn = ["oak", "beech", "oak"].into_iter().collect();
/// assert_eq!((column.len(), column.get(2)), (3, Some("oak")));
/// assert_eq!(column.distinct().collect::<Vec<_>>(), ["oak", "beech"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelColumn {
    /// The distinct texts one after the other, in the order of their first row.
    texts: String,
    /// Where each of them ends.
    ends: Vec<usize>,
    /// Of each row, which of them.
    codes: Vec<u32>,
}

impl LabelColumn {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// The text of a row.
    pub fn get(&self, row: usize) -> Option<&str> {
        self.codes.get(row).map(|&code| self.text(code as usize))
    }

    /// The texts of all rows.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.codes.iter().map(|&code| self.text(code as usize))
    }

    /// The distinct texts, in the order of their first row.
    pub fn distinct(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).map(|code| self.text(code))
    }

    /// Of each row, which of [`LabelColumn::distinct`].
    pub fn codes(&self) -> &[u32] {
        &self.codes
    }

    fn text(&self, code: usize) -> &str {
        let start = code.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.texts[start..self.ends[code]]
    }
}

impl<T: AsRef<str>> FromIterator<T> for LabelColumn {
    /// # Panics
    /// With 2³² or more distinct texts.
    fn from_iter<I: IntoIterator<Item = T>>(texts: I) -> Self {
        let mut builder = LabelBuilder::default();
        for text in texts {
            builder.push(text.as_ref()).expect("fewer than 2³² texts");
        }
        builder.finish()
    }
}

/// A column under construction.
#[derive(Default)]
pub(crate) struct LabelBuilder {
    column: LabelColumn,
    codes: HashTable<u32>,
    hasher: RandomState,
}

impl LabelBuilder {
    /// Adds a row; returns the code of its text.
    pub(crate) fn push(&mut self, text: &str) -> Result<u32, DataError> {
        let (column, hasher) = (&mut self.column, &self.hasher);
        let hash = hasher.hash_one(text);
        let found = self
            .codes
            .find(hash, |&code| column.text(code as usize) == text);
        let code = if let Some(&code) = found {
            code
        } else {
            let code = u32::try_from(column.ends.len()).map_err(|_| DataError::Shape {
                what: "the number of distinct labels",
                found: column.ends.len(),
                expected: u32::MAX as usize,
            })?;
            column.texts.push_str(text);
            column.ends.push(column.texts.len());
            self.codes.insert_unique(hash, code, |&code| {
                hasher.hash_one(column.text(code as usize))
            });
            code
        };
        column.codes.push(code);
        Ok(code)
    }

    /// Takes the last row back; its text stays.
    pub(crate) fn pop(&mut self) {
        self.column.codes.pop();
    }

    /// The code of a row's text.
    pub(crate) fn code(&self, row: usize) -> Option<u32> {
        self.column.codes.get(row).copied()
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        let column = &self.column;
        column.texts.len()
            + size_of::<usize>() * column.ends.len()
            + size_of::<u32>() * (column.codes.len() + self.codes.capacity())
    }

    pub(crate) fn finish(mut self) -> LabelColumn {
        self.column.texts.shrink_to_fit();
        self.column.ends.shrink_to_fit();
        self.column.codes.shrink_to_fit();
        self.column
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_row_keeps_its_text(texts in proptest::collection::vec("[a-c]{0,2}", 0..200)) {
            let column: LabelColumn = texts.iter().collect();
            prop_assert!(column.iter().eq(texts.iter().map(String::as_str)));
            let mut first_seen: Vec<&str> = vec![];
            for text in &texts {
                if !first_seen.contains(&text.as_str()) {
                    first_seen.push(text);
                }
            }
            prop_assert!(column.distinct().eq(first_seen));
        }
    }

    #[test]
    fn a_row_taken_back_is_gone() {
        let mut builder = LabelBuilder::default();
        for text in ["a", "b"] {
            builder.push(text).unwrap();
        }
        builder.pop();
        assert_eq!((builder.code(0), builder.code(1)), (Some(0), None));
        assert_eq!(builder.push("a").unwrap(), 0);
        let column = builder.finish();
        assert!(column.iter().eq(["a", "a"]));
        assert_eq!(column.get(2), None);
    }
}
