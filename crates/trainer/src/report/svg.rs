//! Charts as SVG: lines over epochs, days or years, bars by name.
//!
//! Colours are classes of the page's style sheet (`s0` … `s7`), so that they follow light and dark.
//! Lengths are in units of the view box, which a page of two columns shows at about their size.

use super::axis::{Axis, Scale};
use super::frame::{BOTTOM, HEIGHT, LEFT, LETTER, LONGEST_NAME, RIGHT, TOP, WIDTH};
use super::horizontal::Horizontal;
use super::text::{escape, number, shortened};
use std::borrow::Cow;
use std::fmt::Write;

/// Distinct colours; further series of a chart repeat them with other dashes.
const COLOURS: usize = 8;
/// Distinct dashes.
const DASHES: usize = 4;

/// A named line or set of bars.
pub(super) struct Series {
    pub(super) name: String,
    /// One value an epoch, day or bar; absent ones leave a gap.
    pub(super) values: Vec<Option<f64>>,
}

impl Series {
    fn is_drawable(&self) -> bool {
        self.values.iter().flatten().any(|v| v.is_finite())
    }
}

/// What a chart says.
pub(super) struct Chart<'a> {
    pub(super) title: &'a str,
    /// What the values are, and their unit.
    pub(super) unit: Cow<'static, str>,
    pub(super) scale: Scale,
    pub(super) series: Vec<Series>,
}

impl Chart<'_> {
    /// A figure with a line for each series; `None` where there is nothing to draw.
    pub(super) fn lines(&self, along: &Horizontal) -> Option<String> {
        self.lines_coloured(along, usize::MAX)
    }

    /// The same with the first so many lines in colours and the others grey, together in the legend.
    pub(super) fn lines_coloured(&self, along: &Horizontal, coloured: usize) -> Option<String> {
        let drawn: Vec<&Series> = self.series.iter().filter(|s| s.is_drawable()).collect();
        let axis = Axis::of(
            drawn.iter().flat_map(|s| &s.values).flatten().copied(),
            self.scale,
        )?;
        let y = |value| height(&axis, value);
        let mut svg = head(self.title, &self.unit, HEIGHT);
        draw_axes(&mut svg, along, &axis, y);
        // what has a colour lies above what has none
        let front = coloured.min(drawn.len());
        for i in (front..drawn.len()).chain(0..front) {
            let series = drawn[i];
            let points = along.numbers.iter().zip(&series.values);
            let points = points.map(|(e, v)| v.and_then(y).map(|y| (along.x(*e), y)));
            draw_line(&mut svg, &style(i, coloured), points);
        }
        draw_hover(&mut svg, along, &drawn);
        svg.push_str("</svg>");
        let scale = if axis.is_logarithmic() {
            ", logarithmic scale"
        } else {
            ""
        };
        Some(self.figure(&drawn, coloured, scale, &svg))
    }

    /// A figure with a dot for each value of the first series, on a bar from the second series to the third; `None`
    /// where there is nothing to draw.
    pub(super) fn dots(&self, along: &Horizontal) -> Option<String> {
        let [middle, low, high] = self.series.as_slice() else {
            return None;
        };
        let values = self.series.iter().flat_map(|s| &s.values);
        let axis = Axis::of(values.flatten().copied(), self.scale)?;
        let y = |value: Option<f64>| height(&axis, value?);
        let mut svg = head(self.title, &self.unit, HEIGHT);
        draw_axes(&mut svg, along, &axis, |value| y(Some(value)));
        let (mut bars, mut dots) = (String::new(), String::new());
        for (i, number) in along.numbers.iter().enumerate() {
            let x = along.x(*number);
            let at = |series: &Series| y(series.values.get(i).copied().flatten());
            if let (Some(low), Some(high)) = (at(low), at(high)) {
                let _ = write!(bars, "M{x:.1} {low:.1}V{high:.1}");
            }
            if let Some(y) = at(middle) {
                let _ = write!(dots, "M{x:.1} {y:.1}h0");
            }
        }
        let _ = write!(
            svg,
            "<path class=\"line within s0\" d=\"{bars}\"/><path class=\"line s0\" d=\"{dots}\"/></svg>"
        );
        Some(self.figure(&[middle], usize::MAX, "", &svg))
    }

    /// A figure with a horizontal bar for each name and series; `None` where there is nothing to draw.
    pub(super) fn bars(&self, names: &[String]) -> Option<String> {
        let drawn: Vec<&Series> = self.series.iter().filter(|s| s.is_drawable()).collect();
        let values = || drawn.iter().flat_map(|s| &s.values).flatten().copied();
        let axis = Axis::of(values(), Scale::Linear)?;
        let longest = names
            .iter()
            .map(|n| n.chars().count())
            .max()
            .unwrap_or(0)
            .min(LONGEST_NAME);
        let left = LETTER * longest as f64 + 14.0;
        let numbers = values()
            .map(|v| number(v).chars().count())
            .max()
            .unwrap_or(0);
        let right = LETTER * numbers as f64 + 10.0;
        let x = |value| left + axis.place(value).unwrap_or(0.0) * (WIDTH - left - right);
        let (bar, gap) = (12.0, 10.0);
        let group = bar * drawn.len() as f64 + gap;
        let foot = TOP + group * names.len() as f64;
        let mut svg = head(self.title, &self.unit, foot + 24.0);
        for tick in &axis.ticks {
            line(&mut svg, "grid", [x(*tick), TOP, x(*tick), foot]);
            label(&mut svg, "middle", [x(*tick), foot + 17.0], &number(*tick));
        }
        let zero = x(0.0);
        for (k, name) in names.iter().enumerate() {
            let top = TOP + group * k as f64 + gap / 2.0;
            let middle = top + (group - gap) / 2.0 + 4.0;
            label(
                &mut svg,
                "end",
                [left - 8.0, middle],
                &shortened(name, LONGEST_NAME),
            );
            for (i, series) in drawn.iter().enumerate() {
                let Some(value) = series.values.get(k).copied().flatten() else {
                    continue;
                };
                let end = if value.is_finite() { x(value) } else { zero };
                let (from, to) = (zero.min(end), zero.max(end));
                let top = top + bar * i as f64;
                let _ = write!(
                    svg,
                    "<g class=\"bar\"><title>{} · {}: {}</title>\
                     <rect class=\"s{}\" x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"1.5\"/>",
                    escape(name),
                    escape(&series.name),
                    number(value),
                    i % COLOURS,
                    top + 1.0,
                    to - from,
                    bar - 2.0,
                );
                label(
                    &mut svg,
                    "start",
                    [to + 5.0, top + bar - 2.0],
                    &number(value),
                );
                svg.push_str("</g>");
            }
        }
        line(&mut svg, "axis", [zero, TOP, zero, foot]);
        svg.push_str("</svg>");
        Some(self.figure(&drawn, usize::MAX, "", &svg))
    }

    /// Title, unit and legend around a drawing.
    fn figure(&self, drawn: &[&Series], coloured: usize, scale: &str, svg: &str) -> String {
        let mut legend: Vec<(String, String)> = drawn
            .iter()
            .enumerate()
            .take(coloured)
            .map(|(i, series)| legend_entry(style(i, coloured), &series.name))
            .collect();
        match drawn.len().saturating_sub(coloured) {
            0 => {}
            1 => legend.push(legend_entry(
                style(coloured, coloured),
                &drawn[coloured].name,
            )),
            others => legend.push(legend_entry(
                style(coloured, coloured),
                &format!("{others} others"),
            )),
        }
        figure(self.title, &format!("{}{scale}", self.unit), &legend, svg)
    }
}

