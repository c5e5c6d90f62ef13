//! The fit by channel, before and after the residual.

use super::axis::{Axis, Scale};
use super::frame::HEIGHT;
use super::horizontal::Horizontal;
use super::quantiles;
use super::svg::{
    Chart, Series, draw_axes, draw_hover, draw_line, figure, head, height, legend_entry,
};
use super::test_split::{ChannelsOfSplit, TestSplit};
use super::text::count;
use ndarray::Array2;
use std::fmt::Write;

const PHYSICS: &str = "physics alone";
const RECONSTRUCTION: &str = "reconstruction";

/// Mean spectra, errors by channel and the gate by channel.
pub(super) fn figures(split: &TestSplit) -> Vec<String> {
    let channels = &split.channels;
    let Some(along) = Horizontal::names("channel", &channels.names) else {
        return vec![];
    };
    let of = format!("{} test samples", count(channels.observed.nrows()));
    let mut figures = vec![];
    let observed = Line::of("observed", &channels.observed);
    let physics = (channels.physics.as_ref()).map(|x| Line::of(PHYSICS, x));
    let after = Line::of(RECONSTRUCTION, &channels.reconstruction);
    let lines: Vec<Line> = [Some(observed), physics, Some(after)]
        .into_iter()
        .flatten()
        .collect();
    let unit = format!(
        "mean and, shaded, 5 % to 95 % of what was observed, {of}, {}",
        channels.unit
    );
    figures.extend(with_spread("Channels", &unit, &along, &lines, |i| i == 0));
    let unit = format!(
        "modelled − observed: mean and, shaded, 5 % to 95 %, {of}, {}",
        channels.unit
    );
    figures.extend(with_spread(
        "Error by channel",
        &unit,
        &along,
        &errors(channels),
        |_| true,
    ));
    figures.extend(gate(split));
    figures
}

fn errors(channels: &ChannelsOfSplit) -> Vec<Line> {
    let before = channels.physics.as_ref();
    let before = before.map(|x_p| Line::of(PHYSICS, &(x_p - &channels.observed)));
    let after = &channels.reconstruction - &channels.observed;
    // in the order and with the colours of the spectra
    [before, Some(Line::of(RECONSTRUCTION, &after))]
        .into_iter()
        .flatten()
        .collect()
}

fn gate(split: &TestSplit) -> Option<String> {
    let gate = split.gate.as_ref()?;
    let names: Vec<String> = gate.0.iter().map(|(name, _)| name.clone()).collect();
    let chart = Chart {
        title: "Gate by channel",
        unit: "test split, mean over samples, fraction".into(),
        scale: Scale::Linear,
        series: vec![Series {
            name: "gate".to_owned(),
            values: gate.0.iter().map(|(_, value)| Some(*value)).collect(),
        }],
    };
    chart.bars(&names)
}

/// Mean and ends of the central 90 % by channel.
struct Line {
    name: &'static str,
    mean: Vec<Option<f64>>,
    ends: Vec<Option<[f64; 2]>>,
}

impl Line {
    fn of(name: &'static str, values: &Array2<f64>) -> Self {
        let mean = |column: ndarray::ArrayView1<f64>| {
            (!column.is_empty()).then(|| column.sum() / column.len() as f64)
        };
        let ends =
            |column: ndarray::ArrayView1<f64>| quantiles::of(column.iter().copied(), [0.05, 0.95]);
        Self {
            name,
            mean: values.columns().into_iter().map(mean).collect(),
            ends: values.columns().into_iter().map(ends).collect(),
        }
    }
}

/// Lines of means over the channels, with their spread where `shaded`.
fn with_spread(
    title: &str,
    unit: &str,
    along: &Horizontal,
    lines: &[Line],
    shaded: impl Fn(usize) -> bool,
) -> Option<String> {
    let means = lines.iter().flat_map(|line| line.mean.iter().flatten());
    let ends = lines.iter().enumerate().filter(|(i, _)| shaded(*i));
    let ends = ends.flat_map(|(_, line)| line.ends.iter().flatten().flatten());
    let axis = Axis::of(means.chain(ends).copied(), Scale::Linear)?;
    let mut svg = head(title, unit, HEIGHT);
    draw_axes(&mut svg, along, &axis, |value| height(&axis, value));
    // as in the bars of the errors by channel
    let colour = |i: usize| match lines[i].name {
        RECONSTRUCTION => 0,
        PHYSICS => 1,
        _ => 4,
    };
    for (i, line) in lines.iter().enumerate().filter(|(i, _)| shaded(*i)) {
        let corner = |k: usize, end: usize| {
            let value = line.ends.get(k).copied().flatten()?[end];
            Some((along.x(*along.numbers.get(k)?), height(&axis, value)?))
        };
        let n = along.numbers.len();
        let around = (0..n).map(|k| corner(k, 0));
        let around = around.chain((0..n).rev().map(|k| corner(k, 1)));
        let mut path = String::new();
        for (x, y) in around.flatten() {
            let step = if path.is_empty() { 'M' } else { 'L' };
            let _ = write!(path, "{step}{x:.1} {y:.1}");
        }
        if !path.is_empty() {
            let _ = write!(svg, "<path class=\"spread s{}\" d=\"{path}Z\"/>", colour(i));
        }
    }
    for (i, line) in lines.iter().enumerate() {
        let points = along.numbers.iter().zip(&line.mean);
        let points = points.map(|(n, v)| Some((along.x(*n), height(&axis, (*v)?)?)));
        let style = format!("s{} d{}", colour(i), usize::from(colour(i) == 0));
        draw_line(&mut svg, &style, points);
    }
    let mut hover: Vec<Series> = vec![];
    for (i, line) in lines.iter().enumerate() {
        hover.push(Series {
            name: line.name.to_owned(),
            values: line.mean.clone(),
        });
        for (end, share) in ["5 %", "95 %"].iter().enumerate().filter(|_| shaded(i)) {
            hover.push(Series {
                name: format!("{}, {share}", line.name),
                values: line.ends.iter().map(|ends| ends.map(|e| e[end])).collect(),
            });
        }
    }
    draw_hover(&mut svg, along, &hover.iter().collect::<Vec<_>>());
    svg.push_str("</svg>");
    let legend: Vec<(String, String)> = (0..lines.len())
        .map(|i| {
            let style = format!("s{} d{}", colour(i), usize::from(colour(i) == 0));
            legend_entry(style, lines[i].name)
        })
        .collect();
    Some(figure(title, unit, &legend, &svg))
}
