"""Report combinations without a rule and labels without a class, and propose lines for them.

Pure functions. A proposal has the entries to add to each section of ``params.yaml``. It never
changes the value of an existing class.
"""

import re
import textwrap
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import combinations as subsets
from typing import Any, NamedTuple

from maskbench.errors import Problem, did_you_mean
from maskbench.files.yaml_edit import yaml_text
from maskbench.params import IGNORE
from maskbench.regions.rules import Combination, CombinationTotal, missing_rule
from maskbench.text import counted, escape_terminal

Proposal = dict[str, dict[str, Any]]
"""Section of ``params.yaml`` → entries to add to it."""

MOST_CLASSES = 30
"""Up to this many combinations without a rule, a class for each is good advice."""

_NESTED = 0.9  # a label lies inside another with at least this share of its pixels
_ALIKE = 0.85  # difflib's ratio from which two labels may be spellings of the same one


def propose_classes(
    combinations: Iterable[Sequence[str]], labels_map: Mapping[str, int], rules: Collection[str]
) -> Proposal:
    """Propose a class of its own, and the rule that makes it, for each combination of labels.

    Args:
        combinations: Sets of labels that no rule decides.
        labels_map: The present classes and their mask values.
        rules: The names of the present rules.

    Returns:
        Entries for ``labels_map`` and ``multi_label_rules``; fewer if mask values run out.
    """
    classes: dict[str, int] = {}
    made: dict[str, Any] = {}
    for labels, value in zip(combinations, free_values(labels_map), strict=False):
        name = _unused("+".join(labels), {*labels_map, *classes}, "+")
        classes[name] = value
        made |= named_rule(labels, name, {*rules, *made})
    return {"labels_map": classes, "multi_label_rules": made} if made else {}


def named_rule(labels: Sequence[str], then: str, used: Collection[str]) -> dict[str, Any]:
    """Return a rule under a name that no other rule has.

    Args:
        labels: Its ``when``.
        then: Its ``then``.
        used: The names of the other rules.
    """
    return {_unused(_rule_name(labels), used, "_"): {"when": list(labels), "then": then}}


def propose_labels(labels: Iterable[str], labels_map: Mapping[str, int]) -> Proposal:
    """Propose classes or aliases for labels without a class.

    Returns:
        An alias for each label that looks like another spelling of a class, else a class.
    """
    classes: dict[str, int] = {}
    aliases: dict[str, str | None] = {}
    values = free_values(labels_map)
    for label in labels:
        near = nearest(label, labels_map)
        if near is not None:
            aliases[label] = near
        elif (value := next(values, None)) is not None:
            classes[label] = value
    found: Proposal = {"labels_map": classes} if classes else {}
    return found | ({"rasterize": {"label_aliases": aliases}} if aliases else {})


def free_values(labels_map: Mapping[str, int]) -> Iterator[int]:
    """Yield the mask values that new classes can get: those above all others, then the gaps.

    >>> list(free_values({"Background": 0, "Wall": 253, "Void": 255}))[:2]
    [254, 1]
    """
    used = set(labels_map.values()) | {IGNORE}
    top = max(used - {IGNORE}, default=-1)
    yield from range(top + 1, IGNORE)
    yield from (value for value in range(top) if value not in used)


def nearest(label: str, known: Iterable[str]) -> str | None:
    """Return the known label that another one may be a misspelling of; None if there is none.

    >>> nearest("wall ", ["Door", "Wall"]), nearest("Room 11", ["Room 12"])
    ('Wall', None)
    """

    def plain(text: str) -> str:
        return re.sub(r"[\W_]+", "", text.casefold())

    def likeness(name: str) -> float:
        if re.findall(r"\d+", name) != re.findall(r"\d+", label):
            return 0.0
        return SequenceMatcher(None, plain(label), plain(name)).ratio() if plain(label) else 0.0

    best = max(sorted(known), key=likeness, default=None)
    return best if best is not None and likeness(best) >= _ALIKE else None


def _rule_name(labels: Sequence[str]) -> str:
    """Return a name that ``dvc exp run -S`` takes, where the labels have letters or digits."""
    return re.sub(r"\W+", "_", "_".join(labels).casefold()).strip("_") or "rule"


def _unused(name: str, used: Collection[str], joint: str) -> str:
    number = 1
    chosen = name
    while chosen in used:
        number += 1
        chosen = f"{name}{joint}{number}"
    return chosen


def lines_to_paste(proposal: Proposal) -> str:
    """Return the lines of a proposal for params.yaml, each indented as it stands in its section.

    A comment above each group of lines says where they go: the sections exist already, and YAML
    forbids a second section of the same name.
    """
    lines = []
    for where, depth, entries in _places(proposal):
        text = textwrap.indent(yaml_text(entries), "  " * depth).rstrip("\n")
        lines += [f"# {where}", text]
    return "\n".join(lines)


