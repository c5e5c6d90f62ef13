//! `trainer devices`: its help.

pub(super) const EXAMPLES: &str = "\
Examples:
  trainer devices
  trainer train --device cuda:0

Exit codes: 0 listed (also where there is no GPU), 1 anything else.";
