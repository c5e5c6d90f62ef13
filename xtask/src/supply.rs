//! Licences and sources of everything that is linked, by cargo-deny.

use crate::command_line::CommandLine;
use crate::workspace::Workspace;
use std::process::{Command, Stdio};

/// What is checked; advisories, which need the network, are left to `cargo deny check`.
const CHECK: &str = "cargo deny --offline check licenses sources bans";

/// Problems, and a note for the closing table.
pub fn check(workspace: &Workspace) -> (Vec<String>, String) {
    let there = Command::new("cargo")
        .args(["deny", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !there {
        let note = "SKIPPED: this needs cargo-deny (cargo install --locked cargo-deny)";
        println!("{note}");
        return (vec![], note.to_owned());
    }
    let result = CommandLine::parse(CHECK).and_then(|line| line.run(workspace));
    (result.err().into_iter().collect(), String::new())
}
