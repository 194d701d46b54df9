//! Runs the plain program over a file: `plain EVENTS ALERTS UNTIL`. Prints events, alerts, standing lights and the rate.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::time::Instant;

/// The engine's own allocator, so that the two differ in nothing but what they do.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [events, alerts, until] = arguments.as_slice() else {
        return Err("usage: plain EVENTS ALERTS UNTIL".into());
    };
    let began = Instant::now();
    let reader = BufReader::with_capacity(1 << 20, File::open(events)?);
    let run = bench::plain::run(reader, BufWriter::new(File::create(alerts)?), until.parse()?)?;
    let micros = began.elapsed().as_micros().max(1);
    let rate = u128::from(run.events) * 1_000_000 / micros;
    println!("events {}  alerts {}  standing {}  events a second {rate}", run.events, run.alerts, run.standing.len());
    Ok(())
}
