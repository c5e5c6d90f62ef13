//! Pages about the models beyond their formulas: where INFORM differs from other code, and how far everything
//! agrees with external truths.

#[doc = include_str!("../docs/inform-variants.md")]
#[doc = include_str!("../katex.html")]
pub mod inform_variants {}

#[doc = include_str!("../docs/validation.md")]
#[doc = include_str!("../katex.html")]
pub mod validation {}
