//! The experiment that runs without a configuration file, compiled into the program.

/// Name of the built-in configuration in messages.
pub(crate) const LABEL: &str = "built-in rtm_c_synthetic.json";

/// Text of the built-in configuration.
pub(crate) const CONFIGURATION: &str = include_str!("../../../../configs/rtm_c_synthetic.json");

/// Text of a file that the built-in configuration names.
pub(crate) fn file(path: &str) -> Option<&'static str> {
    match path {
        "ranges/rtm.json" => Some(include_str!("../../../../configs/ranges/rtm.json")),
        _ => None,
    }
}
