//! The program as a process: what it writes over, where it prints, which signals stop it, what sizes it takes. Each
//! sweep is generated from the command line's own definition, so that a new option or command is tried too.
#![cfg(unix)]

mod calls;
mod outputs;
mod signals;
mod sizes;
mod streams;
mod world;
