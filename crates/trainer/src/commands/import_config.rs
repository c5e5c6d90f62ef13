//! `trainer import-config`.

use crate::TrainerError;
use crate::assemble::check;
use crate::cli::ImportConfigArgs;
use crate::config::{Overrides, load_text};
use crate::disk::Disk;
use crate::import::import;
use crate::out;

/// Writes the configuration, checks it and prints what became of each key.
pub(super) fn import_config(args: &ImportConfigArgs) -> Result<(), TrainerError> {
    let ImportConfigArgs {
        original,
        output,
        root,
        ..
    } = args;
    let imported = import(original, root)?;
    let text = format!("{:#}\n", imported.config);
    // what cannot be trained is not written
    check(&load_text(output, &text, &Overrides::default())?)?;
    Disk::default().write_output(output, text.as_bytes())?;
    for note in &imported.notes {
        out::line(&note)?;
    }
    out::line(format_args!("written: {}", output.display()))?;
    Ok(())
}
