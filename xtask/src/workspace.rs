//! Where the workspace lies and what cargo says about it.

use cargo_metadata::{CargoOpt, Metadata, MetadataCommand};
use std::cell::OnceCell;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The checkout the chores work on.
pub struct Workspace {
    root: PathBuf,
    metadata: OnceCell<Result<Metadata, String>>,
}

impl Workspace {
    /// The workspace this xtask belongs to, whatever the working directory.
    pub fn current() -> Self {
        let xtask = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = xtask.parent().unwrap_or(&xtask).to_path_buf();
        Self {
            root,
            metadata: OnceCell::new(),
        }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What `cargo metadata` says, with all features: an arrow behind a feature is an arrow.
    pub fn metadata(&self) -> Result<&Metadata, String> {
        self.metadata
            .get_or_init(|| {
                MetadataCommand::new()
                    .cargo_path(cargo())
                    .current_dir(&self.root)
                    .features(CargoOpt::AllFeatures)
                    .exec()
                    .map_err(|error| format!("cargo metadata: {error}"))
            })
            .as_ref()
            .map_err(Clone::clone)
    }

    /// A folder for what a chore writes, inside the target directory; it may not exist yet.
    pub fn scratch(&self, name: &str) -> Result<PathBuf, String> {
        let target = self.metadata()?.target_directory.as_std_path();
        Ok(target.join("xtask").join(name))
    }
}

/// The cargo that runs us, so that `cargo +TOOLCHAIN xtask` stays with its toolchain.
pub fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}
