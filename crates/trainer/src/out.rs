//! Standard output: what every command prints goes through here, and a reader that is gone is no panic.

use crate::TrainerError;
use crate::disk::is_stream;
use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

/// Prints a line.
///
/// # Errors
/// As [`text`].
pub fn line(line: impl Display) -> Result<(), TrainerError> {
    text(format_args!("{line}\n"))
}

/// Prints a text as it is.
///
/// # Errors
/// [`TrainerError::OutputClosed`] where nobody reads any more, such as behind `head`; the system refuses, as a full
/// disk does.
pub fn text(text: impl Display) -> Result<(), TrainerError> {
    let mut stdout = io::stdout().lock();
    // in one piece, and not kept back: an end without a line's end is written too
    let written = stdout.write_all(text.to_string().as_bytes());
    written.and_then(|()| stdout.flush()).map_err(refused)
}

/// Prints a line about a file that was written: beside it, where the file is a stream that may be standard output.
///
/// # Errors
/// As [`text`].
pub fn about(written: &Path, told: impl Display) -> Result<(), TrainerError> {
    if is_stream(written) {
        tell(told);
        return Ok(());
    }
    line(told)
}

/// What a refused write to standard output means.
pub fn refused(error: io::Error) -> TrainerError {
    if error.kind() == ErrorKind::BrokenPipe {
        TrainerError::OutputClosed
    } else {
        TrainerError::io(Path::new("standard output"), error)
    }
}

/// Tells the user something on standard error; where nobody reads that, there is nobody to tell.
pub fn tell(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
