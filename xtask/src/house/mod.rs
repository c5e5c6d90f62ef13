//! House rules that no compiler checks: the size of files, unfinished code, inherited lints, pages that list files.

mod named_places;

use crate::standalone::{self, STANDS_ALONE};
use crate::workspace::Workspace;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Largest file that may be tracked. Golden data and tables fit; a run, a checkpoint or a scene does not.
const LARGEST_FILE_BYTES: u64 = 1_000_000;

/// What an unfinished place looks like. Such notes belong into an issue.
const UNFINISHED: &[&str] = &["todo!(", "unimplemented!(", "FIXME", "XXX"];

/// Each broken rule, and the number of files looked at.
pub fn check(workspace: &Workspace) -> Result<(Vec<String>, usize), String> {
    let files = files(workspace.root())?;
    let mut problems = Vec::new();
    let mut sources = Vec::new();
    for file in &files {
        let path = workspace.root().join(file);
        // a file deleted but not yet committed is still listed
        let Ok(size) = fs::metadata(&path).map(|metadata| metadata.len()) else {
            continue;
        };
        if size > LARGEST_FILE_BYTES {
            problems.push(format!(
                "{}: {size} bytes, allowed: {LARGEST_FILE_BYTES}",
                file.display()
            ));
        }
        if is_library_source(file) {
            let source = fs::read_to_string(&path)
                .map_err(|error| format!("{}: {error}", file.display()))?;
            problems.extend(
                unfinished(&source)
                    .map(|(line, mark)| format!("{}:{line}: `{mark}`", file.display())),
            );
            sources.push(file.clone());
        }
    }
    problems.extend(named_places::problems(workspace.root(), &sources)?);
    let root_manifest = workspace.root().join("Cargo.toml");
    let root_manifest = fs::read_to_string(&root_manifest)
        .map_err(|error| format!("{}: {error}", root_manifest.display()))?;
    for package in workspace.metadata()?.workspace_packages() {
        let manifest = package.manifest_path.as_std_path();
        let text = fs::read_to_string(manifest)
            .map_err(|error| format!("{}: {error}", manifest.display()))?;
        if package.name.as_str() == STANDS_ALONE {
            problems.extend(standalone::differences(&text, &root_manifest));
        } else if !inherits_lints(&text) {
            problems.push(format!(
                "`{}` does not inherit the workspace's lints: `[lints] workspace = true` is missing",
                package.name
            ));
        }
    }
    Ok((problems, files.len()))
}

/// Files that are tracked or would be with `git add`, relative to the root.
fn files(root: &Path) -> Result<Vec<PathBuf>, String> {
    let output = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root)
        .output()
        .map_err(|error| format!("git ls-files: {error}"))?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr);
        return Err(format!("git ls-files: {}", message.trim()));
    }
    let names = String::from_utf8_lossy(&output.stdout);
    Ok(names
        .split('\0')
        .filter(|name| !name.is_empty())
        .map(PathBuf::from)
        .collect())
}

/// Whether it is `crates/*/src/**/*.rs`.
fn is_library_source(file: &Path) -> bool {
    let mut parts = file.iter();
    parts.next().is_some_and(|part| part == "crates")
        && parts.nth(1).is_some_and(|part| part == "src")
        && file.extension().is_some_and(|extension| extension == "rs")
}

/// Line number and mark of each unfinished place.
fn unfinished(source: &str) -> impl Iterator<Item = (usize, &'static str)> {
    source.lines().enumerate().flat_map(|(index, line)| {
        UNFINISHED
            .iter()
            .filter(move |mark| line.contains(**mark))
            .map(move |mark| (index + 1, *mark))
    })
}

/// Whether the manifest says `[lints] workspace = true`. `cargo metadata` does not tell, and two ways to
/// write it do not need a parser.
fn inherits_lints(manifest: &str) -> bool {
    let mut section = "";
    manifest.lines().any(|line| {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.starts_with('[') {
            section = line;
        }
        let setting: String = line.split_whitespace().collect();
        (section == "[lints]" && setting == "workspace=true")
            || (section.is_empty() && setting == "lints.workspace=true")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lints_are_inherited_by_their_own_section_only() {
        assert!(inherits_lints(
            "[package]\nname = 'a'\n\n[lints] # all\nworkspace = true\n"
        ));
        assert!(inherits_lints("lints.workspace = true\n[package]\n"));
        assert!(!inherits_lints("[package]\nname = 'a'\n"));
        assert!(!inherits_lints("[lints]\n# workspace = true\n"));
        assert!(!inherits_lints("[lints]\nworkspace = false\n"));
        assert!(!inherits_lints("[dependencies.a]\nworkspace = true\n"));
    }

    #[test]
    fn unfinished_places_are_named_with_their_line() {
        let source = "fn a() {}\nfn b() { todo!() }\n// FIXME and XXX\n";
        assert_eq!(
            unfinished(source).collect::<Vec<_>>(),
            [(2, "todo!("), (3, "FIXME"), (3, "XXX")]
        );
        assert_eq!(unfinished("a method\n// nothing to do\n").count(), 0);
    }

    #[test]
    fn only_the_crates_sources_must_be_finished() {
        let is = |file: &str| is_library_source(Path::new(file));
        assert!(is("crates/nn/src/lib.rs") && is("crates/nn/src/backend/cpu.rs"));
        assert!(!is("crates/nn/tests/a.rs") && !is("xtask/src/house.rs"));
        assert!(!is("crates/physics/src/tables/README.md"));
    }
}
