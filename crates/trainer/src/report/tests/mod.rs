//! Pages of made-up runs.

mod of_samples;

use super::{Contents, OverTime};
use crate::checks::Checks;
use crate::evaluation::Errors;
use crate::metrics::{EpochRecord, Measures, NamedValues};
use crate::recovery::Recovery;
use crate::seasons::{ClassOnDate, Seasons};
use crate::separation::Separation;
use crate::summary::Summary;
use schedules::Phase;
use std::collections::BTreeMap;

/// The page of what a run's folder holds and its course over time.
fn html(
    summary: &Summary,
    epochs: &[EpochRecord],
    over_time: Option<OverTime>,
    config_json: &str,
) -> String {
    super::html(&Contents {
        summary: Some(summary),
        epochs,
        over_time,
        config_json,
        ..Contents::default()
    })
}

const PHYSICAL: [&str; 7] = ["N", "cab", "cw", "cm", "LAI", "LAIu", "fc"];
const AUXILIARY: [&str; 2] = ["aux_1", "aux_2"];
const BANDS: [&str; 11] = [
    "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12",
];

fn named(names: &[&str], value: impl Fn(f64) -> f64) -> NamedValues {
    let values = names.iter().enumerate();
    NamedValues(
        values
            .map(|(i, n)| ((*n).to_owned(), value(i as f64)))
            .collect(),
    )
}

fn latents() -> Vec<&'static str> {
    PHYSICAL.iter().chain(&AUXILIARY).copied().collect()
}

/// What a split measures in an epoch, with a ripple so that lines look like those of a run.
fn measures(epoch: f64, ripple: f64, phase: Phase) -> Measures {
    let ripple = 1.0 + 0.05 * ripple * (1.7 * epoch).sin();
    let fall = |from: f64, to: f64, pace: f64| (to + (from - to) * (-epoch / pace).exp()) * ripple;
    let kl = named(&latents(), |i| fall(6.0, 0.4 + 0.5 * i, 25.0));
    let share = |from: usize, to: usize| Some(kl.0[from..to].iter().map(|(_, v)| v).sum());
    let train = phase == Phase::Train;
    Measures {
        loss: Some(fall(40.0, 0.9, 9.0)),
        rec: Some(fall(30.0, 0.25, 9.0)),
        kl: Some(kl.sum()),
        kl_phy: share(0, 7),
        kl_aux: share(7, 9),
        kl_per_dimension: Some(kl),
        gate: Some(0.01 + 0.2 * (1.0 - (-epoch / 60.0).exp()) * ripple),
        residual: train.then_some(0.02 + 0.001 * epoch * ripple),
        pre_gate_residual: train.then(|| fall(9.0, 2.0, 40.0)),
        relative_difference: train.then_some(0.03 * ripple),
        physics_rec: Some(fall(35.0, 0.7, 9.0)),
        u_mean: Some(named(&PHYSICAL, |i| 0.3 * i - 1.0 + 0.01 * epoch)),
        u_sd: Some(named(&PHYSICAL, |i| fall(0.2, 1.0 + 0.1 * i, 30.0))),
        gate_per_channel: Some(named(&BANDS, |i| 0.02 * i * ripple)),
        ..Measures::default()
    }
}

fn epochs(pretrain: usize, all: usize) -> Vec<EpochRecord> {
    let record = |epoch: usize| {
        let phase = if epoch < pretrain {
            Phase::Pretrain
        } else {
            Phase::Train
        };
        let after = epoch.saturating_sub(pretrain) as f64;
        let whole = all.saturating_sub(pretrain).max(1) as f64;
        let train = match phase {
            Phase::Pretrain => Measures {
                loss: Some(90.0 * (-0.3 * epoch as f64).exp()),
                synthetic: Some(90.0 * (-0.3 * epoch as f64).exp()),
                ..Measures::default()
            },
            Phase::Train => measures(epoch as f64, 1.0, phase),
        };
        EpochRecord {
            epoch,
            phase,
            beta: (after / 50.0).min(1.0),
            lr: 1.5e-4 * (1.0 + (std::f64::consts::PI * after / whole).cos()),
            best: epoch + 4 == all,
            train: Measures {
                gradient_norm: Some(0.5 + 20.0 * (-(epoch as f64) / 12.0).exp()),
                non_finite_gradients: Some(0),
                skipped_steps: Some(usize::from(epoch == 3)),
                ..train
            },
            valid: measures(epoch as f64, -0.6, phase),
        }
    };
    (0..all).map(record).collect()
}

