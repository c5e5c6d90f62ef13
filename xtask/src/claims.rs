//! What the documents claim about the sources: who writes files, and that libraries do not speak of the command line.

use std::path::Path;

/// Where files are opened to write, renamed or made; docs/robustness.md names each.
pub const WRITERS: &[&str] = &[
    "crates/cuda-on-host/src/lib.rs",
    "crates/data/src/write.rs",
    "crates/raster/src/cog/journal.rs",
    "crates/raster/src/cog/writer.rs",
    "crates/tabular/src/part_file.rs",
    "crates/trainer/src/disk.rs",
    "crates/trainer/src/run_lock.rs",
    "crates/trainer/src/screen.rs",
];

/// Calls that make, open to write or rename a file.
const WRITING: &[&str] = &[
    "fs::write(",
    "File::create(",
    "File::create_new(",
    "OpenOptions::new()",
    "fs::rename(",
    "fs::copy(",
    "fs::create_dir",
];

/// Where the command line may be spoken of: its own files, the commands, and pages and notes for its users.
const SPEAKS_OF_OPTIONS: &[&str] = &[
    "crates/cuda-on-host/",
    "crates/gpus/src/error.rs",
    "crates/physics/src/reflectance/quadrature/fitted_for.rs",
    "crates/trainer/src/cli/",
    "crates/trainer/src/commands/",
    "crates/trainer/src/import/",
    "crates/trainer/src/main.rs",
    "crates/trainer/src/report/page.rs",
];

/// What a source does against the claims, each as the end of a message.
pub fn broken(file: &Path, source: &str) -> Vec<String> {
    let is_test = file.iter().any(|part| part == "tests")
        || file.ends_with("tests.rs")
        || file.ends_with("testing.rs");
    if is_test {
        return vec![];
    }
    let code = source
        .split("#[cfg(test)]\nmod tests")
        .next()
        .unwrap_or_default();
    let mut found = vec![];
    for (number, line) in (1..).zip(code.lines()) {
        let line = line.split("//").next().unwrap_or_default();
        if let Some(call) = WRITING.iter().find(|call| line.contains(**call))
            && !WRITERS.iter().any(|writer| file == Path::new(writer))
        {
            found.push(format!(
                "{number}: `{call}`, which may stand in {} only",
                WRITERS.join(", ")
            ));
        }
        let named = file.to_string_lossy();
        if let Some(option) = option_in(line)
            && !SPEAKS_OF_OPTIONS
                .iter()
                .any(|place| named.starts_with(place))
        {
            found.push(format!(
                "{number}: `{option}`, an option of the command line, in a library"
            ));
        }
    }
    found
}

/// An option such as `--refine` in a text of a line.
fn option_in(line: &str) -> Option<&str> {
    let quoted = line.find('"')?;
    let mut rest = &line[quoted..];
    while let Some(place) = rest.find("--") {
        let before = rest[..place].chars().next_back();
        let after = &rest[place + 2..];
        let length = after.find(|c: char| !(c.is_ascii_lowercase() || c == '-'));
        let length = length.unwrap_or(after.len());
        if before.is_some_and(|it| " \"`(".contains(it)) && length > 1 {
            return Some(&rest[place..place + 2 + length]);
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writers_and_options_are_found() {
        let at = |file: &str, source: &str| broken(Path::new(file), source);
        let writes = "fn a() {\n    std::fs::write(path, text)\n}\n";
        assert_eq!(at("crates/nn/src/lib.rs", writes).len(), 1);
        assert!(at("crates/nn/src/lib.rs", writes)[0].starts_with("2: `fs::write(`"));
        assert!(at("crates/trainer/src/disk.rs", writes).is_empty());
        assert!(at("crates/nn/src/tests.rs", writes).is_empty());
        let tested = format!("fn a() {{}}\n\n#[cfg(test)]\nmod tests {{\n{writes}}}\n");
        assert!(at("crates/nn/src/lib.rs", &tested).is_empty());

        let speaks = "let why = \"it needs a noise: --noise A,R\";\n";
        assert_eq!(at("crates/trainer/src/error.rs", speaks).len(), 1);
        assert!(at("crates/trainer/src/cli/advice.rs", speaks).is_empty());
        assert_eq!(
            option_in("a(\"use --keep-epochs N\")"),
            Some("--keep-epochs")
        );
        assert_eq!(option_in("a -- b"), None);
        assert_eq!(option_in("\"a -- b, 3--4, --\""), None);
    }
}
