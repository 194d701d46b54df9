//! Raw values into options: meaning, ranges, addresses.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::fault::Faults;
use super::layer::{Layer, Raw};
use super::{ClockKind, ClockSettings, HttpSettings, LedgerSettings, NatsSettings, Settings};

/// The most threads that judge.
const WORKERS_MAX: i64 = 256;
/// The longest span of the clock's settings, in seconds: a day.
const CLOCK_SECS_MAX: i64 = 86_400;

/// The settings, or `None` after telling `faults` why not.
pub(super) fn settings(layer: &Layer, faults: &mut Faults) -> Option<Settings> {
    let mut check = Check { layer, faults };
    // Everything is looked at before anything is given up, so that all faults are told at once.
    let zone = check.zone();
    let profile = check.name("profile");
    let data = check.data();
    let workers = check.workers();
    let http = check.http();
    let nats = check.nats();
    let ledger = data.as_ref().and_then(|data| check.ledger(data));
    let clock = check.clock();
    Some(Settings {
        zone: zone?,
        profile: profile?,
        data: data?,
        workers: workers?,
        http: http?,
        nats: nats?,
        ledger: ledger?,
        clock: clock?,
    })
}

struct Check<'a> {
    layer: &'a Layer,
    faults: &'a mut Faults,
}

impl Check<'_> {
    fn text(&self, key: &str) -> &str {
        match &self.layer.get(key).raw {
            Raw::Text(text) => text.trim(),
            Raw::Whole(_) => unreachable!("a layer holds values of the default's type, and {key} is a text"),
        }
    }

    fn refuse<T>(&mut self, key: &str, en: &str, zh: &str) -> Option<T> {
        let given = self.layer.get(key);
        let value = match &given.raw {
            Raw::Text(text) => format!("\"{text}\""),
            Raw::Whole(number) => number.to_string(),
        };
        self.faults.add(&given.place, format!("{key} is {value}; {en}"), format!("{key} 是 {value}；{zh}"));
        None
    }

    fn whole(&mut self, key: &str, allowed: RangeInclusive<i64>) -> Option<i64> {
        let Raw::Whole(number) = self.layer.get(key).raw else {
            unreachable!("a layer holds values of the default's type, and {key} is a number");
        };
        if allowed.contains(&number) {
            return Some(number);
        }
        let (least, most) = (allowed.start(), allowed.end());
        self.refuse(key, &format!("it must be {least} to {most}"), &format!("应在 {least} 至 {most} 之间"))
    }

    fn seconds(&mut self, key: &str) -> Option<Duration> {
        self.whole(key, 0..=CLOCK_SECS_MAX).map(|secs| Duration::from_secs(secs.unsigned_abs()))
    }

    fn zone(&mut self) -> Option<TimeZone> {
        TimeZone::get(self.text("zone")).ok().or_else(|| {
            self.refuse(
                "zone",
                "it must be a time zone's IANA name, such as \"Asia/Shanghai\"",
                "应为 IANA 时区名，例如 \"Asia/Shanghai\"",
            )
        })
    }

    /// A name that is also the name of a file: letters, digits, `-` and `_`.
    fn name(&mut self, key: &str) -> Option<String> {
        let text = self.text(key);
        let plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_');
        if !text.is_empty() && text.chars().all(plain) {
            return Some(text.to_owned());
        }
        self.refuse(key, "it must be letters, digits, - and _", "只能用文字、数字、- 和 _")
    }

    fn data(&mut self) -> Option<PathBuf> {
        match self.text("data") {
            "" => self.refuse("data", "it must name a folder", "应写明文件夹"),
            folder => Some(PathBuf::from(folder)),
        }
    }

    fn workers(&mut self) -> Option<NonZeroUsize> {
        let asked = self.whole("workers", 0..=WORKERS_MAX)?;
        let asked = usize::try_from(asked).expect("the range allows no negative number");
        let of_the_machine = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Some(NonZeroUsize::new(asked).unwrap_or_else(of_the_machine))
    }

    fn http(&mut self) -> Option<HttpSettings> {
        let Ok(listen) = self.text("http.listen").parse::<SocketAddr>() else {
            return self.refuse(
                "http.listen",
                "it must be an address and a port, such as \"127.0.0.1:8600\"",
                "应为地址和端口，例如 \"127.0.0.1:8600\"",
            );
        };
        if !listen.ip().is_loopback() {
            return self.refuse(
                "http.listen",
                "only this machine's own address (127.0.0.1 or [::1]) is allowed, since there is no login; \
                 put a proxy with a login before it",
                "目前没有登录功能，只允许本机地址（127.0.0.1 或 [::1]）；如需外部访问，请在前面设置带登录的代理",
            );
        }
        Some(HttpSettings { listen })
    }

    fn nats(&mut self) -> Option<NatsSettings> {
        let url = self.url("nats.url", &["nats://", "tls://"]);
        let approvals = self.stream("nats.approvals");
        let alerts = self.stream("nats.alerts");
        let quarantine = self.stream("nats.quarantine");
        let nats = NatsSettings { url: url?, approvals: approvals?, alerts: alerts?, quarantine: quarantine? };
        for (key, name, others) in [
            ("nats.alerts", &nats.alerts, &[&nats.approvals][..]),
            ("nats.quarantine", &nats.quarantine, &[&nats.approvals, &nats.alerts][..]),
        ] {
            if others.contains(&name) {
                return self.refuse(key, "each stream needs a name of its own", "每个流须有各自的名称");
            }
        }
        Some(nats)
    }

    fn stream(&mut self, key: &str) -> Option<String> {
        let name = self.text(key);
        let plain =
            |letter: u8| letter.is_ascii_uppercase() || letter.is_ascii_digit() || matches!(letter, b'-' | b'_');
        if !name.is_empty() && name.bytes().all(plain) {
            return Some(name.to_owned());
        }
        self.refuse(key, "it must be upper-case letters A to Z, digits, - and _", "只能用大写字母 A 至 Z、数字、- 和 _")
    }

    fn ledger(&mut self, data: &std::path::Path) -> Option<LedgerSettings> {
        let url = self.url("ledger.url", &["sqlite:", "postgres://", "postgresql://"])?;
        Some(LedgerSettings { url: url.replace("{data}", &data.to_string_lossy()) })
    }

    /// An address that begins with one of `schemes` and goes on after it. Messages leave the value out:
    /// it may hold a password.
    fn url(&mut self, key: &str, schemes: &[&str]) -> Option<String> {
        let url = self.text(key);
        if schemes.iter().any(|scheme| url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty())) {
            return Some(url.to_owned());
        }
        let (place, allowed) = (&self.layer.get(key).place, schemes.join(", "));
        self.faults.add(
            place,
            format!("{key} is no address; it must begin with one of {allowed} and name what follows"),
            format!("{key} 不是地址；应以 {allowed} 之一开头并写明其后部分"),
        );
        None
    }

    fn clock(&mut self) -> Option<ClockSettings> {
        let kind = match self.text("clock.kind") {
            "wall" => Some(ClockKind::Wall),
            "virtual" => Some(ClockKind::Virtual),
            _ => self.refuse("clock.kind", "it must be \"wall\" or \"virtual\"", "应为 \"wall\" 或 \"virtual\""),
        };
        let catch_up = self.seconds("clock.catch_up_secs");
        let skew = self.seconds("clock.skew_secs");
        Some(ClockSettings { kind: kind?, catch_up: catch_up?, skew: skew? })
    }
}
