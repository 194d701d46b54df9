//! The shipped server settings, permissions and TLS, put together as docs/nats.md tells, on a real server: each office
//! speaks on its own subject and no other, and Watchlight runs with what the example grants it and no more.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use async_nats::{Client, ConnectOptions};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;
use watchlight::nats_server::find_for_process;

use crate::support::eventually::eventually;
use crate::support::said::{fold, transitions};
use crate::support::service::TestService;
use crate::support::skip::skip;
use crate::support::wire::{Wire, wait};
use crate::support::{program, project};

/// A case accepted in March 2025 and never closed.
const EVENT: &str = r#"{"id":"1","source":"window","case":"RIGHTS-1","activity":"accepted","at":"2025-03-03T10:00:00+08:00","level":"county","region":"360902","dept":"FGW","item":"SC-201","case_type":"promised"}"#;
const FILES: [&str; 3] = ["server.conf", "permissions.example.conf", "tls.example.conf"];

/// A server that runs the shipped files, with certificates made for it. Dropping it ends it.
struct Agency {
    // Before the folder, so that the server ends before its files go.
    server: Child,
    port: String,
    folder: TempDir,
}

impl Agency {
    /// Starts it with the shipped permissions changed as told; `None` and a skip where there is no nats-server.
    #[track_caller]
    fn start(test: &str, change: impl Fn(String) -> String) -> Option<Agency> {
        let found = match find_for_process() {
            Ok(found) => found,
            Err(error) => {
                skip(test, &error.to_string());
                return None;
            }
        };
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        for name in FILES {
            let shipped = fs::read_to_string(project().join("config/nats").join(name)).expect("it is shipped");
            let text = match name {
                "server.conf" => format!("{shipped}\ninclude permissions.example.conf\ninclude tls.example.conf\n"),
                "permissions.example.conf" => change(shipped),
                _ => shipped,
            };
            fs::write(folder.path().join(name), text).expect("a temporary folder can be written");
        }
        certify(&folder.path().join("tls"));
        let server = Command::new(&found.path)
            // Free ports instead of the shipped ones, which may be somebody's.
            .args(["-c", "server.conf", "-p", "-1", "-m", "-1", "--ports_file_dir", ".", "-l", "server.log"])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server was found");
        let ports = folder.path().join(format!("nats-server_{}.ports", server.id()));
        let mut agency = Agency { server, port: String::new(), folder };
        agency.port = eventually("the server tells its port", || {
            let ended = agency.server.try_wait().expect("our own child can be asked");
            assert!(ended.is_none(), "the server ended: {}", agency.log());
            let ports: serde_json::Value = serde_json::from_str(&fs::read_to_string(&ports).ok()?).ok()?;
            let url = ports["tls"][0].as_str().or_else(|| ports["nats"][0].as_str())?;
            url.rsplit(':').next().map(str::to_owned)
        });
        Some(agency)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("server.log")).unwrap_or_default()
    }

    fn url(&self) -> String {
        format!("tls://127.0.0.1:{}", self.port)
    }

    /// What the service is told of its server, the password by a file.
    fn environment(&self) -> Vec<(&'static str, String)> {
        let file = self.path("password");
        fs::write(&file, "change-me-watchlight\n").expect("a temporary folder can be written");
        let shown = |path: &Path| path.display().to_string();
        vec![
            ("WATCHLIGHT_NATS_URL", self.url()),
            ("WATCHLIGHT_NATS_USER", "watchlight".to_owned()),
            ("WATCHLIGHT_NATS_PASSWORD_FILE", shown(&file)),
            ("WATCHLIGHT_NATS_AUTHORITY", shown(&self.path("tls/authority.pem"))),
            ("WATCHLIGHT_NATS_CERTIFICATE", shown(&self.path("tls/client.pem"))),
            ("WATCHLIGHT_NATS_CERTIFICATE_KEY", shown(&self.path("tls/client-key.pem"))),
            ("WATCHLIGHT_DATA", shown(&self.path("data"))),
            // The test's fact comes late; nobody waits for another that would take its light back.
            ("WATCHLIGHT_PUBLISH_SETTLE_SECS", "0".to_owned()),
        ]
    }

    /// Connects as somebody else does.
    fn client(&self, user: &str, password: &str, inbox: &str) -> Client {
        let options = ConnectOptions::with_user_and_password(user.to_owned(), password.to_owned())
            .add_root_certificates(self.path("tls/authority.pem"))
            .add_client_certificate(self.path("tls/client.pem"), self.path("tls/client-key.pem"))
            .custom_inbox_prefix(inbox);
        wait(options.connect(self.url())).expect("the login is in the shipped file")
    }
}

