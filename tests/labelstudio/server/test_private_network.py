"""Image addresses that lead where a task's author must not reach through us: refused, unasked."""

import socket
from contextlib import contextmanager
from functools import partial
from ipaddress import ip_address

import pytest

from maskbench.errors import SourceError
from maskbench.labelstudio.server import private_network
from maskbench.labelstudio.server.auth import LEGACY, Key
from maskbench.labelstudio.server.client import Client, Patience
from maskbench.labelstudio.server.images import ImageRequest, get_image, is_question
from maskbench.labelstudio.server.private_network import AllowedHosts, check_url, is_private, origin
from tests.harness.web import Web
from tests.labelstudio.server.fixtures import png

SECRET = "0123456789abcdef0123456789abcdef01234567"
HASTY = Patience(retries=0, pause=0.0, timeout=(30.0, 30.0))
IMAGE = png(1)

PRIVATE = [
    "http://169.254.169.254/latest/meta-data/iam/security-credentials/x.png",
    "http://metadata.google.internal/computeMetadata/v1/x.png",
    "http://metadata.google.internal./x.png",
    "http://METADATA.Google.Internal/x.png",
    "http://[fd00:ec2::254]/latest/x.png",
    "http://100.100.100.200/latest/meta-data/x.png",
    "http://168.63.129.16/machine/x.png",
    "http://192.0.0.192/latest/x.png",
    "http://127.0.0.1/x.png",
    "http://127.8.9.10:9200/x.png",
    "http://localhost/x.png",
    "http://localhost./x.png",
    "http://db.localhost:5432/x.png",
    "http://printer.local/x.png",
    "https://10.1.2.3/x.png",
    "http://172.16.0.1/x.png",
    "http://172.31.255.254/x.png",
    "http://192.168.1.1/x.png",
    "http://100.64.0.1/x.png",
    "http://0.0.0.0/x.png",
    "http://0/x.png",
    "http://224.0.0.1/x.png",
    "http://255.255.255.255/x.png",
    "http://[::1]/x.png",
    "http://[::]/x.png",
    "http://[fc00::1]/x.png",
    "http://[fdff::1]/x.png",
    "http://[fe80::1]/x.png",
    "http://[fec0::1]/x.png",
    "http://[ff02::1]/x.png",
    "http://[::ffff:127.0.0.1]/x.png",
    "http://[::ffff:a9fe:a9fe]/x.png",
    "http://[::127.0.0.1]/x.png",
    "http://[2002:7f00:1::]/x.png",
    "http://[64:ff9b::a9fe:a9fe]/x.png",
    "http://2130706433/x.png",
    "http://2852039166/x.png",
    "http://0x7f000001/x.png",
    "http://0x7f.1/x.png",
    "http://0177.0.0.1/x.png",
    "http://017700000001/x.png",
    "http://127.1/x.png",
    "http://0xA9.254.0251.0xfe/x.png",
    "http://someone:secret@127.0.0.1/x.png",
    "http://127.0.0.1\\@9.9.9.9/x.png",
    "http://１２７.０.０.１/x.png",  # noqa: RUF001 - full-width digits
    "http://ⓛocalhost/x.png",
    "HTTP://127.0.0.1/x.png",
    "http:\\\\127.0.0.1/x.png",
]

NO_ADDRESS = [
    "file:///etc/passwd",
    "file://localhost/etc/passwd",
    "FILE:///etc/passwd",
    "ftp://10.0.0.1/x.png",
    "gopher://127.0.0.1:6379/_x.png",
    "dict://127.0.0.1/x.png",
    "//127.0.0.1/x.png",
    "jar:http://127.0.0.1!/x.png",
    "local:///etc/x.png",
    "simplecache::file:///etc/x.png",
    "../../etc/x.png",
    "C:\\Windows\\x.png",
]

QUESTIONS = [
    "/api/users/x.png",
    "/api/../api/projects/1/export?x.png",
    "/data/../api/users/x.png",
    "/data/%2e%2e/api/users/x.png",
    "/data/..%2fapi/users/x.png",
    "/./api/x.png",
    "/API/users/x.png",
    "/data\\..\\..\\api/users/x.png",
]


def image_or_redirect(request):
    target = request.server.redirects.get(request.path)
    if target:
        return 302, {"Location": target, "Content-Length": "0"}, b""
    return 200, {"Content-Type": "image/png", "Content-Length": str(len(IMAGE))}, IMAGE


@contextmanager
def serve():
    """A web server that answers every path with an image, but for its ``redirects``."""
    with Web(image_or_redirect) as web:
        web.redirects = {}
        yield web


@pytest.fixture
def server():
    """What stands for Label Studio."""
    with serve() as web:
        yield web


@pytest.fixture
def inner():
    """A service that only this machine can reach."""
    with serve() as web:
        yield web


