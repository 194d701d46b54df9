#!/usr/bin/env bash
# Gets a machine ready for `make demo` (setup.sh demo) or `make test` (setup.sh test).
#
# Installs the Debian packages of tools/apt-packages.txt that are missing, when run as root; otherwise it
# prints the one line to type and stops. Then the nats-server, into .tools/. Rust must be there already.
# Does nothing, quickly, on a machine that is ready.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

purpose=${1:-test}
case $purpose in demo | test) ;; *) echo "usage: tools/setup.sh demo|test" >&2; exit 2 ;; esac

if ! command -v cargo >/dev/null; then
  wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
  echo "setup: cargo is missing; install Rust $wanted or newer (rustup, or your system's packages) and open a new shell" >&2
  exit 3
fi

missing=()
while read -r package needed_by proof; do
  case $package in '' | '#'*) continue ;; esac
  [[ $needed_by == demo || $purpose == test ]] || continue
  bash -c "$proof" </dev/null >/dev/null 2>&1 || missing+=("$package")
done <tools/apt-packages.txt

if ((${#missing[@]} > 0)); then
  if [[ $(id -u) -ne 0 ]] || ! command -v apt-get >/dev/null; then
    echo "setup: missing packages; type: sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
    exit 3
  fi
  echo "setup: installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

# It prints where the server is, for those who want to know.
tools/install-nats.sh >/dev/null

# The independent calendar that a test holds ours against.
if [[ $purpose == test ]]; then
  python3 tools/check_calendar.py
fi
