"""Cache a server's tasks, and what is known of its images, between runs.

Without the file everything is fetched again, with equal results. It is an SQLite database: a killed
run leaves it whole, the next run continues there, and a large project is never held in memory.
"""

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS task (
    id INTEGER PRIMARY KEY, project INTEGER NOT NULL, updated_at TEXT NOT NULL, raw BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS task_project ON task (project);
CREATE TABLE IF NOT EXISTS image (
    reference TEXT PRIMARY KEY, sha256 TEXT NOT NULL, validator TEXT NOT NULL,
    file TEXT NOT NULL, signature TEXT NOT NULL
);
"""
_VERSION = "5"


@dataclass(frozen=True)
class StoredImage:
    """An image that was downloaded.

    Attributes:
        sha256: Digest of its bytes.
        validator: Headers that ask whether it has changed (``If-None-Match`` …), if the server
            supports them.
        file: Name of the file that was last seen to have this digest.
        signature: That file's signature (:func:`maskbench.files.hashing.signature_of`).
    """

    sha256: str
    validator: Mapping[str, str]
    file: str
    signature: Sequence[int]


class Cache:
    """One server's tasks and images.

    Args:
        file: The database; a damaged one, or one of another server, is replaced.
        server: The server's address.
    """

    def __init__(self, file: Path, server: str) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._open(file, server)
        except sqlite3.DatabaseError:
            file.unlink()
            self._open(file, server)

    def _open(self, file: Path, server: str) -> None:
        self._database = sqlite3.connect(file)
        try:
            self._database.executescript(_SCHEMA)
            known = {"server": server, "version": _VERSION}
            if {name: self.record(name) for name in known} != known:
                self._database.executescript("DROP TABLE meta; DROP TABLE task; DROP TABLE image;")
                self._database.executescript(_SCHEMA)
                for name, value in known.items():
                    self.save_record(name, value)
        except sqlite3.DatabaseError:
            self._database.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def record(self, name: str) -> str | None:
        """Return a text that was saved under a name; None if there is none."""
        row = self._database.execute("SELECT value FROM meta WHERE name = ?", [name]).fetchone()
        return str(row[0]) if row else None

    def save_record(self, name: str, value: str) -> None:
        """Save a text under a name."""
        with self._database:
            self._database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", [name, value])

    def update_times(self, project: int) -> dict[int, str]:
        """Return ``updated_at`` of each cached task of a project, by task id."""
        rows = self._database.execute(
            "SELECT id, updated_at FROM task WHERE project = ?", [project]
        )
        return dict(rows.fetchall())

    def save_tasks(self, project: int, tasks: Iterable[tuple[int, str, Any]]) -> None:
        """Save raw tasks: (id, ``updated_at``, JSON value) each; all of them or none."""
        rows = [
            (number, project, updated_at, zlib.compress(json.dumps(raw).encode(), 1))
            for number, updated_at, raw in tasks
        ]
        with self._database:
            self._database.executemany("INSERT OR REPLACE INTO task VALUES (?, ?, ?, ?)", rows)

    def drop_tasks(self, numbers: Iterable[int]) -> None:
        """Delete tasks."""
        with self._database:
            self._database.executemany("DELETE FROM task WHERE id = ?", [(n,) for n in numbers])

    def drop_other_projects(self, projects: Iterable[int]) -> None:
        """Delete the tasks of all projects but these."""
        cached = {row[0] for row in self._database.execute("SELECT DISTINCT project FROM task")}
        other = [(project,) for project in cached.difference(projects)]
        with self._database:
            self._database.executemany("DELETE FROM task WHERE project = ?", other)

    def tasks(self, project: int) -> Iterator[Any]:
        """Yield the raw tasks of a project by id, one in memory at a time."""
        query = "SELECT raw FROM task WHERE project = ? ORDER BY id"
        for (raw,) in self._database.execute(query, [project]):
            yield json.loads(zlib.decompress(raw))

    def image(self, reference: str) -> StoredImage | None:
        """Return what is known of an image; None if it was never downloaded."""
        row = self._database.execute(
            "SELECT sha256, validator, file, signature FROM image WHERE reference = ?", [reference]
        ).fetchone()
        return StoredImage(row[0], json.loads(row[1]), row[2], json.loads(row[3])) if row else None

    def save_image(self, reference: str, image: StoredImage) -> None:
        """Save what is known of an image."""
        validator, signature = json.dumps(dict(image.validator)), json.dumps(list(image.signature))
        row = (reference, image.sha256, validator, image.file, signature)
        with self._database:
            self._database.execute("INSERT OR REPLACE INTO image VALUES (?, ?, ?, ?, ?)", row)
