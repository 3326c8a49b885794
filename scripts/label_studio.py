"""Run a local Label Studio, for the tests, for making the sample, and for trying it out.

    python scripts/label_studio.py install
    python scripts/label_studio.py start --data-dir /tmp/ls --port 8080

Installed once per machine into a virtual environment of its own (about 1 GB, 160 packages:
too heavy, and too opinionated about versions, to share one with maskbench). The server
listens on the loopback address only and sends nothing to anybody.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import requests
from filelock import FileLock

VERSION = "1.23.2"
USER = "annotator@example.com"
PASSWORD = "maskbench-local-only"  # noqa: S105 - a throw-away server on the loopback address
LEGACY_TOKEN = "0123456789abcdef0123456789abcdef01234567"  # noqa: S105 - likewise
VENV_VARIABLE = "MASKBENCH_LABEL_STUDIO_VENV"
START_SECONDS = 180.0
_MARKER = "maskbench-complete"
_DATABASE = "label_studio.sqlite3"


class LabelStudioError(RuntimeError):
    """The local Label Studio could not be installed, started or asked."""


def default_venv() -> Path:
    """Return the environment's folder: `$MASKBENCH_LABEL_STUDIO_VENV`, or one in a user's cache."""
    named = os.environ.get(VENV_VARIABLE)
    return Path(named) if named else Path.home() / ".cache/maskbench" / f"label-studio-{VERSION}"


def install(venv: Path | None = None) -> Path:
    """Make a virtual environment with Label Studio in it, unless it is there; return its path.

    The marker file is written last, so an install that was killed is made again from nothing.
    A folder that is neither empty nor a virtual environment is left alone.

    Raises:
        LabelStudioError: pip failed (its last lines are shown), or the folder is something else.
    """
    venv = (venv or default_venv()).absolute()
    with _locked(venv):
        if (venv / _MARKER).is_file():
            return venv
        if venv.exists() and any(venv.iterdir()) and not (venv / "pyvenv.cfg").is_file():
            raise LabelStudioError(f"{venv} exists and is not a virtual environment")
        _run([sys.executable, "-m", "venv", "--clear", str(venv)])
        pip = [_program(venv, "python"), "-m", "pip", "--disable-pip-version-check"]
        _run([*pip, "install", "-q", f"label-studio=={VERSION}"])
        (venv / _MARKER).write_text(f"label-studio {VERSION}\n", encoding="utf-8")
    return venv


class Server:
    """A running Label Studio; use it as `with Server.start(folder) as server`, or call `stop`."""

    user = USER
    password = PASSWORD
    legacy_token = LEGACY_TOKEN

    def __init__(self, process: subprocess.Popen[bytes], url: str, data_dir: Path) -> None:
        self.process = process
        self.url = url
        self.data_dir = data_dir

    @classmethod
    def start(
        cls,
        data_dir: Path,
        port: int | None = None,
        document_root: Path | None = None,
        legacy_tokens: bool = True,
        venv: Path | None = None,
    ) -> Server:
        """Start a server on `data_dir` and wait until it answers.

        Args:
            data_dir: database and uploads; a new one is filled from a migrated template, which
                costs 4 s rather than 30.
            port: on the loopback address; None takes a free one.
            document_root: the folder under which local-files storages may lie.
            legacy_tokens: whether `legacy_token` works. Only a new `data_dir` heeds it.
            venv: where Label Studio is; installed if need be.

        Raises:
            LabelStudioError: the port is taken, or the server does not come up.
        """
        venv = install(venv)
        if not (data_dir / _DATABASE).exists():
            shutil.copytree(_template(venv, legacy_tokens), data_dir, dirs_exist_ok=True)
        return cls._launch(venv, data_dir, port, document_root, legacy_tokens)

    @classmethod
    def _launch(
        cls,
        venv: Path,
        data_dir: Path,
        port: int | None,
        document_root: Path | None,
        legacy_tokens: bool,
    ) -> Server:
        """Start the process and wait; whatever goes wrong, leave no process behind."""
        data_dir.mkdir(parents=True, exist_ok=True)
        port = _free_port() if port is None else _require_free(port)
        program = [_program(venv, "label-studio"), "start", "--no-browser"]
        with (data_dir / "server.log").open("wb") as log:
            process = subprocess.Popen(
                [*program, "--internal-host", "127.0.0.1", "-p", str(port)],
                env=_environment(data_dir, document_root, legacy_tokens),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        server = cls(process, f"http://127.0.0.1:{port}", data_dir)
        try:
            server._wait()
        except BaseException:
            server.stop()
            raise
        return server

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise LabelStudioError(f"Label Studio ended while starting:\n{self.log_tail()}")
            if _healthy(self.url):
                return
            time.sleep(0.2)
        raise LabelStudioError(f"no answer in {START_SECONDS:.0f} s:\n{self.log_tail()}")

    def log_tail(self) -> str:
        """Return the last lines that the server wrote."""
        text = (self.data_dir / "server.log").read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-20:])

    def stop(self) -> None:
        """End this server's own process by SIGTERM, and after 10 s by SIGKILL."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _environment(data_dir: Path, document_root: Path | None, legacy: bool) -> dict[str, str]:
    """Return the server's environment: quiet, offline, without the caller's own Label Studio."""
    prefixes = ("LABEL_STUDIO_", "HEARTEX_", "DJANGO_", "PYTHON")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(prefixes) and k != "HOST"}
    settings = {
        "BASE_DATA_DIR": str(data_dir.absolute()),
        "USERNAME": USER,
        "PASSWORD": PASSWORD,
        "USER_TOKEN": LEGACY_TOKEN,
        "ENABLE_LEGACY_API_TOKEN": str(legacy).lower(),
        "LATEST_VERSION_CHECK": "false",
        "COLLECT_ANALYTICS": "false",
        "DEBUG": "false",
        "DISABLE_SIGNUP_WITHOUT_LINK": "true",
        # Webhook tests need a receiver on the loopback address, which the guard refuses.
        "SSRF_PROTECTION_ENABLED": "false",
    }
    if document_root is not None:
        settings["LOCAL_FILES_SERVING_ENABLED"] = "true"
        settings["LOCAL_FILES_DOCUMENT_ROOT"] = str(document_root.absolute())
    kept.update({f"LABEL_STUDIO_{name}": value for name, value in settings.items()})
    kept.update({"SENTRY_DSN": "", "FRONTEND_SENTRY_DSN": ""})  # empty: off
    return kept


