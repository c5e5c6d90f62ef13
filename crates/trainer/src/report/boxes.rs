//! Distributions of the inferred parameters as boxes: one a class, one a month.

use super::axis::Axis;
use super::frame::{LETTER, LONGEST_NAME, TOP, WIDTH};
use super::quantiles;
use super::svg::{figure, head, label, line};
use super::test_split::{ParameterOfSplit, TestSplit};
use super::text::{count, dimensionless, escape, number, shortened};
use data::Date;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Classes with a box of their own, the commonest; the others share one.
const CLASSES: usize = 16;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A name and the rows that bear it.
type Group = (String, Vec<usize>);

/// One figure a parameter with a box for all samples and, where classes are known, one a class.
pub(super) fn by_class(split: &TestSplit) -> Vec<String> {
    let mut groups = vec![("all".to_owned(), (0..split.errors.len()).collect())];
    if let Some(class) = &split.labels.class {
        let mut classes: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (row, class) in class.iter().enumerate().filter(|(_, c)| !c.is_empty()) {
            classes.entry(class).or_default().push(row);
        }
        let mut classes: Vec<_> = classes.into_iter().collect();
        // stable: as common ones stay in the order of their names
        classes.sort_by_key(|(_, rows)| std::cmp::Reverse(rows.len()));
        // a single other class needs no box that is shared
        let own = if classes.len() > CLASSES + 1 {
            CLASSES
        } else {
            classes.len()
        };
        let others = classes.split_off(own);
        groups.extend(classes.into_iter().map(|(n, rows)| (n.to_owned(), rows)));
        if !others.is_empty() {
            let name = format!("{} others", others.len());
            groups.push((
                name,
                others.into_iter().flat_map(|(_, rows)| rows).collect(),
            ));
        }
    }
    figures(split, &groups)
}

/// One figure a parameter with a box a month of the year; none with fewer than two months.
pub(super) fn by_month(split: &TestSplit) -> Vec<String> {
    let mut months: BTreeMap<i8, Vec<usize>> = BTreeMap::new();
    let dates = split.labels.date.iter().flat_map(data::LabelColumn::iter);
    for (row, text) in dates.enumerate() {
        if let Some(date) = Date::parse(text) {
            months.entry(date.month()).or_default().push(row);
        }
    }
    if months.len() < 2 {
        return vec![];
    }
    let name = |month: i8| MONTHS[usize::try_from(month - 1).unwrap_or(0) % 12].to_owned();
    let groups: Vec<Group> = months
        .into_iter()
        .map(|(m, rows)| (name(m), rows))
        .collect();
    figures(split, &groups)
}

fn figures(split: &TestSplit, groups: &[Group]) -> Vec<String> {
    (split.parameters.iter())
        .filter_map(|parameter| boxes(parameter, groups))
        .collect()
}

/// Boxes of one parameter over its range.
fn boxes(parameter: &ParameterOfSplit, groups: &[Group]) -> Option<String> {
    let axis = Axis::between(parameter.range)?;
    let unit = format!("inferred, {}", dimensionless(&parameter.unit));
    let longest = groups.iter().map(|(name, _)| name.chars().count()).max()?;
    // letters are larger on a phone
    let left = 1.17 * LETTER * longest.min(LONGEST_NAME) as f64 + 14.0;
    let right = 16.0;
    let x = |value| axis.place(value).map(|p| left + p * (WIDTH - left - right));
    let height = 20.0;
    let foot = TOP + height * groups.len() as f64;
    let mut svg = head(&parameter.name, &unit, foot + 24.0);
    for tick in &axis.ticks {
        let Some(x) = x(*tick) else { continue };
        line(&mut svg, "grid", [x, TOP, x, foot]);
        label(&mut svg, "middle", [x, foot + 17.0], &number(*tick));
    }
    let mut drawn = false;
    for (i, (name, rows)) in groups.iter().enumerate() {
        let top = TOP + height * i as f64;
        let middle = top + height / 2.0;
        let name_of_row = shortened(name, LONGEST_NAME);
        label(&mut svg, "end", [left - 8.0, middle + 4.0], &name_of_row);
        let values = rows
            .iter()
            .filter_map(|row| parameter.value.get(*row).copied());
        let Some(quantiles) = quantiles::of(values, [0.05, 0.25, 0.5, 0.75, 0.95]) else {
            continue;
        };
        let [Some(low), Some(from), Some(median), Some(to), Some(high)] = quantiles.map(x) else {
            continue;
        };
        drawn = true;
        let of = if rows.len() == 1 { "sample" } else { "samples" };
        let _ = write!(
            svg,
            "<g class=\"bar\"><title>{}: {} {of}",
            escape(name),
            count(rows.len())
        );
        for (share, value) in ["5 %", "25 %", "median", "75 %", "95 %"]
            .iter()
            .zip(quantiles)
        {
            let _ = write!(svg, "\n{share}: {}", number(value));
        }
        let colour = usize::from(i == 0 && name == "all");
        let _ = write!(
            svg,
            "</title><rect class=\"hover\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{height}\"/>\
             <path class=\"line s{colour}\" d=\"M{low:.1} {middle:.1}H{high:.1}\"/>\
             <rect class=\"box s{colour}\" x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"12\"/>\
             <path class=\"median\" d=\"M{median:.1} {:.1}v12\"/></g>",
            WIDTH - left - right,
            middle - 6.0,
            (to - from).max(1.0),
            middle - 6.0,
        );
    }
    line(&mut svg, "axis", [left, foot, WIDTH - right, foot]);
    svg.push_str("</svg>");
    drawn.then(|| figure(&parameter.name, &unit, &[], &svg))
}
