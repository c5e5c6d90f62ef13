//! Charts of the inferred parameters over the year, by class.

use super::axis::Scale;
use super::horizontal::Horizontal;
use super::svg::{Chart, Series};
use crate::seasons::{ClassOnDate, Seasons};
use data::Date;
use std::collections::BTreeMap;

/// Classes with a colour, the commonest; the lines of the others are grey.
pub(super) const COLOURED: usize = 8;

/// One figure a parameter with a line of means a class; none with fewer than two dates.
///
/// Dates stand at their day of the year, those of several years side by side; where one of them is not a date,
/// all stand in the order of their texts, counted from 1.
pub(super) fn figures(seasons: &Seasons) -> Vec<String> {
    let mut texts: Vec<&str> = seasons.means.iter().map(|m| m.date.as_str()).collect();
    texts.sort_unstable();
    texts.dedup();
    let (label, dates) = placed(&texts);
    let named: Vec<(u32, String)> = dates
        .iter()
        .map(|(x, text)| (*x, (*text).to_owned()))
        .collect();
    let along = Horizontal::days(label, &named);
    let (Some(along), 2..) = (along, dates.len()) else {
        return vec![];
    };
    let mut classes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut means: BTreeMap<(&str, &str), &ClassOnDate> = BTreeMap::new();
    for mean in &seasons.means {
        *classes.entry(&mean.class).or_default() += mean.samples;
        means.insert((&mean.class, &mean.date), mean);
    }
    let mut classes: Vec<(&str, usize)> = classes.into_iter().collect();
    // stable: as common ones stay in the order of their names
    classes.sort_by_key(|(_, samples)| std::cmp::Reverse(*samples));
    let chart = |(k, (name, unit)): (usize, &(String, String))| {
        let line = |(class, _): &(&str, usize)| Series {
            name: (*class).to_owned(),
            values: (dates.iter())
                .map(|(_, date)| means.get(&(*class, *date))?.mean.get(k).copied())
                .collect(),
        };
        let unit = if unit == "1" { "dimensionless" } else { unit };
        let chart = Chart {
            title: name,
            unit: format!("mean by class, {unit}").into(),
            scale: Scale::Linear,
            series: classes.iter().map(line).collect(),
        };
        chart.lines_coloured(&along, COLOURED)
    };
    seasons
        .parameters
        .iter()
        .enumerate()
        .filter_map(chart)
        .collect()
}

/// What is counted, and where each text stands, rising.
fn placed<'a>(texts: &[&'a str]) -> (&'static str, Vec<(u32, &'a str)>) {
    let day = |text: &&'a str| Some((day_of_year(text)?, *text));
    match texts.iter().map(day).collect::<Option<Vec<_>>>() {
        Some(mut days) => {
            days.sort_unstable();
            ("day of the year", days)
        }
        None => ("date, in order", (1..).zip(texts.iter().copied()).collect()),
    }
}

/// Of `2018.04.08`, `2018-04-08` or `2018/04/08`: 98.
fn day_of_year(text: &str) -> Option<u32> {
    u32::try_from(Date::parse(text)?.day_of_year()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seasons(classes: usize, dates: &[&str]) -> Seasons {
        let means = (0..classes).flat_map(|class| {
            dates.iter().enumerate().map(move |(i, date)| ClassOnDate {
                class: format!("class {class}"),
                date: (*date).to_owned(),
                samples: 20 - class,
                mean: vec![(class + i) as f64, 0.5],
                sd: None,
            })
        });
        Seasons {
            parameters: vec![("LAI".into(), "m²/m²".into()), ("fc".into(), "1".into())],
            means: means.collect(),
        }
    }

    #[test]
    fn dates_stand_at_their_day_of_the_year() {
        let (label, dates) = placed(&["2017.12.31", "2018-04-08", "2020/02/29"]);
        assert_eq!(label, "day of the year");
        let expected = [(60, "2020/02/29"), (98, "2018-04-08"), (365, "2017.12.31")];
        assert_eq!(dates, expected);
        // one that is no date
        let (label, dates) = placed(&["2018.04.08", "spring"]);
        assert_eq!(label, "date, in order");
        assert_eq!(dates, [(1, "2018.04.08"), (2, "spring")]);
    }

    #[test]
    fn eight_classes_have_a_colour_and_the_others_are_grey() {
        let dates = ["2018.04.08", "2018.07.02", "2018.10.30"];
        let figures = figures(&seasons(11, &dates));
        assert_eq!(figures.len(), 2);
        let lai = &figures[0];
        assert!(
            lai.contains("<strong>LAI</strong>") && lai.contains("m²/m²</span>"),
            "{lai}"
        );
        // a line and an entry of the legend each, the others together in one entry
        for colour in 0..8 {
            assert_eq!(
                lai.matches(&format!("class=\"line s{colour} d0\"")).count(),
                2
            );
        }
        assert_eq!(lai.matches("class=\"line other\"").count(), 3 + 1);
        assert!(
            lai.contains("3 others</li>") && !lai.contains("class 8</li>"),
            "{lai}"
        );
        // the pointer finds all of them
        assert!(lai.contains("<title>2018.07.02\nclass 0: 1\n"), "{lai}");
        assert_eq!(lai.matches("class=\"hover\"").count(), 3);
        assert!(lai.contains("\nclass 10: 12</title>"), "{lai}");
        // the commonest first, and one other by its name
        let mut nine = seasons(9, &dates);
        nine.means
            .iter_mut()
            .filter(|m| m.class == "class 4")
            .for_each(|m| m.samples = 99);
        let figure = &super::figures(&nine)[0];
        let legend = |name: &str| figure.find(&format!("{name}</li>")).unwrap();
        assert!(legend("class 4") < legend("class 0") && legend("class 0") < legend("class 8"));
        assert_eq!(figure.matches("class=\"line other\"").count(), 2);
    }

    #[test]
    fn a_single_date_is_no_course() {
        assert!(figures(&seasons(3, &["2018.04.08"])).is_empty());
        assert!(figures(&Seasons::default()).is_empty());
    }
}
