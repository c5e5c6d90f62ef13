//! What a command may write: nothing over what it reads, over a run's own files, or over another file unasked.
//!
//! One function decides for every command, before it begins; which arguments are read and written, the command line
//! knows ([`crate::cli::Files`]).

use crate::TrainerError;
use crate::cli::Files;
use crate::config::{ConfigSource, Overrides, load};
use crate::disk::is_stream;
use crate::files::is_same_file;
use crate::run_files::is_own;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// What stands behind the name of an output while it is written, and what is written beside it.
const BESIDE: [&str; 7] = [
    ".tmp",
    ".part",
    ".part.journal",
    ".part.tiles",
    ".columns.json",
    ".columns.json.part",
    ".aux.xml",
];

/// Something that is read.
struct Input {
    path: PathBuf,
    /// How it is named in a message.
    what: String,
}

/// Whether all outputs of a call may be written.
///
/// # Errors
/// An output is an input, another output, a file of a run, or is there already and may not be replaced; its folder is
/// not there.
pub(super) fn check(files: &Files) -> Result<(), TrainerError> {
    if let Some((argument, folder)) = &files.made
        && folder.symlink_metadata().is_ok()
    {
        let allowed = "the name of a folder that is not there yet";
        return Err(refusal(argument, folder, allowed));
    }
    if files.written.is_empty() {
        return Ok(());
    }
    let inputs = inputs(files);
    for (n, (argument, output)) in files.written.iter().enumerate() {
        let refuse = |allowed: String| Err(refusal(argument, output, &allowed));
        if is_stream(output) {
            if files.only_files {
                return refuse("a file, and this is a pipe or a device".to_owned());
            }
            continue;
        }
        if files
            .by_design
            .as_ref()
            .is_some_and(|it| is_same_file(output, it))
        {
            continue;
        }
        if let Some(input) = inputs.iter().find(|input| touches(output, &input.path)) {
            return refuse(format!("another file than {}", input.what));
        }
        if let Some(whose) = file_of_a_run(output) {
            return refuse(format!(
                "another file than one that belongs to the run {}",
                whose.display()
            ));
        }
        for (other, path) in &files.written[..n] {
            if touches(output, path) || touches(path, output) {
                return refuse(format!("another file than that of {other}"));
            }
        }
        place(argument, output, files.overwrite)?;
    }
    Ok(())
}

fn refusal(argument: &'static str, output: &Path, allowed: &str) -> TrainerError {
    TrainerError::argument(argument, &output.display().to_string(), allowed)
}

/// Whether there is room for an output: no other file, unless it may be replaced, no folder, and a folder above.
fn place(argument: &'static str, output: &Path, overwrite: bool) -> Result<(), TrainerError> {
    let refuse = |allowed: &str| Err(refusal(argument, output, allowed));
    if output.file_name().is_none() || output.is_dir() {
        return refuse("the name of a file, and this is a folder");
    }
    let folder = output.parent().filter(|it| !it.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|it| !it.is_dir()) {
        let why = format!(
            "a file in a folder that is there, and {} is not",
            folder.display()
        );
        return refuse(&why);
    }
    // a link that leads nowhere is there too
    if output.symlink_metadata().is_ok() && !overwrite {
        return refuse("a file that is not there yet, or --overwrite");
    }
    Ok(())
}

/// Whether writing an output would change a file: itself, or one that is written beside it.
fn touches(output: &Path, input: &Path) -> bool {
    if is_same_file(output, input) {
        return true;
    }
    let Some(name) = output.file_name() else {
        return false;
    };
    BESIDE.iter().any(|suffix| {
        let mut beside = name.to_owned();
        beside.push(suffix);
        is_same_file(&output.with_file_name(beside), input)
    })
}

