//! Charts of the inferred parameters over the years.

use super::axis::Scale;
use super::horizontal::Horizontal;
use super::svg::{Chart, Series};
use crate::inferred_parameters::InferredParameters;
use data::Date;
use ndarray::Array2;

/// Points of a chart at most: more cannot be told apart at its width, and a page stays below a megabyte.
const POINTS: usize = 800;

/// A figure a parameter.
pub(super) struct Course {
    pub(super) figures: Vec<String>,
    /// How many samples that follow each other a point is the mean of, the last point of fewer where they do not
    /// divide evenly.
    pub(super) averaged: usize,
}

/// The samples in the order of their dates, those without a readable one left out; `None` with fewer than two
/// different dates.
pub(super) fn of(inferred: &InferredParameters) -> Option<Course> {
    let dates = inferred.labels.date.as_ref()?.iter().enumerate();
    let mut rows: Vec<(f64, usize)> = dates
        .filter_map(|(row, text)| Some((decimal_year(Date::parse(text)?), row)))
        .collect();
    // stable: samples of one day stay in their order
    rows.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    if rows.first()?.0 == rows.last()?.0 {
        return None;
    }
    let averaged = rows.len().div_ceil(POINTS);
    let points = || rows.chunks(averaged);
    let mean = |points: &[(f64, usize)], of: &dyn Fn((f64, usize)) -> f64| {
        points.iter().map(|&it| of(it)).sum::<f64>() / points.len() as f64
    };
    let along = Horizontal::years(points().map(|all| mean(all, &|(year, _)| year)).collect())?;
    let figure = |(k, (name, unit)): (usize, &(String, String))| {
        let series = |name: &str, values: &Array2<f64>| Series {
            name: name.to_owned(),
            values: points()
                .map(|all| Some(mean(all, &|(_, row)| values[[row, k]])))
                .collect(),
        };
        let unit = if unit == "1" { "dimensionless" } else { unit };
        let chart = Chart {
            title: name,
            unit: unit.to_owned().into(),
            scale: Scale::Linear,
            series: match &inferred.posterior {
                Some(posterior) => vec![
                    series("value; bars: central 90 %", &inferred.value),
                    series("5 %", &posterior.ends_90[0]),
                    series("95 %", &posterior.ends_90[1]),
                ],
                // without a width the bars have no length
                None => vec![
                    series("value", &inferred.value),
                    series("5 %", &inferred.value),
                    series("95 %", &inferred.value),
                ],
            },
        };
        chart.dots(&along)
    };
    let figures: Vec<String> = inferred
        .parameters
        .iter()
        .enumerate()
        .filter_map(figure)
        .collect();
    (!figures.is_empty()).then_some(Course { figures, averaged })
}

