//! The frame of a chart, in units of the view box.

pub(super) const WIDTH: f64 = 440.0;
pub(super) const HEIGHT: f64 = 250.0;
/// Room for the ticks' numbers.
pub(super) const LEFT: f64 = 54.0;
pub(super) const RIGHT: f64 = 10.0;
pub(super) const TOP: f64 = 18.0;
pub(super) const BOTTOM: f64 = 38.0;
/// Width of a letter of the charts' font, for labels' room.
pub(super) const LETTER: f64 = 7.2;
/// Longest name beside a bar.
pub(super) const LONGEST_NAME: usize = 14;
