"""The key is in nothing that is written or said, whether a fetch succeeds or fails, however."""

import base64
import json
import logging
import traceback
from urllib.parse import quote

import pytest

from maskbench.errors import MaskbenchError
from maskbench.labelstudio.server.auth import KEY_VARIABLE
from tests.harness.web import Web
from tests.labelstudio.server.fixtures import filled, imported
from tests.repositories import new_repository

FAKE = "0123456789abcdef+/=0123456789abcdef0+/=" + "é".encode().hex()


def forms(secret):
    """The secret in clear, in base64 wherever it may begin in the text, and in URLs."""
    found = {secret, quote(secret, safe=""), quote(secret), secret[::-1], secret.encode().hex()}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):
            code = encode(b"x" * before + secret.encode()).decode().rstrip("=")
            found.add(code[4 if before else 0 : -4])  # without what neighbours change
    found |= {json.dumps(secret)[1:-1], repr(secret)[1:-1]}
    return {form.encode() for form in found}


def contents(root):
    """The bytes of all files below a folder."""
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def leaks(secrets, root, *said, before=None):
    """Where any form of a secret is: files below a folder, names of files, or texts.

    Files that were there ``before`` and have not changed are passed over.
    """
    sought = {form for secret in secrets for form in forms(secret)}
    texts = {f"text {i}": text.encode() for i, text in enumerate(said)}
    for path in root.rglob("*"):
        texts[str(path)] = path.name.encode()
    for path, content in contents(root).items():
        if content != (before or {}).get(path):
            texts[f"{path} (content)"] = content
    assert len(texts) > len(said)
    return [place for place, text in texts.items() if any(form in text for form in sought)]


def test_the_search_finds_what_it_looks_for(tmp_path):
    for number, form in enumerate(forms(FAKE)):
        (tmp_path / str(number)).write_bytes(b"<" + form + b">")
    header = base64.b64encode(f"user:{FAKE}!".encode())
    (tmp_path / "header").write_bytes(header)
    assert len(leaks([FAKE], tmp_path)) == len(forms(FAKE)) + 1


@pytest.fixture(scope="module")
def keys(api, studio):
    """A key of each kind, and what a personal one is traded for."""
    user = api.invite("secrets@example.com", studio.password)
    personal = user.personal_token()
    answer = user.session.post(f"{studio.url}/api/token/refresh/", json={"refresh": personal})
    return {"legacy": studio.legacy_token, "personal": personal, "access": answer.json()["access"]}


@pytest.fixture(scope="module")
def projects(api):
    good, _ = filled(api, "secrets", 2)
    images = ["http://169.254.169.254/x.png", "/api/users/x.png", "/data/upload/1/gone.png"]
    bad, _ = imported(api, "secrets, bad", images)
    return good, bad


@pytest.mark.parametrize("kind", ["legacy", "personal", "access"])
def test_nothing_that_dvc_and_the_stages_write_holds_the_key(
    tmp_path, studio, keys, projects, kind
):
    repository = new_repository(tmp_path / "repo")
    repository.environment |= {
        KEY_VARIABLE: keys[kind],
        "DVC_SITE_CACHE_DIR": str(tmp_path / "site"),
        "DVC_GLOBAL_CONFIG_DIR": str(tmp_path / "global"),
    }
    repository.edit_params("  server:\n", f"  server: {studio.url}\n")
    repository.edit_params("  project:\n", f"  project: {projects[0]}\n")
    before = contents(tmp_path)  # the tests' own key is a constant in the sources
    said = []

    def ran(done):
        said.extend([done.stdout, done.stderr])
        return done

    assert ran(repository.dvc("repro", "-v", check=False)).returncode == 0, said
    repository.commit("built")
    repository.edit_params("overlap: keep", "overlap: top")
    assert ran(repository.dvc("repro", "-v", check=False)).returncode == 0, said
    report = ("--md", tmp_path / "report.md", "--json", tmp_path / "report.json")
    for words in (("diff", *report, "--html", tmp_path / "page"), ("verify",), ("doctor",)):
        ran(repository.run("maskbench", *words, check=False))
    assert ran(repository.run("maskbench", "refresh", check=False)).returncode == 0, said
    assert all((tmp_path / name).exists() for name in ("report.md", "report.json", "page"))
    repository.edit_params(f"  project: {projects[0]}\n", f"  project: {projects[1]}\n")
    done = ran(repository.dvc("repro", "-v", "fetch", check=False))
    assert done.returncode != 0
    assert "169.254.169.254 is this machine or on a private network" in done.stderr
    assert (repository.root / ".dvc" / "cache").is_dir()
    assert leaks(keys.values(), tmp_path, *said, before=before) == []


@pytest.fixture
def echo():
    """A server that repeats the key in all that it says; ``status`` is that of its answers."""

    def answer(request):
        key = (request.headers.get("Authorization") or "").partition(" ")[2] or "?"
        status, headers = request.server.status, {"Content-Type": "application/json"}
        body = {"detail": f"no: {key} {quote(key, safe='')}", "error": key}
        if request.command == "POST":
            sent = request.rfile.read(int(request.headers["Content-Length"]))
            status, body = 401, {"detail": json.loads(sent)["refresh"]}
        elif request.path == "/api/version":
            status, body = 200, {"release": "1.23.2"}
        elif status in (301, 302):
            headers["Location"] = f"http://10.0.0.1/?key={quote(key, safe='')}"
        return status, headers, json.dumps(body).encode()

    with Web(answer) as web:
        yield web


@pytest.mark.parametrize("status", [301, 302, 400, 401, 403, 404, 413, 429, 500, 503])
@pytest.mark.parametrize("secret", [FAKE, "e30.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9.c2ln"])
def test_a_server_that_repeats_the_key(bench, echo, quick, monkeypatch, caplog, *, status, secret):
    """Neither the error nor what is logged on the way, with every library at its most talkative."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv(KEY_VARIABLE, secret)
    echo.status = status
    with pytest.raises(MaskbenchError) as error:
        bench.fetch(echo.url, 1)
    shown = "".join(traceback.format_exception(error.value))
    bench.root.mkdir(exist_ok=True)
    (bench.root / "log").write_text("")
    assert leaks([secret], bench.root, shown, str(error.value), caplog.text) == []


@pytest.mark.parametrize("secret", ["with blank " + "a" * 30, "wïde" + "b" * 30, "c" * 30 + "\x07"])
def test_a_key_that_is_none_is_not_shown(bench, studio, monkeypatch, secret):
    monkeypatch.setenv(KEY_VARIABLE, secret)
    with pytest.raises(MaskbenchError, match="is not a key") as error:
        bench.fetch(studio.url, 1)
    assert secret not in "".join(traceback.format_exception(error.value))