fn separation(accuracy: f64) -> Separation {
    Separation {
        classes: 12,
        accuracy,
        balanced_accuracy: accuracy - 0.14,
        chance: 0.245,
    }
}

fn summary(all: usize) -> Summary {
    let errors = |mse: f64| Errors {
        mse,
        mse_sampled: 1.3 * mse,
        mse_physics_only: Some(2.9 * mse),
        rmse_physical: 0.0123,
        residual_share: Some(0.8 * mse),
    };
    let units = ["1", "µg/cm²", "cm", "g/cm²", "m²/m²", "m²/m²", "1"];
    let recovery = PHYSICAL
        .iter()
        .zip(units)
        .enumerate()
        .map(|(i, (name, unit))| {
            let recovery = Recovery {
                coverage_90: Some(0.875),
                r2: Some(0.97 - 0.11 * i as f64),
                rmse: 0.02 * (i + 1) as f64,
                bias: 0.003 * (i as f64 - 3.0),
                samples: Some(2048),
                unit: unit.to_owned(),
            };
            ((*name).to_owned(), recovery)
        });
    Summary {
        experiment: "rtm_c_synthetic".to_owned(),
        channel_unit: "reflectance".to_owned(),
        physics: "inform".to_owned(),
        seed: 123,
        epochs: all,
        best_epoch: all.saturating_sub(4),
        checks: Checks {
            beta_zero_in_pretrain: Some(true),
            beta_anneals_to_one: None,
            lr_switches_at_boundary: Some(true),
            synthetic_loss_decreases: Some(false),
            kl_balances_naturally: Some(true),
            kl_physical_share: Some(0.812),
        },
        test: errors(0.0231),
        test_last: errors(0.0235),
        kl_per_dimension: named(&latents(), |i| 0.4 + 0.5 * i),
        kl_per_dimension_last: named(&latents(), |i| 0.45 + 0.48 * i),
        rmse_per_channel: named(&BANDS, |i| 0.004 + 0.001 * i),
        rmse_per_channel_physics_only: Some(named(&BANDS, |i| 0.009 + 0.002 * i)),
        recovery: recovery.collect(),
        recovery_mean_r2: Some(0.64),
        separation: Some(separation(0.41)),
        separation_last: Some(separation(0.38)),
        inversion_r2: Some(named(&PHYSICAL, |i| 0.95 - 0.1 * i)),
        inversion_mean_r2: Some(0.65),
        samples: [8192, 2048, 2048],
        parameters: 124_392,
        wall_seconds: 754.2,
        samples_per_second: 1834.4,
    }
}

/// A run of which nothing is known.
fn nothing() -> Summary {
    let errors = Errors {
        mse: f64::NAN,
        mse_sampled: f64::INFINITY,
        mse_physics_only: None,
        rmse_physical: f64::NAN,
        residual_share: None,
    };
    Summary {
        experiment: String::new(),
        channel_unit: "reflectance".to_owned(),
        physics: "none".to_owned(),
        seed: 0,
        epochs: 0,
        best_epoch: 0,
        checks: Checks {
            beta_zero_in_pretrain: None,
            beta_anneals_to_one: None,
            lr_switches_at_boundary: None,
            synthetic_loss_decreases: None,
            kl_balances_naturally: None,
            kl_physical_share: None,
        },
        test: errors.clone(),
        test_last: errors,
        kl_per_dimension: NamedValues::default(),
        kl_per_dimension_last: NamedValues::default(),
        rmse_per_channel: NamedValues::default(),
        rmse_per_channel_physics_only: None,
        recovery: BTreeMap::new(),
        recovery_mean_r2: None,
        separation: None,
        separation_last: None,
        inversion_r2: None,
        inversion_mean_r2: None,
        samples: [0; 3],
        parameters: 0,
        wall_seconds: f64::NAN,
        samples_per_second: f64::NAN,
    }
}

