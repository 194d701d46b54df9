//! The highest rate that is sustained: which rates are tried, what counts as sustained, and a page with the knee.
//!
//! Rates are doubled until one is not sustained, and then the gap is halved. A rate counts as not sustained when two runs in a row
//! fail, since one may be the machine's fault. What is found is a gap: the knee lies between its ends.

use serde::{Deserialize, Serialize};

use crate::latency::Percentiles;
use crate::report::{HEIGHT, MARGIN, STYLE, WIDTH, escaped, grid, line, log_millis, open_svg};
use crate::run::Run;

/// So many runs in a row must fail.
const FAILURES: usize = 2;
/// The service's backlog may grow by one message in so many that are sent: more than that is no noise.
const GROWTH_SHARE: u64 = 100;
/// ... and in all by so many messages: a single late look at it sees as many.
const GROWTH_MIN: u64 = 10;

/// What a sustained rate keeps to, besides: the schedule was kept, the backlog did not grow, and every light was right.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Criterion {
    /// 99 in 100 alerts came within so many milliseconds of when their events were due.
    pub p99_max_ms: u64,
}

/// One run at one rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Events a second.
    pub rate: u64,
    /// Why it was not sustained; empty when it was.
    pub because: Vec<String>,
    /// Half of the alerts came within so many microseconds.
    pub p50: u64,
    /// 99 in 100.
    pub p99: u64,
    /// By how many messages a second the backlog grew, in thousandths.
    pub backlog_growth_milli: Option<i64>,
    /// The folder of the run.
    pub folder: String,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// What a sustained rate keeps to.
    pub criterion: Criterion,
    /// The highest rate that was sustained; none when the first was not.
    pub sustained: Option<u64>,
    /// The lowest rate that was not; none when all were.
    pub not_sustained: Option<u64>,
    /// The runs.
    pub steps: Vec<Step>,
}

/// A search under way.
#[derive(Clone, Debug)]
pub struct Search {
    from: u64,
    to: u64,
    grain_percent: u64,
    steps: Vec<Step>,
}

impl Step {
    /// Judges `run`, which was to send `rate` events a second.
    #[must_use]
    pub fn of(rate: u64, run: &Run, criterion: &Criterion, folder: String) -> Step {
        let Percentiles { count, p50, p99, .. } = run.event;
        let growth = run.used.backlog_growth_milli;
        let mut because = run.invalid_because.clone();
        if count == 0 {
            because.push("no alert was brought about by an event".into());
        }
        if p99 > criterion.p99_max_ms.saturating_mul(1000) {
            because.push(format!("p99 {} ms is beyond {} ms", p99 / 1000, criterion.p99_max_ms));
        }
        let allowed = (run.load.messages / GROWTH_SHARE).max(GROWTH_MIN).saturating_mul(1_000_000);
        let allowed = i64::try_from(allowed / run.load.took_ms.max(1)).unwrap_or(i64::MAX);
        match growth {
            Some(growth) if growth > allowed => {
                because.push(format!("the service's backlog grew by {} messages a second", growth / 1000));
            }
            Some(_) => {}
            None => because.push("the service's backlog could not be seen".into()),
        }
        if run.faults() > 0 {
            let alerts = &run.alerts;
            because.push(format!(
                "missed {}, false {}, duplicate {}, lost {}",
                alerts.missed, alerts.false_alerts, alerts.duplicate, run.load.lost
            ));
        }
        Step { rate, because, p50, p99, backlog_growth_milli: growth, folder }
    }
}

impl Search {
    /// A search between two rates, until its gap is at most so many hundredths wide.
    #[must_use]
    pub fn new(from: u64, to: u64, grain_percent: u64) -> Search {
        Search { from, to, grain_percent, steps: Vec::new() }
    }

    /// The runs so far.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Takes a run in.
    pub fn tried(&mut self, step: Step) {
        self.steps.push(step);
    }

