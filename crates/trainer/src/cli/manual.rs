//! `trainer completions` and `trainer man`: their examples.

pub(super) const COMPLETIONS: &str = "\
Examples:
  trainer completions bash > ~/.local/share/bash-completion/completions/trainer
  trainer completions fish > ~/.config/fish/completions/trainer.fish

Exit codes: 0 done, 2 bad input, 1 anything else.";

pub(super) const MAN: &str = "\
Examples:
  trainer man > trainer.1
  man ./trainer.1

Exit codes: 0 done, 2 bad input, 1 anything else.";
