//! Pages with the samples of a made-up test split.

use super::{BANDS, PHYSICAL, checked_text, epochs, named, summary};
use crate::recovery::Recovery;
use crate::report::{
    ChannelsOfSplit, Contents, OutsideTraining, ParameterOfSplit, TestSplit, html,
};
use data::Labels;
use latent::{logit, sigmoid};
use ndarray::Array2;

/// As many numbers as asked for, evenly in (0, 1), in an order without a course.
fn uniform(n: usize, shift: usize) -> Vec<f64> {
    let golden = 0.618_033_988_749_894_9;
    let at = |i: usize| ((i + 97 * shift) as f64 * golden).fract();
    (0..n).map(|i| at(i).clamp(1e-6, 1.0 - 1e-6)).collect()
}

/// n samples of twenty classes on the days of a year; u is known with a standard deviation of 0.5, and its mean is
/// as far from the truth as quantiles of that say.
fn split(n: usize) -> TestSplit {
    let parameter = |(k, name): (usize, &&str)| {
        let truth = uniform(n, k);
        let away = uniform(n, k + 50);
        // near the quantiles of a normal variable (Shore 1982), good to 1 % here
        let normal = |q: f64| 5.555_6 * (1.0 - ((1.0 - q) / q).powf(0.1186));
        let quantile = |q: f64| {
            if q >= 0.5 {
                normal(q)
            } else {
                -normal(1.0 - q)
            }
        };
        let means = truth.iter().zip(&away);
        let means: Vec<f64> = means.map(|(z, q)| logit(*z) + 0.5 * quantile(*q)).collect();
        let z: Vec<f64> = means.iter().map(|u| sigmoid(*u)).collect();
        let physical = |z: &[f64]| z.iter().map(|z| 10.0 + 5.0 * z).collect::<Vec<f64>>();
        ParameterOfSplit {
            name: (*name).to_owned(),
            unit: "g/cm²".to_owned(),
            range: [10.0, 15.0],
            u: means.iter().map(|mean| [*mean, 0.5]).collect(),
            value: physical(&z),
            truth: Some((
                physical(&truth),
                Recovery {
                    r2: Some(0.9),
                    samples: Some(n),
                    rmse: 0.4,
                    bias: -0.01,
                    coverage_90: Some(0.9),
                    unit: "g/cm²".to_owned(),
                },
            )),
            z,
        }
    };
    let text = |of: &dyn Fn(usize) -> String| -> data::LabelColumn {
        let all: Vec<String> = (0..n).map(of).collect();
        all.iter().map(String::as_str).collect()
    };
    let spectra = |more: f64| {
        let noise = uniform(n * BANDS.len(), 7);
        Array2::from_shape_fn((n, BANDS.len()), |(row, band)| {
            0.02 * (band + 1) as f64 + 0.01 * noise[row * BANDS.len() + band] + more
        })
    };
    TestSplit {
        parameters: PHYSICAL.iter().enumerate().map(parameter).collect(),
        labels: Labels {
            class: Some(text(&|i| format!("class {}", (i * i) % 23))),
            date: Some(text(&|i| format!("2018.{:02}.15", i % 5 + 4))),
            sample_id: None,
        },
        channels: ChannelsOfSplit {
            names: BANDS.map(str::to_owned).to_vec(),
            unit: "reflectance".to_owned(),
            observed: spectra(0.0),
            physics: Some(spectra(0.01)),
            reconstruction: spectra(0.002),
        },
        errors: uniform(n, 3),
        error_limit: Some(0.99),
        outside: None,
        gate: Some(named(&BANDS, |i| 0.01 * i)),
    }
}

fn page(split: &TestSplit) -> String {
    html(&Contents {
        summary: Some(&summary(150)),
        epochs: &epochs(20, 150),
        split: Some(split),
        config_json: "{}",
        ..Contents::default()
    })
}

/// The bodies of the figures.
fn figures(page: &str) -> Vec<&str> {
    let bodies = page.split("<figure>").skip(1);
    bodies
        .map(|f| f.split("</figure>").next().unwrap())
        .collect()
}

fn figure<'a>(page: &'a str, title: &str) -> &'a str {
    let title = format!("<strong>{title}</strong>");
    let found = figures(page).into_iter().find(|f| f.contains(&title));
    found.unwrap_or_else(|| panic!("no figure {title}"))
}

#[test]
fn a_page_of_a_large_split_is_small_and_the_same_each_time() {
    let split = split(2884);
    let page = page(&split);
    let text = checked_text(&page);
    // over the epochs, fit by channel, scatter and calibration, by class, by month, KL
    assert_eq!(figures(&page).len(), 14 + 4 + 8 + 7 + 7 + 1);
    for figure in figures(&page) {
        assert!(figure.contains("<title>"), "{figure}");
    }
    assert!(page.len() < 3_000_000, "{} bytes", page.len());
    assert_eq!(
        page,
        super::super::html(&Contents {
            summary: Some(&summary(150)),
            epochs: &epochs(20, 150),
            split: Some(&split),
            config_json: "{}",
            ..Contents::default()
        })
    );
    assert!(text.contains("1,442 of 2,884 samples drawn"), "{text}");
    assert!(text.contains("bias -0.01 (g/cm²)"));
}

