//! A small TCP proxy between the service and its server: it can cut, stall, delay and break off in mid-message.
//!
//! Connections are forwarded byte by byte in both directions. What goes wrong is said from outside, for all
//! connections at once; a connection that was cut never comes back, new ones are taken as before.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::wire::{spawn, wait};

/// Bytes forwarded at once: a message of some size goes through in several pieces.
const PIECE: usize = 4 * 1024;
/// No cut is armed.
const NEVER: i64 = i64::MAX;

/// How bytes go through.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    /// At once.
    Open,
    /// Not at all, until the way is open again; nobody is told.
    Stalled,
    /// Each piece this much later.
    Delayed(Duration),
}

/// The proxy; it takes connections until it is dropped.
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    server: SocketAddr,
    way: watch::Sender<Way>,
    /// Counts cuts: a connection ends when it changes.
    cuts: watch::Sender<u64>,
    /// Bytes until all connections are cut.
    bytes_left: AtomicI64,
    connections: AtomicU64,
}

impl Proxy {
    /// Listens on a free port and forwards to `server`.
    ///
    /// # Panics
    /// When no port is free.
    pub(crate) fn start(server: SocketAddr) -> Proxy {
        let listener = wait(TcpListener::bind("127.0.0.1:0")).expect("a loopback port is free");
        let address = listener.local_addr().expect("a bound port has an address");
        let shared = Arc::new(Shared {
            server,
            way: watch::Sender::new(Way::Open),
            cuts: watch::Sender::new(0),
            bytes_left: AtomicI64::new(NEVER),
            connections: AtomicU64::new(0),
        });
        spawn(accept(listener, Arc::downgrade(&shared)));
        Proxy { address, shared }
    }

    /// Where clients connect to.
    pub(crate) fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// Ends every connection at once, in both directions.
    pub(crate) fn cut(&self) {
        self.shared.cut();
    }

    /// Ends every connection when `bytes` more have gone through, in the middle of whatever is being said.
    pub(crate) fn cut_after(&self, bytes: u32) {
        self.shared.bytes_left.store(i64::from(bytes), Ordering::SeqCst);
    }

    /// Changes how bytes go through.
    pub(crate) fn set(&self, way: Way) {
        self.shared.way.send_replace(way);
    }

    /// Everything goes through again.
    pub(crate) fn heal(&self) {
        self.shared.bytes_left.store(NEVER, Ordering::SeqCst);
        self.set(Way::Open);
    }

    /// Connections taken so far.
    pub(crate) fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// How many of `read` bytes may still go before an armed cut.
    fn allowed(&self, read: usize) -> usize {
        if self.bytes_left.load(Ordering::SeqCst) == NEVER {
            return read;
        }
        let size = i64::try_from(read).expect("a piece is small");
        let left = self.bytes_left.fetch_sub(size, Ordering::SeqCst);
        usize::try_from(left.clamp(0, size)).expect("not below zero")
    }
}

/// Takes connections while somebody holds the proxy.
async fn accept(listener: TcpListener, proxy: std::sync::Weak<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        let Some(shared) = proxy.upgrade() else { return };
        shared.connections.fetch_add(1, Ordering::SeqCst);
        // A server that is down: the client sees its connection closed, as it would without us.
        let Ok(server) = TcpStream::connect(shared.server).await else { continue };
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        spawn(forward(from_client, to_server, Arc::clone(&shared)));
        spawn(forward(from_server, to_client, shared));
    }
}

/// One direction of one connection, until either side ends it or it is cut.
async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, shared: Arc<Shared>) {
    let (mut cuts, mut way) = (shared.cuts.subscribe(), shared.way.subscribe());
    cuts.mark_unchanged();
    let pieces = async {
        let mut piece = [0; PIECE];
        loop {
            let read = match from.read(&mut piece).await {
                Ok(0) | Err(_) => return,
                Ok(read) => read,
            };
            if way.wait_for(|way| *way != Way::Stalled).await.is_err() {
                return;
            }
            let delay = match *way.borrow() {
                Way::Delayed(delay) => delay,
                Way::Open | Way::Stalled => Duration::ZERO,
            };
            tokio::time::sleep(delay).await;
            let allowed = shared.allowed(read);
            let sent = to.write_all(&piece[..allowed]).await;
            if allowed < read {
                shared.bytes_left.store(NEVER, Ordering::SeqCst);
                shared.cut();
            }
            if sent.is_err() || allowed < read {
                return;
            }
        }
    };
    tokio::select! {
        () = pieces => {}
        _ = cuts.changed() => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that sends back what it hears.
    fn echo() -> SocketAddr {
        let listener = wait(TcpListener::bind("127.0.0.1:0")).expect("a loopback port is free");
        let address = listener.local_addr().expect("a bound port has an address");
        spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (mut from, mut to) = stream.into_split();
                spawn(async move { tokio::io::copy(&mut from, &mut to).await });
            }
        });
        address
    }

    #[test]
    fn it_forwards_and_breaks_off_in_the_middle() {
        let proxy = Proxy::start(echo());
        let address = proxy.address;
        let heard = wait(async {
            let mut stream = TcpStream::connect(address).await.expect("the proxy listens");
            stream.write_all(b"whole").await.expect("it forwards");
            let mut whole = [0; 5];
            stream.read_exact(&mut whole).await.expect("it comes back");
            proxy.cut_after(3);
            stream.write_all(b"halved").await.expect("the kernel takes it");
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
            (whole, rest)
        });
        assert_eq!(&heard.0, b"whole");
        assert!(heard.1.len() <= 3, "no more than was allowed came through: {:?}", heard.1);
        assert_eq!(proxy.connections(), 1);
    }

    #[test]
    fn what_is_stalled_comes_when_the_way_is_open_again() {
        let proxy = Proxy::start(echo());
        let address = proxy.address;
        wait(async {
            let mut stream = TcpStream::connect(address).await.expect("the proxy listens");
            proxy.set(Way::Stalled);
            stream.write_all(b"later").await.expect("the kernel takes it");
            let mut back = [0; 5];
            let early = tokio::time::timeout(Duration::from_millis(50), stream.read_exact(&mut back)).await;
            assert!(early.is_err(), "nothing comes through a stalled way");
            proxy.heal();
            stream.read_exact(&mut back).await.expect("it comes back");
            assert_eq!(&back, b"later");
        });
    }
}
