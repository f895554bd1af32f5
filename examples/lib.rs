//! Programs that a newcomer runs: see the folders beside this file.
