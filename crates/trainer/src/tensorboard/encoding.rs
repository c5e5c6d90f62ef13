//! TFRecords and the few protocol buffer messages an event file needs.

/// A TFRecord.
pub(super) fn framed(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let mut record = Vec::with_capacity(data.len() + 16);
    record.extend_from_slice(&length);
    record.extend_from_slice(&masked_crc(&length).to_le_bytes());
    record.extend_from_slice(data);
    record.extend_from_slice(&masked_crc(data).to_le_bytes());
    record
}

pub(super) fn masked_crc(data: &[u8]) -> u32 {
    crc32c::crc32c(data)
        .rotate_right(15)
        .wrapping_add(0xa282_ead8)
}

/// Field numbers of `tensorflow.Event`.
pub(super) mod event {
    pub const WALL_TIME: u64 = 1;
    pub const STEP: u64 = 2;
    pub const FILE_VERSION: u64 = 3;
    pub const SUMMARY: u64 = 5;
    pub const SESSION_LOG: u64 = 7;
}

/// Field number of `tensorflow.Summary`.
pub(super) mod summary {
    pub const VALUE: u64 = 1;
}

/// Field numbers of `tensorflow.Summary.Value`.
pub(super) mod value {
    pub const TAG: u64 = 1;
    pub const SIMPLE: u64 = 2;
}

/// Field number and value of `tensorflow.SessionLog`.
pub(super) mod session_log {
    pub const STATUS: u64 = 1;
    pub const START: u64 = 1;
}

/// The encoded fields of a protocol buffer message.
pub(super) struct Message(pub(super) Vec<u8>);

impl Message {
    pub(super) fn new() -> Self {
        Self(vec![])
    }

    /// int64 or enum.
    pub(super) fn integer(self, field: u64, value: u64) -> Self {
        self.varint(field << 3).varint(value)
    }

    pub(super) fn double(mut self, field: u64, value: f64) -> Self {
        self = self.varint(field << 3 | 1);
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub(super) fn float(mut self, field: u64, value: f32) -> Self {
        self = self.varint(field << 3 | 5);
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub(super) fn text(self, field: u64, text: &str) -> Self {
        self.bytes(field, text.as_bytes())
    }

    pub(super) fn message(self, field: u64, message: &Self) -> Self {
        self.bytes(field, &message.0)
    }

    fn bytes(mut self, field: u64, bytes: &[u8]) -> Self {
        self = self.varint(field << 3 | 2).varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    fn varint(mut self, mut value: u64) -> Self {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
        self
    }
}