@pytest.fixture
def get(server, tmp_path, monkeypatch):
    """Gets an image as *fetch* does; returns its bytes."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)

    def attempt(reference, private_hosts=()):
        client = Client(server.url, Key(SECRET, LEGACY), HASTY, private_hosts)
        target = tmp_path / "image"
        get_image(client, ImageRequest(reference, 1, target))
        return target.read_bytes()

    return attempt


@pytest.fixture
def no_connections(monkeypatch):
    """Notes every connection that is tried, and makes none; literal addresses resolve."""
    tried = []

    def connect(self, address):
        tried.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect)
    return tried


@pytest.mark.parametrize("reference", PRIVATE)
def test_private_addresses_are_refused_before_anything_is_connected(get, no_connections, reference):
    with pytest.raises((ValueError, SourceError)) as error:
        get(reference)
    assert not no_connections
    text = str(error.value)
    assert any(said in text for said in ("private network", "cannot be asked", "is not an address"))
    assert "secret" not in text


@pytest.mark.parametrize("reference", NO_ADDRESS)
def test_other_kinds_of_addresses_are_refused(get, no_connections, reference):
    with pytest.raises(ValueError, match="is not an address"):
        get(reference)
    assert not no_connections


@pytest.mark.parametrize("reference", QUESTIONS)
def test_a_task_cannot_ask_the_servers_api_with_our_key(get, server, reference):
    with pytest.raises(ValueError, match="question to Label Studio's API"):
        get(reference)
    with pytest.raises(ValueError, match="question to Label Studio's API"):
        get(server.url + reference)
    assert not server.seen


def test_paths_that_are_no_question():
    for path in ("/data/upload/1/api/x.png", "/data/local-files/?d=api/x.png", "/apis/x.png"):
        assert not is_question(f"http://host{path}", "http://host")
    assert is_question("http://host/ls/api/x", "http://host/ls")
    assert is_question("http://host/api/x", "http://host/ls")
    assert is_question("http://host\\api\\x", "http://host")


def test_the_servers_own_paths_are_had_with_the_key(get, server):
    assert get("/data/upload/1/x.png") == IMAGE
    [(_, headers)] = server.seen
    assert headers["Authorization"] == f"Token {SECRET}"


def test_another_port_of_the_servers_own_machine_is_refused(get, inner):
    with pytest.raises(ValueError, match=rf"fetch.private_hosts: \['{inner.host}'\]"):
        get(f"{inner.url}/x.png")
    assert not inner.seen


@pytest.mark.parametrize("port", [True, False])
def test_what_params_list_is_had_without_the_key(get, inner, port):
    assert get(f"{inner.url}/x.png", [inner.host if port else "127.0.0.1"]) == IMAGE
    [(_, headers)] = inner.seen
    assert "Authorization" not in headers
    with pytest.raises(ValueError, match="private network"):
        get(f"{inner.url}/x.png", [f"127.0.0.1:{inner.port + 1}", "127.0.0.2", "localhost"])


def test_a_name_is_listed_by_name_or_by_its_address(get, inner):
    url = f"http://localhost:{inner.port}/x.png"
    assert get(url, [f"LOCALHOST:{inner.port}"]) == IMAGE
    with pytest.raises(ValueError, match="private network"):
        get(url)


@pytest.mark.parametrize("via", ["server", "listed"])
@pytest.mark.parametrize("reference", PRIVATE[:43:4])
def test_redirects_to_private_addresses_are_refused(get, server, inner, via, reference):
    first = server if via == "server" else inner
    first.redirects["/data/x.png"] = reference
    with pytest.raises(ValueError, match=r"private network"):
        get(f"{first.url}/data/x.png", [inner.host])
    assert len(first.seen) == 1


@pytest.mark.parametrize("target", NO_ADDRESS[:6])
def test_redirects_to_other_kinds_of_addresses_are_refused(get, server, target):
    server.redirects["/data/x.png"] = target
    with pytest.raises(ValueError, match="cannot be asked"):
        get("/data/x.png")


def test_a_stranger_cannot_send_us_to_the_server_with_our_key(get, server, inner):
    inner.redirects["/x.png"] = f"http://localhost:{server.port}/x.png"
    with pytest.raises(ValueError, match="private network"):
        get(f"{inner.url}/x.png", [inner.host])
    assert not server.seen


def test_a_stranger_cannot_redirect_to_the_servers_origin(server, inner, tmp_path):
    url = f"http://localhost:{server.port}"
    inner.redirects["/x.png"] = f"{url}/api/projects/1/export"
    client = Client(url, Key(SECRET, LEGACY), HASTY, [inner.host])
    with pytest.raises(ValueError, match="redirects to the Label Studio server"):
        get_image(client, ImageRequest(f"{inner.url}/x.png", 1, tmp_path / "image"))
    assert not server.seen


def test_the_key_does_not_go_to_a_host_that_only_looks_like_the_server(get, server, inner):
    """urllib.parse reads the server's host here; what connects reads the other one."""
    reference = f"{inner.url}\\@{server.host}/x.png"
    assert origin(reference)[2] == inner.port
    assert get(reference, [inner.host]) == IMAGE
    [(_, headers)] = inner.seen
    assert SECRET not in str(headers)
    server.redirects["/data/x.png"] = reference  # and along a redirect
    get("/data/x.png", [inner.host])
    assert all(SECRET not in str(headers) for _, headers in inner.seen)


