//! `trainer import-config`.

use crate::TrainerError;
use crate::assemble::check;
use crate::cli::ImportConfigArgs;
use crate::config::{ConfigSource, Overrides, load};
use crate::disk::Disk;
use crate::import::import;

/// Writes the configuration, checks it and prints what became of each key.
pub(super) fn import_config(args: &ImportConfigArgs) -> Result<(), TrainerError> {
    let ImportConfigArgs {
        original,
        output,
        root,
    } = args;
    if output.exists() {
        return Err(TrainerError::Table {
            path: output.clone(),
            why: "it is there already; --output takes the name of a new file".into(),
        });
    }
    let imported = import(original, root)?;
    let disk = Disk::default();
    disk.write_whole(output, format!("{:#}\n", imported.config).as_bytes())?;
    let loaded = load(&ConfigSource::File(output.clone()), &Overrides::default());
    if let Err(refused) = loaded
        .map_err(TrainerError::from)
        .and_then(|it| check(&it).map(drop))
    {
        // what cannot be trained is not left behind
        disk.remove(output)?;
        return Err(refused);
    }
    for note in &imported.notes {
        println!("{note}");
    }
    println!("written: {}", output.display());
    Ok(())
}
