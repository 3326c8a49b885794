"""Keys: which kinds work, what is said of those that do not, and where they never go."""

import pytest

from label_studio import Server
from maskbench.errors import SourceError
from maskbench.labelstudio.server.auth import ACCESS, LEGACY, PERSONAL, read_key
from tests.labelstudio.server.fixtures import filled, imported, png

KEY = "LABEL_STUDIO_API_KEY"


@pytest.fixture(scope="module")
def second(api, studio):
    """Another user, whose personal token the tests may revoke."""
    return api.invite("keys@example.com", studio.password)


@pytest.fixture(scope="module")
def project(api):
    return filled(api, "keys", 2)[0]


@pytest.fixture
def personal(second):
    token = second.personal_token()
    yield token
    second.session.post(f"{second.url}/api/token/blacklist/", json={"refresh": token})


def refused(bench, monkeypatch, url, project, key):
    monkeypatch.setenv(KEY, key)
    with pytest.raises(SourceError) as error:
        bench.fetch(url, project)
    assert key not in str(error.value)
    assert error.value.exit_code == 3
    return str(error.value)


def test_a_legacy_token_works(bench, studio, project):
    assert bench.fetch(studio.url, project).startswith("2 tasks, 2 images, 2 regions")


def test_a_personal_token_works_and_is_traded_once(bench, monkeypatch, proxy, project, personal):
    monkeypatch.setenv(KEY, personal)
    assert bench.fetch(proxy.url, project).startswith("2 tasks, 2 images")
    assert proxy.counts()["/api/token/refresh"] == 1


@pytest.mark.parametrize("place", ["/export", "/data/upload"])
def test_an_access_token_that_expires_in_the_middle_is_renewed(
    bench, monkeypatch, *, proxy, project, personal, place
):
    monkeypatch.setenv(KEY, personal)
    proxy.fail(place, "stamp")  # 401, as the server answers to an expired token
    assert bench.fetch(proxy.url, project).startswith("2 tasks, 2 images")
    assert proxy.counts()["/api/token/refresh"] == 2


def test_a_token_refused_twice_is_not_tried_for_ever(bench, monkeypatch, proxy, project, personal):
    proxy.fail("/export", "stamp", times=100)
    said = refused(bench, monkeypatch, proxy.url, project, personal)
    assert "refused the personal access token" in said
    assert proxy.counts()["/export"] == 2


def test_a_wrong_legacy_token(bench, monkeypatch, studio, project):
    said = refused(bench, monkeypatch, studio.url, project, "f" * 40)
    assert "refused the legacy token in LABEL_STUDIO_API_KEY (Invalid token.)" in said
    assert f"{studio.url}/user/account" in said


def test_a_forged_personal_token(bench, monkeypatch, studio, project, personal):
    said = refused(bench, monkeypatch, studio.url, project, personal[:-6] + "AAAAAA")
    assert "refused the personal access token" in said


def test_a_revoked_personal_token(bench, monkeypatch, second, studio, project):
    token = second.personal_token()
    second.session.post(f"{second.url}/api/token/blacklist/", json={"refresh": token})
    said = refused(bench, monkeypatch, studio.url, project, token)
    assert "it was revoked; make a new one at" in said


def test_an_expired_access_token(bench, monkeypatch, *, studio, second, project, personal):
    answer = second.session.post(f"{studio.url}/api/token/refresh/", json={"refresh": personal})
    head, body, _ = answer.json()["access"].split(".")
    said = refused(bench, monkeypatch, studio.url, project, f"{head}.{body}.x")
    assert "use the personal access token itself" in said


def test_legacy_tokens_disabled_on_the_server(bench, tmp_path):
    with Server.start(tmp_path / "strict", legacy_tokens=False) as strict:
        with pytest.raises(SourceError) as error:
            bench.fetch(strict.url, 1)
    assert "this server takes no legacy tokens; make a personal access token" in str(error.value)


def test_no_key_at_all(bench, monkeypatch, studio, project):
    monkeypatch.delenv(KEY)
    with pytest.raises(
        SourceError, match=r"set LABEL_STUDIO_API_KEY in the environment or in \.env"
    ):
        bench.fetch(studio.url, project)


def test_a_key_from_dotenv_and_the_environment_goes_first(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("LABEL_STUDIO_API_KEY='abc${HOME}def'\n")
    monkeypatch.delenv(KEY, raising=False)
    assert read_key(tmp_path, "http://x").secret == "abc${HOME}def"
    monkeypatch.setenv(KEY, " fromenvironment\n")
    assert read_key(tmp_path, "http://x").secret == "fromenvironment"


def test_a_key_for_another_server_is_not_sent(tmp_path, monkeypatch):
    monkeypatch.setenv(KEY, "secret")
    monkeypatch.setenv("LABEL_STUDIO_URL", "https://labels.example.org/")
    assert read_key(tmp_path, "https://LABELS.example.org:443").secret == "secret"
    with pytest.raises(SourceError, match="the key was not sent"):
        read_key(tmp_path, "https://labels.example.org.evil.example")


def test_kinds_are_told_by_shape(personal, second, studio, tmp_path, monkeypatch):
    answer = second.session.post(f"{studio.url}/api/token/refresh/", json={"refresh": personal})
    kinds = {studio.legacy_token: LEGACY, personal: PERSONAL, answer.json()["access"]: ACCESS}
    for text, kind in kinds.items():
        monkeypatch.setenv(KEY, text)
        key = read_key(tmp_path, "http://x")
        assert key.kind == kind
        assert text not in repr(key)


def test_the_key_goes_to_the_server_only(api, bench, *, proxy, elsewhere, studio, tmp_path):
    """Neither to an image elsewhere, nor where such an image is redirected, nor from a login."""
    bench.private_hosts = [elsewhere.host]
    (elsewhere.folder / "a.png").write_bytes(png(1))
    (elsewhere.folder / "b.png").write_bytes(png(2))
    elsewhere.redirects["/moved.png"] = f"{elsewhere.url}/b.png"
    references = [f"{elsewhere.url}/{name}.png" for name in ("a", "moved")]
    project, _ = imported(api, "elsewhere", references)
    assert bench.fetch(proxy.url, project).startswith("2 tasks, 2 images")
    assert {path for path, _ in elsewhere.seen} == {"/a.png", "/moved.png", "/b.png"}
    for _, headers in elsewhere.seen:
        assert not {"authorization", "cookie"} & {name.lower() for name in headers}
    assert all("Authorization" in h for _, path, h in proxy.requests if path != "/api/version")
    kept = [p for p in bench.root.rglob("*") if p.is_file()]
    assert kept
    assert not [p for p in kept if studio.legacy_token.encode() in p.read_bytes()]
