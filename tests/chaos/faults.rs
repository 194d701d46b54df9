//! What can happen to a running site, and how it is brought about.

use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use sqlx::{Connection, Executor, SqliteConnection};

use super::damage::Damage;
use super::{moment, throw};
use crate::support::proxy::{Proxy, Way};
use crate::support::service::{TestService, TestSite};
use crate::support::wire::wait;

/// One thing that goes wrong.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Fault {
    /// The service's process is killed and started again, with another number of workers.
    KillService,
    /// The service is ended in order and started again.
    EndService,
    /// The server's process is killed and started again over its folder.
    KillServer,
    /// Both are killed, the server comes back first.
    KillBoth,
    /// The server stands still and goes on.
    PauseServer,
    /// Every connection of the service ends.
    Cut,
    /// Connections end in the middle of a message, several times.
    CutInside,
    /// Nothing goes through and nobody is told.
    Stall,
    /// Every piece comes late.
    Delay,
    /// Somebody else holds the ledger.
    HoldLedger,
    /// The service's process is killed, a bad disk changes its checkpoint, and it is started again as the page says.
    KillAndDamage(Damage),
}

const FAULTS: [Fault; 13] = [
    Fault::KillService,
    Fault::EndService,
    Fault::KillServer,
    Fault::KillBoth,
    Fault::PauseServer,
    Fault::Cut,
    Fault::CutInside,
    Fault::Stall,
    Fault::Delay,
    Fault::HoldLedger,
    Fault::KillAndDamage(Damage::Bit),
    Fault::KillAndDamage(Damage::Tail),
    Fault::KillAndDamage(Damage::File),
];

/// How far into a cycle a fault begins, at most, in milliseconds.
const BEGINS_WITHIN: u64 = 400;
/// How long a fault lasts at most, in milliseconds: longer than it takes to notice a silent server.
const LASTS: u64 = 3_000;
/// The longest delay of a piece, in milliseconds.
const DELAY: u64 = 20;
/// Bytes until a cut inside a message, at most.
const CUT_WITHIN: u64 = 300_000;
/// Workers of a service, at most.
const WORKERS: u64 = 3;

impl Fault {
    pub(super) fn thrown(dice: &mut ChaCha8Rng) -> Fault {
        FAULTS[usize::try_from(throw(dice, FAULTS.len() as u64)).expect("a small number")]
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Fault::KillService => "service killed",
            Fault::EndService => "service ended",
            Fault::KillServer => "server killed",
            Fault::KillBoth => "both killed",
            Fault::PauseServer => "server paused",
            Fault::Cut => "connections cut",
            Fault::CutInside => "cut inside a message",
            Fault::Stall => "stalled",
            Fault::Delay => "delayed",
            Fault::HoldLedger => "ledger held",
            Fault::KillAndDamage(Damage::Bit) => "killed, a bit of the checkpoint flipped",
            Fault::KillAndDamage(Damage::Tail) => "killed, a file of the checkpoint cut off",
            Fault::KillAndDamage(Damage::File) => "killed, a file of the checkpoint gone",
        }
    }
}

/// Bytes of the service's log that a life that fails shows.
const LOG_SHOWN: usize = 20_000;

/// The site, the proxy before its server, and the service behind the proxy.
pub(super) struct Stage {
    service: Option<TestService>,
    pub(super) proxy: Proxy,
    pub(super) site: TestSite,
}

/// What the service had to say is gone with the site; a life that fails leaves its end.
impl Drop for Stage {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.site.log();
            let from = log.len().saturating_sub(LOG_SHOWN);
            eprintln!("the end of the service's log:\n{}", String::from_utf8_lossy(&log.as_bytes()[from..]));
        }
    }
}

impl Stage {
    pub(super) fn open(site: TestSite, dice: &mut ChaCha8Rng) -> Stage {
        let proxy = Proxy::start(site.nats.server().address());
        let mut stage = Stage { service: None, proxy, site };
        stage.start(dice);
        stage
    }

    /// The service, which runs between faults.
    pub(super) fn service(&mut self) -> &mut TestService {
        self.service.as_mut().expect("a fault that ends the service starts it again")
    }

