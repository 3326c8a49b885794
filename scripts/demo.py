"""Start a Label Studio filled with the sample: draw a region, refresh, see the mask change.

    python scripts/demo.py                (or: make label-studio)

The first start fills the project, which takes a minute; later ones find it as you left it. Ctrl-C
ends the server; delete the data folder to start over.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
from pathlib import Path

from import_sample import SECOND_USER, Annotators, fill, write_local
from label_studio import PASSWORD, USER, LabelStudioError, Server
from label_studio_api import Api
from sample.annotations import label_config

ROOT = Path(__file__).resolve().parents[1]
TITLE = "maskbench sample"

WELCOME = """
Label Studio runs at {url}/projects/{project}
  login     {user}
  password  {password}

To take the labels from there, put into params.yaml, section fetch:
  server: {url}
  project: {project}

and the key into .env (git ignores it):
  LABEL_STUDIO_API_KEY={key}

Then, in another terminal: maskbench doctor; maskbench refresh
Draw something, and `maskbench refresh` again. Ctrl-C here ends the server.
"""


def sample_project(server: Server, files: Path) -> int:
    """Return the id of the sample's project; make and fill it if it is missing.

    Args:
        server: The running server.
        files: Its document root; the sample's local images are put there.
    """
    api = Api(server.url, server.legacy_token)
    found = api.call("GET", "/api/projects/", params={"title": TITLE})["results"]
    ready = [project["id"] for project in found if project["title"] == TITLE]
    if ready:
        return int(ready[0])
    print("filling the sample project …", flush=True)
    write_local(files)
    second = api.invite(SECOND_USER, server.password)
    project = api.create_project(f"{TITLE} (being filled)", label_config())
    fill(project, Annotators(api, second), files)
    api.call("PATCH", f"/api/projects/{project}/", json={"title": TITLE})
    return project


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(description="Start a Label Studio filled with the sample.")
    parser.add_argument("--port", type=int, default=8080, help="default: 8080")
    parser.add_argument("--data-dir", type=Path, default=ROOT / ".cache" / "label-studio")
    parser.add_argument("--venv", type=Path, help="where Label Studio is, or is installed")
    args = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that `with` ends the server
    files = args.data_dir / "files"
    try:
        files.mkdir(parents=True, exist_ok=True)
        print("starting Label Studio (the first time: installing it, 1 GB) …", flush=True)
        with Server.start(args.data_dir, args.port, files, venv=args.venv) as server:
            words = {"user": USER, "password": PASSWORD, "key": server.legacy_token}
            project = sample_project(server, files)
            print(WELCOME.format(url=server.url, project=project, **words), flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                server.process.wait()
    except LabelStudioError as error:
        print(f"label studio: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
