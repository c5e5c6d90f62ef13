//! The finished file out of the compressed tiles that lie beside it.

use super::levels::Place;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// Writes the head and behind it the tiles of every level, the smallest level first, each in the order of
/// its tiles. `from` are the places of the tiles in `tiles`, level by level from the full resolution.
pub(super) fn assemble(
    out: &mut File,
    head: &[u8],
    mut tiles: &File,
    from: &[Vec<Place>],
) -> io::Result<()> {
    out.write_all(head)?;
    for place in from.iter().rev().flatten() {
        tiles.seek(SeekFrom::Start(place.offset))?;
        // between two files this needs no way through this process on Linux
        let copied = io::copy(&mut tiles.take(place.bytes), out)?;
        if copied != place.bytes {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}