    /// Ends the service in order; gives its exit code.
    pub(super) fn terminate(&mut self) -> Option<i32> {
        self.take().terminate()
    }

    /// Brings `fault` about at some moment and heals it.
    pub(super) fn suffer(&mut self, fault: Fault, dice: &mut ChaCha8Rng) {
        sleep(moment(dice, BEGINS_WITHIN));
        let lasting = moment(dice, LASTS);
        match fault {
            Fault::KillService => {
                self.take().kill();
                self.start(dice);
            }
            Fault::EndService => {
                assert_eq!(self.terminate(), Some(0), "a service that is ended ends well:\n{}", self.site.log());
                self.start(dice);
            }
            Fault::KillServer => {
                let port = self.site.nats.kill();
                sleep(lasting);
                self.site.nats.start_again(port);
            }
            Fault::KillBoth => self.kill_both(dice),
            Fault::PauseServer => {
                self.site.nats.pause();
                sleep(lasting);
                self.site.nats.resume();
            }
            Fault::Cut => self.proxy.cut(),
            Fault::CutInside => {
                for _ in 0..3 {
                    self.proxy.cut_after(u32::try_from(throw(dice, CUT_WITHIN)).expect("a small number"));
                    sleep(lasting / 3);
                }
            }
            Fault::Stall => self.during(Way::Stalled, lasting),
            Fault::Delay => self.during(Way::Delayed(moment(dice, DELAY)), lasting),
            Fault::HoldLedger => self.hold_ledger(lasting),
            Fault::KillAndDamage(damage) => self.kill_and_damage(damage, dice),
        }
        self.proxy.heal();
        let service = self.service();
        assert!(service.is_running(), "the service lives through {fault:?}:\n{}", service.log());
    }

    fn take(&mut self) -> TestService {
        self.service.take().expect("a fault that ends the service starts it again")
    }

    fn start(&mut self, dice: &mut ChaCha8Rng) {
        self.service = Some(self.site.start_through(&self.proxy.url(), 1 + throw(dice, WORKERS)));
    }

    fn during(&self, way: Way, lasting: Duration) {
        self.proxy.set(way);
        sleep(lasting);
    }

    fn hold_ledger(&self, lasting: Duration) {
        let url = format!("sqlite://{}", self.site.data().join("ledger.sqlite").display());
        let mut other = wait(SqliteConnection::connect(&url)).expect("the ledger is a SQLite file");
        // The service may be writing this very moment.
        wait(other.execute("PRAGMA busy_timeout = 20000")).expect("a setting");
        wait(other.execute("BEGIN IMMEDIATE")).expect("the service writes for moments only");
        sleep(lasting);
        wait(other.execute("ROLLBACK")).expect("the lock is ours to give up");
    }

    /// Where the service refuses to start, the folder is moved away, as it says.
    fn kill_and_damage(&mut self, damage: Damage, dice: &mut ChaCha8Rng) {
        self.take().kill();
        let folder = self.site.data().join("checkpoint");
        let Some(done) = damage.strike(&folder, dice) else { return self.start(dice) };
        println!("chaos: {done}");
        let workers = 1 + throw(dice, WORKERS);
        match self.site.try_start_through(&self.proxy.url(), workers) {
            Ok(service) => self.service = Some(service),
            Err(words) => {
                assert!(!done.contains(" in cases-"), "{done}: nothing rests on what follows from the facts:\n{words}");
                let named = words.contains(&folder.display().to_string()) && words.contains("move it away");
                assert!(named, "{done}: a start that is refused names the file and what to do:\n{words}");
                std::fs::rename(&folder, self.unused_folder()).expect("both are ours");
                self.start(dice);
            }
        }
    }

    fn unused_folder(&self) -> PathBuf {
        let folders = (0..).map(|count| self.site.data().join(format!("damaged-{count}")));
        folders.into_iter().find(|folder| !folder.exists()).expect("there is always a next number")
    }

    fn kill_both(&mut self, dice: &mut ChaCha8Rng) {
        let service_first = throw(dice, 2) == 0;
        if service_first {
            self.take().kill();
        }
        let port = self.site.nats.kill();
        // Already gone when it was first.
        self.service.take();
        self.site.nats.start_again(port);
        self.start(dice);
    }
}