/// The run that a file belongs to by its place and name, whether it is there yet or not.
fn file_of_a_run(output: &Path) -> Option<PathBuf> {
    let place = std::path::absolute(output).ok()?;
    // as the file system knows its folder, with links followed
    let folder = place.parent()?.canonicalize().ok()?;
    let name = match place.canonicalize() {
        Ok(found) => found,
        Err(_) => folder.join(place.file_name()?),
    };
    for root in name.ancestors().skip(1).take(2) {
        let inside = name.strip_prefix(root).ok()?;
        if root.join("config.json").is_file() && root.join("checkpoints").is_dir() && is_own(inside)
        {
            return Some(root.to_owned());
        }
    }
    None
}

/// All that is read: what the arguments name, the run's files, what the configurations name.
fn inputs(files: &Files) -> Vec<Input> {
    let mut all = vec![];
    for (argument, path) in &files.read {
        let what = format!("that of {argument}");
        if path.is_dir() {
            add_folder(&mut all, path, &what);
        }
        all.push(Input {
            path: path.clone(),
            what,
        });
        if *argument == "OLD.json" || *argument == "--description" {
            add_named(&mut all, path);
        }
    }
    if let Some(run) = &files.run {
        let what = format!("one of the run {}", run.display());
        add_folder(&mut all, &run.join("checkpoints"), &what);
        // those that carry other names elsewhere, too
        add_folder(&mut all, run, &what);
        let is_foreign = |it: &Input| it.path.parent() == Some(run) && !names_own(&it.path);
        all.retain(|it| !is_foreign(it));
    }
    for (source, overrides) in &files.configurations {
        add_configuration(&mut all, source, overrides);
    }
    all
}

/// Whether a file in a run's folder bears a name of the run's own.
fn names_own(path: &Path) -> bool {
    path.file_name().is_some_and(|name| is_own(Path::new(name)))
}

/// The files in a folder.
fn add_folder(all: &mut Vec<Input>, folder: &Path, what: &str) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    all.extend(entries.map(|entry| Input {
        path: entry.path(),
        what: what.to_owned(),
    }));
}

/// The files that a JSON file names, relative to a folder above it.
fn add_named(all: &mut Vec<Input>, file: &Path) {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let said: Value = serde_json::from_str(&text).unwrap_or_default();
    let place = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let what = format!("one that {} names", file.display());
    let mut texts = vec![];
    strings(&said, &mut texts);
    for text in texts {
        add_existing(
            all,
            place.ancestors().skip(1).map(|it| it.join(text)),
            &what,
        );
    }
}

/// The files of a configuration; one that cannot be read ends its command with a message of its own.
fn add_configuration(all: &mut Vec<Input>, source: &ConfigSource, overrides: &Overrides) {
    let Ok(loaded) = load(source, overrides) else {
        return;
    };
    let what = format!("one that the configuration {} names", loaded.label());
    let folder = match source {
        ConfigSource::File(path) => {
            let own = format!("the configuration {}", loaded.label());
            all.push(Input {
                path: path.clone(),
                what: own,
            });
            path.parent().map(Path::to_owned).unwrap_or_default()
        }
        ConfigSource::BuiltIn => PathBuf::new(),
    };
    let resolved = serde_json::to_value(loaded.config()).unwrap_or_default();
    let data = resolved["data"]["dir"].as_str().map(PathBuf::from);
    let mut texts = vec![];
    strings(&resolved, &mut texts);
    for said in loaded.said() {
        strings(said, &mut texts);
    }
    for text in texts {
        let folders = [Some(folder.clone()), Some(PathBuf::new()), data.clone()];
        add_existing(
            all,
            folders.into_iter().flatten().map(|it| it.join(text)),
            &what,
        );
    }
    if let Some(tables) = resolved["physics"]["tables"].as_str() {
        add_folder(all, Path::new(tables), &what);
    }
}

fn add_existing(all: &mut Vec<Input>, paths: impl Iterator<Item = PathBuf>, what: &str) {
    all.extend(paths.filter(|it| it.is_file()).map(|path| Input {
        path,
        what: what.to_owned(),
    }));
}

/// All texts of a JSON value.
fn strings<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) if !text.is_empty() => found.push(text),
        Value::Array(items) => items.iter().for_each(|it| strings(it, found)),
        Value::Object(items) => items.values().for_each(|it| strings(it, found)),
        _ => {}
    }
}