def _template(venv: Path, legacy_tokens: bool) -> Path:
    """Return a data folder with the migrations done, beside the environment; make it once."""
    kind = "legacy" if legacy_tokens else "pat"
    template = venv.parent / f"{venv.name}-template-{kind}"
    with _locked(template):
        if not template.is_dir():
            with tempfile.TemporaryDirectory(dir=venv.parent) as scratch:
                data_dir, ready = Path(scratch) / "data", Path(scratch) / "ready"
                Server._launch(venv, data_dir, None, None, legacy_tokens).stop()
                ready.mkdir()
                for name in (_DATABASE, ".env"):
                    shutil.copy2(data_dir / name, ready / name)
                ready.rename(template)
    return template


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let only one process at a time make `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.parent / f"{path.name}.lock"):
        yield


def _program(venv: Path, name: str) -> str:
    """Return the path of an installed program, whose folder has another name on Windows."""
    return str(venv / ("Scripts" if sys.platform == "win32" else "bin") / name)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stdout + done.stderr).splitlines()
        tail = "\n".join([line for line in lines if not line.startswith("WARNING")][-15:])
        raise LabelStudioError(f"{' '.join(command)} failed:\n{tail}")


def _healthy(url: str) -> bool:
    with requests.Session() as session:
        session.trust_env = False  # a proxy has no business between us and the loopback address
        try:
            return session.get(f"{url}/health", timeout=5).ok
        except requests.RequestException:
            return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _require_free(port: int) -> int:
    """Refuse a taken port: Label Studio itself would quietly move to the next one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise LabelStudioError(f"port {port} on 127.0.0.1 is taken ({error})") from error
    return port


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=f"Install and run Label Studio {VERSION} on this machine, for trying out.",
        epilog="example: python scripts/label_studio.py start --data-dir /tmp/ls --port 8080",
    )
    parser.add_argument("--venv", type=Path, help=f"default: {default_venv()}")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("install", help="make the environment")
    start = commands.add_parser("start", help="run the server until Ctrl-C")
    start.add_argument("--data-dir", type=Path, required=True, help="database and uploads")
    start.add_argument("--port", type=int, help="default: any free one")
    start.add_argument("--document-root", type=Path, help="folder for local-files storages")
    return parser


def _serve(args: argparse.Namespace) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that `with` ends the server
    with Server.start(args.data_dir, args.port, args.document_root, venv=args.venv) as server:
        print(f"{server.url}  user {USER}  password {PASSWORD}  key {LEGACY_TOKEN}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            server.process.wait()


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    args = _parser().parse_args(argv)
    try:
        if args.command == "install":
            print(install(args.venv))
        else:
            _serve(args)
    except LabelStudioError as error:
        print(f"label_studio: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
