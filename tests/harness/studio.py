"""One Label Studio for all processes of a test run."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from filelock import FileLock

from label_studio import LEGACY_TOKEN, PASSWORD, Server

_started = []  # kept, so that nobody takes a running server for a forgotten one


@dataclass(frozen=True)
class Studio:
    """A running server; ``files`` is the folder below which local-files storages may lie."""

    url: str
    pid: int
    files: str
    legacy_token: str = LEGACY_TOKEN
    password: str = PASSWORD


def shared(folder: Path) -> Studio:
    """Return the run's server; the first process that asks starts it, those meanwhile wait."""
    state = folder / "studio.json"
    with FileLock(folder / "studio.lock"):
        if not state.exists():
            files = folder / "files"
            files.mkdir()
            server = Server.start(folder / "studio", document_root=files)
            _started.append(server)
            studio = Studio(server.url, server.process.pid, str(files))
            state.write_text(json.dumps(asdict(studio)))
    return Studio(**json.loads(state.read_text()))


def end(folder: Path) -> None:
    """End the run's server, if there is one: politely, and after 10 s firmly."""
    state = folder / "studio.json"
    if state.exists():
        try:
            server = psutil.Process(json.loads(state.read_text())["pid"])
            server.terminate()
            server.wait(10)
        except psutil.TimeoutExpired:
            server.kill()
        except psutil.NoSuchProcess:
            pass
