//! What curves stand over: epochs, days of the year, years, shares, channels.

use super::axis::Axis;
use super::frame::{LEFT, LETTER, LONGEST_NAME, RIGHT, WIDTH};
use super::text::{number, percent, shortened};
use std::ops::Range;

/// The horizontal axis that curves share.
pub(super) struct Horizontal {
    /// What is counted along it.
    pub(super) label: &'static str,
    pub(super) numbers: Vec<f64>,
    /// What each number is called, and from where to where the pointer finds it.
    pub(super) columns: Vec<(String, [f64; 2])>,
    axis: Axis,
    /// What the marks read, where they are not numbers.
    names: Option<Vec<(f64, String)>>,
    /// Name of a phase and the records in it.
    pub(super) phases: Vec<(String, Range<usize>)>,
    pub(super) selected: Option<f64>,
}

impl Horizontal {
    /// From each epoch's number and phase. `None` without epochs.
    pub(super) fn epochs(
        epochs: impl Iterator<Item = (usize, String)>,
        selected: usize,
    ) -> Option<Self> {
        let mut numbers: Vec<f64> = vec![];
        let mut phases: Vec<(String, Range<usize>)> = vec![];
        let mut columns = vec![];
        for (i, (epoch, phase)) in epochs.enumerate() {
            let number = epoch as f64;
            numbers.push(number);
            let name = format!("epoch {number} ({phase})");
            columns.push((name, [number - 0.5, number + 0.5]));
            match phases.last_mut() {
                Some((name, records)) if *name == phase => records.end = i + 1,
                _ => phases.push((phase, i..i + 1)),
            }
        }
        let selected = selected as f64;
        Some(Self {
            label: "epoch",
            axis: Self::axis_of(&numbers)?,
            names: None,
            selected: numbers.contains(&selected).then_some(selected),
            numbers,
            columns,
            phases,
        })
    }

    /// From whole numbers that rise or stay, and what each is called. `None` without any.
    pub(super) fn days(label: &'static str, days: &[(u32, String)]) -> Option<Self> {
        let numbers: Vec<f64> = days.iter().map(|(day, _)| f64::from(*day)).collect();
        let axis = Self::axis_of(&numbers)?;
        let column = |(i, (_, name)): (usize, &(u32, String))| {
            let middle = |j: usize| numbers.get(j).map(|other| other.midpoint(numbers[i]));
            let from = i
                .checked_sub(1)
                .and_then(middle)
                .unwrap_or(numbers[i] - 0.5);
            let to = middle(i + 1).unwrap_or(numbers[i] + 0.5);
            (name.clone(), [from, to])
        };
        Some(Self {
            label,
            columns: days.iter().enumerate().map(column).collect(),
            numbers,
            axis,
            names: None,
            phases: vec![],
            selected: None,
        })
    }

    /// From decimal years that rise or stay; the pointer finds none of them. `None` without any.
    pub(super) fn years(years: Vec<f64>) -> Option<Self> {
        let (first, last) = (*years.first()?, *years.last()?);
        Some(Self {
            label: "year",
            axis: Axis::years(first, last),
            numbers: years,
            columns: vec![],
            names: None,
            phases: vec![],
            selected: None,
        })
    }

    /// From shares that rise, 0 to 1. `None` without any.
    pub(super) fn shares(label: &'static str, shares: &[f64]) -> Option<Self> {
        shares.first()?;
        let end = |a: Option<&f64>, b: f64, otherwise| a.map_or(otherwise, |a| a.midpoint(b));
        let column = |(i, share): (usize, &f64)| {
            let from = end(i.checked_sub(1).and_then(|i| shares.get(i)), *share, 0.0);
            let to = end(shares.get(i + 1), *share, 1.0);
            (percent(*share), [from, to])
        };
        Some(Self {
            label,
            columns: shares.iter().enumerate().map(column).collect(),
            numbers: shares.to_vec(),
            axis: Axis::between([0.0, 1.0])?,
            names: None,
            phases: vec![],
            selected: None,
        })
    }

    /// From names that stand side by side; as many of them are written as there is room for. `None` without any.
    pub(super) fn names(label: &'static str, names: &[String]) -> Option<Self> {
        let numbers: Vec<f64> = (0..names.len()).map(|i| i as f64).collect();
        let axis = Self::axis_of(&numbers)?;
        let longest = names.iter().map(|n| n.chars().count()).max().unwrap_or(0);
        let room = (WIDTH - LEFT - RIGHT) / (LETTER * (longest.min(LONGEST_NAME) + 1) as f64);
        let step = (names.len() as f64 / room).ceil().max(1.0) as usize;
        let column = |(name, number): (&String, &f64)| (name.clone(), [number - 0.5, number + 0.5]);
        let written = numbers.iter().zip(names).step_by(step);
        Some(Self {
            label,
            columns: names.iter().zip(&numbers).map(column).collect(),
            names: Some(
                written
                    .map(|(i, name)| (*i, shortened(name, LONGEST_NAME)))
                    .collect(),
            ),
            numbers,
            axis,
            phases: vec![],
            selected: None,
        })
    }

    /// Where the marks stand, and what they read.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        let text = |tick: f64| {
            // a year has more digits than other numbers of a page
            if self.label == "year" {
                let text = format!("{tick:.3}");
                text.trim_end_matches('0').trim_end_matches('.').to_owned()
            } else {
                number(tick)
            }
        };
        if let Some(names) = &self.names {
            let mark = |(at, name): &(f64, String)| (self.x(*at), name.clone());
            return names.iter().map(mark).collect();
        }
        let ticks = self.axis.ticks.iter();
        ticks.map(|&tick| (self.x(tick), text(tick))).collect()
    }

    fn axis_of(numbers: &[f64]) -> Option<Axis> {
        let low = numbers.iter().copied().reduce(f64::min)?;
        let high = numbers.iter().copied().reduce(f64::max)?;
        Some(Axis::epochs(low, high))
    }

    /// Where a number stands in the view box.
    pub(super) fn x(&self, number: f64) -> f64 {
        LEFT + self.axis.place(number).unwrap_or(0.0) * (WIDTH - LEFT - RIGHT)
    }
}
