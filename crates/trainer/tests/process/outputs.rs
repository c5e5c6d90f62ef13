//! No output over an input, over a run's own files, or over another file unasked.

use crate::calls::{Call, all};
use crate::world::{World, stderr, trainer};
use clap::Parser as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use trainer::cli::Cli;

/// An option of a call that names a file or folder to be written.
struct Written<'a> {
    call: &'a Call,
    option: String,
    may_overwrite: bool,
    is_folder: bool,
}

/// All options that write, by what the command line says of a parsed call.
fn written(calls: &[Call]) -> Vec<Written<'_>> {
    let mut found = vec![];
    for call in calls {
        for argument in &call.arguments {
            let Some(long) = argument
                .get_long()
                .filter(|_| argument.get_action().takes_values())
            else {
                continue;
            };
            let mut line = vec!["trainer".to_owned()];
            line.extend(call.with(long, "looked-for"));
            let Ok(parsed) = Cli::try_parse_from(line) else {
                continue;
            };
            let files = parsed.into_command().files();
            let is_it = |it: &(&str, PathBuf)| it.1 == Path::new("looked-for");
            let is_folder = files.made.as_ref().is_some_and(is_it);
            if is_folder || files.written.iter().any(is_it) {
                found.push(Written {
                    call,
                    option: long.to_owned(),
                    may_overwrite: call.arguments.iter().any(|it| it.get_id() == "overwrite"),
                    is_folder,
                });
            }
        }
    }
    found
}

/// What a call reads: by its arguments, by its configuration, and the files of its run.
fn read(world: &World, call: &Call) -> Vec<PathBuf> {
    let line = std::iter::once("trainer".to_owned()).chain(call.line.clone());
    let files = Cli::try_parse_from(line).unwrap().into_command().files();
    let mut found: Vec<PathBuf> = files.read.into_iter().map(|it| it.1).collect();
    if let Some(run) = files.run {
        let inside = world.files().into_iter().map(|it| it.0);
        found.extend(inside.filter(|it| it.starts_with(world.path().join(&run))));
    }
    if !files.configurations.is_empty() {
        let named = ["train.csv", "valid.csv", "test.csv"];
        found.extend(named.map(PathBuf::from));
        if call.line.contains(&"config.json".to_owned()) {
            found.push("ranges.json".into());
        }
    }
    found
}

/// Other names of a file: as it is, with detours, through a link, by another name of the same file.
fn names(world: &World, path: &Path) -> Vec<PathBuf> {
    let absolute = world.path().join(path);
    let links = world.path().join("links");
    fs::create_dir_all(&links).unwrap();
    let name = absolute.file_name().unwrap();
    let (soft, hard) = (links.join("soft").join(name), links.join("hard").join(name));
    for link in [&soft, &hard] {
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        let _ = fs::remove_file(link);
    }
    symlink(&absolute, &soft).unwrap();
    fs::hard_link(&absolute, &hard).unwrap();
    let inside = absolute.strip_prefix(world.path()).unwrap();
    let detour = Path::new("./links/..").join(inside);
    vec![absolute, detour, soft, hard]
}

/// Every output option of every command, set to each of the command's inputs by each of its names.
#[test]
fn no_output_is_written_over_an_input() {
    let world = World::new();
    let calls = all();
    let mut tried = 0;
    for Written {
        call,
        option,
        may_overwrite,
        ..
    } in written(&calls)
    {
        for input in read(&world, call) {
            let is_the_report = call.name == "report" && input.ends_with("report.html");
            for name in names(&world, &input) {
                if is_the_report {
                    continue;
                }
                let before = world.files();
                let mut line = call.with(&option, name.to_str().unwrap());
                if may_overwrite {
                    line.push("--overwrite".to_owned());
                }
                let done = trainer(world.path()).args(&line).output().unwrap();
                let said = stderr(&done);
                assert_eq!(done.status.code(), Some(2), "{line:?}: {said}");
                assert!(said.contains(" is not allowed: "), "{line:?}: {said}");
                assert!(before == world.files(), "{line:?} changed a file");
                tried += 1;
            }
        }
    }
    assert!(tried > 300, "{tried} tries");
    println!("{tried} tries");
}

