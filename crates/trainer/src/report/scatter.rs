//! Inferred against true parameters, and how often the truth lies where the posterior says.

use super::axis::{Axis, Scale};
use super::frame::{BOTTOM, LEFT, RIGHT, TOP, WIDTH};
use super::horizontal::Horizontal;
use super::quantiles;
use super::svg::{Chart, Series, figure, head, label, line};
use super::test_split::ParameterOfSplit;
use super::text::{count, dimensionless, escape, number, percent, three_decimals};
use latent::logit;
use std::fmt::Write;

/// Dots of a chart at most: more cannot be told apart.
const DOTS: usize = 1500;
/// Columns that the pointer finds.
const COLUMNS: usize = 12;
const HEIGHT: f64 = 330.0;

/// Nominal shares of the posterior around its median, and within how many standard deviations of u they lie.
const LEVELS: [(f64, f64); 11] = [
    (0.1, 0.125_661),
    (0.2, 0.253_347),
    (0.3, 0.385_320),
    (0.4, 0.524_401),
    (0.5, 0.674_490),
    (0.6, 0.841_621),
    (0.7, 1.036_433),
    (0.8, 1.281_552),
    (0.9, 1.644_854),
    (0.95, 1.959_964),
    (0.99, 2.575_829),
];

/// Dots of truth and inferred value with the line on which both agree; `None` where no truth is known.
pub(super) fn scatter(parameter: &ParameterOfSplit) -> Option<String> {
    let (truth, recovery) = parameter.truth.as_ref()?;
    let pairs: Vec<(f64, f64)> = (truth.iter().copied().zip(parameter.value.iter().copied()))
        .filter(|(a, b)| a.is_finite() && b.is_finite())
        .collect();
    let ends = pairs
        .iter()
        .fold(parameter.range, |[low, high], (truth, _)| {
            [low.min(*truth), high.max(*truth)]
        });
    let axis = Axis::between(ends)?;
    // the last mark of the axis is written around its end
    let (bottom, right) = (HEIGHT - BOTTOM, WIDTH - RIGHT - 12.0);
    let x = |value| axis.place(value).map(|p| LEFT + p * (right - LEFT));
    let y = |value| axis.place(value).map(|p| bottom - p * (bottom - TOP));
    let step = pairs.len().div_ceil(DOTS).max(1);
    let unit = dimensionless(&parameter.unit);
    let drawn = pairs.len().div_ceil(step);
    let caption = format!(
        "R² {}, RMSE {}, bias {} ({unit}); truth in the central 90 % of the posterior: {}; {} of {} samples drawn",
        recovery.r2.map_or_else(|| "–".to_owned(), three_decimals),
        number(recovery.rmse),
        number(recovery.bias),
        recovery.coverage_90.map_or_else(|| "–".to_owned(), percent),
        count(drawn),
        count(pairs.len()),
    );
    let mut svg = head(&parameter.name, &caption, HEIGHT);
    for tick in &axis.ticks {
        let (Some(x), Some(y)) = (x(*tick), y(*tick)) else {
            continue;
        };
        line(&mut svg, "grid", [LEFT, y, right, y]);
        line(&mut svg, "grid", [x, TOP, x, bottom]);
        label(&mut svg, "end", [LEFT - 6.0, y + 4.0], &number(*tick));
        label(&mut svg, "middle", [x, bottom + 17.0], &number(*tick));
    }
    label(&mut svg, "start", [LEFT, TOP - 5.0], "inferred");
    label(
        &mut svg,
        "middle",
        [LEFT.midpoint(right), HEIGHT - 4.0],
        "truth",
    );
    let mut dots = String::new();
    for (truth, inferred) in pairs.iter().step_by(step) {
        if let (Some(x), Some(y)) = (x(*truth), y(*inferred)) {
            let _ = write!(dots, "M{x:.1} {y:.1}h0");
        }
    }
    let _ = write!(svg, "<path class=\"dots s0\" d=\"{dots}\"/>");
    line(&mut svg, "selected", [LEFT, bottom, right, TOP]);
    let [low, high] = ends;
    let width = (high - low) / COLUMNS as f64;
    for column in 0..COLUMNS {
        let from = low + width * column as f64;
        let to = from + width;
        let last = column + 1 == COLUMNS;
        let within = |truth: f64| truth >= from && (truth < to || last);
        let inferred = pairs.iter().filter(|(t, _)| within(*t)).map(|(_, v)| *v);
        let n = inferred.clone().count();
        let (Some([five, median, most]), Some(left), Some(end)) =
            (quantiles::of(inferred, [0.05, 0.5, 0.95]), x(from), x(to))
        else {
            continue;
        };
        let _ = write!(
            svg,
            "<rect class=\"hover\" x=\"{left:.1}\" y=\"{TOP}\" width=\"{:.1}\" height=\"{:.1}\"><title>{}: truth {} to \
             {}\n{} samples\ninferred, median: {}\ninferred, 5 % to 95 %: {} to {}</title></rect>",
            end - left,
            bottom - TOP,
            escape(&parameter.name),
            number(from),
            number(to),
            count(n),
            number(median),
            number(five),
            number(most),
        );
    }
    svg.push_str("</svg>");
    Some(figure(&parameter.name, &caption, &[], &svg))
}

/// How many of the truths lie in the central share of the posterior, by that share; `None` where no truth is known.
pub(super) fn calibration(parameters: &[ParameterOfSplit]) -> Option<String> {
    let levels = LEVELS.map(|(share, _)| share);
    let mut series: Vec<Series> = parameters.iter().filter_map(covered).collect();
    if series.is_empty() {
        return None;
    }
    series.push(Series {
        name: "as the posterior says".to_owned(),
        values: levels.map(Some).to_vec(),
    });
    let coloured = series.len() - 1;
    let along = Horizontal::shares("central share of the posterior", &levels)?;
    let chart = Chart {
        title: "Calibration of the posterior",
        unit: "share of the samples whose truth lies in the central share of their posterior"
            .into(),
        scale: Scale::Linear,
        series,
    };
    chart.lines_coloured(&along, coloured)
}

fn covered(parameter: &ParameterOfSplit) -> Option<Series> {
    let (truth, _) = parameter.truth.as_ref()?;
    if parameter.u.is_empty() {
        return None;
    }
    let [low, high] = parameter.range;
    // outside of the range no posterior reaches
    let away: Vec<f64> = (truth.iter().zip(&parameter.u))
        .filter(|(truth, _)| !truth.is_nan())
        .map(|(truth, [mean, sd])| {
            let u = logit(((truth - low) / (high - low)).clamp(0.0, 1.0));
            if u == *mean {
                0.0
            } else {
                (u - mean).abs() / sd
            }
        })
        .collect();
    let share = |within: f64| {
        let inside = away.iter().filter(|away| **away <= within).count();
        inside as f64 / away.len() as f64
    };
    Some(Series {
        name: parameter.name.clone(),
        values: LEVELS
            .iter()
            .map(|(_, within)| Some(share(*within)))
            .collect(),
    })
}
