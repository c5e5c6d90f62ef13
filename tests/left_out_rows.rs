//! Rows of a user's table that are left out by rule: named in a file of the run, and too many of them an error.

use std::fs;
use stories::folder::Folder;
use stories::{newest_run, printed, text, trainer};

/// A folder whose training table has a row of each kind, and a configuration that leaves them out.
fn spoilt(max_dropped: f64) -> Folder {
    let folder = Folder::new();
    let good = text(&folder.path().join("train.csv"));
    let mut lines: Vec<String> = good.lines().map(str::to_owned).collect();
    let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    for (line, cell) in [(3, "nan"), (5, "3.7")] {
        let mut changed = cells(good.lines().nth(line).unwrap());
        changed[4] = cell.into();
        lines[line] = changed.join(",");
    }
    lines.push(lines[1].clone());
    folder.write("train.csv", &(lines.join("\n") + "\n"));
    folder.spoil(
        "config.json",
        "\"values\": \"reflectance\"",
        &format!(
            "\"values\": \"reflectance\", \"missing\": \"drop_row\", \"out_of_range\": \"drop_row\", \
             \"duplicates\": \"drop_row\", \"max_dropped\": {max_dropped}"
        ),
    );
    folder
}

const LISTED: &str = "file,line,rule,reason
\"FOLDER/train.csv\",4,missing,\"column \"\"B06\"\": the cell is \"\"nan\"\"\"
\"FOLDER/train.csv\",6,out_of_range,\"column \"\"B06\"\": 3.7 is outside -0.1 to 1.6\"
";

#[test]
fn a_run_lists_the_rows_it_left_out() {
    let folder = spoilt(0.8);
    let output = trainer()
        .args(["train", "--config", "config.json", "--runs-dir", "runs"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let (_, stderr) = printed(&output);
    assert!(output.status.success(), "{stderr}");
    let run = newest_run(&folder.path().join("runs"));
    let listed = text(&run.join("dropped_rows.csv"));
    let root = folder.path().canonicalize().unwrap();
    let listed = listed.replace(&*root.to_string_lossy(), "FOLDER");
    assert!(listed.starts_with(LISTED), "{listed}");
    // 11 spectra come again and again in these tables
    let training = |line: &&str| line.starts_with("\"FOLDER/train.csv\"");
    let duplicates = listed
        .lines()
        .filter(training)
        .filter(|line| line.contains(",duplicate,"));
    let kept = 41 - 2 - duplicates.count();
    assert_eq!(stories::json(&run.join("summary.json"))["samples"][0], kept);
    assert!(
        listed.contains("42,duplicate,\"the same as line 2\""),
        "{listed}"
    );
    assert!(
        stderr.contains("dropped (1 missing, 1 out_of_range, "),
        "{stderr}"
    );
}

#[test]
fn too_many_are_an_error_that_says_how_to_list_them() {
    let folder = spoilt(0.04);
    let message = folder.refusal();
    assert!(
        message.contains("data.max_dropped allows 0.04"),
        "{message}"
    );
    assert!(
        message.contains("line 4 (column \"B06\": the cell is \"nan\")"),
        "{message}"
    );
    let output = trainer()
        .args([
            "config",
            "check",
            "--config",
            "config.json",
            "--data",
            "--dropped-rows",
            "list.csv",
        ])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let root = folder.path().canonicalize().unwrap();
    let listed = fs::read_to_string(folder.path().join("list.csv")).unwrap();
    let listed = listed.replace(&*root.to_string_lossy(), "FOLDER");
    assert!(listed.starts_with(LISTED), "{listed}");
}
