//! A disk that stands still most of the time holds up nothing but the checkpoint.
//!
//! The checkpoint's folder lies in a file system of its own, in a file, which is frozen for most of each second; whoever
//! writes there meanwhile stands still. That needs root, a loop device and `fsfreeze`, so a test run leaves it out.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::support::city::{city, messages};
use crate::support::eventually::eventually;
use crate::support::program;
use crate::support::said::{assert_same_lines, rows, wait_said};
use crate::support::service::TestSite;

/// The disk writes for so long, and then stands still for so long, again and again.
const WRITES: Duration = Duration::from_millis(50);
const STANDS: Duration = Duration::from_millis(1_950);

fn run(command: &str, arguments: &[&str]) {
    let status = Command::new(command).args(arguments).status();
    assert!(status.is_ok_and(|status| status.success()), "{command} {arguments:?} works for root with loop devices");
}

/// A mounted file system that can be frozen; thawed and gone when dropped.
struct Disk(PathBuf);

impl Disk {
    fn mount(folder: &Path, image: &Path) -> Disk {
        fs::create_dir_all(folder).expect("temporary folders can be made");
        let file = fs::File::create(image).expect("temporary files can be made");
        file.set_len(256 * 1024 * 1024).expect("a file with a hole takes no room");
        let image = image.to_str().expect("temporary folders have plain names");
        run("mkfs.ext4", &["-q", image]);
        run("mount", &["-o", "loop", image, folder.to_str().expect("temporary folders have plain names")]);
        Disk(folder.to_owned())
    }

    fn freeze(folder: &Path, how: &str) {
        run("fsfreeze", &[how, folder.to_str().expect("temporary folders have plain names")]);
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Freezes and thaws until dropped.
struct Stutter(Option<(Sender<()>, JoinHandle<()>)>);

impl Stutter {
    fn begin(folder: &Path) -> Stutter {
        let folder = folder.to_owned();
        let (end, ended) = channel::<()>();
        let thread = thread::spawn(move || {
            while ended.recv_timeout(WRITES) == Err(RecvTimeoutError::Timeout) {
                Disk::freeze(&folder, "-f");
                let last = ended.recv_timeout(STANDS) != Err(RecvTimeoutError::Timeout);
                Disk::freeze(&folder, "-u");
                if last {
                    return;
                }
            }
        });
        Stutter(Some((end, thread)))
    }
}

impl Drop for Stutter {
    fn drop(&mut self) {
        if let Some((end, thread)) = self.0.take() {
            drop(end);
            let _ = thread.join();
        }
    }
}

/// What a run with one kind of disk took.
struct Took {
    /// From the first message sent to the last light said.
    said: Duration,
    /// From there to the last fact kept.
    kept: Duration,
    /// The longest writing that was told.
    write_seconds: f64,
}

/// The sample city on a disk that stutters or does not; ends with a kill and a start that says nothing more.
fn city_on_a_disk(test: &str, stutters: bool) -> Took {
    let site = TestSite::with_virtual_clock(test).expect("the server is installed");
    let site = site.with("WATCHLIGHT_CHECKPOINT_INTERVAL_SECS", "1");
    let folder = site.data().join("checkpoint");
    fs::create_dir_all(site.data()).expect("temporary folders can be made");
    let disk = Disk::mount(&folder, &site.data().join("disk"));
    let service = site.start();
    service.wait_ready();
    let stutter = stutters.then(|| Stutter::begin(&folder));
    let wire = site.wire();
    let began = Instant::now();
    for eighth in city().events().chunks(city().events().len() / 8 + 1) {
        wire.send_all(messages(eighth));
        eventually("each eighth is read", || (service.metric("watchlight_ingest_pending")? == 0.0).then_some(()));
    }
    wire.send_all(city().end());
    wait_said(&wire, &city().replayed().standing);
    let said = began.elapsed();
    let mut write_seconds = 0.0_f64;
    eventually("the facts are kept", || {
        write_seconds = write_seconds.max(service.metric("watchlight_checkpoint_write_seconds").unwrap_or_default());
        (service.metric("watchlight_checkpoint_facts")? >= city().events().len() as f64).then_some(())
    });
    let kept = began.elapsed().saturating_sub(said);
    drop(stutter);
    service.kill();
    let last = wire.last_sequence("ALERTS");
    let service = site.start();
    service.wait_ready();
    assert_eq!(wire.last_sequence("ALERTS"), last, "nothing is said twice");
    service.wait_ledger(last);
    assert_same_lines("the ledger after the start", &rows(&service.lights()), &city().replayed().standing);
    assert_eq!(service.terminate(), Some(0));
    let verified = program().args(["checkpoint", "verify"]).arg(&folder).status().expect("the program was built");
    assert!(verified.success());
    drop(disk);
    Took { said, kept, write_seconds }
}

#[test]
#[ignore = "it mounts a file system; tools/try_slow_disk.sh runs it"]
fn a_disk_that_stands_still_most_of_the_time_holds_up_the_checkpoint_only() {
    let test = "a_disk_that_stands_still_most_of_the_time_holds_up_the_checkpoint_only";
    for stutters in [false, true, false, true, false, true] {
        let Took { said, kept, write_seconds } = city_on_a_disk(test, stutters);
        println!(
            "{}: all said after {said:.2?}, all kept {kept:.2?} later, longest writing {write_seconds:.3} s",
            if stutters { "the disk stands still 39 of 40 parts" } else { "the disk writes" }
        );
    }
}
