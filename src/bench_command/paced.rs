//! What `--pace` and `--rate` ask for.

use anyhow::{Context, bail};
use bench::Load;
use bench::load::Pace;

use crate::cli::{PaceArgs, PaceKind};

/// The pace of a run; `load` is what the profile says of its place, where there is one.
///
/// # Errors
/// When the rate cannot be read, or is that of a profile that names none.
pub(super) fn pace(args: &PaceArgs, seed: u64, load: Option<Load>) -> anyhow::Result<Pace> {
    Ok(match args.pace {
        PaceKind::Constant => Pace::Constant { per_hour: per_hour(&args.rate, load)? },
        PaceKind::Poisson => Pace::Poisson { per_hour: per_hour(&args.rate, load)?, seed },
        PaceKind::Recorded => Pace::Recorded { speed: args.speed },
        PaceKind::Fastest => Pace::Fastest,
    })
}

/// The pace in words.
pub(super) fn told(pace: Pace) -> String {
    match pace {
        Pace::Constant { per_hour } => format!("constant, {per_hour} events an hour"),
        Pace::Poisson { per_hour, .. } => format!("poisson, {per_hour} events in a mean hour"),
        Pace::Recorded { speed } => format!("as recorded, {speed} times as fast"),
        Pace::Fastest => "as fast as answers allow".to_owned(),
    }
}

fn per_hour(rate: &str, load: Option<Load>) -> anyhow::Result<u64> {
    let named = || {
        load.context(
            "only the profiles county, city, province and nation say their rates; give a number of events a second",
        )
    };
    let number = |text: &str| text.parse::<u64>().ok().filter(|number| (1..=10_000_000_000).contains(number));
    let found = match rate {
        "mean" => Some(named()?.mean_per_hour),
        "peak" => Some(named()?.peak_per_hour),
        _ => match rate.strip_suffix("/h") {
            Some(hourly) => number(hourly),
            None => number(rate.strip_suffix("/s").unwrap_or(rate)).and_then(|each| each.checked_mul(3600)),
        },
    };
    let Some(found) = found else {
        bail!("--rate {rate} is no rate; give events a second (500), an hour (2520/h), mean or peak");
    };
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_by_the_second_by_the_hour_and_by_name() {
        let load = Some(Load { mean_per_hour: 2_520, peak_per_hour: 25_200 });
        let read = |rate| per_hour(rate, load).map_err(|error| error.to_string());
        assert_eq!((read("500"), read("500/s"), read("2520/h")), (Ok(1_800_000), Ok(1_800_000), Ok(2_520)));
        assert_eq!((read("mean"), read("peak")), (Ok(2_520), Ok(25_200)));
        for wrong in ["0", "-1", "fast", "1.5", ""] {
            assert!(read(wrong).is_err_and(|error| error.contains("is no rate")), "{wrong}");
        }
        assert!(per_hour("peak", None).is_err_and(|error| error.to_string().contains("give a number")));
    }
}