/// Opens a drawing of so much height.
pub(super) fn head(title: &str, unit: &str, height: f64) -> String {
    format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{}: {}\">",
        escape(title),
        escape(unit),
    )
}

/// The classes of a line and its name.
pub(super) fn legend_entry(style: String, name: &str) -> (String, String) {
    (style, name.to_owned())
}

/// Title, unit and legend around a drawing; the legend pairs classes of lines and names.
pub(super) fn figure(title: &str, unit: &str, legend: &[(String, String)], svg: &str) -> String {
    let mut figure = format!(
        "<figure><figcaption><strong>{}</strong> <span>{}</span></figcaption>",
        escape(title),
        escape(unit),
    );
    if !legend.is_empty() {
        figure.push_str("<ul class=\"legend\">");
        for (style, name) in legend {
            let _ = write!(
                figure,
                "<li><svg viewBox=\"0 0 22 10\" aria-hidden=\"true\">\
                 <path class=\"line {style}\" d=\"M1 5h20\"/></svg>{}</li>",
                escape(name),
            );
        }
        figure.push_str("</ul>");
    }
    figure.push_str(svg);
    figure.push_str("</figure>\n");
    figure
}

/// Grid, marks and names of both axes; `y`: where a value stands.
pub(super) fn draw_axes(
    svg: &mut String,
    along: &Horizontal,
    axis: &Axis,
    y: impl Fn(f64) -> Option<f64>,
) {
    draw_phases(svg, along);
    for tick in &axis.ticks {
        let Some(y) = y(*tick) else { continue };
        line(svg, "grid", [LEFT, y, WIDTH - RIGHT, y]);
        label(svg, "end", [LEFT - 6.0, y + 4.0], &number(*tick));
    }
    let foot = HEIGHT - BOTTOM;
    for (x, text) in along.ticks() {
        line(svg, "axis", [x, foot, x, foot + 4.0]);
        label(svg, "middle", [x, foot + 17.0], &text);
    }
    line(svg, "axis", [LEFT, foot, WIDTH - RIGHT, foot]);
    let middle = LEFT.midpoint(WIDTH - RIGHT);
    label(svg, "middle", [middle, HEIGHT - 4.0], along.label);
    if let Some(selected) = along.selected {
        let x = along.x(selected);
        line(svg, "selected", [x, TOP, x, foot]);
    }
}

