//! Raw values into options: meaning, ranges, addresses.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use facts::Moment;
use ingest::ServerOptions;
use ingest::server::{Login, OwnCertificate, Secret, Tls};
use jiff::tz::TimeZone;

use super::fault::Faults;
use super::layer::{Layer, Raw};
use super::{
    CheckpointSettings, ClockKind, ClockSettings, HttpSettings, LedgerSettings, PublishSettings, ReloadSettings,
    Settings, StateSettings, StreamSettings,
};

/// The most threads that judge.
const WORKERS_MAX: i64 = 256;
/// The most copies of a stream that a NATS server makes.
const REPLICAS_MAX: i64 = 5;
/// The longest time a stream keeps a message, in days: a century.
const KEEP_DAYS_MAX: i64 = 36_500;

/// How far behind the service may be and still say each difference, in seconds.
const CATCH_UP_SECS: RangeInclusive<i64> = 1..=3_600;
/// How long a difference may wait for more late facts, in seconds.
const SETTLE_SECS: RangeInclusive<i64> = 0..=3_600;

/// How often a checkpoint is written, in seconds.
const CHECKPOINT_SECS: RangeInclusive<i64> = 1..=3_600;
const CHECKPOINT_MIB: RangeInclusive<i64> = 1..=65_536;

/// The settings, or `None` after telling `faults` why not.
pub(super) fn settings(layer: &Layer, faults: &mut Faults) -> Option<Settings> {
    let mut check = Check { layer, faults };
    // Everything is looked at before anything is given up, so that all faults are told at once.
    let zone = check.zone();
    let data = check.data();
    let workers = check.workers();
    let http = check.http();
    let nats = check.nats();
    let streams = check.streams();
    let ledger = data.as_ref().and_then(|data| check.ledger(data));
    let clock = check.clock();
    let publish = check.publish();
    let reload = check.reload();
    let state = data.as_ref().and_then(|data| check.state(data));
    let checkpoint = data.as_ref().and_then(|data| check.checkpoint(data));
    Some(Settings {
        zone: zone?,
        data: data?,
        workers: workers?,
        http: http?,
        nats: nats?,
        streams: streams?,
        ledger: ledger?,
        clock: clock?,
        publish: publish?,
        reload: reload?,
        state: state?,
        checkpoint: checkpoint?,
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

    fn zone(&mut self) -> Option<TimeZone> {
        TimeZone::get(self.text("zone")).ok().or_else(|| {
            self.refuse(
                "zone",
                "it must be a time zone's IANA name, such as \"Asia/Shanghai\"",
                "应为 IANA 时区名，例如 \"Asia/Shanghai\"",
            )
        })
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
                "only this machine's own address (127.0.0.1 or [::1]) is allowed, since Watchlight speaks no TLS; \
                 put a proxy with TLS before it",
                "程序本身不提供 TLS，只允许本机地址（127.0.0.1 或 [::1]）；如需外部访问，请在前面设置带 TLS 的代理",
            );
        }
        Some(HttpSettings { listen })
    }

    fn nats(&mut self) -> Option<ServerOptions> {
        let urls = self.nats_urls();
        let login = self.nats_login();
        let authority = self.optional_path("nats.authority");
        let own = self.nats_certificate();
        let (urls, own) = (urls?, own?);
        // Whoever names certificates means TLS, and would not want to be let in without.
        let required = urls.iter().any(|url| url.starts_with("tls://")) || authority.is_some() || own.is_some();
        Some(ServerOptions { urls, login: login?, tls: Tls { authority, own, required } })
    }

    /// A certificate of ours with its key, or neither.
    fn nats_certificate(&mut self) -> Option<Option<OwnCertificate>> {
        match (self.optional_path("nats.certificate"), self.optional_path("nats.certificate_key")) {
            (None, None) => Some(None),
            (Some(certificate), Some(key)) => Some(Some(OwnCertificate { certificate, key })),
            (Some(_), None) => {
                self.refuse("nats.certificate", "nats.certificate_key is missing", "缺少 nats.certificate_key")
            }
            (None, Some(_)) => {
                self.refuse("nats.certificate_key", "nats.certificate is missing", "缺少 nats.certificate")
            }
        }
    }

    fn nats_urls(&mut self) -> Option<Vec<String>> {
        let text = self.text("nats.url");
        let urls: Vec<String> = text.split(',').map(|url| url.trim().to_owned()).collect();
        if urls.iter().any(|url| url.contains('@')) {
            // Without the value: it holds a password.
            return self.refuse_unseen(
                "nats.url",
                "holds a user or a password, which logs would show; write them as nats.user and nats.password",
                "含有用户名或密码，会出现在日志中；请改写在 nats.user 和 nats.password",
            );
        }
        let is_address = |url: &String| {
            let rest = url.strip_prefix("nats://").or_else(|| url.strip_prefix("tls://"));
            rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace))
        };
        if urls.iter().all(is_address) {
            return Some(urls);
        }
        self.refuse(
            "nats.url",
            "it must be nats://host:port or tls://host:port, or several with commas between",
            "应为 nats://主机:端口 或 tls://主机:端口，多个以逗号分隔",
        )
    }

    /// The one way to log in that is given. Values are never printed: they may be secret.
    fn nats_login(&mut self) -> Option<Login> {
        let user = self.text("nats.user").to_owned();
        let password = self.nats_secret("nats.password", "nats.password_file");
        let token = self.nats_secret("nats.token", "nats.token_file");
        let credentials = self.optional_path("nats.credentials");
        let nkey = self.optional_path("nats.nkey");
        let mut ways: Vec<(&str, Login)> = Vec::new();
        match (user.is_empty(), password?) {
            (true, None) => {}
            (false, Some((_, password))) => ways.push(("nats.user", Login::Password { user, password })),
            (false, None) => {
                return self.refuse_unseen(
                    "nats.user",
                    "is given, but neither nats.password nor nats.password_file",
                    "已填写，但缺少 nats.password 或 nats.password_file",
                );
            }
            (true, Some((key, _))) => {
                return self.refuse_unseen(key, "is given, but nats.user is missing", "已填写，但缺少 nats.user");
            }
        }
        ways.extend(token?.map(|(key, token)| (key, Login::Token(token))));
        ways.extend(credentials.map(|path| ("nats.credentials", Login::CredentialsFile(path))));
        ways.extend(nkey.map(|path| ("nats.nkey", Login::NkeyFile(path))));
        if let [(first, _), (second, _), ..] = ways[..] {
            return self.refuse_unseen(
                second,
                &format!("is another way to log in beside {first}; keep one"),
                &format!("与 {first} 是两种登录方式，只能保留一种"),
            );
        }
        Some(ways.pop().map(|(_, login)| login).unwrap_or_default())
    }

    /// A secret or the file that holds it, with the key that gives it; `None` when both are given.
    fn nats_secret(&mut self, key: &'static str, file_key: &'static str) -> Option<Option<(&'static str, Secret)>> {
        let text = self.text(key).to_owned();
        match (text.is_empty(), self.optional_path(file_key)) {
            (true, None) => Some(None),
            (false, None) => Some(Some((key, Secret::Text(text)))),
            (true, Some(path)) => Some(Some((file_key, Secret::File(path)))),
            (false, Some(_)) => self.refuse_unseen(
                file_key,
                &format!("and {key} are both given; keep one"),
                &format!("与 {key} 同时给出，只能保留一项"),
            ),
        }
    }

    fn streams(&mut self) -> Option<StreamSettings> {
        let replicas = self.whole("streams.replicas", 1..=REPLICAS_MAX);
        let approvals_keep = self.days("streams.approvals_keep_days");
        let alerts_keep = self.days("streams.alerts_keep_days");
        let quarantine_keep = self.days("streams.quarantine_keep_days");
        Some(StreamSettings {
            replicas: usize::try_from(replicas?).expect("the range allows no negative number"),
            approvals_keep: approvals_keep?,
            alerts_keep: alerts_keep?,
            quarantine_keep: quarantine_keep?,
        })
    }

    fn days(&mut self, key: &str) -> Option<Duration> {
        self.whole(key, 0..=KEEP_DAYS_MAX).map(|days| Duration::from_secs(days.unsigned_abs() * 86_400))
    }

    /// A path, or `None` where the text is empty.
    fn optional_path(&self, key: &str) -> Option<PathBuf> {
        Some(self.text(key)).filter(|text| !text.is_empty()).map(PathBuf::from)
    }

    /// Refuses `key` without printing its value, which may be secret.
    fn refuse_unseen<T>(&mut self, key: &str, en: &str, zh: &str) -> Option<T> {
        self.faults.add(&self.layer.get(key).place, format!("{key} {en}"), format!("{key} {zh}"));
        None
    }

    fn ledger(&mut self, data: &Path) -> Option<LedgerSettings> {
        let url = self.text("ledger.url");
        let schemes = ["sqlite://", "postgres://", "postgresql://"];
        if schemes.iter().any(|scheme| url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty())) {
            return Some(LedgerSettings { url: url.replace("{data}", &data.to_string_lossy()) });
        }
        self.refuse_unseen(
            "ledger.url",
            "is no address; it must be sqlite://PATH or postgres://user:password@host/database",
            "不是地址；应为 sqlite://路径 或 postgres://用户:密码@主机/数据库",
        )
    }

    fn clock(&mut self) -> Option<ClockSettings> {
        let kind = match self.text("clock.kind") {
            "wall" => Some(ClockKind::Wall),
            "virtual" => Some(ClockKind::Virtual),
            _ => self.refuse("clock.kind", "it must be \"wall\" or \"virtual\"", "应为 \"wall\" 或 \"virtual\""),
        };
        Some(ClockSettings { kind: kind? })
    }

    fn publish(&mut self) -> Option<PublishSettings> {
        let catch_up = self.seconds("publish.catch_up_secs", CATCH_UP_SECS);
        let settle = self.seconds("publish.settle_secs", SETTLE_SECS);
        let issue_from = self.issue_from();
        Some(PublishSettings { catch_up: catch_up?, settle: settle?, issue_from: issue_from? })
    }

    fn reload(&mut self) -> Option<ReloadSettings> {
        match self.text("reload.when") {
            "changed" => Some(ReloadSettings { watch: true }),
            "asked" => Some(ReloadSettings { watch: false }),
            _ => self.refuse("reload.when", "it must be \"changed\" or \"asked\"", "应为 \"changed\" 或 \"asked\""),
        }
    }

    fn state(&mut self, data: &Path) -> Option<StateSettings> {
        let retention = self.days("state.retention_days")?;
        match self.text("state.folder") {
            "" => self.refuse("state.folder", "it must name a folder", "应写明文件夹"),
            folder => {
                Some(StateSettings { retention, folder: folder.replace("{data}", &data.to_string_lossy()).into() })
            }
        }
    }

    fn checkpoint(&mut self, data: &Path) -> Option<Option<CheckpointSettings>> {
        let interval = self.seconds("checkpoint.interval_secs", CHECKPOINT_SECS)?;
        let memory = self.whole("checkpoint.memory_mib", CHECKPOINT_MIB)?;
        let memory = usize::try_from(memory).expect("the range is that of a positive u32") << 20;
        let folder = self.text("checkpoint.folder").replace("{data}", &data.to_string_lossy());
        Some((!folder.is_empty()).then(|| CheckpointSettings { folder: folder.into(), interval, memory }))
    }

    fn seconds(&mut self, key: &str, allowed: RangeInclusive<i64>) -> Option<Duration> {
        self.whole(key, allowed).map(|seconds| Duration::from_secs(seconds.unsigned_abs()))
    }

    fn issue_from(&mut self) -> Option<Option<Moment>> {
        match self.text("publish.issue_from") {
            "" => Some(None),
            text => match text.parse::<Moment>() {
                Ok(instant) => Some(Some(instant)),
                Err(_) => self.refuse(
                    "publish.issue_from",
                    "it must be an instant with an offset, such as \"2026-03-02T08:30:00+08:00\", or empty",
                    "应为带时区偏移的时刻，例如 \"2026-03-02T08:30:00+08:00\"，或留空",
                ),
            },
        }
    }
}
