//! Tables of the page.

use super::text::{ABSENT, count, duration, escape, number, optional, percent, three_decimals};
use crate::metrics::EpochRecord;
use crate::separation::Separation;
use crate::summary::Summary;
use std::fmt::Write;

/// A table that scrolls sideways where it is too wide. Cells are text; the first column names its row.
pub(super) fn table(caption: &str, head: &[&str], rows: &[Vec<String>]) -> String {
    let mut html = format!(
        "<div class=\"table\"><p>{caption}</p>\n\
         <div class=\"scroll\" tabindex=\"0\"><table aria-label=\"{caption}\">\n<thead><tr>",
        caption = escape(caption)
    );
    for name in head {
        let _ = write!(html, "<th scope=\"col\">{}</th>", escape(name));
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        html.push_str("<tr>");
        for (i, cell) in row.iter().enumerate() {
            let cell = escape(cell);
            let _ = if i == 0 {
                write!(html, "<th scope=\"row\">{cell}</th>")
            } else {
                write!(html, "<td>{cell}</td>")
            };
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody></table></div></div>\n");
    html
}

/// What was run, as a list of names and values.
pub(super) fn facts(summary: &Summary, epochs: &[EpochRecord]) -> String {
    let [train, valid, test] = summary.samples.map(count);
    let total = |of: &dyn Fn(&EpochRecord) -> Option<usize>| {
        let counts: Vec<usize> = epochs.iter().filter_map(of).collect();
        let sum = counts.iter().fold(0_usize, |sum, n| sum.saturating_add(*n));
        if counts.is_empty() {
            ABSENT.to_owned()
        } else {
            count(sum)
        }
    };
    let facts = [
        ("Physics", summary.physics.clone()),
        ("Seed", summary.seed.to_string()),
        (
            "Samples",
            format!("{train} training, {valid} validation, {test} test"),
        ),
        ("Trainable parameters", count(summary.parameters)),
        ("Epochs trained", count(summary.epochs)),
        (
            "Selected epoch",
            format!("{} (epochs count from 0)", summary.best_epoch),
        ),
        ("Wall time", duration(summary.wall_seconds)),
        ("Samples per second", number(summary.samples_per_second)),
        (
            "Non-finite gradient elements",
            total(&|e| e.train.non_finite_gradients),
        ),
        ("Skipped steps", total(&|e| e.train.skipped_steps)),
    ];
    let mut html = "<dl>\n".to_owned();
    for (name, value) in facts {
        let _ = writeln!(
            html,
            "<div><dt>{name}</dt><dd>{}</dd></div>",
            escape(&value)
        );
    }
    html.push_str("</dl>\n");
    html
}

/// The five checks and the share that stands beside the last one.
pub(super) fn checks(summary: &Summary) -> String {
    let mut html = "<ul class=\"checks\">\n".to_owned();
    for (sentence, result) in summary.checks.named() {
        let (class, mark, word) = match result {
            Some(true) => ("pass", "✓", "pass"),
            Some(false) => ("fail", "✗", "fail"),
            None => ("none", ABSENT, "not applicable"),
        };
        let _ = writeln!(
            html,
            "<li class=\"{class}\"><span class=\"mark\" aria-hidden=\"true\">{mark}</span>\
             <span>{}</span> <strong>{word}</strong></li>",
            escape(sentence)
        );
    }
    let share = summary
        .checks
        .kl_physical_share
        .map_or_else(|| ABSENT.to_owned(), percent);
    let _ = write!(
        html,
        "</ul>\n<p>Share of the physical dimensions in the last epoch’s validation KL: {share}.</p>\n"
    );
    html
}

/// Test errors at the selected and the last epoch.
pub(super) fn errors(summary: &Summary) -> String {
    let (best, last) = (&summary.test, &summary.test_last);
    let row = |name: &str, best: Option<f64>, last: Option<f64>, unit: &str| {
        vec![
            name.to_owned(),
            optional(best),
            optional(last),
            unit.to_owned(),
        ]
    };
    let squared = "standardised²";
    table(
        "Errors on the test split, mean over elements",
        &["Error", "Selected epoch", "Last epoch", "Unit"],
        &[
            row("MSE, mean latents", Some(best.mse), Some(last.mse), squared),
            row(
                "MSE, sampled latents",
                Some(best.mse_sampled),
                Some(last.mse_sampled),
                squared,
            ),
            row(
                "MSE of the physics alone",
                best.mse_physics_only,
                last.mse_physics_only,
                squared,
            ),
            row(
                "RMSE, mean latents",
                Some(best.rmse_physical),
                Some(last.rmse_physical),
                &summary.channel_unit,
            ),
            row(
                "Residual’s share of the variance",
                best.residual_share,
                last.residual_share,
                "fraction",
            ),
        ],
    )
}

/// How far the inferred parameters tell the classes apart; nothing where there are no classes.
pub(super) fn separation(summary: &Summary) -> String {
    let (best, last) = (&summary.separation, &summary.separation_last);
    let Some(any) = best.as_ref().or(last.as_ref()) else {
        return String::new();
    };
    let row = |name: &str, share: &dyn Fn(&Separation) -> f64| {
        let cell = |of: &Option<Separation>| {
            of.as_ref()
                .map_or_else(|| ABSENT.to_owned(), |s| percent(share(s)))
        };
        vec![name.to_owned(), cell(best), cell(last)]
    };
    table(
        &format!(
            "Naming one of {} classes by the physical parameters, test split: linear discriminant, five folds, all \
             dates of a place in one",
            any.classes
        ),
        &["Named rightly", "Selected epoch", "Last epoch"],
        &[
            row("Of all samples", &|s| s.accuracy),
            row("Mean over the classes", &|s| s.balanced_accuracy),
            row("By always naming the commonest", &|s| s.chance),
        ],
    )
}

/// How well the encoder inverts its own physics; nothing without physics.
pub(super) fn inversion(summary: &Summary) -> String {
    let Some(r2) = &summary.inversion_r2 else {
        return String::new();
    };
    let row = |name: &str, value: Option<f64>| {
        vec![
            name.to_owned(),
            value.map_or_else(|| ABSENT.to_owned(), three_decimals),
        ]
    };
    let mut rows: Vec<Vec<String>> =
        r2.0.iter()
            .map(|(name, value)| row(name, Some(*value)))
            .collect();
    rows.push(row("mean", summary.inversion_mean_r2));
    table(
        "Inversion of the physics at the last epoch: R² of z on 4,096 noise-free samples",
        &["Parameter", "R²"],
        &rows,
    )
}

/// How well each parameter was recovered; a sentence where no truth is known.
pub(super) fn recovery(summary: &Summary) -> String {
    if summary.recovery.is_empty() {
        return "<p>–: the data hold no known parameters.</p>\n".to_owned();
    }
    // in the order of the latents, as everywhere on the page
    let position = |name: &str| {
        summary
            .kl_per_dimension
            .0
            .iter()
            .position(|(n, _)| n == name)
    };
    let mut recovery: Vec<_> = summary.recovery.iter().collect();
    recovery.sort_by_key(|(name, _)| position(name).unwrap_or(usize::MAX));
    let mut rows: Vec<Vec<String>> = recovery
        .into_iter()
        .map(|(name, r)| {
            let unit = if r.unit == "1" {
                "dimensionless"
            } else {
                &r.unit
            };
            vec![
                name.clone(),
                r.r2.map_or_else(|| ABSENT.to_owned(), three_decimals),
                number(r.rmse),
                number(r.bias),
                r.samples.map_or_else(|| ABSENT.to_owned(), count),
                unit.to_owned(),
            ]
        })
        .collect();
    let mean = summary
        .recovery_mean_r2
        .map_or_else(|| ABSENT.to_owned(), three_decimals);
    rows.push(vec![
        "mean".to_owned(),
        mean,
        String::new(),
        String::new(),
        String::new(),
        String::new(),
    ]);
    table(
        "Inferred against true parameters, test split, selected epoch",
        &["Parameter", "R²", "RMSE", "Bias", "Samples", "Unit"],
        &rows,
    )
}

/// The curves' main numbers.
pub(super) fn epochs(epochs: &[EpochRecord], selected: usize) -> String {
    let rows: Vec<Vec<String>> = epochs
        .iter()
        .map(|e| {
            let mark = if e.epoch == selected { " ★" } else { "" };
            vec![
                format!("{}{mark}", e.epoch),
                e.phase.to_string(),
                number(e.beta),
                number(e.lr),
                optional(e.train.loss),
                optional(e.train.synthetic),
                optional(e.train.rec),
                optional(e.valid.rec),
                optional(e.valid.physics_rec),
                optional(e.valid.kl),
                optional(e.valid.gate),
                optional(e.train.gradient_norm),
            ]
        })
        .collect();
    table(
        "Epochs; ★ is the selected one",
        &[
            "Epoch",
            "Phase",
            "β",
            "Learning rate",
            "Training loss",
            "Synthetic loss",
            "Training rec",
            "Validation rec",
            "Validation rec, physics alone",
            "Validation KL",
            "Validation gate",
            "Gradient norm",
        ],
        &rows,
    )
}
