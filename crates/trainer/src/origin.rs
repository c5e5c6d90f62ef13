//! What a run was made of.

use data::Splits;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What a run was made of, as SHA-256, hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Of the configuration.
    pub config_sha256: String,
    /// Of the samples; `None` in format 1.
    pub data_sha256: Option<String>,
}

impl Origin {
    /// Of a configuration and the samples it names.
    pub fn of(config_json: &str, samples: &Splits) -> Self {
        let mut data = Sha256::new();
        for split in [&samples.train, &samples.valid, &samples.test] {
            let conditions = split.conditions().map(data::NamedColumns::values);
            for table in [Some(split.x()), conditions].into_iter().flatten() {
                data.update((table.nrows() as u64).to_le_bytes());
                data.update((table.ncols() as u64).to_le_bytes());
                for value in table {
                    data.update(value.to_le_bytes());
                }
            }
        }
        Self {
            config_sha256: format!("{:x}", Sha256::digest(config_json.as_bytes())),
            data_sha256: Some(format!("{:x}", data.finalize())),
        }
    }
}
