//! A summary as the terminal shows it.

use crate::checks::Checks;
use crate::evaluation::Errors;
use crate::recovery::Recovery;
use crate::separation::Separation;
use crate::summary::Summary;
use std::fmt::Write;
use std::path::Path;

/// Checks, errors and recovery of a finished run, and where the rest is.
pub fn summary_text(summary: &Summary, run: &Path) -> String {
    let mut text = format!(
        "\n{}: {} epochs in {:.1} s ({:.0} samples/s), selected epoch {}\n\n",
        summary.experiment,
        summary.epochs,
        summary.wall_seconds,
        summary.samples_per_second,
        summary.best_epoch
    );
    text += &checks_text(&summary.checks);
    text += "\n";
    text += &errors_text("test, selected epoch", &summary.test, &summary.channel_unit);
    text += &errors_text(
        "test, last epoch",
        &summary.test_last,
        &summary.channel_unit,
    );
    for (epoch, separation) in [
        ("selected", &summary.separation),
        ("last", &summary.separation_last),
    ] {
        if let Some(separation) = separation {
            text += &separation_text(&format!("classes, {epoch}"), separation);
        }
    }
    if !summary.recovery.is_empty() {
        text += "\nrecovery of the true parameters (test, selected epoch)\n";
        // in the order of the latents
        let names = summary
            .kl_per_dimension
            .0
            .iter()
            .map(|(name, _)| name.as_str());
        let rows = names.filter_map(|name| summary.recovery.get(name).map(|r| (name, r)));
        text += &recovery_text(rows);
        if let Some(mean) = summary.recovery_mean_r2 {
            let _ = writeln!(text, "  mean R²  {mean:.3}");
        }
    }
    if let (Some(each), Some(mean)) = (&summary.inversion_r2, summary.inversion_mean_r2) {
        text += "\ninversion of the physics (R² of z on noise-free samples, last epoch)\n ";
        for (name, r2) in &each.0 {
            let _ = write!(text, " {name} {r2:.2} ");
        }
        let _ = writeln!(text, " mean {mean:.3}");
    }
    let _ = writeln!(text, "\nreport   {}", run.join("report.html").display());
    let _ = writeln!(text, "numbers  {}", run.join("summary.json").display());
    text
}

/// One line per check.
fn checks_text(checks: &Checks) -> String {
    let mut text = String::from("checks\n");
    for (name, result) in checks.named() {
        let result = match result {
            Some(true) => "passed",
            Some(false) => "FAILED",
            None => "no meaning here",
        };
        let _ = writeln!(text, "  {result:<15}  {name}");
    }
    if let Some(share) = checks.kl_physical_share {
        let _ = writeln!(
            text,
            "  {:<15}  physical share of the KL",
            format!("{:.0} %", share * 100.0)
        );
    }
    text
}

/// One line of errors; `unit` is the channels'.
pub fn errors_text(what: &str, errors: &Errors, unit: &str) -> String {
    let mut text = format!(
        "{what:<21} MSE {:.4} (sampled latents {:.4}",
        errors.mse, errors.mse_sampled
    );
    if let Some(alone) = errors.mse_physics_only {
        let _ = write!(text, ", physics alone {alone:.4}");
    }
    let _ = write!(text, "), RMSE {:.5} {unit}", errors.rmse_physical);
    if let Some(share) = errors.residual_share {
        let _ = write!(text, ", residual {:.1} % of the variance", 100.0 * share);
    }
    text + "\n"
}

/// One line: how far a linear classifier tells the classes by the inferred parameters.
pub fn separation_text(what: &str, separation: &Separation) -> String {
    format!(
        "{what:<21} {:.1} % of {} classes named by the inferred parameters (mean of the classes {:.1} %, always \
         the commonest {:.1} %)\n",
        100.0 * separation.accuracy,
        separation.classes,
        100.0 * separation.balanced_accuracy,
        100.0 * separation.chance,
    )
}

/// A table of recovery.
pub fn recovery_text<'a>(rows: impl Iterator<Item = (&'a str, &'a Recovery)>) -> String {
    let mut text = format!(
        "  {:<8} {:>7} {:>10} {:>10} {:>7} {:>7}  unit\n",
        "", "R²", "RMSE", "bias", "in 90 %", "samples"
    );
    for (name, r) in rows {
        let _ = writeln!(
            text,
            "  {name:<8} {:>7} {:>10.4} {:>10.4} {:>7} {:>7}  {}",
            (r.r2).map_or(String::from("–"), |r2| format!("{r2:.3}")),
            r.rmse,
            r.bias,
            r.coverage_90.map_or(String::from("–"), |share| format!(
                "{:.1} %",
                100.0 * share
            )),
            (r.samples).map_or(String::from("–"), |n| n.to_string()),
            r.unit
        );
    }
    text
}
