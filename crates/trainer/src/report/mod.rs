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
//! contents what a page is made of; test_split what it shows of single samples
//! channels spectra, errors and gate by channel
//! scatter inferred against true parameters; calibration of the posterior
//! boxes   the parameters' distributions by class and month; quantiles
//! flags   samples to be wary of
//! seasons the parameters' course over the year by class
//! course  the parameters over the years, of samples without classes
//! svg     charts: lines over epochs, days or years, bars by name
//! horizontal, axis, frame  what curves stand over; limits and ticks; lengths
//! text    escaping and numbers
//! ```

mod axis;
mod boxes;
mod channels;
mod contents;
mod course;
mod curves;
mod flags;
mod frame;
mod horizontal;
mod page;
mod quantiles;
mod scatter;
mod seasons;
mod svg;
mod tables;
mod test_split;
mod text;

#[cfg(test)]
mod tests;

pub use contents::{Contents, OverTime};
pub use test_split::{ChannelsOfSplit, OutsideTraining, ParameterOfSplit, TestSplit};

/// The page of a run.
pub fn html(contents: &Contents) -> String {
    page::html(contents)
}
