//! `trainer completions` and `trainer man`.

use crate::TrainerError;
use crate::cli::Cli;
use crate::out;
use clap::CommandFactory;
use clap_complete::Shell;
use std::io::{self, Write};

/// Prints the completions of a shell.
pub(super) fn completions(shell: Shell) -> Result<(), TrainerError> {
    let mut text = vec![];
    clap_complete::generate(shell, &mut Cli::command(), "trainer", &mut text);
    out::text(String::from_utf8_lossy(&text))
}

/// Prints the manual page: the program, then each of its commands.
pub(super) fn page() -> Result<(), TrainerError> {
    let page = roff().map_err(|error| TrainerError::Internal(error.to_string()))?;
    out::text(String::from_utf8_lossy(&page))
}

fn roff() -> io::Result<Vec<u8>> {
    let mut program = Cli::command();
    // names of commands with those above them, as they are typed
    program.build();
    let mut text = vec![];
    clap_mangen::Man::new(program.clone()).render(&mut text)?;
    let mut commands: Vec<_> = program.get_subcommands().cloned().collect();
    while let Some(command) = (!commands.is_empty()).then(|| commands.remove(0)) {
        if command.get_name() == "help" {
            continue;
        }
        commands.splice(0..0, command.get_subcommands().cloned());
        let title = command
            .get_display_name()
            .unwrap_or(command.get_name())
            .replace('-', " ");
        writeln!(text, ".SH {}", title.to_uppercase())?;
        let page = clap_mangen::Man::new(command);
        page.render_description_section(&mut text)?;
        page.render_options_section(&mut text)?;
        page.render_extra_section(&mut text)?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_page_has_every_command_and_option() {
        let page = String::from_utf8(roff().unwrap()).unwrap();
        assert!(page.contains(".TH trainer 1"));
        for word in [
            "TRAINER EVAL",
            "TRAINER CONFIG CHECK",
            "Exit codes",
            "dropped\\-rows",
            "trainer replay runs/",
            "trainer eval runs/rtm_c_austria/20260101\\-120000 \\-\\-refine 5",
        ] {
            assert!(page.contains(word), "{word}");
        }
        // of the program and of each command, config with its three
        assert_eq!(page.matches("Exit codes: 0 ").count(), 1 + 13 + 3);
        assert!(!page.contains("TRAINER HELP"));
    }
}
