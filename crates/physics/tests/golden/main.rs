//! Against values computed elsewhere; `tests/golden/README.md` of the workspace says by what.

mod enmap_box;
mod files;
mod leaf;
mod mogi;
mod published;
mod sail;
mod single_precision;