/// Pretrain shaded. The first phase is named at its start and the last one at its end, which leaves
/// both the most room; one between them where it has room.
fn draw_phases(svg: &mut String, epochs: &Horizontal) {
    let last = epochs.phases.len().saturating_sub(1);
    for (i, (name, records)) in epochs.phases.iter().enumerate() {
        let numbers = epochs.numbers.get(records.clone()).unwrap_or_default();
        let from = numbers.iter().copied().fold(f64::INFINITY, f64::min) - 0.5;
        let to = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max) + 0.5;
        let (from, to) = (epochs.x(from), epochs.x(to));
        let _ = write!(
            svg,
            "<rect class=\"phase {name}\" x=\"{from:.1}\" y=\"{TOP}\" width=\"{:.1}\" height=\"{:.1}\"/>",
            to - from,
            HEIGHT - TOP - BOTTOM,
            name = escape(name),
        );
        let baseline = TOP - 5.0;
        if i == 0 {
            label(svg, "start", [from, baseline], name);
        } else if i == last {
            label(svg, "end", [to, baseline], name);
        } else if to - from > LETTER * (name.chars().count() as f64 + 1.0) {
            label(svg, "start", [from, baseline], name);
        }
    }
}

/// Where a value stands in the view box of curves.
pub(super) fn height(axis: &Axis, value: f64) -> Option<f64> {
    let place = axis.place(value)?;
    Some(TOP + (1.0 - place) * (HEIGHT - TOP - BOTTOM))
}

/// A line with gaps where a point is absent; a point between two gaps is a dot.
pub(super) fn draw_line(
    svg: &mut String,
    style: &str,
    points: impl Iterator<Item = Option<(f64, f64)>>,
) {
    let mut path = String::new();
    let mut drawing = false;
    for point in points {
        let Some((x, y)) = point else {
            drawing = false;
            continue;
        };
        let _ = if drawing {
            write!(path, "L{x:.1} {y:.1}")
        } else {
            // the empty step draws the dot
            write!(path, "M{x:.1} {y:.1}h0")
        };
        drawing = true;
    }
    let _ = write!(svg, "<path class=\"line {style}\" d=\"{path}\"/>");
}

/// The classes of a series' line.
fn style(series: usize, coloured: usize) -> String {
    if series < coloured {
        format!("s{} d{}", series % COLOURS, series / COLOURS % DASHES)
    } else {
        "other".to_owned()
    }
}

/// A column for each epoch or day that names its values.
pub(super) fn draw_hover(svg: &mut String, along: &Horizontal, drawn: &[&Series]) {
    for (i, (name, [from, to])) in along.columns.iter().enumerate() {
        let (from, to) = (along.x(*from), along.x(*to));
        let _ = write!(
            svg,
            "<rect class=\"hover\" x=\"{from:.1}\" y=\"{TOP}\" width=\"{:.1}\" height=\"{:.1}\">\
             <title>{}",
            to - from,
            HEIGHT - TOP - BOTTOM,
            escape(name),
        );
        for series in drawn {
            if let Some(value) = series.values.get(i).copied().flatten() {
                let _ = write!(svg, "\n{}: {}", escape(&series.name), number(value));
            }
        }
        svg.push_str("</title></rect>");
    }
}

pub(super) fn line(svg: &mut String, class: &str, [x1, y1, x2, y2]: [f64; 4]) {
    let _ = write!(
        svg,
        "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
    );
}

/// Text that starts, centres or ends at a point.
pub(super) fn label(svg: &mut String, anchor: &str, [x, y]: [f64; 2], text: &str) {
    let _ = write!(
        svg,
        "<text text-anchor=\"{anchor}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>",
        escape(text)
    );
}
