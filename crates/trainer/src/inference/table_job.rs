//! A table in, a table of estimates out, some rows at a time.

use super::input::InputPlan;
use super::{Estimator, Evidence, FlagCounts, Observations};
use crate::TrainerError;
use data::Date;
use ndarray::{Array2, ArrayView2, Axis, Slice};
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use tabular::{Block, OutputColumn, RowPlace, TableReader, Wanted};
use tracing::warn;

/// Rows in memory at once.
const BLOCK: usize = 65_536;
/// Rows of a thread at once.
const PART: usize = 4096;

/// A table and what is made of it.
pub struct TableJob<'a> {
    /// The model.
    pub estimator: &'a Estimator,
    /// What the columns are.
    pub plan: &'a InputPlan,
    /// `.csv`, `.parquet` or `.npy`.
    pub input: &'a Path,
    /// The same, of the same or another of these.
    pub output: &'a Path,
}

impl TableJob<'_> {
    /// Reads, infers and writes; `progress` is told the rows done and, where it is known, how many there are.
    ///
    /// # Errors
    /// The table is refused, the output cannot be written, or `stop` was raised; there is then no output.
    pub fn run(
        &self,
        progress: &dyn Fn(u64, Option<u64>),
        stop: &AtomicBool,
    ) -> Result<FlagCounts, TrainerError> {
        let written = self.estimator.columns().iter().map(|column| &column.name);
        if let Some(name) = written.clone().find(|name| self.plan.keep.contains(name)) {
            let allowed = "a column of another name than those that are written (rename it in the table, or do not write that one)";
            return Err(TrainerError::argument("keep", name, allowed));
        }
        let mut kept = self.plan.keep.clone();
        // the dates are carried along to be read, and dropped if nobody asked for them
        let dates = self.plan.dates.as_ref().map(|dates| {
            kept.iter()
                .position(|name| name == dates)
                .unwrap_or_else(|| {
                    kept.push(dates.clone());
                    kept.len() - 1
                })
        });
        let wanted = Wanted {
            positions: self.positions()?,
            numbers: self.columns()?,
            kept,
        };
        let mut reader = tabular::open(self.input, &wanted)?;
        let columns: Vec<OutputColumn> = (self.estimator.columns().iter())
            .map(|column| OutputColumn {
                name: column.name.clone(),
                unit: column.unit.clone(),
                description: column.description.clone(),
            })
            .collect();
        let mut writer = tabular::create(self.output, &self.plan.keep, &columns)?;
        let total = reader.total_rows();
        let mut counts = FlagCounts::default();
        let mut evidence = Evidence::new(self.estimator, self.plan.values());
        while let Some(block) = next(reader.as_mut())? {
            if stop.load(Ordering::Relaxed) {
                return Err(TrainerError::Stopped {
                    output: PathBuf::from(self.output),
                });
            }
            self.look(&block, &mut evidence);
            let (values, more) = self.infer(&block, dates)?;
            if counts.all == 0 {
                // not before it is known that there is something to say it of
                for assumption in self.plan.assumptions() {
                    warn!("{assumption}");
                }
            }
            writer.append(&block.kept[..self.plan.keep.len()], values.view())?;
            counts.merge(&more);
            progress(counts.all, total);
        }
        if counts.all == 0 {
            return Err(TrainerError::Table {
                path: self.input.to_owned(),
                why: "it has no rows".to_owned(),
            });
        }
        evidence.check(self.input)?;
        for doubt in evidence.doubts() {
            warn!("{doubt}");
        }
        writer.finish()?;
        Ok(counts)
    }

    /// The columns of the numbers, by the names that the table has.
    fn columns(&self) -> Result<Vec<String>, TrainerError> {
        if self.positions()?.is_some() {
            return Ok(self.plan.numbers.clone());
        }
        let there = tabular::column_names(self.input)?;
        self.plan.columns(self.input, &there)
    }

    /// Takes in the rows of a block that the mask keeps.
    fn look(&self, block: &Block, evidence: &mut Evidence) {
        let (plan, d) = (self.plan, self.plan.channels());
        let mut cells = vec![0.0; d];
        for row in block.numbers.rows() {
            if plan.leaves_out(row.iter().copied()) {
                continue;
            }
            let cell = |column: usize| {
                let cell = row[column];
                if plan.is_missing(column, cell) {
                    f64::NAN
                } else {
                    cell
                }
            };
            for (k, own) in cells.iter_mut().enumerate() {
                *own = cell(k);
            }
            evidence.add_channels(&cells);
            for (condition, (_, column)) in plan.columns_of_conditions().enumerate() {
                if let Some(column) = column {
                    evidence.add_angle(condition, cell(column));
                }
            }
        }
    }

    /// The columns of a `.npy` file of unnamed ones that has as many as are wanted: they are in that order.
    fn positions(&self) -> Result<Option<Vec<String>>, TrainerError> {
        let is_npy = self
            .input
            .extension()
            .is_some_and(|it| it.eq_ignore_ascii_case("npy"));
        if !is_npy {
            return Ok(None);
        }
        let (there, wanted) = (tabular::column_names(self.input)?, &self.plan.numbers);
        let unnamed = there
            .iter()
            .enumerate()
            .all(|(i, name)| *name == i.to_string());
        let by_name = wanted.iter().all(|name| there.contains(name));
        Ok((unnamed && !by_name && there.len() == wanted.len()).then(|| wanted.clone()))
    }

    /// Rows × columns of a block, the parts inferred in parallel and put together in order.
    fn infer(
        &self,
        block: &Block,
        dates: Option<usize>,
    ) -> Result<(Array2<f32>, FlagCounts), TrainerError> {
        let n = block.rows();
        let sun = dates.map(|dates| &block.kept[dates]);
        let starts: Vec<usize> = (0..n).step_by(PART).collect();
        let parts: Vec<Result<(Array2<f32>, FlagCounts), TrainerError>> = starts
            .into_par_iter()
            .map(|from| {
                let to = (from + PART).min(n);
                let rows = block.numbers.slice_axis(Axis(0), Slice::from(from..to));
                let dates = sun.map(|dates| &dates[from..to]);
                self.infer_part(rows, dates, block.first_row + from as u64)
            })
            .collect();
        let mut values = Array2::zeros((0, self.estimator.columns().len()));
        let mut counts = FlagCounts::default();
        for part in parts {
            let (part, more) = part?;
            values
                .append(Axis(0), part.view())
                .map_err(|e| TrainerError::Internal(e.to_string()))?;
            counts.merge(&more);
        }
        Ok((values, counts))
    }

    fn infer_part(
        &self,
        rows: ArrayView2<f64>,
        dates: Option<&[String]>,
        first_row: u64,
    ) -> Result<(Array2<f32>, FlagCounts), TrainerError> {
        let (n, plan) = (rows.nrows(), self.plan);
        let cells = |(k, column): (usize, ndarray::ArrayView1<f64>)| {
            column
                .iter()
                .map(|&cell| plan.cell(k, cell))
                .collect::<Vec<f32>>()
        };
        let mut columns: Vec<f32> = rows
            .columns()
            .into_iter()
            .enumerate()
            .flat_map(cells)
            .collect();
        let (mut conditions, mut masked) = (vec![], vec![]);
        let zenith = |(row, date): (usize, &String)| {
            let unreadable = || self.unreadable_date(first_row + row as u64, date);
            plan.sun_zenith(date)?.ok_or_else(unreadable)
        };
        let sun: Option<Vec<f32>> = match dates {
            Some(dates) => Some(
                dates
                    .iter()
                    .enumerate()
                    .map(zenith)
                    .collect::<Result<_, _>>()?,
            ),
            None => None,
        };
        plan.physical(&mut columns, n);
        plan.fill_conditions(&columns, n, sun.as_deref(), &mut conditions);
        plan.fill_mask(&columns, n, &mut masked);
        let seen = Observations {
            channels: &columns[..self.estimator.channels().len() * n],
            conditions: (plan.conditions() > 0).then_some(&conditions[..]),
            masked: plan.mask().map(|_| &masked[..]),
        };
        let mut out = vec![0.0; self.estimator.columns().len() * n];
        let counts = self.estimator.infer(&seen, &mut out)?;
        let by_column = ArrayView2::from_shape((self.estimator.columns().len(), n), &out)
            .map_err(|e| TrainerError::Internal(e.to_string()))?;
        Ok((by_column.t().as_standard_layout().into_owned(), counts))
    }
}

/// Longest text of a cell that is shown, characters.
const SHOWN: usize = 40;

impl TableJob<'_> {
    /// The error of a date that cannot be read.
    fn unreadable_date(&self, row: u64, text: &str) -> TrainerError {
        let place = match tabular::row_place(self.input, row) {
            Ok(RowPlace::Line(line)) => format!("line {line}"),
            Ok(RowPlace::Row(row)) => format!("row {row}"),
            Err(error) => return error.into(),
        };
        let column = self.plan.dates.as_deref().unwrap_or_default();
        let shown: String = text.chars().take(SHOWN).collect();
        TrainerError::Cell {
            path: self.input.to_owned(),
            place,
            why: format!(
                "column {column:?}: {shown:?} is not a date, expected {}, or an empty cell",
                Date::FORMS
            ),
        }
    }
}

fn next(reader: &mut dyn TableReader) -> Result<Option<Block>, TrainerError> {
    Ok(reader.next_block(BLOCK)?)
}
