"""What is repeated, how often, and what is said of it, against a server that does as it is told."""

import json
import logging
import socket
import time
from contextlib import ExitStack
from dataclasses import replace

import pytest

from maskbench.errors import SourceError
from maskbench.labelstudio.server.auth import LEGACY, Key
from maskbench.labelstudio.server.client import Client, Patience
from maskbench.labelstudio.server.errors import BusyError, GaveUpError, NotThereError
from maskbench.text import counted
from tests.harness.web import Web

SECRET = "0123456789abcdef0123456789abcdef01234567"
PATIENCE = Patience(retries=3, pause=0.001, timeout=(5.0, 60.0))
HASTY = replace(PATIENCE, timeout=(5.0, 1.0))  # for answers that never come


def answer_in_turn(request):
    """Give ``answers`` one after the other: (status, headers, body); then ``{}`` for ever."""
    web = request.server
    status, headers, body = web.answers.pop(0) if web.answers else (200, {}, b"{}")
    if status == "hang":
        web.ended.wait()
    if status in ("hang", "drop"):
        return None
    return status, {"Content-Type": "application/json"} | headers, body


@pytest.fixture
def start():
    """Start servers that end with the test."""
    with ExitStack() as webs:

        def another():
            web = webs.enter_context(Web(answer_in_turn))
            web.answers = []
            return web

        yield another


@pytest.fixture
def web(start):
    return start()


@pytest.fixture
def client(web):
    return Client(web.url, Key(SECRET, LEGACY), PATIENCE)


