//! Against servers that demand TLS and a login: what is let in, and what is said of what is not.
//!
//! Certificates, keys and JWTs are made for each test; config/nats/tls.example.conf is run as it is shipped.

use std::path::{Path, PathBuf};

use nkeys::KeyPair;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose};
use serde_json::json;

use crate::server::{self, Login, OwnCertificate, Secret, ServerOptions, Tls};
use crate::streams::{self, StreamOptions};
use crate::test_support::{TestServer, root};

/// An authority that signs certificates into a folder.
struct Authority {
    issuer: CertifiedIssuer<'static, rcgen::KeyPair>,
}

impl Authority {
    fn new() -> Authority {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = rcgen::KeyPair::generate().expect("ring makes keys");
        Authority { issuer: CertifiedIssuer::self_signed(params, key).expect("an authority signs itself") }
    }

    /// Writes the authority's own certificate.
    fn write(&self, path: &Path) {
        std::fs::write(path, self.issuer.pem()).expect("a temporary folder can be written");
    }

    /// Writes a certificate for `host` and its key, and returns their paths.
    fn sign(
        &self,
        folder: &Path,
        name: &str,
        host: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> OwnCertificate {
        let mut params = CertificateParams::new(vec![host.to_owned()]).expect("a host's name");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        change(&mut params);
        let key = rcgen::KeyPair::generate().expect("ring makes keys");
        let signed = params.signed_by(&key, &self.issuer).expect("the authority signs");
        let own = OwnCertificate {
            certificate: folder.join(format!("{name}.pem")),
            key: folder.join(format!("{name}-key.pem")),
        };
        std::fs::write(&own.certificate, signed.pem()).expect("a temporary folder can be written");
        std::fs::write(&own.key, key.serialize_pem()).expect("a temporary folder can be written");
        own
    }
}

/// A folder with `tls/` as config/nats/tls.example.conf wants it, the server's certificate being for `host`.
struct Certified {
    folder: tempfile::TempDir,
    authority: Authority,
}

impl Certified {
    fn new(host: &str, change: impl FnOnce(&mut CertificateParams)) -> Certified {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let tls = folder.path().join("tls");
        std::fs::create_dir(&tls).expect("a folder can be made there");
        let authority = Authority::new();
        authority.write(&tls.join("authority.pem"));
        authority.sign(&tls, "server", host, change);
        Certified { folder, authority }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("tls").join(name)
    }

    /// A server with the shipped TLS settings, and `more`.
    fn server(&self, test: &str, more: &str) -> Option<TestServer> {
        let shipped = std::fs::read_to_string(root().join("config/nats/tls.example.conf")).expect("it is shipped");
        // Its relative paths count from the folder in which an operator starts the server.
        let settings = shipped.replace("\"tls/", &format!("\"{}/tls/", self.folder.path().display()));
        TestServer::start_with(test, &format!("{settings}\n{more}"))
    }

