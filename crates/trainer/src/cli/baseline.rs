//! `trainer baseline`: its arguments.

use super::ConfigArgs;
use clap::Args;

pub(super) const EXAMPLES: &str = "\
Examples:
  trainer baseline --config configs/rtm_c_austria.json --data-dir data/austria
  trainer baseline --config configs/rtm_c_austria.json --data-dir data/austria --set physics.variant=published

Exit codes: 0 done, 2 bad input, 1 anything else.";

/// Arguments of `trainer baseline`.
#[derive(Args, Clone, Debug)]
pub struct BaselineArgs {
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Drawn points from which each fit begins, besides the middle of the ranges
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = parse_starts)]
    pub starts: usize,
    /// Steps of each fit at most (Levenberg-Marquardt)
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = super::infer::parse_steps)]
    pub steps: usize,
    /// Simulated spectra of the lookup table; 0: none
    #[arg(long, value_name = "N", default_value_t = 50_000)]
    pub table: usize,
}

/// Most starts of a fit: far more than any needs.
const MOST_STARTS: usize = 10_000;

fn parse_starts(text: &str) -> Result<usize, String> {
    super::infer::up_to(text, MOST_STARTS)
}
