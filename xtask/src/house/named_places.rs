//! Pages that list the source files which do something special, held to the code.
//!
//! A page says where `unsafe` stands, which files write to a disk, which operations leave the GPU. The list is right
//! when every such file is named there, and every file named there is such a file.

use std::fs;
use std::path::{Path, PathBuf};

/// What a page lists.
struct Place {
    /// What such a file does.
    what: &'static str,
    /// The page.
    page: &'static str,
    /// The heading of the page's section.
    heading: &'static str,
    /// Whether a piece of code does it.
    does: fn(&str) -> bool,
}

const PLACES: &[Place] = &[
    Place {
        what: "has `unsafe` code",
        page: "docs/robustness.md",
        heading: "## Unsafe code",
        does: |code| has_word(code, "unsafe"),
    },
    Place {
        what: "writes, renames or removes files",
        page: "ARCHITECTURE.md",
        heading: "## Who writes files",
        does: writes_files,
    },
    Place {
        what: "has an assertion, an `expect` or a `panic!`",
        page: "docs/robustness.md",
        heading: "## Assertions",
        does: can_panic,
    },
    Place {
        what: "computes on the host within a step on a GPU",
        page: "docs/gpu.md",
        heading: "## What runs where",
        does: |code| code.contains("host_op(") || code.contains("fn detach<"),
    },
];

/// What ends the thread where it is not so; assertions in constants end the compilation.
const PANICS: &[&str] = &[
    ".expect(",
    ".unwrap()",
    "assert!(",
    "assert_eq!(",
    "assert_ne!(",
    "panic!(",
    "unreachable!(",
];

/// Calls of the standard library that change what is on a disk.
const CHANGES_A_DISK: &[&str] = &[
    "fs::write(",
    "fs::rename(",
    "fs::copy(",
    "fs::hard_link(",
    "fs::remove_",
    "fs::create_dir",
    "File::create",
    "OpenOptions::new(",
    "OpenOptions::default(",
];

/// Each file that a page leaves out or names wrongly, of `sources` (relative to `root`).
pub fn problems(root: &Path, sources: &[PathBuf]) -> Result<Vec<String>, String> {
    let read = |file: &Path| {
        fs::read_to_string(root.join(file)).map_err(|error| format!("{}: {error}", file.display()))
    };
    let mut problems = Vec::new();
    for place in PLACES {
        let page = read(Path::new(place.page))?;
        let named = named_files(section(&page, place.heading));
        if named.is_empty() {
            problems.push(format!(
                "{}: no section `{}` that names files",
                place.page, place.heading
            ));
        }
        let mut found = Vec::new();
        for source in sources.iter().filter(|source| !is_a_test(source)) {
            if (place.does)(&shipped_code(&read(source)?)) {
                found.push(source.to_string_lossy().into_owned());
            }
        }
        for file in found.iter().filter(|file| !named.contains(file)) {
            problems.push(format!(
                "{file} {}, and `{}` of {} does not name it",
                place.what, place.heading, place.page
            ));
        }
        for file in named.iter().filter(|file| !found.contains(file)) {
            problems.push(format!(
                "`{}` of {} names {file}, which is not a file that {}",
                place.heading, place.page, place.what
            ));
        }
    }
    Ok(problems)
}

/// The text from a heading to the next one of its level.
fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let Some(start) = page.find(heading) else {
        return "";
    };
    let text = &page[start + heading.len()..];
    text.find("\n## ").map_or(text, |end| &text[..end])
}

/// Paths of Rust sources in backticks.
fn named_files(text: &str) -> Vec<String> {
    (text.split('`').skip(1).step_by(2))
        .filter(|word| {
            word.starts_with("crates/") && Path::new(word).extension().is_some_and(|e| e == "rs")
        })
        .map(ToOwned::to_owned)
        .collect()
}

/// Whether the whole file belongs to tests.
fn is_a_test(source: &Path) -> bool {
    (source.iter()).any(|part| part == "tests" || part == "tests.rs" || part == "testing.rs")
}

/// A source without comments and without its modules of tests.
fn shipped_code(source: &str) -> String {
    let mut kept = vec![];
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        let attribute = line.trim_start();
        let indent = &line[..line.len() - attribute.len()];
        let is_for_tests = ["#[cfg(test)]", "#[cfg(all(test"];
        if !is_for_tests.iter().any(|it| attribute.starts_with(it)) {
            kept.push(line.split("//").next().unwrap_or_default());
            continue;
        }
        // `mod tests;` is another file; a block ends at its own indent
        let item = lines.find(|line| !line.trim_start().starts_with("#["));
        if item.is_some_and(|item| item.ends_with('{')) {
            let end = format!("{indent}}}");
            let _ = lines.find(|line| *line == end);
        }
    }
    kept.join("\n")
}

