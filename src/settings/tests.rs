//! Settings: what wins, what is refused, and with which words.

use ingest::server::{Login, Secret};

use super::*;

fn resolve_file(file: &str) -> Result<Settings, Faults> {
    resolve(file, Path::new("config/watchlight.toml"), &[], &[])
}

/// The English lines that refusing `file` prints.
#[track_caller]
fn refused(file: &str) -> String {
    match resolve_file(file) {
        Ok(_) => panic!("these settings must be refused:\n{file}"),
        Err(faults) => faults.to_string(),
    }
}

fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn the_defaults_alone_are_a_valid_site() {
    let settings = resolve_file("").expect("the shipped defaults are right");
    assert_eq!(settings.zone.iana_name(), Some("Asia/Shanghai"));
    assert_eq!(settings.http.listen.to_string(), "127.0.0.1:8600");
    assert_eq!(settings.ledger.url, "sqlite://watchlight-data/ledger.sqlite");
    assert_eq!(settings.clock.kind, ClockKind::Wall);
    let seconds = (settings.publish.catch_up.as_secs(), settings.publish.settle.as_secs());
    assert_eq!((seconds, settings.publish.issue_from), ((10, 60), None));
}

#[test]
fn the_file_in_config_is_a_valid_site() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let sources = Sources { folder: &folder, environment: Vec::new(), flags: Vec::new() };
    load(&sources).expect("config/watchlight.toml is right");
}

#[test]
fn flags_beat_the_environment_which_beats_the_file_which_beats_the_defaults() {
    let file = "workers = 2\ndata = \"/srv\"\n[http]\nlisten = \"127.0.0.1:9001\"\n";
    let environment = environment(&[("WATCHLIGHT_HTTP_LISTEN", "127.0.0.1:9002"), ("WATCHLIGHT_WORKERS", "3")]);
    let flags = [Flag { name: "--workers", key: "workers", value: "4".into() }];
    let settings = resolve(file, Path::new("watchlight.toml"), &environment, &flags).expect("all of this is right");
    assert_eq!(settings.workers.get(), 4, "the flag");
    assert_eq!(settings.http.listen.port(), 9002, "the environment");
    assert_eq!(settings.data, Path::new("/srv"), "the file");
    assert_eq!(settings.nats.urls, ["nats://127.0.0.1:4222"], "the default");
}

#[test]
fn the_ledger_follows_the_data_folder() {
    let settings = resolve_file("data = \"/srv/watchlight\"").expect("right");
    assert_eq!(settings.ledger.url, "sqlite:///srv/watchlight/ledger.sqlite");
}

#[test]
fn every_fault_is_told_at_once_with_its_place() {
    insta::assert_snapshot!(
        refused("zone = \"Asia/Peking\"\nworker = 2\n\n[http]\nlisten = \"0.0.0.0:8600\"\n[clock]\nkind = 7\n[streams]\nalerts_keep_days = -1\n"),
        @r#"
    config/watchlight.toml:1:8: zone is "Asia/Peking"; it must be a time zone's IANA name, such as "Asia/Shanghai"
    config/watchlight.toml:2:1: unknown setting "worker"; did you mean "workers"?
    config/watchlight.toml:5:10: http.listen is "0.0.0.0:8600"; only this machine's own address (127.0.0.1 or [::1]) is allowed, since Watchlight speaks no TLS; put a proxy with TLS before it
    config/watchlight.toml:7:8: clock.kind is of type integer; it must be a text in quotation marks
    config/watchlight.toml:9:20: streams.alerts_keep_days is -1; it must be 0 to 36500
    "#
    );
}

#[test]
fn the_first_instant_of_a_site_needs_an_offset() {
    insta::assert_snapshot!(
        refused("[publish]\ncatch_up_secs = 0\nissue_from = \"2026-03-02\"\n"),
        @r#"
    config/watchlight.toml:2:17: publish.catch_up_secs is 0; it must be 1 to 3600
    config/watchlight.toml:3:14: publish.issue_from is "2026-03-02"; it must be an instant with an offset, such as "2026-03-02T08:30:00+08:00", or empty
    "#
    );
    let settings = resolve_file("[publish]\nissue_from = \"2026-03-02T08:30:00+08:00\"").expect("right");
    assert_eq!(settings.publish.issue_from, "2026-03-02T00:30:00Z".parse().ok());
}

#[test]
fn a_fault_says_the_same_in_chinese() {
    let faults = resolve_file("zome = \"Asia/Shanghai\"").expect_err("zome is no setting");
    let zh: Vec<&str> = faults.iter().map(|fault| fault.zh.as_str()).collect();
    assert_eq!(zh, ["没有设置 \"zome\"；是否要写 \"zone\"？"]);
}

#[test]
fn columns_count_characters_not_bytes() {
    let text = "nats = { user = \"市级\", password = \"一\", url = \"市级\" }";
    assert_eq!(
        refused(text),
        "config/watchlight.toml:1:45: nats.url is \"市级\"; it must be nats://host:port or tls://host:port, \
         or several with commas between"
    );
}

