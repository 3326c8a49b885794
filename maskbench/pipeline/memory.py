"""What a run leaves for the next one in ``data/.maskbench``: shortcuts that are never needed."""

from collections.abc import Mapping
from typing import Any

from maskbench.code import code_digest
from maskbench.digests import Digests
from maskbench.files import write_bytes
from maskbench.pipeline.layout import Layout
from maskbench.quickjson import compact_json, parse_json


def folder_digests(layout: Layout, name: str) -> Digests:
    """The digests of the files in a data folder; all stages share what is known of it."""
    memory = layout.work("digests") / f"{name.replace('/', '-')}.json"
    return Digests(layout.data / name, memory)


class Memory:
    """What was made from what, by key, by this same code.

    Args:
        layout: Where files lie.
        stage: Whose memory it is.
        name: Which of the stage's.

    Attributes:
        known: What was kept last time; empty if that was other code.
    """

    def __init__(self, layout: Layout, stage: str, name: str = "memory") -> None:
        self._file = layout.memory(stage, name)
        self.known: dict[str, Any] = {}
        try:
            content = parse_json(self._file.read_bytes())
        except (OSError, ValueError):
            return
        same = isinstance(content, dict) and content.get("code") == code_digest()
        if same and isinstance(content.get("items"), dict):
            self.known = content["items"]

    def keep(self, items: Mapping[str, Any], changed: bool) -> None:
        """Write the memory of all current items, if it has ``changed`` or items have gone."""
        if changed or len(items) != len(self.known):
            write_bytes(self._file, compact_json({"code": code_digest(), "items": items}))
