//! `report.html`: a finished run on one page.
//!
//! The page is one file without script, font or picture from elsewhere; a content security policy in
//! it forbids them. The same run gives the same bytes. Names come from users and are escaped
//! (`text`); what was not measured, or is not finite, reads “–”.
//!
//! ```text
//! page    the order of what is shown
//! tables  facts, checks, errors, recovery, numbers by epoch
//! curves  which quantities make which chart over the epochs
//! seasons the parameters' course over the year by class
//! course  the parameters over the years, of samples without classes
//! svg     charts: lines over epochs, days or years, bars by name
//! horizontal, axis, frame  what curves stand over; limits and ticks; lengths
//! text    escaping and numbers
//! ```

mod axis;
mod course;
mod curves;
mod frame;
mod horizontal;
mod page;
mod seasons;
mod svg;
mod tables;
mod text;

#[cfg(test)]
mod tests;

use crate::inferred_parameters::InferredParameters;
use crate::metrics::EpochRecord;
use crate::seasons::Seasons;
use crate::summary::Summary;

/// How the inferred parameters of the test split go with time.
#[derive(Clone, Copy, Debug)]
pub enum OverTime<'a> {
    /// Over the year by class, where classes and dates are known.
    Seasons(&'a Seasons),
    /// Over the years, where dates are known and there are no classes.
    Course(&'a InferredParameters),
}

/// The page of a finished run.
///
/// `epochs`: the epochs' records, first to last; `over_time`: where dates are known; `config_json`: the text of the
/// run's `config.json`.
pub fn html(
    summary: &Summary,
    epochs: &[EpochRecord],
    over_time: Option<OverTime>,
    config_json: &str,
) -> String {
    page::html(summary, epochs, over_time, config_json)
}
