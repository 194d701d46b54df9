#!/usr/bin/env python3
"""Publishes one event, or a line file of them, to a running NATS server, and says where it was stored.

    tools/publish_one.py '{"id":"1","source":"demo","case":"C-1","activity":"accepted",
        "at":"2026-01-05T09:00:00+08:00","level":"county","region":"360902","dept":"D1"}'
    tools/publish_one.py < events.ndjson          # every line to the subject of its own address
    tools/publish_one.py --subject approval.county.360902.D1 'not json'      # to see quarantine work
    tools/publish_one.py --url tls://user:password@10.0.0.5:4222 --ca authority.pem --cert own.pem --key own-key.pem < events.ndjson

Standard library only. The server is NATS_URL or --url, nats://[user:password@]host:port, or tls:// where it demands
encryption; --ca names the authority that signed the server's certificate (default: those of the system).
"""

import argparse
import json
import os
import socket
import ssl
import sys
from urllib.parse import unquote, urlparse


class Nats:
    """A connection that can do one thing: publish and wait for the answer."""

    def __init__(self, url, certificates):
        address = urlparse(url)
        self.socket = socket.create_connection((address.hostname, address.port or 4222), timeout=10)
        told = self.first_line()
        if not told.startswith(b"INFO "):
            raise OSError(f"{address.hostname}:{address.port or 4222} is no NATS server")
        if address.scheme == "tls" or json.loads(told[5:]).get("tls_required"):
            self.socket = certificates().wrap_socket(self.socket, server_hostname=address.hostname)
        self.input = self.socket.makefile("rb")
        login = {"verbose": False, "pedantic": False, "lang": "python", "version": "1", "name": "publish_one",
                 "headers": True, "no_responders": True, "protocol": 1}
        if address.username:
            login |= {"user": unquote(address.username), "pass": unquote(address.password or "")}
        self.inbox = f"_INBOX.publish_one.{os.getpid()}"
        self.send(f"CONNECT {json.dumps(login)}\r\nSUB {self.inbox} 1\r\nPING\r\n".encode())
        while self.read_command() != b"PONG":
            pass

    def first_line(self):
        """What the server tells of itself; read byte by byte, since encryption begins right behind it."""
        line = b""
        while not line.endswith(b"\n") and len(line) < 65536:
            byte = self.socket.recv(1)
            if not byte:
                raise OSError("the server closed the connection")
            line += byte
        return line

    def send(self, data):
        self.socket.sendall(data)

    def read_command(self):
        """The next protocol line; server pings are answered, refusals end the program."""
        while True:
            line = self.input.readline()
            if not line:
                raise OSError("the server closed the connection")
            line = line.rstrip(b"\r\n")
            if line == b"PING":
                self.send(b"PONG\r\n")
            elif line.startswith(b"-ERR"):
                raise OSError(f"the server refused: {line[5:].decode()}")
            elif not line.startswith((b"INFO", b"+OK")):
                return line

    def publish(self, subject, payload):
        """Stores one message; returns the server's answer."""
        self.send(f"PUB {subject} {self.inbox} {len(payload)}\r\n".encode() + payload + b"\r\n")
        command = self.read_command().split()
        body = self.input.read(int(command[-1]) + 2)[:-2]
        if command[0] == b"HMSG":
            raise OSError(f"no stream takes {subject}; is Watchlight running, or was it ever started?")
        answer = json.loads(body)
        if "error" in answer:
            raise OSError(f"not stored: {answer['error']['description']}")
        return answer


def subject_of(line):
    """The subject on which the office that the event names may speak."""
    try:
        event = json.loads(line)
        return f"approval.{event['level']}.{event['region']}.{event['dept']}"
    except (ValueError, TypeError, KeyError) as error:
        raise OSError(f"no subject can be made of this line ({error!r}); name one with --subject: {line[:80]}") from error


def certificates(chosen):
    """By which certificates both sides know each other."""
    try:
        context = ssl.create_default_context(cafile=chosen.ca)
        if chosen.cert:
            context.load_cert_chain(chosen.cert, chosen.key)
        return context
    except OSError as error:
        named = ", ".join(file for file in (chosen.ca, chosen.cert, chosen.key) if file)
        raise OSError(f"these certificates cannot be used: {named}: {error}") from error


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("event", nargs="?", help="the event as JSON; standard input, a line each, when absent")
    options.add_argument("--subject", help="publish here whatever the event says")
    options.add_argument("--url", default=os.environ.get("NATS_URL", "nats://127.0.0.1:4222"))
    options.add_argument("--ca", help="PEM file of the authority that signed the server's certificate")
    options.add_argument("--cert", help="PEM file of one's own certificate, where the server asks for one")
    options.add_argument("--key", help="PEM file of its key, if it is not in the same file")
    chosen = options.parse_args()
    lines = [chosen.event] if chosen.event else [line.strip() for line in sys.stdin if line.strip()]
    try:
        server = Nats(chosen.url, lambda: certificates(chosen))
        for line in lines:
            subject = chosen.subject or subject_of(line)
            answer = server.publish(subject, line.encode())
            print(f"{subject}: stored in {answer['stream']} as {answer['seq']}")
    except OSError as error:
        sys.exit(f"publish_one: {error}")


if __name__ == "__main__":
    main()
