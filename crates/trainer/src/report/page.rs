//! The order of what is shown.

use super::text::{ABSENT, escape, number, optional, three_decimals};
use super::{
    Contents, OverTime, TestSplit, boxes, channels, course, curves, flags, scatter, seasons, tables,
};
use crate::checks::Checks;
use crate::inferred_parameters::InferredParameters;
use crate::seasons::Seasons;
use crate::summary::Summary;
use std::fmt::Write;

/// Nothing may be fetched.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";
const STYLE: &str = include_str!("style.css");

pub(super) fn html(contents: &Contents) -> String {
    let (name, physics, seed) = contents.title();
    let name = if name.is_empty() { ABSENT } else { &name };
    let name = escape(name);
    let note = contents.note.map_or_else(String::new, |note| {
        format!("<p class=\"note\">{}</p>\n", escape(note))
    });
    let seed = escape(&seed);
    format!(
        r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<meta http-equiv="Content-Security-Policy" content="{POLICY}"/>
<title>{name}, seed {seed}</title>
<style>
{STYLE}</style>
</head>
<body>
<main>
<header>
<h1>{name}</h1>
<p>Report of a training run: physics {physics}, seed {seed}.</p>
</header>
{note}{summary}{split}{over_time}{curves}<section>
<h2>Configuration</h2>
<details>
<summary>config.json</summary>
<pre>{config}</pre>
</details>
</section>
<section>
<h2>How to reproduce</h2>
<p>With the file <code>config.json</code> of this run’s folder, which names the tables by absolute paths; the same
seed, configuration and samples give the same bytes, whatever the number of threads:</p>
<pre>trainer train --config config.json --seed {seed}</pre>
<p>Evaluate the selected weights again, make this page again:</p>
<pre>trainer eval RUN
trainer report RUN</pre>
</section>
</main>
</body>
</html>
"#,
        physics = escape(&physics),
        summary = (contents.summary).map_or_else(String::new, |s| of_summary(contents, s)),
        split = contents.split.map_or_else(String::new, of_split),
        over_time = match contents.over_time {
            Some(OverTime::Seasons(seasons)) => by_season(seasons),
            Some(OverTime::Course(inferred)) => over_years(inferred),
            None => String::new(),
        },
        curves = curves_over_epochs(contents),
        config = escape(contents.config_json),
    )
}

/// A part of the page; nothing where its body is empty.
fn section(title: &str, body: &str) -> String {
    if body.is_empty() {
        return String::new();
    }
    format!("<section>\n<h2>{title}</h2>\n{body}</section>\n")
}

/// What the numbers of the run say, and the test split's beside them.
fn of_summary(contents: &Contents, summary: &Summary) -> String {
    let mut fit: Vec<String> = contents.split.map_or_else(Vec::new, channels::figures);
    fit.splice(fit.len().min(2)..fit.len().min(2), curves::rmse(summary));
    let kl: Vec<String> = curves::kl(summary).into_iter().collect();
    let parameters = contents.split.map_or(&[][..], |split| &split.parameters);
    let mut recovery: Vec<String> = parameters.iter().filter_map(scatter::scatter).collect();
    recovery.extend(scatter::calibration(parameters));
    let recovery = if recovery.is_empty() {
        String::new()
    } else {
        format!(
            "<p>Each dot is a sample of the test split; on the dashed line inferred and true value agree. Point at a \
             column to read its quantiles.</p>\n{}",
            grid("curves", &recovery)
        )
    };
    [
        headline(summary),
        section("Run", &tables::facts(summary, contents.epochs)),
        section("Checks", &tables::checks(summary)),
        section(
            "Test errors",
            &(tables::errors(summary) + &tables::separation(summary)),
        ),
        section(
            "Flags",
            &contents.split.map_or_else(String::new, flags::flags),
        ),
        section("Fit by channel", &grid("bars", &fit)),
        section(
            "Recovery of parameters",
            &(tables::recovery(summary) + &recovery + &tables::inversion(summary)),
        ),
        section("KL by dimension", &grid("bars", &kl)),
    ]
    .concat()
}