/// Follows the tags: each one closed in its order, attributes quoted, no stray `<` or `&`, no number
/// that SVG does not know. Returns the text outside of tags, one line each.
fn checked_text(page: &str) -> String {
    let mut rest = page.strip_prefix("<!DOCTYPE html>\n").unwrap();
    let (mut open, mut lines) = (vec![], vec![]);
    while let Some((text, after)) = rest.split_once('<') {
        assert!(
            !text.contains('>') || open.last() == Some(&"style"),
            "{text}"
        );
        for entity in text.split('&').skip(1) {
            let known = ["amp;", "lt;", "gt;", "quot;", "#39;"];
            assert!(known.iter().any(|k| entity.starts_with(k)), "&{entity}");
        }
        if open.last() != Some(&"style") {
            lines.extend(text.split('\n').map(str::trim).filter(|l| !l.is_empty()));
        }
        let (tag, after) = after.split_once('>').unwrap();
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{open:?}");
            continue;
        }
        let name = tag.split([' ', '/']).next().unwrap();
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "{tag}");
        assert_ne!(name, "script");
        let attributes = tag[name.len()..].trim_end_matches('/');
        assert_eq!(
            attributes.matches('"').count(),
            2 * attributes.matches("=\"").count(),
            "{tag}"
        );
        for (i, part) in attributes
            .split('"')
            .enumerate()
            .filter(|(i, _)| i % 2 == 0)
        {
            let part = part.trim();
            assert!(part.is_empty() || part.ends_with('='), "{i}: {tag}");
        }
        if name != "meta" {
            let mut words = attributes.split(|c: char| !c.is_alphanumeric());
            assert!(!words.any(|w| w == "NaN" || w == "inf"), "{tag}");
        }
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert_eq!(rest.trim(), "");
    assert!(open.is_empty(), "{open:?}");
    lines.join("\n")
}

#[test]
fn a_whole_run_has_all_its_parts() {
    let (summary, epochs) = (summary(150), epochs(20, 150));
    let page = html(&summary, &epochs, None, "{\n  \"seed\": 123\n}\n");
    let text = checked_text(&page);
    // fourteen over the epochs, two of bars
    assert_eq!(page.matches("<figure>").count(), 16);
    assert_eq!(page.matches("class=\"hover\"").count(), 14 * 150);
    assert_eq!(page.matches("class=\"phase pretrain\"").count(), 14);
    assert_eq!(page.matches("class=\"bar\"").count(), 2 * 11 + 2 * 9);
    assert!(!text.contains("Not measured"));
    assert!(text.contains("trainer train --config config.json --seed 123"));
    assert_eq!(
        page,
        html(&summary, &epochs, None, "{\n  \"seed\": 123\n}\n")
    );
}

#[test]
fn a_summary_of_an_earlier_version_reads_and_leaves_out_what_it_did_not_measure() {
    let mut json = serde_json::to_value(summary(5)).unwrap();
    let later = ["separation", "separation_last"];
    for key in later {
        assert!(json.as_object_mut().unwrap().remove(key).is_some(), "{key}");
    }
    for errors in ["test", "test_last"] {
        let errors = json[errors].as_object_mut().unwrap();
        assert!(errors.remove("residual_share").is_some());
    }
    let read: Summary = serde_json::from_value(json).unwrap();
    let text = checked_text(&html(&read, &epochs(2, 5), None, "{}"));
    assert!(!text.contains("Named rightly"));
    assert!(
        text.contains("Residual’s share of the variance\n–\n–\n"),
        "{text}"
    );
}

#[test]
fn a_page_asks_for_nothing_from_elsewhere() {
    let page = html(&summary(5), &epochs(2, 5), None, "{}");
    assert!(page.contains("default-src 'none'"));
    for word in [
        "http:", "https:", "src=", "href=", "url(", "@import", "<script", "<link",
    ] {
        assert!(!page.contains(word), "{word}");
    }
}

#[test]
fn text_of_a_small_run() {
    let mut summary = summary(5);
    for values in [
        &mut summary.kl_per_dimension,
        &mut summary.kl_per_dimension_last,
    ] {
        values
            .0
            .retain(|(name, _)| ["LAI", "aux_1"].contains(&name.as_str()));
    }
    summary.rmse_per_channel.0.truncate(2);
    summary
        .recovery
        .retain(|name, _| ["LAI", "N"].contains(&name.as_str()));
    let mut epochs = epochs(2, 5);
    for measures in epochs.iter_mut().flat_map(|e| [&mut e.train, &mut e.valid]) {
        for values in [
            &mut measures.kl_per_dimension,
            &mut measures.u_mean,
            &mut measures.u_sd,
            &mut measures.gate_per_channel,
        ]
        .into_iter()
        .flatten()
        {
            values
                .0
                .retain(|(name, _)| ["LAI", "aux_1", "B02"].contains(&name.as_str()));
        }
    }
    insta::assert_snapshot!(checked_text(&html(
        &summary,
        &epochs,
        None,
        "{\n  \"seed\": 123\n}\n"
    )));
}

