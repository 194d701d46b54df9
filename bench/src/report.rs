//! The report of a run for people: one page, in Chinese and English, with its pictures inside.

use std::fmt::Write as _;

use crate::latency::{Latencies, Percentiles};
use crate::run::{ProcessUse, Run};

pub(crate) const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:60em;color:#222}\
table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.2em .6em;text-align:right}\
th:first-child,td:first-child{text-align:left}.bad{color:#b00020;font-weight:bold}.good{color:#1b7a2f;font-weight:bold}\
svg{width:100%;height:auto;border:1px solid #ddd;margin:.5em 0}svg text{font-size:12px;fill:#555}";
pub(crate) const WIDTH: f64 = 800.0;
pub(crate) const HEIGHT: f64 = 320.0;
pub(crate) const MARGIN: f64 = 50.0;

/// The page of `run`, with the curves of these clocks.
#[must_use]
pub fn page(run: &Run, clocks: &[(&str, &Latencies)]) -> String {
    let mut out = String::with_capacity(64 * 1024);
    let title = format!("压力测试报告 load test {}", run.run);
    put(
        &mut out,
        &format!(
            "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1>"
        ),
    );
    validity(&mut out, run);
    let load = &run.load;
    put(
        &mut out,
        &format!(
            "<p>{} · {} · {}<br>事件 events {} (积压 backlog {})，消息 messages {}，丢失 lost {}，重发 sent again {}，用时 took {} ms，时钟 clock {}</p>",
            escaped(&run.began),
            escaped(&load.source),
            escaped(&load.pace),
            load.events,
            load.backlog,
            load.messages,
            load.lost,
            load.sent_again,
            load.took_ms,
            escaped(&load.clock)
        ),
    );
    put(
        &mut out,
        "<h2>时延 latency (ms)</h2><table><tr><th>时钟 clock</th><th>n</th><th>p50</th><th>p90</th><th>p99</th><th>p99.9</th><th>max</th></tr>",
    );
    for (name, told) in [
        ("事件应发至亮灯 event due to alert", &run.event),
        ("期限至亮灯 deadline to alert", &run.deadline),
        ("应发至已存 due to stored", &run.answers),
        ("应发至发出 due to handed over", &run.schedule.lag),
    ] {
        row(&mut out, name, told);
    }
    put(&mut out, "</table>");
    put(&mut out, &percentile_plot(clocks));
    put(&mut out, "<h2>每秒 second by second</h2>");
    put(&mut out, &seconds_plot(run));
    alerts(&mut out, run);
    used(&mut out, run);
    put(&mut out, "</body></html>\n");
    out
}

fn put(out: &mut String, text: &str) {
    out.push_str(text);
}

fn validity(out: &mut String, run: &Run) {
    if run.invalid_because.is_empty() {
        put(out, "<p class=\"good\">有效运行 valid run</p>");
    }
    for why in &run.invalid_because {
        put(out, &format!("<p class=\"bad\">无效运行 INVALID run: {}</p>", escaped(why)));
    }
}

fn row(out: &mut String, name: &str, told: &Percentiles) {
    put(out, &format!("<tr><td>{name}</td><td>{}</td>", told.count));
    for micros in [told.p50, told.p90, told.p99, told.p999, told.max] {
        put(out, &format!("<td>{}.{:03}</td>", micros / 1000, micros % 1000));
    }
    put(out, "</tr>");
}

fn alerts(out: &mut String, run: &Run) {
    let alerts = &run.alerts;
    put(out, "<h2>与真值比较 alerts against the truth</h2><table>");
    let expected = alerts.expected.map_or("–".to_owned(), |expected| expected.to_string());
    for (name, figure) in [
        ("听到 heard", alerts.heard.to_string()),
        ("应亮 expected", expected),
        ("相同 equal", alerts.equal.to_string()),
        ("漏报 missed", alerts.missed.to_string()),
        ("误报 false", alerts.false_alerts.to_string()),
        ("迟报 late", alerts.late.to_string()),
        ("重报 duplicate", alerts.duplicate.to_string()),
        ("真值不含 beside the truth", alerts.beside.to_string()),
        ("无对应事件 unattributed", alerts.unattributed.to_string()),
    ] {
        put(out, &format!("<tr><td>{name}</td><td>{figure}</td></tr>"));
    }
    put(out, "</table><ul>");
    for difference in &alerts.differences {
        put(out, &format!("<li>{}</li>", escaped(difference)));
    }
    put(out, "</ul>");
}

fn used(out: &mut String, run: &Run) {
    put(out, "<h2>用量 use</h2><table><tr><th></th><th>CPU (ms)</th><th>内存 memory (KiB)</th></tr>");
    let parts =
        [("服务 service", run.used.service), ("nats-server", run.used.nats_server), ("发送端 client", run.used.client)];
    for (name, used) in parts {
        let Some(ProcessUse { cpu_ms, memory_kib }) = used else { continue };
        put(out, &format!("<tr><td>{name}</td><td>{cpu_ms}</td><td>{memory_kib}</td></tr>"));
    }
    let machine = &run.machine;
    let growth = run.used.backlog_growth_milli.map_or("–".to_owned(), |milli| format!("{milli} / 1000"));
    put(
        out,
        &format!(
            "</table><p>积压增长 growth of the backlog, messages a second: {growth}</p><p>{} × {}, {} KiB, {}; watchlight {} ({}), nats-server {}; config {}; seed {}; events {}</p>",
            machine.cores,
            escaped(&machine.processor),
            machine.memory_kib,
            escaped(&machine.kernel),
            escaped(&machine.watchlight),
            machine.commit.as_deref().unwrap_or("–"),
            escaped(&machine.nats_server),
            machine.config_sha256.as_deref().unwrap_or("–"),
            run.load.seed,
            run.load.events_sha256
        ),
    );
}

/// Latency over the share that is above, both on a scale of powers of ten.
#[expect(clippy::float_arithmetic, reason = "it is drawn")]
fn percentile_plot(clocks: &[(&str, &Latencies)]) -> String {
    let curves: Vec<(&str, Vec<(f64, f64)>)> = clocks
        .iter()
        .map(|(name, latencies)| {
            let points = latencies.curve().into_iter().filter(|(above, _)| *above < 1e8);
            let scaled = points.map(|(above, micros)| (above.log10(), log_millis(micros)));
            (*name, scaled.collect())
        })
        .filter(|(_, points): &(&str, Vec<(f64, f64)>)| !points.is_empty())
        .collect();
    let all = || curves.iter().flat_map(|(_, points)| points);
    let right = all().map(|(x, _)| *x).fold(2.0, f64::max);
    let top = all().map(|(_, y)| *y).fold(0.0, f64::max).ceil();
    let bottom = all().map(|(_, y)| *y).fold(top - 1.0, f64::min).floor();
    let place = |(x, y): (f64, f64)| {
        let across = MARGIN + x / right * (WIDTH - 2.0 * MARGIN);
        (across, HEIGHT - MARGIN - (y - bottom) / (top - bottom).max(1.0) * (HEIGHT - 2.0 * MARGIN))
    };
    let mut svg = open_svg("百分位 percentiles");
    for (power, label) in ["0%", "90%", "99%", "99.9%", "99.99%", "99.999%"].into_iter().enumerate() {
        let x = f64::from(u8::try_from(power).unwrap_or(0));
        if x <= right {
            let (across, _) = place((x, bottom));
            grid(&mut svg, (across, MARGIN), (across, HEIGHT - MARGIN), label, (across - 14.0, HEIGHT - MARGIN + 16.0));
        }
    }
    let mut power = bottom;
    while power <= top {
        let (_, up) = place((0.0, power));
        grid(&mut svg, (MARGIN, up), (WIDTH - MARGIN, up), &format!("{} ms", 10_f64.powf(power)), (2.0, up + 4.0));
        power += 1.0;
    }
    for (number, (name, points)) in curves.iter().enumerate() {
        line(&mut svg, number, name, points.iter().map(|point| place(*point)));
    }
    svg + "</svg>"
}

/// The 99th percentile and the backlog, second by second.
#[expect(clippy::float_arithmetic, reason = "it is drawn")]
fn seconds_plot(run: &Run) -> String {
    let seconds = &run.seconds;
    let last = seconds.last().map_or(1, |second| second.second.max(1)) as f64;
    let scaled = |of: &dyn Fn(&crate::run::Second) -> Option<u64>| {
        let most = seconds.iter().filter_map(of).max().unwrap_or(0).max(1);
        let point = |second: &crate::run::Second| {
            let up = of(second)? as f64 / most as f64;
            let across = MARGIN + second.second as f64 / last * (WIDTH - 2.0 * MARGIN);
            Some((across, HEIGHT - MARGIN - up * (HEIGHT - 2.0 * MARGIN)))
        };
        (most, seconds.iter().filter_map(point).collect::<Vec<_>>())
    };
    let mut svg = open_svg("每秒 second by second");
    let (most, points) = scaled(&|second| Some(second.event.p99).filter(|_| second.event.count > 0));
    line(&mut svg, 0, &format!("p99, max {}.{:03} ms", most / 1000, most % 1000), points.into_iter());
    let (most, points) = scaled(&|second| second.backlog);
    line(&mut svg, 1, &format!("积压 backlog, max {most}"), points.into_iter());
    let (most, points) = scaled(&|second| second.service_memory_kib);
    line(&mut svg, 2, &format!("服务内存 service memory, max {most} KiB"), points.into_iter());
    svg + "</svg>"
}

#[expect(clippy::float_arithmetic, reason = "it is drawn")]
pub(crate) fn log_millis(micros: u64) -> f64 {
    (micros.max(1) as f64 / 1000.0).log10()
}

pub(crate) fn open_svg(label: &str) -> String {
    format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{label}\">")
}

pub(crate) fn grid(svg: &mut String, from: (f64, f64), to: (f64, f64), label: &str, at: (f64, f64)) {
    let ((x1, y1), (x2, y2), (x, y)) = (from, to, at);
    let _ = write!(
        svg,
        "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"#ddd\"/><text x=\"{x:.1}\" y=\"{y:.1}\">{label}</text>"
    );
}

#[expect(clippy::float_arithmetic, reason = "it is drawn")]
pub(crate) fn line(svg: &mut String, number: usize, name: &str, points: impl Iterator<Item = (f64, f64)>) {
    let colour = ["#1f5fa8", "#b3541e", "#3d7d3a", "#7a3d8f"][number % 4];
    let text: String = points.fold(String::new(), |mut text, (x, y)| {
        let _ = write!(text, "{x:.1},{y:.1} ");
        text
    });
    let _ = write!(svg, "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" points=\"{text}\"/>");
    let up = 18.0 + 16.0 * number as f64;
    let _ =
        write!(svg, "<text x=\"{:.1}\" y=\"{up:.1}\" style=\"fill:{colour}\">{}</text>", MARGIN + 10.0, escaped(name));
}

pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