    /// The next rate to try; none when the gap is narrow enough.
    #[must_use]
    pub fn next_rate(&self) -> Option<u64> {
        let Some(last) = self.steps.last() else { return Some(self.from) };
        if !last.because.is_empty() && self.failures(last.rate) < FAILURES {
            return Some(last.rate);
        }
        match (self.sustained(), self.not_sustained()) {
            (None, _) => None,
            (Some(good), None) => (good < self.to).then(|| (good * 2).min(self.to)),
            (Some(good), Some(bad)) => {
                let narrow = bad * 100 <= good * (100 + self.grain_percent) || bad - good <= 1;
                (!narrow).then(|| good.midpoint(bad))
            }
        }
    }

    fn sustained(&self) -> Option<u64> {
        self.steps.iter().filter(|step| step.because.is_empty()).map(|step| step.rate).max()
    }

    fn not_sustained(&self) -> Option<u64> {
        let failed = self.steps.iter().map(|step| step.rate).filter(|rate| self.failures(*rate) >= FAILURES);
        failed.min()
    }

    fn failures(&self, rate: u64) -> usize {
        self.steps.iter().filter(|step| step.rate == rate && !step.because.is_empty()).count()
    }
}

impl Found {
    /// The result of a search that has ended.
    #[must_use]
    pub fn of(search: &Search, criterion: Criterion) -> Found {
        let (sustained, not_sustained) = (search.sustained(), search.not_sustained());
        Found { criterion, sustained, not_sustained, steps: search.steps.clone() }
    }
}

/// The result for people: one page, in Chinese and English, with the knee drawn.
#[must_use]
pub fn page(found: &Found) -> String {
    let title = "可持续速率 sustained rate";
    let number = |rate: Option<u64>| rate.map_or("–".to_owned(), |rate| rate.to_string());
    let mut out = format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>{title}</title><style>{STYLE}</style></head>\
         <body><h1>{title}</h1><p>可持续的最高速率 highest rate sustained: <b>{}</b> /s<br>不可持续的最低速率 lowest not sustained: \
         <b>{}</b> /s<br>判据 criterion: p99 ≤ {} ms，积压不增长 no growing backlog，亮灯无误 every light right</p>",
        number(found.sustained),
        number(found.not_sustained),
        found.criterion.p99_max_ms
    );
    out.push_str(&knee(found));
    out.push_str(
        "<table><tr><th>速率 rate (/s)</th><th>p50 (ms)</th><th>p99 (ms)</th><th>积压增长 backlog growth (/s)</th>\
         <th>结论 verdict</th></tr>",
    );
    for step in &found.steps {
        let growth = step.backlog_growth_milli.map_or("–".to_owned(), |milli| (milli / 1000).to_string());
        let (class, verdict) = if step.because.is_empty() {
            ("good", "可持续 sustained".to_owned())
        } else {
            ("bad", format!("不可持续 not sustained: {}", escaped(&step.because.join("; "))))
        };
        out.push_str(&format!(
            "<tr><td><a href=\"{0}/report.html\">{1}</a></td><td>{2}.{3:03}</td><td>{4}.{5:03}</td><td>{growth}</td>\
             <td class=\"{class}\">{verdict}</td></tr>",
            escaped(&step.folder),
            step.rate,
            step.p50 / 1000,
            step.p50 % 1000,
            step.p99 / 1000,
            step.p99 % 1000
        ));
    }
    out + "</table></body></html>\n"
}

