//! The order of what is shown.

use super::text::{ABSENT, escape, number, optional, three_decimals};
use super::{OverTime, course, curves, seasons, tables};
use crate::checks::Checks;
use crate::inferred_parameters::InferredParameters;
use crate::metrics::EpochRecord;
use crate::seasons::Seasons;
use crate::summary::Summary;

/// Nothing may be fetched.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";
const STYLE: &str = include_str!("style.css");

pub(super) fn html(
    summary: &Summary,
    epochs: &[EpochRecord],
    over_time: Option<OverTime>,
    config_json: &str,
) -> String {
    let name = if summary.experiment.is_empty() {
        ABSENT
    } else {
        &summary.experiment
    };
    let name = escape(name);
    let (figures, absent) = curves::figures(epochs, summary.best_epoch);
    let bars = curves::bars(summary);
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
{headline}<section>
<h2>Run</h2>
{facts}</section>
<section>
<h2>Checks</h2>
{checks}</section>
<section>
<h2>Test errors</h2>
{errors}{separation}</section>
<section>
<h2>Recovery of parameters</h2>
{recovery}{inversion}</section>
<section>
<h2>Test split by channel and dimension</h2>
{bars}</section>
{over_time}<section>
<h2>Curves over the epochs</h2>
<p>Pretrain is shaded; the dashed line marks the selected epoch. Point at a curve to read an epoch’s values.</p>
{figures}{absent}<details>
<summary>Numbers by epoch</summary>
{by_epoch}</details>
</section>
<section>
<h2>Configuration</h2>
<details>
<summary>config.json</summary>
<pre>{config}</pre>
</details>
</section>
<section>
<h2>How to reproduce</h2>
<p>With the file <code>config.json</code> of this run’s folder:</p>
<pre>trainer train --config config.json --seed {seed}</pre>
</section>
</main>
</body>
</html>
"#,
        seed = summary.seed,
        physics = escape(&summary.physics),
        headline = headline(summary),
        facts = tables::facts(summary, epochs),
        checks = tables::checks(summary),
        errors = tables::errors(summary),
        separation = tables::separation(summary),
        recovery = tables::recovery(summary),
        inversion = tables::inversion(summary),
        bars = grid("bars", &bars),
        over_time = match over_time {
            Some(OverTime::Seasons(seasons)) => by_season(seasons),
            Some(OverTime::Course(inferred)) => over_years(inferred),
            None => String::new(),
        },
        figures = grid("curves", &figures),
        absent = left_out(&absent),
        by_epoch = tables::epochs(epochs, summary.best_epoch),
        config = escape(config_json),
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
