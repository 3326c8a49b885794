"""Paste lines that a message offers into the text of a params.yaml, as the message says."""

import re

from maskbench.init.files import template
from maskbench.init.params_text import params_text
from maskbench.init.summary import Proposal


def team_params(labels_map, folder="source"):
    """The params.yaml that `maskbench init` writes for these classes; labels overlap freely."""
    proposal = Proposal(dict(labels_map), "keep", "Nobody knows.")
    return params_text(template("params.yaml"), {"folder": str(folder)}, proposal, "salt")


def paste(text, said):
    """Return the text with the lines at the end of what was said, each group where its head says.

    Args:
        text: A params.yaml with a line for each head that is named.
        said: A message whose last lines are groups: a comment that says where, and what to paste.
    """
    lines = text.split("\n")
    for group in re.split(r"^(?=# )", said[said.index("\n# ") + 1 :], flags=re.MULTILINE)[1:]:
        head, *pasted = group.rstrip("\n").split("\n")
        section, *name = re.findall(r"`([^`]+:)`", head)
        at = lines.index(section) + 1
        if name:
            key = f"  {name[0]}"
            at = next(i for i in range(at, len(lines)) if lines[i].split(" #")[0].startswith(key))
            if "in place of" in head:
                end = at + 1
                while lines[end].startswith(("  -", "    ")):
                    end += 1
                del lines[at:end]
            else:
                at += 1
        lines[at:at] = pasted
    return "\n".join(lines)