/// Latency over rate, both on a scale of powers: where the 99th percentile turns up is the knee.
#[expect(clippy::float_arithmetic, reason = "it is drawn")]
fn knee(found: &Found) -> String {
    let mut steps: Vec<&Step> = found.steps.iter().collect();
    steps.sort_by_key(|step| (step.rate, step.p99));
    let limit = log_millis(found.criterion.p99_max_ms.saturating_mul(1000));
    let across = |rate: u64| (rate as f64).log2();
    let first = steps.first().map_or(0.0, |step| across(step.rate));
    let last = steps.last().map_or(1.0, |step| across(step.rate)).max(first + 1.0);
    let ups = || steps.iter().flat_map(|step| [log_millis(step.p50), log_millis(step.p99)]);
    let (top, bottom) = (ups().fold(limit, f64::max).ceil(), ups().fold(limit, f64::min).floor());
    let place = |x: f64, y: f64| {
        let right = MARGIN + (x - first) / (last - first) * (WIDTH - 2.0 * MARGIN);
        (right, HEIGHT - MARGIN - (y - bottom) / (top - bottom).max(1.0) * (HEIGHT - 2.0 * MARGIN))
    };
    let mut svg = open_svg("拐点 knee");
    let mut power = bottom;
    while power <= top {
        let (_, up) = place(first, power);
        grid(&mut svg, (MARGIN, up), (WIDTH - MARGIN, up), &format!("{} ms", 10_f64.powf(power)), (2.0, up + 4.0));
        power += 1.0;
    }
    let mut labelled = f64::NEG_INFINITY;
    for step in &steps {
        let (right, _) = place(across(step.rate), bottom);
        // Labels that would lie on each other are left out.
        let label = if right - labelled > 45.0 { step.rate.to_string() } else { String::new() };
        if !label.is_empty() {
            labelled = right;
        }
        grid(&mut svg, (right, MARGIN), (right, HEIGHT - MARGIN), &label, (right - 14.0, HEIGHT - MARGIN + 16.0));
    }
    let curve = |of: fn(&Step) -> u64| steps.iter().map(move |step| place(across(step.rate), log_millis(of(step))));
    line(&mut svg, 0, "p99", curve(|step| step.p99));
    line(&mut svg, 1, "p50", curve(|step| step.p50));
    line(&mut svg, 2, "限 limit", [place(first, limit), place(last, limit)].into_iter());
    svg + "</svg>"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(rate: u64, sustained: bool) -> Step {
        let because = if sustained { Vec::new() } else { vec!["too <slow>".to_owned()] };
        Step { rate, because, p50: 1_000, p99: rate * 100, backlog_growth_milli: Some(0), folder: "run".into() }
    }

    /// Searches a service that sustains so much. Returns the rates tried, and what was found.
    fn search(mut search: Search, sustains: impl Fn(u64, usize) -> bool) -> (Vec<u64>, Found) {
        while let Some(rate) = search.next_rate() {
            let number = search.steps().len();
            search.tried(step(rate, sustains(rate, number)));
            assert!(number < 50, "it ends");
        }
        let found = Found::of(&search, Criterion { p99_max_ms: 100 });
        (search.steps().iter().map(|step| step.rate).collect(), found)
    }

    #[test]
    fn the_gap_is_halved_until_it_is_narrow_and_every_failure_is_tried_again() {
        let (tried, found) = search(Search::new(100, 10_000, 10), |rate, _| rate <= 730);
        assert_eq!(tried, [100, 200, 400, 800, 800, 600, 700, 750, 750]);
        assert_eq!((found.sustained, found.not_sustained), (Some(700), Some(750)));
    }

    #[test]
    fn one_bad_run_is_no_knee_and_the_ends_of_the_range_are_told() {
        let (tried, found) = search(Search::new(100, 400, 10), |_, number| number != 1);
        assert_eq!(tried, [100, 200, 200, 400]);
        assert_eq!((found.sustained, found.not_sustained), (Some(400), None));
        let (tried, found) = search(Search::new(100, 400, 10), |_, _| false);
        assert_eq!((tried, found.sustained, found.not_sustained), (vec![100, 100], None, Some(100)));
    }

    #[test]
    fn the_page_shows_each_run_and_escapes_reasons() {
        let (_, found) = search(Search::new(100, 10_000, 10), |rate, _| rate <= 730);
        let page = page(&found);
        assert_eq!((page.matches("<polyline").count(), page.matches("/report.html").count()), (3, 9));
        assert!(page.contains("too &lt;slow&gt;") && page.contains("<b>700</b>"));
    }
}
