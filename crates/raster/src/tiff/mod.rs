//! One TIFF file: its directory, its layout, its chunks (strips or tiles).
//!
//! The directory is read here and not by the `tiff` crate, whose decoder (0.11) refuses directories with
//! more than 32768 strips before its limits can be raised; a Sentinel-2 raster of ten separate planes
//! in strips of one row has 54900.

pub(crate) mod chunks;
pub(crate) mod decode;
pub(crate) mod directory;
pub(crate) mod layout;
pub(crate) mod packing;
pub(crate) mod predictor;
pub(crate) mod samples;
pub(crate) mod tags;
