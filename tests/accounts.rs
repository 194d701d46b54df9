//! Accounts from the first one on: made on the machine, asked for by a service that runs, noted in an audit that shows what
//! was changed.

use std::process::Output;

use reqwest::header::AUTHORIZATION;
use serde_json::json;

use crate::support::program;
use crate::support::service::TestSite;
use crate::support::wire::wait;

fn run(site: &TestSite, arguments: &[&str], token: Option<&str>) -> Output {
    let mut command = program();
    command.args(arguments).env("WATCHLIGHT_DATA", site.data());
    if let Some(token) = token {
        command.env("WATCHLIGHT_TOKEN", token);
    }
    command.output().expect("the program was built with the tests")
}

/// What the program prints on success.
#[track_caller]
fn printed(site: &TestSite, arguments: &[&str]) -> String {
    let config = site.config.to_str().expect("a plain path");
    let output = run(site, &[arguments, &["--config", config]].concat(), None);
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

#[test]
fn the_first_account_ends_the_time_in_which_the_machine_needed_none() {
    let Some(site) = TestSite::with_virtual_clock("the_first_account_ends_the_time_in_which_the_machine_needed_none")
    else {
        return;
    };
    let service = site.start();
    service.wait_ready();
    assert_eq!(service.get("/api/alerts").status, 200);

    let password = printed(&site, &["user", "add", "li", "--role", "supervisor"]);
    let password = password.rsplit(' ').next().expect("a password").to_owned();
    printed(&site, &["user", "add", "ops", "--role", "operator", "--no-password"]);
    let listed = printed(&site, &["user", "list"]);
    assert_eq!(listed, "li\tsupervisor\t*\tactive\nops\toperator\t*\tactive");
    let again =
        run(&site, &["user", "add", "li", "--role", "staff", "--config", site.config.to_str().expect("plain")], None);
    assert_eq!(again.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&again.stderr).contains("there is an account li already"));

    assert_eq!(service.get("/api/alerts").status, 401);
    assert_eq!(service.get("/ready").status, 200);
    let login = json!({"name": "li", "password": password}).to_string();
    assert_eq!(service.post("/api/session", &login).status, 200);
    assert_eq!(service.post("/api/session", &login.replace("li", "ops")).status, 401);

    let token = printed(&site, &["user", "token", "ops"]);
    let asked =
        service.client().get(format!("{}/api/clock", service.base())).header(AUTHORIZATION, format!("Bearer {token}"));
    assert_eq!(wait(asked.send()).expect("it answers").status(), 200);
    let digest = run(&site, &["digest", service.base()], None);
    assert_ne!(digest.status.code(), Some(0), "nobody without a token");
    let digest = run(&site, &["digest", service.base()], Some(&token));
    assert_eq!(digest.status.code(), Some(0), "{}", String::from_utf8_lossy(&digest.stderr));
    printed(&site, &["user", "disable", "ops"]);
    let digest = run(&site, &["digest", service.base()], Some(&token));
    assert_ne!(digest.status.code(), Some(0), "a disabled account's token is worth nothing");

    let whole = printed(&site, &["audit", "verify"]);
    let head = whole.rsplit(' ').next().expect("number and hash").to_owned();
    assert!(whole.starts_with("the audit is whole: "), "{whole}");
    printed(&site, &["audit", "verify", "--noted", &head]);
    drop(service);
    let ledger = format!("sqlite://{}", site.data().join("ledger.sqlite").display());
    wait(async {
        sqlx::any::install_default_drivers();
        let pool = sqlx::AnyPool::connect(&ledger).await.expect("the ledger");
        sqlx::query("UPDATE audit SET actor = 'somebody else' WHERE number = 2").execute(&pool).await.expect("changed");
        pool.close().await;
    });
    let broken = run(&site, &["audit", "verify", "--config", site.config.to_str().expect("plain")], None);
    assert_eq!(broken.status.code(), Some(1));
    let told = String::from_utf8_lossy(&broken.stdout).into_owned();
    assert_eq!(told.trim(), "the audit is broken at row 2: it is not what was written");
}
