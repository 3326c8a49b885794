"""Write ``params.yaml`` with its comments from a proposal."""

import textwrap
from collections.abc import Mapping
from string import Template
from typing import Any

from maskbench.files.yaml import parse_yaml
from maskbench.files.yaml_edit import yaml_text
from maskbench.init.summary import Proposal
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
    why = "\n".join(
        textwrap.wrap(proposal.why, 96, initial_indent="  # ", subsequent_indent="  # ")
    )
    text = Template(template).substitute(
        fetch=_fetch(fetch),
        labels_map=_block(proposal.labels_map),
        rules=f"\n{_block(proposal.rules)}" if proposal.rules else "",
        aliases=f"\n{_block(proposal.aliases, 2)}" if proposal.aliases else "",
        why=why,
        overlap=proposal.overlap,
        salt=yaml_text(salt).strip(),
    )
    parse_params(parse_yaml(text))
    return text


_COMMENTS = {
    "server": "Label Studio's address. The key comes from LABEL_STUDIO_API_KEY (environment or\n"
    ".env), never from this file.",
    "project": "The project's id (the number in its address), or a list of ids to merge.",
    "folder": "A folder with Label Studio JSON exports (*.json) and their images.",
    "snapshot": "The name of this state of the labels. They are fetched when it changes, not\n"
    "on every `dvc repro`.",
    "image_field": "The image tag whose masks are made, and the field of the data that it shows.",
    "missing_images": "A task whose image is missing: error, or skip (left out, counted, listed).",
    "private_hosts": "Hosts that images may lie on although they are this machine or on a private\n"
    "network: names or addresses, perhaps with a port (minio.lan:9000).",
}


def _fetch(values: Mapping[str, Any]) -> str:
    lines = []
    for name, value in values.items():
        lines += [f"  # {line}" for line in _COMMENTS[name].split("\n")]
        lines.append(_block({name: value}))
    return "\n".join(lines) + "\n"


def _block(value: Mapping[str, Any], depth: int = 1) -> str:
    """Return a mapping in block style, as DVC writes it, indented as part of a section."""
    return textwrap.indent(yaml_text(value).rstrip("\n"), "  " * depth)