FAILURES = {
    "408": (408, {}, b""),
    "425": (425, {}, b""),
    "429": (429, {}, b""),
    "500": (500, {}, b""),
    "502": (502, {}, b""),
    "503": (503, {}, b""),
    "504": (504, {}, b""),
    "no answer": ("drop", {}, b""),
    "late": ("hang", {}, b""),
    "cut": (200, {"Content-Length": "99"}, b'{"a": '),
    "damaged": (200, {}, b'{"a": '),
    "web page": (200, {"Content-Type": "text/html"}, b"<html>"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_that_may_pass_is_repeated(client, web, name):
    times = 1 if name == "late" else 3
    client.patience = HASTY if name == "late" else PATIENCE
    web.answers += [FAILURES[name]] * times
    assert client.json("/api/x") == {}
    assert len(web.seen) == times + 1
    assert all(headers["Authorization"] == f"Token {SECRET}" for _, headers in web.seen)


SAID = {
    "429": "answered 429",
    "500": "answered 500",
    "503": "answered 503",
    "no answer": r"cannot be reached \(ProtocolError|cannot be reached \(ConnectionError",
    "cut": "cut its answer off",
    "damaged": "sent damaged JSON",
    "web page": "sent text/html instead of JSON",
}


@pytest.mark.parametrize("name", SAID)
@pytest.mark.parametrize("retries", [None, 1])
def test_a_failure_that_lasts_is_one_clear_error(client, web, name, retries):
    web.answers += [FAILURES[name]] * 99
    with pytest.raises(GaveUpError, match=SAID[name]) as error:
        client.json("/api/x", {"signature": "hidden"}, retries)
    count = 3 if retries is None else retries
    assert str(error.value).startswith(f"{web.url}/api/x ")
    assert str(error.value).endswith(f"; gave up after {counted(count, 'repetition')}")
    assert "hidden" not in str(error.value)
    assert len(web.seen) == count + 1


@pytest.mark.slow
def test_a_server_that_is_late_for_good(client, web):
    web.answers += [FAILURES["late"]] * 99
    client.patience = HASTY
    with pytest.raises(GaveUpError, match="did not answer in time; gave up after 1 repetition"):
        client.json("/api/x", retries=1)


def test_nobody_there(web):
    web.server_close()
    with pytest.raises(GaveUpError, match=r"reached \(connection refused\); gave up after 3 rep"):
        Client(web.url, None, PATIENCE).json("/api/x")


@pytest.mark.parametrize("status", [400, 403, 404, 410, 413, 501])
def test_what_will_not_pass_is_asked_once(client, web, status):
    web.answers += [(status, {}, b'{"detail": "no"}')] * 9
    with pytest.raises(NotThereError if status in (404, 410) else SourceError):
        client.json("/api/x")
    assert len(web.seen) == 1


def test_an_upload_that_is_gone_is_not_asked_for_again(client, web):
    """Label Studio answers 500 then."""
    said = json.dumps({"detail": "'NoneType' object has no attribute 'has_permission'"})
    web.answers += [(500, {}, said.encode())]
    with pytest.raises(NotThereError, match="upload was deleted from Label Studio: import the ima"):
        client.once(f"{web.url}/data/upload/1/x.png", stream=True)
    assert len(web.seen) == 1


@pytest.mark.parametrize(
    ("status", "path", "said"),
    [
        (
            403,
            "/api/x",
            r"/api/x answered 403 \(not you\): who asks may not see it; on Label Studio",
        ),
        (404, "/data/local-files/?d=a.png", "or no local storage of the project covers its folder"),
        (404, "/tasks/7/resolve/?fileuri=x", "no storage of the project serves this address"),
        (404, "/api/x", "/api/x is not there: not you"),
        (500, "/data/upload/1/a.png", "answered 500"),
    ],
)
def test_a_refusal_says_where_to_mend_it(client, web, status, path, said):
    web.answers += [(status, {}, b'{"detail": "not you"}')] * 9
    with pytest.raises(SourceError, match=said):
        client.json(path)


def test_retry_after_is_respected(client, web, monkeypatch):
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    web.answers += [(503, {"Retry-After": text}, b"") for text in ("7", "soon", "300")]
    assert client.json("/api/x") == {}
    assert slept == [7, 0.002, 300]
    web.answers += [(429, {"Retry-After": "301"}, b'{"detail": "busy"}')]
    text = r"/api/x answered 429 \(busy\) and asks to wait longer than 300 s; try again later"
    with pytest.raises(BusyError, match=text):
        client.json("/api/x")
    assert len(slept) == 3


def test_long_pauses_are_told_without_the_query(client, web, monkeypatch, caplog):
    caplog.set_level(logging.WARNING)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    web.answers += [(503, {"Retry-After": "7"}, b""), ("drop", {}, b"")]
    assert client.json("/api/x", {"signature": "hidden"}) == {}
    assert caplog.messages == ["/api/x: answered 503; trying again in 7 s"]


def test_pauses_grow(web, monkeypatch):
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    for failure in ("503", "web page", "500"):
        web.answers = [FAILURES[failure]] * 7
        Client(web.url, None, Patience()).json("/api/x")
        assert slept == [0, 1, 2, 4, 8, 16, 32]
        slept.clear()


def test_no_retry_takes_the_key_elsewhere(client, web, start):
    other = start()
    client = Client(web.url, Key(SECRET, LEGACY), PATIENCE, [other.host])
    web.answers += [(503, {}, b""), (302, {"Location": f"{other.url}/x"}, b"")]
    other.answers += [(503, {}, b""), ("drop", {}, b"")]
    assert client.once(f"{web.url}/data/x").json() == {}
    assert len(web.seen) == 2
    assert len(other.seen) == 3
    assert all(SECRET not in str(headers) for _, headers in other.seen)


def test_no_retry_reaches_a_private_machine(client, web, monkeypatch):
    """A name that is public, then unknown, then of this machine: connected to, and nothing sent."""
    found = iter(["9.9.9.9", None, "127.0.0.1"])

    def resolve(host, port, *_, **__):
        address = next(found)
        if address is None:
            raise socket.gaierror
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    port = web.host.partition(":")[2]
    with pytest.raises(SourceError, match=r"images.example.org.* on a private network"):
        client.once(f"http://images.example.org:{port}/x.png")
    assert next(found, "asked three times") == "asked three times"
    assert not web.seen


def test_a_wrong_certificate_is_no_reason_to_wait(web):
    """Here it is none at all: the server speaks no TLS."""
    client = Client(web.url.replace("http:", "https:"), None, Patience())
    began = time.monotonic()
    with pytest.raises(SourceError, match="no safe connection"):
        client.json("/api/x")
    assert time.monotonic() - began < 30  # of 63 for all repetitions
