//! The report of a run as a reader sees it: in a browser, wide and narrow, light and dark.

mod chromium;

use chromium::Chromium;
use serde_json::{Value, json};
use std::path::Path;
use stories::{Run, SMALL, printed, text, trainer};

/// `trainer report …`; what it printed on standard error and its exit code.
fn report(run: &Path, more: &[&str]) -> (Option<i32>, String) {
    let mut command = trainer();
    command.arg("report").arg(run).args(more);
    let output = command.output().unwrap();
    let (_, stderr) = printed(&output);
    (output.status.code(), stderr)
}

/// What a browser makes of a page, wide and as a phone, in light and dark: no error, nothing fetched, nothing wider
/// than the screen, another background in the dark.
fn looks_well(browser: &mut Chromium, page: &Path, shots: &Path) {
    let mut backgrounds = vec![];
    for (width, height, mobile) in [(1280, 900, false), (390, 844, true)] {
        for scheme in ["light", "dark"] {
            let what = format!("{} at {width} in {scheme}", page.display());
            browser.call(
                "Emulation.setDeviceMetricsOverride",
                &json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}),
            );
            browser.call(
                "Emulation.setEmulatedMedia",
                &json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]}),
            );
            let events = browser.open(page);
            let of = |method: &str| -> Vec<&Value> {
                events.iter().filter(|e| e["method"] == method).collect()
            };
            for method in [
                "Runtime.exceptionThrown",
                "Runtime.consoleAPICalled",
                "Log.entryAdded",
            ] {
                assert!(of(method).is_empty(), "{what}: {:?}", of(method));
            }
            let requests = of("Network.requestWillBeSent");
            let urls: Vec<_> = requests
                .iter()
                .map(|e| e["params"]["request"]["url"].as_str().unwrap_or_default())
                .collect();
            assert_eq!(urls, [chromium::url(page)], "{what}");
            let number = |browser: &mut Chromium, of: &str| browser.value(of).as_f64().unwrap();
            let wide = number(browser, "document.documentElement.scrollWidth");
            let screen = number(browser, "window.innerWidth");
            assert!(
                wide <= screen && screen <= f64::from(width),
                "{what}: {wide} on {screen}"
            );
            assert!(number(browser, "document.querySelectorAll('svg title').length") > 50.0);
            assert_eq!(
                number(
                    browser,
                    "[...document.querySelectorAll('figure')].filter(f => !f.querySelector('svg title')).length"
                ),
                0.0,
                "{what}: each figure has values to point at"
            );
            let background = browser.value("getComputedStyle(document.body).backgroundColor");
            backgrounds.push(background);
            let name = page.file_stem().unwrap().to_string_lossy();
            browser.picture(&shots.join(format!("{name}-{width}-{scheme}.png")));
        }
    }
    assert_eq!(backgrounds[0], backgrounds[2]);
    assert_eq!(backgrounds[1], backgrounds[3]);
    assert_ne!(backgrounds[0], backgrounds[1], "light and dark differ");
}

#[test]
fn a_report_in_a_browser() {
    let runs = tempfile::tempdir().unwrap();
    let short = ["--epochs", "4", "--set", "phys_vae.epochs_pretrain=2"];
    let run = Run::train(runs.path(), &[SMALL.as_slice(), &short].concat()).path;
    let written = text(&run.join("report.html"));
    // the command makes the page that training has left, byte by byte
    let whole = runs.path().join("whole.html");
    let (code, stderr) = report(&run, &["--output", whole.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(
        text(&whole) == written,
        "another page than that of training"
    );
    assert!(written.len() < 3_000_000, "{} bytes", written.len());
    for part in [
        "Fit by channel",
        "Error by channel",
        "Gate by channel",
        "Calibration of the posterior",
        "100 of 100 samples drawn",
        "An estimate at an end of its range",
        "Input unlike the training data",
        "Angle outside the training data",
        "Total loss",
    ] {
        assert!(written.contains(part), "{part}");
    }
    let alone = runs.path().join("alone.html");
    let arguments = ["--without-samples", "--output", alone.to_str().unwrap()];
    assert_eq!(report(&run, &arguments).0, Some(0));
    let page = text(&alone);
    assert!(page.contains("without the test samples") && page.contains("RMSE per channel"));
    assert!(!page.contains("Error by channel"));
    // as a run of an earlier version, and one with the file of another
    let domain = text(&run.join("domain.json"));
    std::fs::remove_file(run.join("domain.json")).unwrap();
    let earlier = runs.path().join("earlier.html");
    assert_eq!(
        report(&run, &["--output", earlier.to_str().unwrap()]).0,
        Some(0)
    );
    let page = text(&earlier);
    assert!(page.contains("An estimate at an end of its range"));
    assert!(!page.contains("Spectrum unlike") && !page.contains("Angle outside"));
    let mut other: Value = serde_json::from_str(&domain).unwrap();
    (other["mean"], other["factor"]) = (json!([0.0]), json!([1.0]));
    other["channels"] = json!([[-1.0, 1.0]]);
    std::fs::write(run.join("domain.json"), other.to_string()).unwrap();
    let again = ["--output", earlier.to_str().unwrap(), "--overwrite"];
    let (code, stderr) = report(&run, &again);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(
        stderr.contains("domain.json") && stderr.contains("it is not of 11 channels"),
        "{stderr}"
    );
    std::fs::write(run.join("domain.json"), domain).unwrap();
    // as a run that was stopped: no summary, the last line half written
    std::fs::remove_file(run.join("summary.json")).unwrap();
    let metrics = text(&run.join("metrics.jsonl"));
    let half = metrics.trim_end().len() - 20;
    std::fs::write(run.join("metrics.jsonl"), &metrics[..half]).unwrap();
    let stopped = runs.path().join("stopped.html");
    let (code, stderr) = report(&run, &["--output", stopped.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{stderr}");
    let page = text(&stopped);
    assert!(page.contains("The run has not finished; this page shows it after 3 epochs."));
    assert!(page.contains("Error by channel") && page.contains("rtm_c_synthetic"));
    // and before its first epoch
    std::fs::remove_file(run.join("metrics.jsonl")).unwrap();
    let (code, stderr) = report(&run, &[]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("it has no epoch to report yet"), "{stderr}");
    assert!(
        text(&run.join("report.html")) == written,
        "a refusal writes nothing"
    );

    let profile = runs.path().join("profile");
    let Some(mut browser) = Chromium::start(&profile) else {
        return;
    };
    let shots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report");
    std::fs::create_dir_all(&shots).unwrap();
    for page in [&whole, &alone, &stopped] {
        looks_well(&mut browser, page, &shots);
    }
}

#[test]
fn a_run_whose_tables_are_gone_or_changed_says_how_to_go_on() {
    let folder = stories::folder::Folder::new();
    assert_eq!(folder.train_quietly(), Some(0));
    let run = stories::newest_run(&folder.path().join("runs"));
    assert_eq!(report(&run, &[]).0, Some(0));
    // the last digit of the last row
    let table = stories::folder::table();
    let changed = format!("{}5\n", table.trim_end());
    folder.write("test.csv", &changed);
    let (code, stderr) = report(&run, &[]);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(
        stderr.contains("made with other samples") && stderr.contains("--without-samples"),
        "{stderr}"
    );
    std::fs::remove_file(folder.path().join("test.csv")).unwrap();
    let (code, stderr) = report(&run, &[]);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(
        stderr.contains("test.csv") && stderr.contains("--without-samples"),
        "{stderr}"
    );
    assert_eq!(report(&run, &["--without-samples"]).0, Some(0));
}
