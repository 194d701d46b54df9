#!/bin/sh
# The sample city with a checkpoint on a disk that stands still for 1.95 of every 2 seconds, and on one that does not. Needs root,
# a loop device, mkfs.ext4 and fsfreeze.
set -eu
cd "$(dirname "$0")/.."
cargo test --release --locked --workspace --test end_to_end -- --ignored --nocapture --exact \
  slow_disk::a_disk_that_stands_still_most_of_the_time_holds_up_the_checkpoint_only
uptime
