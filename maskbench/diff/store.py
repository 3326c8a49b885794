"""DVC's cache, and the remote behind it: files by their md5, fetched only when they are needed."""

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from maskbench.errors import SourceError

SHOWN = 3  # missing files that a message names


class Store:
    """The objects of one DVC repository; the workspace is never touched.

    Args:
        root: The repository's folder (where ``dvc.yaml`` lies).
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @cached_property
    def _repo(self) -> Any:
        from dvc.exceptions import DvcException  # noqa: PLC0415 - a third of a second
        from dvc.repo import Repo  # noqa: PLC0415

        try:
            return Repo(str(self.root))
        except DvcException as error:
            raise SourceError(f"{self.root.resolve()} is no DVC repository: {error}") from None

    @cached_property
    def _cache(self) -> Path:
        return Path(self._repo.cache.local.path)

    def path(self, md5: str) -> Path:
        """Where the cache keeps (or would keep) an object, such as ``ab/cdef…`` or ``….dir``."""
        return self._cache / md5[:2] / md5[2:]

    def require(self, objects: Mapping[str, str], remote: str | None, version: str) -> None:
        """Make sure that the cache holds objects; what is missing comes from the remote.

        Args:
            objects: Name for messages → md5.
            remote: The remote's name; None: the default one.
            version: Name of the version that they belong to, for messages.

        Raises:
            SourceError: An object is neither in the cache nor on the remote, or the remote is not
                configured or cannot be reached.
        """
        missing = {md5: name for name, md5 in objects.items() if not self.path(md5).is_file()}
        if not missing:
            return
        failures = self._fetch(missing, remote, version)
        lost = sorted(name for md5, name in missing.items() if not self.path(md5).is_file())
        if lost:
            why = f" ({failures[0]})" if failures else ""
            raise SourceError(
                f"{version}: {_some(lost)} neither in DVC's cache nor on its remote{why}; "
                "run `dvc push` where that version was built"
            )

    def _fetch(self, missing: Mapping[str, str], remote: str | None, version: str) -> list[str]:
        from dvc.config import NoRemoteError  # noqa: PLC0415

        failures: list[str] = []
        try:
            source = self._repo.cloud.get_remote_odb(remote, "fetch")
            ids = sorted(missing)
            with _quiet_bar(len(ids)) as bar:
                self._repo.cache.local.add(
                    [source.oid_to_path(oid) for oid in ids],
                    source.fs,
                    ids,
                    on_error=lambda oid, error: failures.append(_reason(error)),
                    callback=bar,
                    check_exists=False,
                    verify=True,
                )
        except NoRemoteError:
            raise SourceError(
                f"{version}: {_some(sorted(missing.values()))} not in DVC's cache, and no default "
                "remote is configured; run `dvc remote add -d NAME URL` with the team's storage, "
                "or compare in the clone that built the version"
            ) from None
        except Exception as error:  # storage clients raise whatever they like
            raise SourceError(f"{version}: DVC's remote cannot be read: {_reason(error)}") from None
        return sorted(set(failures))


def _quiet_bar(size: int) -> Any:
    from dvc.fs.callbacks import TqdmCallback  # noqa: PLC0415

    return TqdmCallback(size=size, desc="Fetching", unit="file", disable=None)


def _reason(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    with suppress(IndexError):
        text = text.splitlines()[0]
    return text if not isinstance(error, FileNotFoundError) else "no such file on the remote"


def _some(names: Collection[str]) -> str:
    shown = list(_first(names))
    more = len(names) - len(shown)
    text = ", ".join(shown) + (f" and {more} more" if more else "")
    return f"{text} {'is' if len(names) == 1 else 'are'}"


def _first(names: Iterable[str]) -> Iterable[str]:
    return (name for _, name in zip(range(SHOWN), names, strict=False))
