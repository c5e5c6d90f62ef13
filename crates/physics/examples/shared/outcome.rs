//! How an example ends.

use std::error::Error;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

/// Anything that can go wrong in an example.
pub type AnyError = Box<dyn Error>;

/// The text on standard output; or the error, with its causes, on one line of standard error.
pub fn exit_code(outcome: Result<String, AnyError>) -> ExitCode {
    let error = match outcome.map(|text| std::io::stdout().write_all(text.as_bytes())) {
        Ok(Ok(())) => return ExitCode::SUCCESS,
        // the reader has seen enough, as `head` does
        Ok(Err(error)) if error.kind() == ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
        Ok(Err(error)) => error.into(),
        Err(error) => error,
    };
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message.push_str(": ");
        message.push_str(&error.to_string());
        cause = error.source();
    }
    eprintln!("error: {message}");
    ExitCode::FAILURE
}
