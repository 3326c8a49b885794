"""Check whether others can pull from DVC's default remote."""

from pathlib import Path
from urllib.parse import urlsplit

from dvc.config import Config, ConfigError

from maskbench.labelstudio.server.private_network import is_loopback

ADVICE = "`dvc remote add -f -d storage URL` with storage that the others reach, then `dvc push`"


def why_private(root: Path) -> str | None:
    """Return why nobody else can pull from the default remote; None if there is no reason.

    Args:
        root: The repository's folder.
    """
    try:
        config = Config(str(root / ".dvc"))
    except ConfigError as error:
        return f"DVC's configuration cannot be read: {error}"
    name = config["core"].get("remote")
    if name is None:
        return "DVC has no default remote: nobody else can pull the data"
    remote = config["remote"].get(name)
    if remote is None:
        return f"DVC's default remote {name!r} is not configured: nobody can pull the data"
    return _why(f"DVC's remote {name!r}", remote, root)


def _why(what: str, remote: dict[str, str], root: Path) -> str | None:
    url = remote["url"]
    address = remote.get("endpointurl") or url
    if "://" in address and not address.startswith("file://"):
        host = urlsplit(address).hostname or ""
        if is_loopback(f"http://{host}"):
            return f"{what} ({address}) is this machine: nobody else can pull the data"
        return None
    folder = Path(url.removeprefix("file://")).resolve()
    if folder.is_relative_to(root.resolve()):
        return f"{what} is a folder inside this clone ({url}): nobody else can pull the data"
    if _device(folder) == _device(root):
        return (
            f"{what} is a folder on this machine's own disk ({url}): only people who work on this "
            "machine can pull the data"
        )
    return None


def _device(folder: Path) -> int:
    """Return the file system that a folder, perhaps one still to be made, lies on."""
    there = next(path for path in (folder, *folder.resolve().parents) if path.exists())
    return there.stat().st_dev