/// Distributions of the inferred parameters.
fn of_split(split: &TestSplit) -> String {
    let mut html = String::new();
    let classes = boxes::by_class(split);
    if !classes.is_empty() {
        let by = if split.labels.class.is_some() {
            " by class"
        } else {
            ""
        };
        let _ = write!(
            html,
            "<section>\n<h2>Inferred parameters{by}</h2>\n\
             <p>Test split, mean latents, selected epoch, over each parameter’s range: a box from 25 % to 75 % with the \
             median in it, on a line from 5 % to 95 %.</p>\n{}</section>\n",
            grid("bars", &classes)
        );
    }
    let months = boxes::by_month(split);
    if !months.is_empty() {
        let _ = write!(
            html,
            "<section>\n<h2>Inferred parameters by month</h2>\n<p>The same by the month of the samples’ dates, all \
             years together.</p>\n{}</section>\n",
            grid("bars", &months)
        );
    }
    html
}

fn curves_over_epochs(contents: &Contents) -> String {
    let selected = contents.selected();
    let (figures, absent) = curves::figures(contents.epochs, selected);
    format!(
        "<section>\n<h2>Curves over the epochs</h2>\n\
         <p>Pretrain is shaded; the dashed line marks the selected epoch. Point at a curve to read an epoch’s \
         values.</p>\n{}{}<details>\n<summary>Numbers by epoch</summary>\n{}</details>\n</section>\n",
        grid("curves", &figures),
        left_out(&absent),
        tables::epochs(contents.epochs, selected),
    )
}

/// The few numbers a reader looks for first.
fn headline(summary: &Summary) -> String {
    let tile = |name: &str, value: &str, note: &str| {
        format!(
            "<div><span>{name}</span><b>{value}</b><small>{}</small></div>\n",
            escape(note)
        )
    };
    let physics = optional(summary.test.mse_physics_only);
    let unit = format!("{}, mean latents", summary.channel_unit);
    let recovered = match summary.recovery.len() {
        0 => "no known parameters".to_owned(),
        1 => "1 parameter".to_owned(),
        n => format!("{n} parameters"),
    };
    let r2 = summary
        .recovery_mean_r2
        .map_or_else(|| ABSENT.to_owned(), three_decimals);
    format!(
        "<section class=\"tiles\" aria-label=\"Headline\">\n{}{}{}{}</section>\n",
        tile(
            "Test MSE",
            &number(summary.test.mse),
            &format!("physics alone: {physics}")
        ),
        tile("Test RMSE", &number(summary.test.rmse_physical), &unit),
        tile("Mean R²", &r2, &recovered),
        tile(
            "Checks passed",
            &passed(&summary.checks),
            "of those that apply"
        ),
    )
}

fn passed(checks: &Checks) -> String {
    let results: Vec<bool> = checks
        .named()
        .iter()
        .filter_map(|(_, result)| *result)
        .collect();
    if results.is_empty() {
        return ABSENT.to_owned();
    }
    format!(
        "{} of {}",
        results.iter().filter(|passed| **passed).count(),
        results.len()
    )
}

/// Figures side by side where the page is wide enough.
fn grid(class: &str, figures: &[String]) -> String {
    if figures.is_empty() {
        return format!("<p>{ABSENT}</p>\n");
    }
    format!(
        "<div class=\"figures {class}\">\n{}</div>\n",
        figures.concat()
    )
}

/// The parameters over the years; nothing with fewer than two dates.
fn over_years(inferred: &InferredParameters) -> String {
    let Some(course) = course::of(inferred) else {
        return String::new();
    };
    let averaged = match course.averaged {
        1 => String::new(),
        n => format!(
            " Each dot, and each end of a bar, is the mean of {n} samples that follow each other."
        ),
    };
    format!(
        "<section>\n<h2>Inferred parameters over time</h2>\n\
         <p>Test split, selected epoch: the value at the posterior mean, on a bar the central 90 % of each sample’s \
         posterior.{averaged} <code>trainer eval RUN --parameters FILE</code> writes them as a table.</p>\n\
         {}</section>\n",
        grid("curves", &course.figures)
    )
}

/// The course of the parameters over the year; nothing where classes or dates are not known.
fn by_season(seasons: &Seasons) -> String {
    let figures = seasons::figures(seasons);
    if figures.is_empty() {
        return String::new();
    }
    format!(
        "<section>\n<h2>Course over the year by class</h2>\n\
         <p>Test split, mean latents, selected epoch. The {} commonest classes have a colour, the others are grey; point \
         at a date to read all. Standard deviations are in <code>seasons.csv</code>.</p>\n{}</section>\n",
        seasons::COLOURED,
        grid("curves", &figures)
    )
}

/// Says which charts are missing and why.
fn left_out(titles: &[&str]) -> String {
    if titles.is_empty() {
        return String::new();
    }
    format!(
        "<p>Not measured in this run: {}.</p>\n",
        escape(&titles.join(", "))
    )
}
