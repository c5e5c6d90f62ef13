//! The crate that can be copied out of the workspace: its manifest repeats what others inherit, and it builds
//! in a folder of its own.

use crate::workspace::Workspace;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The crate, folder `crates/physics`.
pub const STANDS_ALONE: &str = "physics";

/// Where its manifest says something else than the workspace's: lints, fields of the package, versions of
/// dependencies that both name.
pub fn differences(manifest: &str, workspace: &str) -> Vec<String> {
    let mut problems = Vec::new();
    for (own, shared, both) in [
        ("[lints.rust]", "[workspace.lints.rust]", Both::TheSame),
        ("[lints.clippy]", "[workspace.lints.clippy]", Both::TheSame),
        ("[package]", "[workspace.package]", Both::WhereNamed),
        (
            "[dependencies]",
            "[workspace.dependencies]",
            Both::WhereNamed,
        ),
        (
            "[dev-dependencies]",
            "[workspace.dependencies]",
            Both::WhereNamed,
        ),
    ] {
        let (own_lines, shared_lines) = (settings(manifest, own), settings(workspace, shared));
        for (key, value) in &own_lines {
            match shared_lines.iter().find(|(name, _)| name == key) {
                Some((_, expected)) if expected == value => {}
                Some((_, expected)) => problems.push(format!(
                    "`{STANDS_ALONE}`, {own}: {key} = {value}, the workspace has {expected}"
                )),
                None if both == Both::TheSame => problems.push(format!(
                    "`{STANDS_ALONE}`, {own}: {key} = {value}, the workspace has none"
                )),
                None => {}
            }
        }
        if both == Both::TheSame {
            let missing = shared_lines
                .iter()
                .filter(|(key, _)| own_lines.iter().all(|(name, _)| name != key));
            problems.extend(missing.map(|(key, value)| {
                format!("`{STANDS_ALONE}`, {own}: {key} is missing, the workspace has {value}")
            }));
        }
    }
    problems
}

/// How two sections must agree.
#[derive(Clone, Copy, PartialEq)]
enum Both {
    TheSame,
    WhereNamed,
}

/// Keys and values of a section, without spaces and comments.
fn settings(manifest: &str, section: &str) -> Vec<(String, String)> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in manifest.lines() {
        let line = line.trim();
        if line.starts_with('[') {
            inside = line == section;
        } else if inside
            && !line.starts_with('#')
            && let Some((key, value)) = line.split_once('=')
        {
            let bare = |text: &str| text.split_whitespace().collect::<String>();
            found.push((bare(key), bare(value)));
        }
    }
    found
}

/// Copies the crate into a folder of its own, elsewhere, and lets cargo check everything in it.
pub fn builds(workspace: &Workspace) -> Result<(), String> {
    let copy = std::env::temp_dir().join(format!("{STANDS_ALONE}-alone-{}", std::process::id()));
    let result = builds_in(workspace, &copy);
    // what is left behind in a folder for such things is not worth a failure
    let _ = fs::remove_dir_all(&copy);
    result
}

fn builds_in(workspace: &Workspace, copy: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", copy.display());
    let source = workspace.root().join("crates").join(STANDS_ALONE);
    copy_folder(&source, copy).map_err(failed)?;
    // the versions that everything else is tested with
    let lock = workspace.root().join("Cargo.lock");
    fs::copy(lock, copy.join("Cargo.lock")).map_err(failed)?;
    for arguments in [&["check", "--all-targets"][..], &["doc", "--no-deps"]] {
        let status = Command::new(env!("CARGO"))
            .args(arguments)
            .current_dir(copy)
            .env(
                "CARGO_TARGET_DIR",
                workspace.root().join("target/physics-alone"),
            )
            .status()
            .map_err(failed)?;
        if !status.success() {
            return Err(format!(
                "cargo {} in {}",
                arguments.join(" "),
                copy.display()
            ));
        }
    }
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if entry.file_type()?.is_dir() {
            if name != "target" {
                copy_folder(&entry.path(), &to.join(name))?;
            }
        } else {
            fs::copy(entry.path(), to.join(name))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "[workspace.package]\nedition = \"2024\"\n\n[workspace.dependencies]\n\
        a = \"1\"\nb = { version = \"2\" }\n\n[workspace.lints.rust]\nx = \"deny\"\n";

    #[test]
    fn what_differs_is_named() {
        let same = "[package]\nname = \"p\"\nedition = \"2024\"\n[dependencies]\na = \"1\" \nother = \"3\"\n\
            [dev-dependencies]\nb = {version=\"2\"}\n[lints.rust]\n# why\nx = \"deny\"\n";
        assert_eq!(differences(same, ROOT), Vec::<String>::new());
        let other = same
            .replace("a = \"1\"", "a = \"1.1\"")
            .replace("x = \"deny\"", "y = \"warn\"")
            .replace("2024", "2021");
        let found = differences(&other, ROOT);
        assert_eq!(found.len(), 4, "{found:?}");
        assert!(
            found
                .iter()
                .any(|p| p.ends_with("a = \"1.1\", the workspace has \"1\""))
        );
        assert!(found.iter().any(|p| p.contains("x is missing")));
    }
}