#[test]
fn broken_toml_is_refused_where_it_breaks() {
    assert!(refused("zone = \n").starts_with("config/watchlight.toml:1:8: this is not TOML: "));
}

#[test]
fn an_unknown_variable_is_refused_and_others_of_the_system_are_not() {
    let check = |pairs| resolve("", Path::new("watchlight.toml"), &environment(pairs), &[]);
    assert!(check(&[("PATH", "/bin"), ("WATCHLIGHT_LANG", "zh"), ("WATCHLIGHT_LOG", "debug")]).is_ok());
    let faults = check(&[("WATCHLIGHT_HTTP_LISTN", "127.0.0.1:1")]).expect_err("no such setting");
    assert_eq!(
        faults.to_string(),
        "environment variable WATCHLIGHT_HTTP_LISTN: unknown variable \"WATCHLIGHT_HTTP_LISTN\"; \
         did you mean \"WATCHLIGHT_HTTP_LISTEN\"?"
    );
    let faults = check(&[("WATCHLIGHT_WORKERS", "many")]).expect_err("no number");
    assert_eq!(
        faults.to_string(),
        "environment variable WATCHLIGHT_WORKERS: workers is \"many\"; it must be a whole number"
    );
}

#[test]
fn one_way_to_log_in_is_taken_and_two_are_refused() {
    let login = |nats: &str| resolve_file(&format!("[nats]\n{nats}")).map(|settings| settings.nats.login);
    assert_eq!(login(""), Ok(Login::Open));
    let password = |password| Ok(Login::Password { user: "office".into(), password });
    assert_eq!(login("user = \"office\"\npassword = \"secret\""), password(Secret::Text("secret".into())));
    assert_eq!(login("user = \"office\"\npassword_file = \"/p\""), password(Secret::File("/p".into())));
    assert_eq!(login("token = \"secret\""), Ok(Login::Token(Secret::Text("secret".into()))));
    assert_eq!(login("token_file = \"/t\""), Ok(Login::Token(Secret::File("/t".into()))));
    assert_eq!(login("credentials = \"/c\""), Ok(Login::CredentialsFile("/c".into())));
    assert_eq!(login("nkey = \"/n\""), Ok(Login::NkeyFile("/n".into())));
    let place = "config/watchlight.toml:";
    assert_eq!(
        refused("[nats]\nuser = \"office\""),
        format!("{place}2:8: nats.user is given, but neither nats.password nor nats.password_file")
    );
    assert_eq!(
        refused("[nats]\npassword_file = \"/p\""),
        format!("{place}2:17: nats.password_file is given, but nats.user is missing")
    );
    assert_eq!(
        refused("[nats]\ntoken = \"secret\"\ncredentials = \"/c\""),
        format!("{place}3:15: nats.credentials is another way to log in beside nats.token; keep one")
    );
    assert_eq!(
        refused("[nats]\ntoken = \"secret\"\ntoken_file = \"/t\""),
        format!("{place}3:14: nats.token_file and nats.token are both given; keep one")
    );
}

#[test]
fn a_cluster_is_several_addresses_and_tls_is_insisted_on_where_written() {
    let nats = |nats: &str| resolve_file(&format!("[nats]\n{nats}")).expect("right").nats;
    assert_eq!(nats("url = \"nats://a:4222, nats://b:4222\"").urls, ["nats://a:4222", "nats://b:4222"]);
    assert!(!nats("url = \"nats://a:4222\"").tls.required);
    assert!(nats("url = \"tls://a:4222\"").tls.required);
    assert!(nats("authority = \"/ca.pem\"").tls.required, "who names an authority means TLS");
    let own = nats("certificate = \"/c.pem\"\ncertificate_key = \"/k.pem\"").tls;
    assert!(own.required && own.own.is_some());
    assert_eq!(
        refused("[nats]\ncertificate = \"/c.pem\""),
        "config/watchlight.toml:2:15: nats.certificate is \"/c.pem\"; nats.certificate_key is missing"
    );
}

#[test]
fn passwords_are_not_printed() {
    let file = "[nats]\nuser = \"office\"\npassword = \"secret\"\n[ledger]\nurl = \"postgres://w:secret@db/w\"";
    let settings = resolve_file(file).expect("right");
    assert!(!format!("{settings:?}").contains("secret"));
    for wrong in [
        "[nats]\nurl = \"nats://office:secret@host\"",
        "[nats]\npassword = \"secret\"",
        "[nats]\ntoken = \"secret\"\nuser = \"office\"",
        "[ledger]\nurl = \"mysql://w:secret@db/w\"",
    ] {
        assert!(!refused(wrong).contains("secret"), "{wrong}");
    }
}

#[test]
fn a_missing_folder_is_told_with_the_flag_that_names_it() {
    let sources = Sources { folder: Path::new("no-such-folder"), environment: Vec::new(), flags: Vec::new() };
    let error = load(&sources).expect_err("the folder is missing");
    assert_eq!(error.to_string(), "there is no configuration folder no-such-folder; name it with --config");
}