/// What is written beside an output while it is made must not be an input either; nor may two outputs be one file.
#[test]
fn what_is_written_beside_an_output_is_no_input() {
    let world = World::new();
    for (input, line) in [
        ("o.csv.tmp", "simulate --params o.csv.tmp --output o.csv"),
        (
            "o.csv.part",
            "infer run --input observed.csv --description o.csv.part --output o.csv",
        ),
        ("a.csv", "eval run --parameters a.csv --seasons a.csv"),
        (
            "a.csv",
            "eval run --parameters a.csv --by-class ./a.csv --overwrite",
        ),
    ] {
        if input.starts_with("o.") {
            fs::copy(world.path().join("traits.csv"), world.path().join(input)).unwrap();
        }
        let before = world.files();
        let done = trainer(world.path())
            .args(line.split(' '))
            .output()
            .unwrap();
        assert_eq!(done.status.code(), Some(2), "{line}: {}", stderr(&done));
        assert!(
            stderr(&done).contains("another file than"),
            "{line}: {}",
            stderr(&done)
        );
        assert!(before == world.files(), "{line}");
    }
}

/// A file that has nothing to do with the call is replaced only with `--overwrite`.
#[test]
fn another_file_is_replaced_only_where_that_is_asked() {
    let world = World::new();
    let calls = all();
    let mut tried = 0;
    for Written {
        call,
        option,
        may_overwrite,
        is_folder,
    } in written(&calls)
    {
        let path = world.path().join("unrelated.csv");
        fs::write(&path, "a,b\n1,2\n").unwrap();
        let line = call.with(&option, "unrelated.csv");
        let refused = trainer(world.path()).args(&line).output().unwrap();
        assert_eq!(refused.status.code(), Some(2), "{line:?}");
        assert!(
            stderr(&refused).contains("not there yet"),
            "{line:?}: {}",
            stderr(&refused)
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), "a,b\n1,2\n", "{line:?}");
        assert_eq!(may_overwrite, !is_folder, "{line:?}");
        tried += 1;
        // its input is none that can be imported
        if may_overwrite && call.name != "import-config" {
            let mut line = line;
            line.push("--overwrite".to_owned());
            let done = trainer(world.path()).args(&line).output().unwrap();
            assert!(done.status.success(), "{line:?}: {}", stderr(&done));
            assert_ne!(fs::read_to_string(&path).unwrap(), "a,b\n1,2\n", "{line:?}");
            tried += 1;
        }
    }
    assert!(tried > 10, "{tried} tries");
    println!("{tried} tries");
}

/// Folders, missing folders, pipes, devices.
#[test]
fn odd_places_for_an_output() {
    let world = World::new();
    fs::create_dir(world.path().join("folder")).unwrap();
    let simulate = |output: &str| {
        let line = ["simulate", "--params", "traits.csv", "--output", output];
        trainer(world.path()).args(line).output().unwrap()
    };
    for (output, why) in [
        ("folder", "this is a folder"),
        (".", "this is a folder"),
        ("nowhere/o.csv", "nowhere is not"),
        ("/dev/full", "No space left on device"),
    ] {
        let refused = simulate(output);
        let said = stderr(&refused);
        assert_eq!(refused.status.code(), Some(2), "{output}: {said}");
        assert!(said.contains(why), "{output}: {said}");
    }
    let printed = simulate("/dev/stdout");
    assert!(printed.status.success(), "{}", stderr(&printed));
    let text = String::from_utf8(printed.stdout).unwrap();
    assert_eq!(text.lines().count(), 2, "{text}");

    let pipe = world.path().join("pipe.csv");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::read_to_string(pipe).unwrap()
    });
    assert!(simulate("pipe.csv").status.success());
    assert_eq!(reader.join().unwrap(), text);
    let line = "infer run --input observed.csv --values reflectance --output pipe.csv --overwrite";
    let refused = trainer(world.path())
        .args(line.split(' '))
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));

    // through a link to the file that it leads to
    fs::write(world.path().join("target.csv"), "").unwrap();
    symlink("target.csv", world.path().join("link.csv")).unwrap();
    let line = "simulate --params traits.csv --output link.csv --overwrite";
    assert!(
        trainer(world.path())
            .args(line.split(' '))
            .status()
            .unwrap()
            .success()
    );
    assert!(world.path().join("link.csv").is_symlink());
    assert_eq!(
        fs::read_to_string(world.path().join("target.csv")).unwrap(),
        text
    );
}
