//! Helpers shared by the stories: where the shared data lies, how to read golden files.