impl Drop for Agency {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Writes an authority, and certificates of the server and of its clients, into `folder`.
fn certify(folder: &Path) {
    fs::create_dir(folder).expect("a folder can be made there");
    let write = |name: &str, text: String| fs::write(folder.join(name), text).expect("files can be written there");
    let key = || KeyPair::generate().expect("ring makes keys");
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, key()).expect("an authority signs itself");
    write("authority.pem", authority.pem());
    for (name, host) in [("server", "127.0.0.1"), ("client", "client")] {
        let (mut params, key) = (CertificateParams::new(vec![host.to_owned()]).expect("a host's name"), key());
        // A name of its own: one that bears the authority's would be taken for self-signed.
        params.distinguished_name.push(DnType::CommonName, name);
        let signed = params.signed_by(&key, &authority).expect("the authority signs");
        write(&format!("{name}.pem"), signed.pem());
        write(&format!("{name}-key.pem"), key.serialize_pem());
    }
}

#[test]
fn watchlight_runs_with_just_its_rights_and_an_office_speaks_for_itself_only() {
    let test = "watchlight_runs_with_just_its_rights_and_an_office_speaks_for_itself_only";
    let Some(agency) = Agency::start(test, |shipped| shipped) else { return };
    let start = || TestService::start_with(agency.folder.path(), "wall", &agency.environment());
    let service = start();
    let office = Wire::of(agency.client("yuanzhou-fagai", "change-me-yuanzhou", "_INBOX"));
    office.send("approval.county.360902.FGW", EVENT);
    office.send("approval.county.360902.FGW", "no event");
    let foreign = office.try_send("approval.county.360902.SCJG", EVENT.replace("FGW", "SCJG"));
    assert!(foreign.is_err(), "another office's subject is refused by the server");
    assert!(agency.log().contains("Subject \"approval.county.360902.SCJG\""), "{}", agency.log());

    let centre = Wire::of(agency.client("centre", "change-me-centre", "_INBOX_CENTRE"));
    let raised = || transitions(&centre).into_iter().find(|said| said.case == "RIGHTS-1" && said.rule == "OD-05");
    eventually("the light is said, and the centre may read it", raised);
    eventually("the line that is no event is kept", || service.metric("watchlight_quarantined_total"));
    service.wait_ready();
    service.wait_ledger(centre.stored("ALERTS").last().expect("something was said").sequence);
    assert_eq!(service.terminate(), Some(0));

    // A second start reads what was said and what is in quarantine, and compares what it has read.
    let said = transitions(&centre).len();
    let service = start();
    service.wait_ready();
    assert_eq!(transitions(&centre).len(), said, "nothing is said twice");
    fold(&transitions(&centre));
    let log = service.log();
    assert!(!log.contains("denies") && !log.contains("change-me"), "{log}");
    assert_eq!(service.terminate(), Some(0));
    let denied: Vec<String> = agency
        .log()
        .lines()
        .filter(|line| line.contains("Violation") && line.contains("User \"watchlight\""))
        .map(str::to_owned)
        .collect();
    assert!(denied.is_empty(), "nothing that Watchlight does was denied: {denied:?}");
}

#[test]
fn a_right_that_is_missing_ends_the_start_with_its_subject() {
    let test = "a_right_that_is_missing_ends_the_start_with_its_subject";
    let missing = "\"$JS.API.STREAM.CREATE.APPROVALS\"";
    let Some(agency) = Agency::start(test, |shipped| shipped.replace(missing, "")) else { return };
    let mut command = program();
    command.args(["run", "--listen", "127.0.0.1:0", "--config"]).arg(project().join("config"));
    let output = command.envs(agency.environment()).output().expect("the program was built with the tests");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{said}");
    let expected = format!(
        "watchlight: the NATS server denies its user what Watchlight needs: publish to {missing}. docs/nats.md"
    );
    assert!(said.contains(&expected), "{said}");
}

#[test]
fn the_small_sender_speaks_over_tls_and_says_what_it_lacks() {
    let test = "the_small_sender_speaks_over_tls_and_says_what_it_lacks";
    let Some(agency) = Agency::start(test, |shipped| shipped) else { return };
    let service = TestService::start_with(agency.folder.path(), "wall", &agency.environment());
    let send = |more: &[&str]| {
        let url = format!("tls://yuanzhou-fagai:change-me-yuanzhou@127.0.0.1:{}", agency.port);
        let tool = Command::new("python3")
            .arg(project().join("tools/publish_one.py"))
            .args(["--url", &url, "--cert", "tls/client.pem", "--key", "tls/client-key.pem", EVENT])
            .args(more)
            .current_dir(agency.folder.path())
            .output()
            .expect("python3 runs");
        let text = [tool.stdout, tool.stderr].concat();
        (tool.status.success(), String::from_utf8(text).expect("it speaks UTF-8"))
    };
    let (stored, told) = send(&["--ca", "tls/authority.pem"]);
    assert!(stored && told.contains("approval.county.360902.FGW: stored in APPROVALS as 1"), "{told}");
    let (stored, told) = send(&[]);
    assert!(!stored && told.contains("certificate verify failed"), "{told}");
    let (stored, told) = send(&["--ca", "tls/nothing.pem"]);
    assert!(!stored && told.contains("these certificates cannot be used: tls/nothing.pem"), "{told}");
    assert_eq!(service.terminate(), Some(0));
}
