"""Write ``params.yaml`` with its comments, from what was proposed."""

import json
import textwrap
from collections.abc import Mapping
from string import Template
from typing import Any

import yaml

from maskbench.files.yaml import parse_yaml
from maskbench.init.proposal import Proposal
from maskbench.params import parse_params


def params_text(template: str, fetch: Mapping[str, Any], proposal: Proposal, salt: str) -> str:
    """Return the text of ``params.yaml``.

    Args:
        template: The file with its comments and ``$names`` for what is filled in.
        fetch: The values of the section ``fetch``.
        proposal: Classes, rules and the policy for overlaps.
        salt: ``split.salt``.

    Raises:
        ParamsError: A label cannot be the name of a class.
    """
    rules = "".join(f"\n{_block({name: rule}, 1)}" for name, rule in proposal.rules.items())
    why = "\n".join(
        textwrap.wrap(proposal.why, 96, initial_indent="  # ", subsequent_indent="  # ")
    )
    text = Template(template).substitute(
        fetch=_fetch(fetch),
        labels_map="\n".join(f"  {_scalar(n)}: {v}" for n, v in proposal.labels_map.items()),
        rules=rules or " {}",
        why=why,
        overlap=proposal.overlap,
        salt=_scalar(salt),
    )
    parse_params(parse_yaml(text))
    return text


_COMMENTS = {
    "server": "Label Studio's address. The key comes from LABEL_STUDIO_API_KEY (environment or\n"
    ".env), never from this file.",
    "project": "The project's id (the number in its address), or a list of ids to merge.",
    "folder": "A folder with Label Studio JSON exports (*.json) and their images.",
    "snapshot": "The name of this take. Labels are fetched when it moves, not on every\n"
    "`dvc repro`.",
    "image_field": "The image tag whose masks are made, and the field of the data that it shows.",
    "private_hosts": "Hosts that images may lie on although they are this machine or on a private\n"
    "network: names or addresses, perhaps with a port (minio.lan:9000).",
}


def _fetch(values: Mapping[str, Any]) -> str:
    lines = []
    for name, value in values.items():
        lines += [f"  # {line}" for line in _COMMENTS[name].split("\n")]
        lines.append(_block({name: value}, 1))
    return "\n".join(lines) + "\n"


def _block(value: Any, depth: int) -> str:
    """Return a value in block style, as DVC writes it, indented."""
    lines = _lines(value)
    return "\n".join("  " * depth + line for line in lines)


def _lines(value: Any) -> list[str]:
    if isinstance(value, Mapping) and value:
        lines = []
        for name, entry in value.items():
            inner = _lines(entry)
            if isinstance(entry, list | Mapping) and entry:
                indent = "" if isinstance(entry, list) else "  "
                lines += [f"{_scalar(name)}:", *(indent + line for line in inner)]
            else:
                lines.append(f"{_scalar(name)}: {inner[0]}")
        return lines
    if isinstance(value, list) and value:
        return [f"- {_scalar(entry)}" for entry in value]
    return [_scalar(value)]


def _scalar(value: Any) -> str:
    """Return a value on one line that YAML 1.1 and 1.2 read alike."""
    if not isinstance(value, str):
        return json.dumps(value)
    text: str = yaml.safe_dump(value, allow_unicode=True, width=1 << 20)
    text = text.removesuffix("\n...\n").strip("\n")
    try:
        same = "\n" not in text and parse_yaml(f"- {text}") == [value]
        same = same and parse_yaml(f"{text}: 0") == {value: 0}
    except ValueError:
        same = False
    return text if same else json.dumps(value, ensure_ascii=True)
