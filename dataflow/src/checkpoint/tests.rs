//! Checkpoints written, broken off, damaged and read again; and dataflows that go on from them.

mod commits;
mod damage;
mod kept_cases;
mod recoveries;
mod support;