def answers(*lists):
    """A resolver that gives another list of addresses each time."""
    left = [list(entry) for entry in lists]

    def resolve(host, port, *_, **__):
        found = left.pop(0) if len(left) > 1 else left[0]
        family = {4: socket.AF_INET, 6: socket.AF_INET6}
        return [
            (family[ip_address(a).version], socket.SOCK_STREAM, 6, "", (a, port)) for a in found
        ]

    return resolve


@pytest.mark.parametrize("found", [["127.0.0.1"], ["9.9.9.9", "10.0.0.1"], ["::ffff:10.0.0.1"]])
def test_a_name_with_a_private_address_is_refused(get, no_connections, monkeypatch, found):
    monkeypatch.setattr(private_network.socket, "getaddrinfo", answers(found))
    with pytest.raises(ValueError, match=r"images.example.org is this machine or on a private"):
        get("http://images.example.org/x.png")
    assert not no_connections


def test_a_name_that_answers_otherwise_the_second_time_gets_nothing(get, inner, monkeypatch):
    """DNS rebinding: public when looked at, private when connected to."""
    monkeypatch.setattr(socket, "getaddrinfo", answers(["9.9.9.9"], ["127.0.0.1"]))
    with pytest.raises(ValueError, match=r"images.example.org.* on a private network"):
        get(f"http://images.example.org:{inner.port}/x.png")
    assert not inner.seen  # connected, but nothing was sent
    monkeypatch.setattr(socket, "getaddrinfo", answers(["9.9.9.9"], ["127.0.0.1"]))
    with pytest.raises(ValueError, match=r"images.example.org.* on a private network"):
        get(f"https://images.example.org:{inner.port}/x.png")  # before TLS begins
    assert get(f"http://images.example.org:{inner.port}/x.png", ["images.example.org"]) == IMAGE


def test_a_name_that_resolves_to_a_listed_address(get, inner, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", answers(["127.0.0.1"]))
    assert get(f"http://images.example.org:{inner.port}/x.png", [inner.host]) == IMAGE


def test_behind_a_proxy_private_addresses_are_refused_all_the_same(get, inner, monkeypatch):
    monkeypatch.setenv("http_proxy", inner.url)
    with pytest.raises(ValueError, match="private network"):
        get("http://169.254.169.254/x.png")
    assert not inner.seen
    monkeypatch.setattr(private_network.socket, "getaddrinfo", partial(_known_to_the_proxy, inner))
    assert get("http://images.example.org/x.png") == IMAGE
    assert inner.seen[0][0] == "http://images.example.org/x.png"


def _known_to_the_proxy(inner, host, port, *_, **__):
    if port != inner.port:
        raise socket.gaierror
    return answers(["127.0.0.1"])(host, port)


def test_a_signed_address_on_a_private_network_needs_to_be_listed(get, server, inner):
    """A Label Studio storage that signs addresses redirects to them."""
    code = "/tasks/1/resolve/?fileuri=czM6Ly93YWxscy94LnBuZw=="
    server.redirects[code] = f"{inner.url}/walls/x.png?X-Amz-Signature=abc"
    assert get("s3://walls/x.png", [inner.host]) == IMAGE
    with pytest.raises(ValueError, match=r"private network.*reading s3://walls/x.png itself"):
        get("s3://walls/x.png")
    assert len(inner.seen) == 1


@pytest.mark.parametrize(
    "reference", ["s3://walls::file:///etc/passwd", "gs://x::file:///etc/passwd", "s3://../etc/x"]
)
def test_a_cloud_reference_does_not_name_another_file_system(get, server, monkeypatch, reference):
    server.answer = lambda _: (404, {}, b"")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(ValueError, match=r"itself|without the server"):
        get(reference)


@pytest.mark.parametrize("text", ["9.9.9.9", "52.95.110.1", "2620:fe::fe", "2a00:1450::1"])
def test_public_addresses_are_public(text):
    assert not is_private(ip_address(text))
    check_url(f"http://[{text}]/" if ":" in text else f"http://{text}/", AllowedHosts())


def test_what_may_be_listed():
    allowed = AllowedHosts.of(["Minio.LAN:9000", "10.0.0.5", "[fd00::5]:9000", "[FD00:0::6]"])
    assert allowed.has("minio.lan", 9000)
    assert not allowed.has("minio.lan", 9001)
    assert allowed.has("10.0.0.5", 1)
    assert allowed.has("fd00::5", 9000)
    assert allowed.has("fd00::6", 443)
    check_url("http://[fd00::0:5]:9000/x", allowed)