#[test]
fn names_cannot_become_markup() {
    let evil = "</style></title><script>alert('1' & \"2\")</script>";
    let mut summary = summary(3);
    evil.clone_into(&mut summary.experiment);
    evil.clone_into(&mut summary.physics);
    for values in [&mut summary.kl_per_dimension, &mut summary.rmse_per_channel] {
        values.0[0].0 = evil.to_owned();
    }
    for recovery in summary.recovery.values_mut() {
        evil.clone_into(&mut recovery.unit);
    }
    summary
        .recovery
        .insert(evil.to_owned(), summary.recovery["N"].clone());
    let class = |date: &str| ClassOnDate {
        class: evil.to_owned(),
        date: date.to_owned(),
        samples: 1,
        mean: vec![1.0],
        sd: None,
    };
    let seasons = Seasons {
        parameters: vec![(evil.to_owned(), evil.to_owned())],
        means: vec![class(evil), class("2018.04.08")],
    };
    let mut epochs = epochs(1, 3);
    for epoch in &mut epochs {
        epoch.valid.kl_per_dimension = Some(named(&[evil], |_| 1.0));
    }
    let page = html(&summary, &epochs, Some(OverTime::Seasons(&seasons)), evil);
    let text = checked_text(&page);
    assert!(!page.contains("<script") && !page.contains("alert('"));
    assert!(
        text.matches("&lt;script&gt;alert(&#39;1&#39; &amp; &quot;2&quot;)")
            .count()
            > 10
    );
}

#[test]
fn absent_values_read_as_a_dash() {
    let text = checked_text(&html(&nothing(), &[], None, ""));
    for chart in [
        "Reconstruction",
        "Synthetic loss",
        "KL weight β",
        "Gradient norm",
    ] {
        assert!(text.contains(chart), "{chart}");
    }
    assert!(text.contains("Not measured in this run: Total loss, Reconstruction,"));
    assert!(text.contains("–: the data hold no known parameters"));
    assert_eq!(text.matches("not applicable").count(), 5);
    assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
}

#[test]
fn a_variant_without_physics_leaves_its_charts_out() {
    let mut epochs = epochs(0, 4);
    for measures in epochs.iter_mut().flat_map(|e| [&mut e.train, &mut e.valid]) {
        *measures = Measures {
            rec: measures.rec,
            kl: measures.kl,
            ..Measures::default()
        };
    }
    let page = html(&nothing(), &epochs, None, "{}");
    let text = checked_text(&page);
    assert_eq!(page.matches("<figure>").count(), 4);
    assert!(text.contains(
        "Not measured in this run: Total loss, Reconstruction by the physics alone, Synthetic loss, \
         KL per dimension, Posterior means of u, Spread of the posterior means of u, Gate and relative correction, \
         Gate per channel, Residual, Gradient norm."
    ));
}

#[test]
fn values_of_any_size_can_be_drawn() {
    let extremes = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        f64::MIN,
        f64::MIN_POSITIVE,
        5e-324,
        -5e-324,
        1e299,
        0.0,
        -0.0,
        1.0,
        1.0 + f64::EPSILON,
    ];
    let mut summary = summary(5);
    let mut epochs = epochs(2, 5);
    // numbers of epochs that no run has
    epochs[3].epoch = usize::MAX;
    epochs[4].epoch = 0;
    for a in extremes {
        for b in extremes {
            for (i, epoch) in epochs.iter_mut().enumerate() {
                let value = if i % 2 == 0 { a } else { b };
                (epoch.beta, epoch.lr) = (value, value);
                epoch.train.rec = Some(value);
                epoch.valid.gate = Some(value);
                epoch.valid.kl_per_dimension = Some(named(&["x", "y"], |_| value));
            }
            summary.rmse_per_channel = NamedValues(vec![("x".into(), a), ("y".into(), b)]);
            summary.test.mse = a;
            summary.wall_seconds = b;
            let text = checked_text(&html(&summary, &epochs, None, "{}"));
            assert!(!text.contains("NaN"), "{a:e} {b:e}");
        }
    }
}
