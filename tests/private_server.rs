//! The private nats-server, with the real program: ready when it says so, on its own port, and never left behind.

use std::io::Read;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;

use crate::support::eventually::eventually;
use crate::support::nats::{TestNats, signal};
use watchlight::nats_server::{PrivateServer, ServerError, find_for_process};

fn is_alive(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

#[test]
fn two_servers_have_their_own_ports_and_folders() {
    let test = "two_servers_have_their_own_ports_and_folders";
    let Some(one) = TestNats::start(test) else { return };
    let Some(other) = TestNats::start(test) else { return };
    assert_ne!(one.server().address(), other.server().address());
    assert!(one.folder().join("jetstream").is_dir(), "JetStream keeps its files in the server's folder");
    TcpStream::connect(one.server().address()).expect("a server that is ready takes connections");
}

#[test]
fn a_stopped_server_is_gone_and_its_port_is_free() {
    let Some(mut nats) = TestNats::start("a_stopped_server_is_gone_and_its_port_is_free") else { return };
    let (pid, port) = (nats.server().pid(), nats.server().address().port());
    assert_eq!(nats.kill(), port);
    assert!(!is_alive(pid), "stop returns when the process is gone");
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("its port is free again");
    nats.start_again(port);
    assert_eq!(nats.server().address().port(), port, "it comes back where clients look for it");
}

#[test]
fn a_taken_port_is_an_error_with_the_servers_own_words() {
    let Ok(program) = find_for_process() else {
        return crate::support::skip::skip("a_taken_port_is_an_error_with_the_servers_own_words", "no nats-server");
    };
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("the loopback has a free port");
    let port = taken.local_addr().expect("a listener has an address").port();
    let folder = tempfile::tempdir().expect("a temporary folder");
    match PrivateServer::start(&program, folder.path(), Some(port)) {
        Err(ServerError::Ended { words, .. }) => assert!(words.contains("address already in use"), "{words}"),
        other => panic!("a taken port must end the server: {other:?}"),
    }
}

#[test]
fn a_paused_server_is_silent_and_goes_on_when_resumed() {
    let Some(nats) = TestNats::start("a_paused_server_is_silent_and_goes_on_when_resumed") else { return };
    nats.pause();
    let mut stream = TcpStream::connect(nats.server().address()).expect("the system takes the connection for it");
    stream.set_nonblocking(true).expect("a socket can be told not to wait");
    let mut byte = [0];
    assert!(stream.read(&mut byte).is_err(), "a paused server does not greet");
    nats.resume();
    eventually("the resumed server greets", || stream.read(&mut byte).is_ok_and(|count| count == 1).then_some(()));
}

/// The one who starts a server may be killed without a chance to clean up: run this test binary again as that one.
#[test]
fn the_server_ends_when_the_one_who_started_it_is_killed() {
    let test = "the_server_ends_when_the_one_who_started_it_is_killed";
    if std::env::var_os("WATCHLIGHT_TEST_START_AND_WAIT").is_some() {
        let nats = TestNats::start(test).expect("the parent found a server");
        println!("pid={}", nats.server().pid());
        loop {
            std::thread::park();
        }
    }
    if let Err(error) = find_for_process() {
        return crate::support::skip::skip(test, &error.to_string());
    }
    // The starter cannot clean up, so its temporary files go with this folder.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut starter = std::process::Command::new(std::env::current_exe().expect("a test knows its own program"))
        .args(["--exact", &format!("private_server::{test}"), "--nocapture"])
        .env("WATCHLIGHT_TEST_START_AND_WAIT", "yes")
        .env("TMPDIR", folder.path())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("a test can start itself");
    let pid = pid_told_by(starter.stdout.take().expect("its output is piped"));
    assert!(is_alive(pid), "the server runs while its starter does");
    signal(starter.id(), "KILL");
    starter.wait().expect("a killed child can be waited for");
    eventually("the server is gone", || (!is_alive(pid)).then_some(()));
}

/// The number in the first line that holds `pid=`.
fn pid_told_by(output: impl Read) -> u32 {
    use std::io::BufRead;
    std::io::BufReader::new(output)
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.split_once("pid=")?.1.trim().parse().ok())
        .expect("the starter tells the server's process id")
}
