//! What can happen to a running site, and how it is brought about.

use std::thread::sleep;
use std::time::Duration;

use rand_chacha::ChaCha8Rng;

use super::{moment, throw};
use crate::support::proxy::{Proxy, Way};
use crate::support::service::{TestService, TestSite};

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
}

const FAULTS: [Fault; 9] = [
    Fault::KillService,
    Fault::EndService,
    Fault::KillServer,
    Fault::KillBoth,
    Fault::PauseServer,
    Fault::Cut,
    Fault::CutInside,
    Fault::Stall,
    Fault::Delay,
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
        }
    }
}

/// The site, the proxy before its server, and the service behind the proxy.
pub(super) struct Stage {
    service: Option<TestService>,
    pub(super) proxy: Proxy,
    pub(super) site: TestSite,
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