def _places(proposal: Proposal) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Yield the entries of a proposal, with where they go and how deeply they are nested there."""
    for section, entries in proposal.items():
        if section in ("labels_map", "multi_label_rules"):
            yield f"below `{section}:`", 1, entries
            continue
        for name, value in entries.items():
            where = f"in `{section}:`"
            if isinstance(value, dict):
                yield f"{where}, below `{name}:` (add it if missing)", 2, value
            else:
                yield f"{where}, in place of its `{name}:`, if it has one", 1, {name: value}


class Nesting(NamedTuple):
    """Two labels that lie on each other.

    Attributes:
        inner: The label with fewer pixels.
        outer: The other one.
        share: How much of the inner label's pixels lie on the outer one, 0 to 1, in the images in
            which they overlap.
    """

    inner: str
    outer: str
    share: float

    @property
    def is_nested(self) -> bool:
        """Whether the inner label lies inside the outer one."""
        return self.share >= _NESTED


def nestings(images: Iterable[Iterable[Combination]]) -> list[Nesting]:
    """Find pairs of overlapping labels without a rule, and how far one lies inside the other.

    Args:
        images: The combinations in each image.
    """
    both: Counter[tuple[str, str]] = Counter()
    areas: Counter[tuple[tuple[str, str], str]] = Counter()
    undecided: set[tuple[str, str]] = set()
    for image in images:
        found = list(image)
        pixels: Counter[str] = Counter()
        shared: Counter[tuple[str, str]] = Counter()
        for labels, count, becomes in found:
            pixels.update(dict.fromkeys(labels, count))
            shared.update(dict.fromkeys(subsets(sorted(labels), 2), count))
            undecided.update(subsets(sorted(labels), 2) if becomes is None else ())
        both += shared
        areas.update({(pair, label): pixels[label] for pair in shared for label in pair})
    pairs = []
    for pair in sorted(undecided):
        inner, outer = sorted(pair, key=lambda label: (areas[pair, label], label))
        pairs.append(Nesting(inner, outer, both[pair] / areas[pair, inner]))
    return pairs


def unmatched_advice(
    combinations: Sequence[Sequence[str]],
    pairs: Sequence[Nesting],
    labels_map: Mapping[str, int],
    rules: Collection[str],
) -> str:
    """Return advice on combinations without a rule; it ends with lines to paste.

    Args:
        combinations: The sets of labels.
        pairs: What :func:`nestings` finds.
        labels_map: Class name → mask value, as it is.
        rules: The names of the rules there are.
    """
    proposal = propose_classes(combinations, labels_map, rules)
    lines = []
    nested = [pair for pair in pairs if pair.is_nested]
    if nested:
        shown = ", ".join(f"{p.inner} in {p.outer} ({p.share:.0%})" for p in nested[:3])
        which = "Labels" if len(nested) == len(pairs) else "Some labels"
        lines.append(
            f"{which} lie inside each other: {shown}. With `overlap: smallest` in the section "
            "rasterize the smaller region wins, and no rule is needed "
            "(`maskbench rules --policy smallest --write` sets it)."
        )
    lines.append("`maskbench rules` shows how many pixels each policy gives to which class.")
    if len(combinations) > MOST_CLASSES or not proposal:
        lines.append(
            "For so many combinations, let the smaller region win: run "
            "`maskbench rules --policy smallest --write`, or change params.yaml yourself:"
        )
        proposal = {"rasterize": {"overlap": "smallest"}}
    else:
        lines.append(
            "To make each combination a class, run `maskbench rules --write`, or add these lines "
            "to params.yaml, each where its comment says:"
        )
    return "\n".join([*map(escape_terminal, lines), "", lines_to_paste(proposal)])


def unmatched_problems(totals: Iterable[CombinationTotal]) -> list[Problem]:
    """Return a problem for each combination without a rule and each task in which it occurs."""
    return [
        Problem(
            f"{missing_rule(labels)}: {counted(pixels, 'pixel')}",
            task=task,
            param="multi_label_rules",
        )
        for labels, becomes, pixels, tasks in totals
        if becomes is None
        for task in tasks
    ]


def unknown_problems(
    unknown: Mapping[int, Mapping[str, int]], labels: Iterable[str]
) -> list[Problem]:
    """Return a problem for each label without a class and each task in which it occurs.

    Args:
        unknown: Regions by label, as :func:`~maskbench.regions.build.unknown_labels` counts them,
            by task id.
        labels: The labels in ``labels_map``.
    """
    known = list(labels)
    regions = sum(map(Counter, unknown.values()), Counter[str]())
    problems = []
    for label in sorted(regions):
        tasks = [task for task, counts in unknown.items() if label in counts]
        many, hint = counted(regions[label], "region"), did_you_mean(label, known)
        what = f"the label {label!r} is not in labels_map: {many}; {hint}"
        problems += [Problem(what, task=task, param="labels_map") for task in tasks]
    return problems


def label_advice(unknown: Mapping[int, Mapping[str, int]], labels_map: Mapping[str, int]) -> str:
    """Return advice on labels without a class, ending with lines to paste; empty if there are none.

    Args:
        unknown: Regions by label, by task id.
        labels_map: Class name → mask value, as it is.
    """
    labels = sorted({label for counts in unknown.values() for label in counts})
    if not labels:
        return ""
    text = (
        "Correct them in Label Studio; or run `maskbench rules`, which proposes a class or an "
        "alias (another name) for each, and writes it with `--write`; or add these lines to "
        "params.yaml, each where its comment says (null instead of a name leaves a label out):"
    )
    return f"{text}\n\n{lines_to_paste(propose_labels(labels, labels_map))}".rstrip("\n")
