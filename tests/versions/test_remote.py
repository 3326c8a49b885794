"""A remote that nobody else can reach is told; one that others may reach is not."""

import pytest

from maskbench.versions import remote
from maskbench.versions.remote import why_private


@pytest.fixture
def repository(tmp_path):
    (tmp_path / "repo/.dvc").mkdir(parents=True)
    return tmp_path / "repo"


def configure(repository, url, more=""):
    text = f"[core]\n    remote = storage\n['remote \"storage\"']\n    url = {url}\n{more}"
    (repository / ".dvc/config").write_text(text)


@pytest.mark.parametrize(
    ("url", "more", "expected"),
    [
        ("s3://bucket/walls", "", None),
        ("s3://bucket/walls", "    endpointurl = https://minio.example.org\n", None),
        (
            "s3://bucket/walls",
            "    endpointurl = http://localhost:9000\n",
            "is this machine: nobody",
        ),
        ("ssh://127.0.0.1/srv", "", "(ssh://127.0.0.1/srv) is this machine: nobody"),
        ("ssh://me@store.example.org/srv", "", None),
        ("../.dvc-remote", "", "is a folder inside this clone"),
        ("../../storage", "", "on this machine's own disk"),
    ],
)
def test_where_it_lies(repository, url, more, expected):
    configure(repository, url, more)
    found = why_private(repository)
    assert found is None if expected is None else expected in str(found)


def test_a_mounted_folder(repository, tmp_path, monkeypatch):
    """Another device than the repository's: a share of the team's, as far as is known."""
    configure(repository, str(tmp_path / "mnt"))
    devices = iter([1, 2])
    monkeypatch.setattr(remote, "_device", lambda path: next(devices))
    assert why_private(repository) is None


def test_none(repository):
    assert why_private(repository) == "DVC has no default remote: nobody else can pull the data"
    (repository / ".dvc/config").write_text("[core]\n    remote = gone\n")
    assert "'gone' is not configured" in str(why_private(repository))
    (repository / ".dvc/config").write_text("nonsense")
    assert "cannot be read" in str(why_private(repository))
