//! Tables of samples: read, check, standardise, batch, simulate.
//!
//! The way of the data:
//!
//! 1. A [`TableLayout`] declares what the columns of a CSV are; [`TableLayout::check`] compares it with
//!    the quantities of the physical model. Nothing is guessed.
//! 2. [`read_table`] reads a file by it into a [`Table`], or [`SyntheticData::simulate`] makes tables.
//! 3. [`Splits`] standardises three tables with the mean and scale of the training rows, or with given
//!    ones ([`StandardizationSource`]), into [`Samples`].
//! 4. [`epoch_order`] and [`batches`] say which rows a step takes; [`Samples::gather`] takes them.
//!
//! All randomness of a run comes from [`stream`], keyed by seed, purpose, epoch and batch.

#![forbid(unsafe_code)]

mod batches;
mod columns;
mod date;
mod error;
mod geometries;
mod imperfection;
mod kept_rows;
mod label_column;
mod layout;
mod overpass;
mod plausibility;
mod read_report;
mod read_table;
mod row_rules;
mod samples;
mod season;
mod sentinel2;
mod simulator;
mod splits;
mod stage_a;
mod standardization;
mod streams;
mod table;
mod text_lines;
mod values;
mod windows;
mod write;

pub use batches::{Batch, Element, batch_count, batches, epoch_order};
pub use date::{Date, DateCell};
pub use error::{DataError, Place};
pub use geometries::Geometries;
pub use imperfection::{BandNoise, Imperfection, model_error, noise_std};
pub use label_column::LabelColumn;
pub use layout::{CheckedLayout, TableLayout};
pub use overpass::{CheckedOverpass, Overpass};
pub use plausibility::{AngleEvidence, ChannelEvidence, Contradiction};
pub use read_report::{Absence, DroppedRow, ReadReport, Reason, Rule};
pub use read_table::read_table;
pub use row_rules::{BadRow, Duplicates, RowRules};
pub use samples::Samples;
pub use season::{SEASON, season};
pub use sentinel2::{SENTINEL2_CHANNELS, sentinel2_wavelengths_nm};
pub use simulator::{ParameterRange, SyntheticData};
pub use splits::{SplitPaths, SplitReports, SplitTables, Splits, StandardizationSource};
pub use stage_a::{STAGE_A_MARGIN, draw_unit_parameters, draw_unit_parameters_of_the_prior};
pub use standardization::Standardization;
pub use streams::{Purpose, stream};
pub use table::{Labels, NamedColumns, Table, ValueSpace};
pub use values::{Missing, Values};
pub use windows::{epoch_order_of_windows, rows_by_date};
pub use write::write_csv;

// the random generator of `stream`, so that users need not know its crate
pub use rand_chacha::ChaCha8Rng;
