//! Shares of the test samples that a reader should be wary of.

use super::tables::table;
use super::test_split::TestSplit;
use super::text::{count, number, percent};

/// An estimate closer to an end of its range, as a share of the range, is at its edge.
const EDGE: f64 = 0.01;

/// One flag: what it says, and the samples it is raised for.
struct Flag {
    name: String,
    samples: usize,
    of: usize,
}

impl Flag {
    fn row(self) -> Vec<String> {
        let share = self.samples as f64 / self.of as f64;
        vec![self.name, count(self.samples), percent(share)]
    }
}

/// The flags of the test split as a table; nothing without samples.
pub(super) fn flags(split: &TestSplit) -> String {
    let of = split.errors.len();
    let flag = |name: String, raised: &dyn Fn(usize) -> bool| Flag {
        name,
        samples: (0..of).filter(|row| raised(*row)).count(),
        of,
    };
    let mut flags = vec![];
    if let Some(outside) = &split.outside {
        let raised = |of: &[bool], row: usize| of.get(row).is_some_and(|outside| *outside);
        flags.push(flag("Input unlike the training data".into(), &|row| {
            raised(&outside.spectrum, row)
        }));
        if let Some(conditions) = &outside.conditions {
            flags.push(flag("Angle outside the training data".into(), &|row| {
                raised(conditions, row)
            }));
        }
    }
    if let Some(limit) = split.error_limit {
        let name = format!(
            "Reconstruction error above the validation split’s 99th percentile ({})",
            number(limit)
        );
        flags.push(flag(name, &|row| split.errors[row] > limit));
    }
    let low = |z: f64| z < EDGE;
    let high = |z: f64| z > 1.0 - EDGE;
    if !split.parameters.is_empty() {
        let at_an_edge = |row: usize| {
            let mut all = split.parameters.iter().filter_map(|p| p.z.get(row));
            all.any(|z| low(*z) || high(*z))
        };
        flags.push(flag(
            "An estimate at an end of its range".into(),
            &at_an_edge,
        ));
    }
    for parameter in &split.parameters {
        let z = |row: usize| parameter.z.get(row).copied().unwrap_or(f64::NAN);
        for (end, value, at) in [
            ("lower", parameter.range[0], &low as &dyn Fn(f64) -> bool),
            ("upper", parameter.range[1], &high),
        ] {
            let name = format!("{} at its {end} end ({})", parameter.name, number(value));
            let flag = flag(name, &|row| at(z(row)));
            if flag.samples > 0 {
                flags.push(flag);
            }
        }
    }
    if flags.is_empty() || of == 0 {
        return String::new();
    }
    let rows: Vec<Vec<String>> = flags.into_iter().map(Flag::row).collect();
    table(
        "Test samples to be wary of; an estimate within 1 % of an end of its range is at that end",
        &["Flag", "Samples", "Share"],
        &rows,
    )
}