#[test]
fn classes_share_a_box_from_the_seventeenth_on() {
    let page = page(&split(600));
    let boxes: Vec<&str> = figures(&page)
        .into_iter()
        .filter(|f| f.contains("<strong>LAI</strong>") && f.contains("class=\"median\""))
        .collect();
    assert_eq!(boxes.len(), 2);
    // i² modulo 23 has twelve values
    assert_eq!(boxes[0].matches("<rect class=\"box").count(), 13);
    assert!(boxes[0].contains("<title>all: 600 samples\n5 %: "));
    assert_eq!(boxes[1].matches("<rect class=\"box").count(), 5);
    assert!(boxes[1].contains("<title>April: 120 samples"));
    let mut many = split(600);
    let classes: Vec<String> = (0..600).map(|i| format!("class {}", i % 30)).collect();
    many.labels.class = Some(classes.iter().map(String::as_str).collect());
    let page = self::page(&many);
    assert!(
        page.contains("<title>14 others: 280 samples"),
        "{}",
        figure(&page, "N")
    );
}

/// The values that the pointer finds at a share.
fn covered(page: &str, share: &str) -> Vec<f64> {
    let figure = figure(page, "Calibration of the posterior");
    let (_, rest) = figure.split_once(&format!("<title>{share}\n")).unwrap();
    let lines = rest.split_once("</title>").unwrap().0.lines();
    lines
        .map(|l| l.rsplit_once(' ').unwrap().1.parse().unwrap())
        .collect()
}

#[test]
fn a_posterior_that_is_right_lies_on_the_diagonal_and_one_too_narrow_below() {
    let mut split = split(2000);
    let page = self::page(&split);
    for (share, nominal) in [("50.0 %", 0.5), ("90.0 %", 0.9)] {
        let found = covered(&page, share);
        assert_eq!(found.len(), 7 + 1);
        assert!(
            found.iter().all(|f| (f - nominal).abs() < 0.02),
            "{share}: {found:?}"
        );
    }
    for parameter in &mut split.parameters {
        for [_, sd] in &mut parameter.u {
            *sd = 0.25;
        }
    }
    // half as wide: P(|t| < 1.645/2) = 0.589
    let found = covered(&self::page(&split), "90.0 %");
    assert!(
        found[..7].iter().all(|f| (f - 0.589).abs() < 0.02),
        "{found:?}"
    );
    // a truth outside of the range is never covered
    for parameter in &mut split.parameters {
        parameter.truth.as_mut().unwrap().0.fill(99.0);
    }
    let found = covered(&self::page(&split), "99.0 %");
    assert!(found[..7].iter().all(|f| *f == 0.0), "{found:?}");
}

#[test]
fn flags_are_counted() {
    let mut split = split(100);
    split.errors = vec![0.0; 100];
    split.errors[3] = 2.0;
    for parameter in &mut split.parameters {
        parameter.z.fill(0.5);
    }
    split.parameters[0].z[7] = 0.001;
    split.parameters[0].z[8] = 0.999;
    split.parameters[4].z[8] = 0.995;
    let text = checked_text(&page(&split));
    for row in [
        "99th percentile (0.99)\n1\n1.0 %",
        "An estimate at an end of its range\n2\n2.0 %",
        "N at its lower end (10)\n1\n1.0 %",
        "N at its upper end (15)\n1\n1.0 %",
        "LAI at its upper end (15)\n1\n1.0 %",
    ] {
        assert!(text.contains(row), "{row}\n{text}");
    }
    assert!(!text.contains("LAI at its lower end"));
    // of a run that did not keep what it was trained on
    assert!(!text.contains("the training data"));
    let mut outside = OutsideTraining {
        spectrum: (0..100).map(|row| row % 10 == 0).collect(),
        conditions: Some((0..100).map(|row| row < 3).collect()),
    };
    split.outside = Some(outside.clone());
    let text = checked_text(&page(&split));
    assert!(
        text.contains("Input unlike the training data\n10\n10.0 %"),
        "{text}"
    );
    assert!(
        text.contains("Angle outside the training data\n3\n3.0 %"),
        "{text}"
    );
    // of a physics without angles
    outside.conditions = None;
    split.outside = Some(outside);
    let text = checked_text(&page(&split));
    assert!(text.contains("Input unlike") && !text.contains("Angle outside"));
}

#[test]
fn no_sample_breaks_a_page() {
    let evil = "</svg><script>alert(\"1\")</script>";
    for value in [f64::NAN, f64::INFINITY, f64::MAX, -f64::MAX, 5e-324, 0.0] {
        let mut split = split(40);
        for parameter in &mut split.parameters {
            (parameter.name, parameter.unit) = (evil.to_owned(), evil.to_owned());
            parameter.value.fill(value);
            parameter.z.fill(value);
            parameter.u.fill([value, value]);
            parameter.range[1] = if value == 0.0 { 10.0 } else { 15.0 };
            parameter.truth.as_mut().unwrap().0.fill(value);
        }
        split.errors.fill(value);
        split.channels.observed.fill(value);
        split.channels.names.fill(evil.to_owned());
        split.channels.unit = evil.to_owned();
        split.gate = Some(named(&[evil], |_| value));
        split.labels.class = Some(vec![evil; 40].into_iter().collect());
        let page = page(&split);
        let text = checked_text(&page);
        assert!(
            !text.contains("NaN") && !page.contains("<script"),
            "{value}"
        );
    }
    let text = checked_text(&page(&TestSplit::default()));
    assert!(!text.contains("wary"));
}

#[test]
fn a_run_without_a_summary_has_name_seed_and_curves() {
    let config = "{\"name\": \"mine\", \"seed\": 7, \"physics\": {\"model\": \"mogi\"}}";
    let page = html(&Contents {
        epochs: &epochs(2, 5),
        config_json: config,
        note: Some("The run has not finished."),
        ..Contents::default()
    });
    let text = checked_text(&page);
    assert!(text.contains("mine, seed 7"), "{text}");
    assert!(text.contains("physics mogi") && text.contains("The run has not finished."));
    // the last epoch that was the best
    assert!(text.contains("1 ★"), "{text}");
    assert_eq!(figures(&page).len(), 14);
}