fn has_word(code: &str, wanted: &str) -> bool {
    code.split(|c: char| !(c.is_alphanumeric() || "_-".contains(c)))
        .any(|word| word == wanted)
}

fn can_panic(code: &str) -> bool {
    let lines = code.lines().filter(|line| !line.starts_with("const "));
    let mut words = lines.flat_map(|line| {
        line.split_whitespace()
            .map(|word| word.replace("debug_assert", ""))
    });
    words.any(|word| PANICS.iter().any(|call| word.contains(call)))
}

fn writes_files(code: &str) -> bool {
    CHANGES_A_DISK.iter().any(|call| {
        // `PartFile::create(` is another function
        (code.match_indices(call)).any(|(at, _)| !code[..at].ends_with(char::is_alphanumeric))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_is_a_word_of_the_code() {
        let is_unsafe = |source| has_word(&shipped_code(source), "unsafe");
        assert!(is_unsafe("fn a() {\n    unsafe { b() }\n}"));
        assert!(is_unsafe("type A = unsafe fn();"));
        assert!(!is_unsafe(
            "// unsafe\n#![forbid(unsafe_code)]\nconst A: &str = \"'unsafe-inline'\";"
        ));
    }

    #[test]
    fn tests_may_write_files() {
        for attribute in [
            "#[cfg(test)]",
            "#[cfg(all(test, unix))]",
            "#[cfg(test)]\n#[allow(a)]",
        ] {
            let source = format!(
                "fn a() {{}}\n{attribute}\nmod tests {{\n fn b() {{ fs::write(p, q); }}\n}}\n"
            );
            assert!(!writes_files(&shipped_code(&source)));
        }
        // what follows a module of tests, or its name, is shipped
        let source = "mod a {\n    #[cfg(test)]\n    mod tests {\n    }\n    fn b() { fs::write(p, q); }\n}\n";
        assert!(writes_files(&shipped_code(source)));
        let source = "#[cfg(test)]\nmod tests;\nfn a() { fs::write(p, q); }\n";
        assert!(writes_files(&shipped_code(source)));
        assert!(writes_files(&shipped_code(
            "fn a() { std::fs::rename(p, q); }"
        )));
        assert!(!writes_files("fn a() { PartFile::create(p) }"));
    }

    #[test]
    fn a_constant_is_checked_by_the_compiler() {
        assert!(can_panic("fn a() {\n    b().expect(\"plain data\");\n}"));
        assert!(can_panic("fn a() { assert_eq!(1, 2); }"));
        assert!(!can_panic(
            "const _: () = assert!(A.len() == B);\n    debug_assert!(x);"
        ));
    }

    /// A page that names a file too few and one too many is refused for both.
    #[test]
    fn a_page_that_does_not_fit_the_code_is_refused() {
        let folder = std::env::temp_dir().join(format!("named_places_{}", std::process::id()));
        let source = PathBuf::from("crates/a/src/lib.rs");
        for (name, text) in [
            (
                "crates/a/src/lib.rs",
                "fn a() { unsafe {} File::create(p); host_op(); }",
            ),
            (
                "docs/robustness.md",
                "## Unsafe code\n`crates/a/src/lib.rs`\n## Next\n`crates/a/src/b.rs`",
            ),
            (
                "ARCHITECTURE.md",
                "## Who writes files\n`crates/a/src/other.rs`\n",
            ),
            ("docs/gpu.md", "## What runs where\nnothing\n"),
        ] {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let problems = problems(&folder, &[source]).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(
            problems,
            [
                "crates/a/src/lib.rs writes, renames or removes files, and `## Who writes files` of ARCHITECTURE.md does \
                 not name it",
                "`## Who writes files` of ARCHITECTURE.md names crates/a/src/other.rs, which is not a file that writes, \
                 renames or removes files",
                "docs/robustness.md: no section `## Assertions` that names files",
                "docs/gpu.md: no section `## What runs where` that names files",
                "crates/a/src/lib.rs computes on the host within a step on a GPU, and `## What runs where` of docs/gpu.md \
                 does not name it",
            ]
        );
    }
}
