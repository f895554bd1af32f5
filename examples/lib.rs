//! Example programs: see the folders beside this file.