    /// How a client that has everything connects.
    fn options(&self, server: &TestServer, login: Login) -> ServerOptions {
        let own = self.authority.sign(&self.path(""), "client", "watchlight", |_| {});
        let tls = Tls { authority: Some(self.path("authority.pem")), own: Some(own), required: true };
        ServerOptions { urls: vec![format!("tls://127.0.0.1:{}", server.port)], login, tls }
    }
}

async fn error(options: &ServerOptions) -> String {
    match server::connect(options).await {
        Ok(_) => panic!("let in with {options:?}"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn tls_with_certificates_on_both_sides() {
    let certified = Certified::new("127.0.0.1", |_| {});
    let Some(server) = certified.server("tls_with_certificates_on_both_sides", "") else { return };
    let good = certified.options(&server, Login::Open);
    let connection = server::connect(&good).await.expect("all is right");
    streams::ensure(&connection, &StreamOptions::default()).await.expect("and usable");

    let with = |change: &dyn Fn(&mut ServerOptions)| {
        let mut options = good.clone();
        change(&mut options);
        options
    };
    let url = &good.urls[0];
    let told = error(&with(&|options| options.tls.own = None)).await;
    assert!(
        told.starts_with(&format!("no TLS connection to NATS at {url}: the server asks for a certificate of ours")),
        "{told}"
    );
    let system = error(&with(&|options| options.tls.authority = None)).await;
    assert!(
        system
            .contains("an authority that this machine does not know; name that authority's PEM file as nats.authority"),
        "{system}"
    );
    let other = certified.path("other.pem");
    Authority::new().write(&other);
    let told = error(&with(&|options| options.tls.authority = Some(other.clone()))).await;
    assert!(
        told.contains(&format!("is not signed by the authority in {} (nats.authority)", other.display())),
        "{told}"
    );
    let stranger = Authority::new().sign(&certified.path(""), "stranger", "watchlight", |_| {});
    let told = error(&with(&|options| options.tls.own = Some(stranger.clone()))).await;
    assert!(told.contains(&format!("does not accept our certificate {}", stranger.certificate.display())), "{told}");
    let told = error(&with(&|options| options.tls.authority = Some("/no/such.pem".into()))).await;
    assert_eq!(told, "could not read /no/such.pem, which nats.authority names");
    let key = certified.path("client-key.pem");
    let told = error(&with(&|options| options.tls.authority = Some(key.clone()))).await;
    assert!(told.ends_with("which nats.authority names, holds no certificate in PEM form (-----BEGIN ...)"), "{told}");
}

#[tokio::test]
async fn a_server_certificate_that_is_not_right_is_told_with_the_reason() {
    let test = "a_server_certificate_that_is_not_right_is_told_with_the_reason";
    let expired = Certified::new("127.0.0.1", |params| params.not_after = rcgen::date_time_ymd(2020, 1, 1));
    let Some(server) = expired.server(test, "") else { return };
    let told = error(&expired.options(&server, Login::Open)).await;
    assert!(told.contains("the server's certificate has expired") && told.contains("renew it on the server"), "{told}");
    let elsewhere = Certified::new("nats.example", |_| {});
    let Some(server) = elsewhere.server(test, "") else { return };
    let told = error(&elsewhere.options(&server, Login::Open)).await;
    assert!(told.contains("is for another host") && told.contains("write that name in nats.url"), "{told}");
    let plain = TestServer::start(test).expect("it was there before");
    let told = error(&elsewhere.options(&plain, Login::Open)).await;
    assert!(told.contains("the server does not speak TLS; turn TLS on there, or write nats://"), "{told}");
}

#[tokio::test]
async fn an_nkey_logs_in_and_another_does_not() {
    let test = "an_nkey_logs_in_and_another_does_not";
    let (user, stranger) = (KeyPair::new_user(), KeyPair::new_user());
    let users = format!("authorization {{ users: [ {{ nkey: {} }} ] }}", user.public_key());
    let Some(server) = TestServer::start_with(test, &users) else { return };
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let seed = folder.path().join("user.nk");
    std::fs::write(&seed, user.seed().expect("a new pair has its seed")).expect("it can be written");
    let connection = server.connect_as(Login::NkeyFile(seed.clone())).await;
    streams::ensure(&connection, &StreamOptions::default()).await.expect("it is let in");
    std::fs::write(&seed, stranger.seed().expect("a new pair has its seed")).expect("it can be written");
    let urls = vec![format!("nats://127.0.0.1:{}", server.port)];
    let told =
        error(&ServerOptions { urls: urls.clone(), login: Login::NkeyFile(seed), ..ServerOptions::default() }).await;
    assert_eq!(
        told,
        format!(
            "the NATS server at {} does not let us in as nkey {}. Compare this public key with the server's authorization block",
            urls[0],
            stranger.public_key()
        )
    );
}

#[tokio::test]
async fn a_refused_password_is_told_without_the_password_and_a_renewed_one_is_used() {
    let test = "a_refused_password_is_told_without_the_password_and_a_renewed_one_is_used";
    let users = "authorization { user: watchlight, password: \"right-secret\" }";
    let Some(mut server) = TestServer::start_with(test, users) else { return };
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("password");
    std::fs::write(&file, "wrong-secret\n").expect("it can be written");
    let login = Login::Password { user: "watchlight".into(), password: Secret::File(file.clone()) };
    let urls = vec![format!("nats://127.0.0.1:{}", server.port)];
    let options = ServerOptions { urls, login, ..ServerOptions::default() };
    let told = error(&options).await;
    assert!(told.contains("does not let us in as user \"watchlight\". Compare it with"), "{told}");
    assert!(!told.contains("secret"), "{told}");
    let told = error(&ServerOptions { login: Login::Open, ..options.clone() }).await;
    assert!(told.contains("as nobody, for no way to log in is set. Set nats.user with nats.password_file"), "{told}");

    std::fs::write(&file, "right-secret\n").expect("it can be written");
    let connection = server::connect(&options).await.expect("the right one");
    server.kill();
    server.change_settings("authorization { user: watchlight, password: \"newer-secret\" }");
    std::fs::write(&file, "newer-secret\n").expect("it can be written");
    server.start_again();
    crate::test_support::eventually("the connection comes back with what the file holds now", async || {
        streams::ensure(&connection, &StreamOptions::default()).await.is_ok()
    })
    .await;
}

/// A JWT as `nsc` writes them, signed by `issuer`.
fn jwt(issuer: &KeyPair, subject: &KeyPair, name: &str, nats: serde_json::Value) -> String {
    let part = |value: &serde_json::Value| base64url(value.to_string().as_bytes());
    let head = part(&json!({ "typ": "JWT", "alg": "ed25519-nkey" }));
    let body = part(&json!({
        "jti": name, "iat": 1_767_574_800, "iss": issuer.public_key(), "name": name, "sub": subject.public_key(), "nats": nats,
    }));
    let signed = format!("{head}.{body}");
    let signature = issuer.sign(signed.as_bytes()).expect("it has its seed");
    format!("{signed}.{}", base64url(&signature))
}

/// Base64 for URLs, without padding.
fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        let digits = (0..=three.len()).map(|place| DIGITS[(bits >> (18 - 6 * place)) as usize & 63]);
        text.extend(digits.map(char::from));
    }
    text
}

#[tokio::test]
async fn a_credentials_file_of_an_operators_account_logs_in() {
    let test = "a_credentials_file_of_an_operators_account_logs_in";
    let (operator, system, account) = (KeyPair::new_operator(), KeyPair::new_account(), KeyPair::new_account());
    let user = KeyPair::new_user();
    let limits = |streams: i64| {
        json!({ "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1, "leaf": -1,
                "mem_storage": streams, "disk_storage": streams, "streams": streams, "consumer": streams })
    };
    let of_operator = jwt(
        &operator,
        &operator,
        "agency",
        json!({ "type": "operator", "version": 2, "system_account": system.public_key() }),
    );
    let of_account = |pair: &KeyPair, name: &str, streams| {
        jwt(&operator, pair, name, json!({ "type": "account", "version": 2, "limits": limits(streams) }))
    };
    let settings = format!(
        "operator: \"{of_operator}\"\nsystem_account: {}\nresolver: MEMORY\nresolver_preload {{ {}: \"{}\", {}: \"{}\" }}",
        system.public_key(),
        system.public_key(),
        of_account(&system, "SYS", 0),
        account.public_key(),
        of_account(&account, "supervision", -1)
    );
    let Some(server) = TestServer::start_with(test, &settings) else { return };
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("watchlight.creds");
    let write = |issuer: &KeyPair| {
        let of_user = jwt(
            issuer,
            &user,
            "watchlight",
            json!({ "type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1 }),
        );
        let seed = user.seed().expect("a new pair has its seed");
        let text = format!(
            "-----BEGIN NATS USER JWT-----\n{of_user}\n------END NATS USER JWT------\n\n\
             -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
        );
        std::fs::write(&file, text).expect("it can be written");
    };
    write(&account);
    let login = Login::CredentialsFile(file.clone());
    let connection = server.connect_as(login.clone()).await;
    streams::ensure(&connection, &StreamOptions::default()).await.expect("its account has streams");
    write(&KeyPair::new_account());
    let urls = vec![format!("nats://127.0.0.1:{}", server.port)];
    let told = error(&ServerOptions { urls, login, ..ServerOptions::default() }).await;
    assert!(told.contains(&format!("as the user of {}. Its JWT may have expired", file.display())), "{told}");
}

#[tokio::test]
async fn a_missing_permission_is_told_with_its_subject() {
    let test = "a_missing_permission_is_told_with_its_subject";
    let users = "authorization { users: [ { user: w, password: p, permissions: { \
                 publish: [\"$JS.API.STREAM.INFO.>\"], subscribe: [\"_INBOX_WATCHLIGHT.>\"] } } ] }";
    let Some(server) = TestServer::start_with(test, users) else { return };
    let login = Login::Password { user: "w".into(), password: Secret::Text("p".into()) };
    let connection = server.connect_as(login).await;
    streams::ensure(&connection, &StreamOptions::default()).await.expect_err("it may make no stream");
    assert_eq!(connection.denials.told(), ["publish to \"$JS.API.STREAM.CREATE.APPROVALS\""]);
}
