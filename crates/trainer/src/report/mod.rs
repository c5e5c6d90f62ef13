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
//! svg     charts: lines over epochs or days, bars by name
//! axis    limits and ticks
//! text    escaping and numbers
//! ```

mod axis;
mod curves;
mod page;
mod seasons;
mod svg;
mod tables;
mod text;

#[cfg(test)]
mod tests;

use crate::metrics::EpochRecord;
use crate::seasons::Seasons;
use crate::summary::Summary;

/// The page of a finished run.
///
/// `epochs`: the epochs' records, first to last; `seasons`: of the test split, where classes and dates are known;
/// `config_json`: the text of the run's `config.json`.
pub fn html(
    summary: &Summary,
    epochs: &[EpochRecord],
    seasons: Option<&Seasons>,
    config_json: &str,
) -> String {
    page::html(summary, epochs, seasons, config_json)
}