/// 2008.5 at noon of the middle of 2008: the middle of the day.
fn decimal_year(date: Date) -> f64 {
    let year = date.year();
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = if leap { 366.0 } else { 365.0 };
    f64::from(year) + (f64::from(date.day_of_year()) - 0.5) / days
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inferred_parameters::Spread;
    use data::Labels;

    /// Samples on the days of 2006 to 2009, a step in the first parameter, the second one without a range.
    fn inferred(samples: usize, date: impl Fn(usize) -> String) -> InferredParameters {
        let value = Array2::from_shape_fn((samples, 2), |(row, k)| {
            if k == 0 && row >= samples / 2 {
                30.0
            } else {
                10.0
            }
        });
        InferredParameters {
            parameters: vec![("dV".into(), "1e5 m³".into()), ("fc".into(), "1".into())],
            labels: Labels {
                date: Some(
                    (0..samples)
                        .map(date)
                        .collect::<Vec<_>>()
                        .iter()
                        .map(String::as_str)
                        .collect(),
                ),
                ..Labels::default()
            },
            posterior: Some(Spread {
                sd: Array2::ones((samples, 2)),
                ends_90: [&value - 5.0, &value + 5.0],
            }),
            value,
        }
    }

    fn day(row: usize) -> String {
        format!(
            "{}.{:02}.{:02}",
            2006 + row / 336,
            row / 28 % 12 + 1,
            row % 28 + 1
        )
    }

    /// The numbers of the parts of a path: x and y of dots, x and both ends of bars.
    fn parts(figure: &str, class: &str) -> Vec<Vec<f64>> {
        let start = format!("<path class=\"{class}\" d=\"M");
        let path = figure.split_once(&start).unwrap().1;
        let path = path.split_once('"').unwrap().0;
        let numbers = |part: &str| {
            let part = part.trim_end_matches("h0").replace('V', " ");
            part.split(' ').map(|n| n.parse().unwrap()).collect()
        };
        path.split('M').map(numbers).collect()
    }

    #[test]
    fn years_have_fractions() {
        let year = |text| decimal_year(Date::parse(text).unwrap());
        assert_eq!(year("2007.01.01"), 2007.0 + 0.5 / 365.0);
        assert_eq!(year("2008-12-31"), 2009.0 - 0.5 / 366.0);
        assert_eq!(year("1900.12.31"), 1901.0 - 0.5 / 365.0);
    }

    #[test]
    fn a_dot_on_its_bar() {
        let course = of(&inferred(400, day)).unwrap();
        assert_eq!((course.averaged, course.figures.len()), (1, 2));
        let figure = &course.figures[0];
        assert!(
            figure.contains("<strong>dV</strong> <span>1e5 m³</span>"),
            "{figure}"
        );
        assert!(course.figures[1].contains("<span>dimensionless</span>"));
        let (dots, bars) = (parts(figure, "line s0"), parts(figure, "line within s0"));
        assert_eq!((dots.len(), bars.len()), (400, 400));
        // the step is 20, the ends are 5 away
        let step = dots[0][1] - dots[399][1];
        assert!(step > 50.0, "{figure}");
        for (dot, bar) in dots.iter().zip(&bars) {
            let [x, low, high] = bar.as_slice() else {
                panic!("{bar:?}")
            };
            assert_eq!(*x, dot[0]);
            assert!((low - dot[1] - 0.25 * step).abs() < 0.11, "{bar:?}");
            assert!((dot[1] - high - 0.25 * step).abs() < 0.11, "{bar:?}");
        }
        assert!(dots[199][1] == dots[0][1] && dots[200][1] == dots[399][1]);
        assert!(dots.windows(2).all(|pair| pair[0][0] <= pair[1][0]));
    }

    #[test]
    fn many_samples_are_averaged_and_their_order_is_that_of_the_dates() {
        let forward = of(&inferred(1305, day)).unwrap();
        assert_eq!(forward.averaged, 2);
        assert_eq!(parts(&forward.figures[0], "line s0").len(), 653);
        // the last of them is alone; the step is in the middle of a pair
        let backward = of(&inferred(1305, |row| day(1304 - row))).unwrap();
        let line = parts(&backward.figures[0], "line s0");
        assert!(line[0][1] < line[652][1], "the higher value comes first");
        let levels: std::collections::BTreeSet<String> =
            line.iter().map(|dot| dot[1].to_string()).collect();
        assert_eq!(
            levels.len(),
            3,
            "two levels and the mean of a pair: {levels:?}"
        );
        let sizes: usize = forward.figures.iter().map(String::len).sum();
        assert!(sizes < 2 * 40_000, "{sizes} bytes");
    }

    #[test]
    fn what_has_no_two_dates_has_no_course() {
        assert!(of(&inferred(40, |_| "2008.07.01".to_owned())).is_none());
        assert!(of(&inferred(40, |_| "summer".to_owned())).is_none());
        let some = of(&inferred(40, |row| {
            if row < 38 { String::new() } else { day(row) }
        }))
        .unwrap();
        assert_eq!(parts(&some.figures[0], "line s0").len(), 2);
        let mut without = inferred(40, day);
        without.labels.date = None;
        assert!(of(&without).is_none());
    }
}
