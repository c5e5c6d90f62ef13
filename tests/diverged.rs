//! A training that diverges: exit code 3, the state and the batch kept, and a look at them.

use std::fmt::Write as _;
use std::path::Path;
use stories::folder::Folder;
use stories::{newest_run, printed, text, trainer};

/// Standardised spectra of which one has a cell that no net can take, and no step may be left out.
fn spoilt() -> Folder {
    let folder = Folder::new();
    let table = |first: &str| {
        let mut text = format!("{},id\n", stories::folder::BANDS);
        for row in 0..40 {
            let cell =
                |band: usize| f64::from(((row * 7 + band as u32 * 3) % 11) as u8) / 4.0 - 1.2;
            let mut cells: Vec<String> = (0..11).map(|band| cell(band).to_string()).collect();
            if row == 17 {
                cells[4] = first.into();
            }
            writeln!(text, "{},plot {row}", cells.join(",")).unwrap();
        }
        text
    };
    folder.write("train.csv", &table("1e30"));
    folder.write("valid.csv", &table("0.1"));
    folder.write("test.csv", &table("0.1"));
    folder.spoil(
        "config.json",
        "\"values\": \"reflectance\"",
        "\"values\": \"standardized\", \"standardization\": {\"mean\": \"mean.npy\", \"scale\": \"scale.npy\"}, \
         \"labels\": {\"sample_id\": \"id\"}",
    );
    folder.spoil(
        "config.json",
        "\"epochs\": 2",
        "\"epochs\": 2, \"max_skipped_steps\": 1, \"batch_size\": 10",
    );
    for (name, value) in [("mean.npy", 0.2_f64), ("scale.npy", 0.1)] {
        // eleven numbers in NumPy's format 1.0
        let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (11,), }";
        let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        bytes.extend(format!("{header:<117}\n").bytes());
        bytes.extend(std::iter::repeat_n(value.to_le_bytes(), 11).flatten());
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn replay(run: &Path) -> (Option<i32>, String, String) {
    let output = trainer().arg("replay").arg(run).output().unwrap();
    let (stdout, stderr) = printed(&output);
    (output.status.code(), stdout, stderr)
}

#[test]
fn the_row_that_did_it_is_found() {
    let folder = spoilt();
    let (code, message) = folder.train();
    assert_eq!(code, Some(3), "{message}");
    assert!(message.contains("trainer replay runs/mine/"), "{message}");
    let run = newest_run(&folder.path().join("runs"));
    // the state of the epoch before is what a resumed run begins with
    assert!(run.join("checkpoints/last.safetensors").is_file());
    let (code, said, stderr) = replay(&run);
    assert_eq!(code, Some(0), "{stderr}");
    let metrics = text(&run.join("metrics.jsonl"));
    let steps = metrics
        .lines()
        .filter(|line| line.contains("\"kind\":\"step\""))
        .count();
    // four batches in the epoch of Pretrain, then those before the one that diverged
    let batch = steps - 4;
    assert!(
        said.starts_with(&format!("epoch 1, batch {batch} (Train): 10 rows, ")),
        "{said}"
    );
    assert!(said.contains("the step is left out"), "{said}");
    assert!(
        said.contains("1 of 10 rows are not finite\n  training row 17, sample plot 17: ")
            && said.ends_with("; its largest input is 1000000000000000000000000000000 in B06\n"),
        "{said}"
    );
    // it was only looked at
    assert_eq!(replay(&run).1, said);
    assert_eq!(text(&run.join("metrics.jsonl")), metrics);
}

#[test]
fn a_run_that_did_not_diverge_is_not_replayed() {
    let folder = Folder::new();
    assert_eq!(folder.train_quietly(), Some(0));
    let (code, _, stderr) = replay(&newest_run(&folder.path().join("runs")));
    assert_eq!(code, Some(2));
    assert!(stderr.contains("it did not diverge"), "{stderr}");
}
