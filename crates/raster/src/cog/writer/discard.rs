//! An output that is given up.

use super::{CogWriter, beside, lock};
use crate::RasterError;
use std::fs;
use std::io::ErrorKind;
use std::sync::atomic::Ordering;

impl CogWriter {
    /// Gives the output up and removes what is there of it beside its place, also what an earlier interrupted call left.
    ///
    /// # Errors
    /// [`RasterError::Write`] for a file that cannot be removed.
    pub fn discard(self) -> Result<(), RasterError> {
        // nothing is flushed when it is dropped
        self.finished.store(true, Ordering::Release);
        let journal = lock(&self.journal).path().to_owned();
        for path in [
            beside(&self.output, ".part"),
            self.tiles_path.clone(),
            journal,
        ] {
            match fs::remove_file(&path) {
                Err(source) if source.kind() != ErrorKind::NotFound => {
                    return Err(RasterError::Write { path, source });
                }
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CogBand, CogCompression, CogSpec};

    #[test]
    fn nothing_is_left_of_an_output_that_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let left = || fs::read_dir(folder.path()).unwrap().count();
        let output = folder.path().join("x.tif");
        for compression in [CogCompression::None, CogCompression::Deflate { level: 1 }] {
            let spec = || CogSpec {
                compression,
                ..CogSpec::new(20, 20, vec![CogBand::new("a")])
            };
            let writer = CogWriter::create(&output, spec()).unwrap();
            assert!(left() >= 2, "{compression:?}");
            writer.discard().unwrap();
            assert_eq!(left(), 0, "{compression:?}");
            // a folder stands where the tiles would be
            let ending = if compression == CogCompression::None {
                ".part"
            } else {
                ".part.tiles"
            };
            let inside = beside(&output, ending);
            fs::create_dir(&inside).unwrap();
            assert!(CogWriter::create(&output, spec()).is_err());
            assert_eq!(left(), 1, "{compression:?}");
            fs::remove_dir(&inside).unwrap();
        }
    }
}
