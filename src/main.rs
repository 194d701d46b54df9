//! The one binary: reads settings, owns threads, wires the parts.

fn main() {}
