"""Describe what was found in a source, and propose params for it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from maskbench.errors import MaskbenchError
from maskbench.init.survey import LabelOverlap, Labels, SourceSurvey
from maskbench.regions.proposals import named_rule, propose_classes
from maskbench.text import counted, escape_terminal

SHOWN = 12  # rows of a list
BACKGROUND = "Background"
MOST_CLASSES = 254  # beside the background; 255 is "ignore"


def describe_survey(survey: SourceSurvey) -> list[str]:
    """Return lines that tell what was found."""
    of = f" of {survey.total:,}" if survey.total > survey.tasks else ""
    have = f"{survey.counted:,} {'has' if survey.counted == 1 else 'have'}"
    labels = [f"{_shown(name)} ({counted(n, 'region')})" for name, n in survey.labels.items()]
    people = [
        f"user {i or 'unknown'} ({counted(n, 'annotation')})"
        for i, n in survey.annotators.most_common()
    ]
    lines = [
        f"{survey.name}:",
        f"  tasks        {survey.tasks:,}{of}; {have} an annotation that counts",
        *_rows("labels", labels),
        *_rows("annotators", people),
        *_rows("image field", [name or "inside a list" for name, _ in survey.fields.most_common()]),
        *_rows("sizes", [f"{w} x {h} ({n:,})" for (w, h), n in survey.sizes.most_common()]),
        *_rows("overlaps", [_overlap(pair) for pair in survey.pairs] or ["none"]),
    ]
    lines += _rows("notes", survey.notes)
    if survey.problems:
        count = counted(len(survey.problems), "problem")
        lines.append(f"  problems     {count}; the first: {survey.problems[0]}")
        lines.append("               `maskbench doctor` lists them all")
    return lines


def _rows(title: str, entries: Sequence[str]) -> list[str]:
    more = len(entries) - SHOWN
    shown = [*entries[:SHOWN], *([f"… and {more:,} more"] if more > 0 else [])]
    return [f"  {title if i == 0 else '':<12} {entry}" for i, entry in enumerate(shown)]


def _overlap(pair: LabelOverlap) -> str:
    labels = " + ".join(map(_shown, pair.labels))
    return f"{labels} ({counted(pair.pixels, 'pixel')} in {counted(pair.tasks, 'task')})"


def _shown(label: str) -> str:
    """Return a label for one line of text: in quotes if it begins or ends with a blank."""
    return escape_terminal(label if label == label.strip() else repr(label))


@dataclass(frozen=True)
class Proposal:
    """What ``params.yaml`` is proposed to say.

    Attributes:
        labels_map: Class name → value.
        overlap: ``rasterize.overlap``.
        why: Why, as a sentence for a comment.
        rules: Rule name → its ``when`` and ``then``.
        aliases: Label → the one it counts as.
    """

    labels_map: Mapping[str, int]
    overlap: str
    why: str
    rules: Mapping[str, object] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)


def propose(
    survey: SourceSurvey, overlap: str | None = None, aliases: Mapping[str, str] | None = None
) -> Proposal:
    """Propose params that fit what was found.

    Args:
        survey: What was found.
        overlap: ``smallest``, ``top`` or ``keep``, as ``rasterize.overlap``, or ``rules``: a class
            and a rule for each combination; None: ``smallest``, where anything overlaps.
        aliases: Labels that count as another one.

    Raises:
        MaskbenchError: There are more labels than mask values.
    """
    aliases = aliases or {}
    labels_map = _values([label for label in survey.labels if label not in aliases])
    if len(labels_map) > MOST_CLASSES + 1:
        raise MaskbenchError(
            f"{survey.name}: {len(labels_map) - 1} classes, but a mask has values for "
            f"{MOST_CLASSES} beside the background; use fewer labels"
        )
    why, rules = _found(survey, aliases), _rules(survey, aliases)
    if overlap == "rules":
        sets = _merged((each.labels for each in survey.overlaps), aliases)
        more = propose_classes(sets, labels_map, ())
        labels_map |= more.get("labels_map", {})
        rules = more.get("multi_label_rules", {})
        why, overlap = f"{why} The rules above make each combination a class.", "keep"
    elif overlap is None and not survey.overlaps:
        why, overlap = f"{why} If labels overlap one day, the build stops and says where.", "keep"
    elif overlap == "keep":
        rules = {}
    return Proposal(labels_map, overlap or "smallest", why, rules, aliases)


def _rules(survey: SourceSurvey, aliases: Mapping[str, str]) -> dict[str, object]:
    """Return a rule for each region with several labels: the rarest of them counts."""
    rules: dict[str, object] = {}
    for labels in _merged(sorted(survey.united), aliases):
        rarest = min(labels, key=lambda label: (survey.pixels[label], label))
        rules |= named_rule(labels, rarest, rules)
    return rules


def _merged(sets: Iterable[Labels], aliases: Mapping[str, str]) -> list[Labels]:
    """Replace labels by their aliases; return the sets that still have several, without repeats."""
    merged = (tuple(sorted({aliases.get(label, label) for label in labels})) for labels in sets)
    return [labels for labels in dict.fromkeys(merged) if len(labels) > 1]


def _values(labels: Iterable[str]) -> dict[str, int]:
    """Return values in the labels' order; the background has 0, drawn or not."""
    names = list(labels)
    drawn = next((name for name in names if name.casefold() == BACKGROUND.casefold()), BACKGROUND)
    ordered = [drawn, *(name for name in names if name != drawn)]
    return {name: value for value, name in enumerate(ordered)}


def _found(survey: SourceSurvey, aliases: Mapping[str, str]) -> str:
    """Say which labels overlap most, except labels that aliases make one."""
    if not survey.counted:
        return "Nothing was annotated when this file was made."
    merged = ((pair, {aliases.get(label, label) for label in pair.labels}) for pair in survey.pairs)
    worst = next((pair for pair, labels in merged if len(labels) > 1), None)
    if worst is None:
        return f"Nothing overlapped in the {counted(survey.counted, 'task')} looked at."
    return f"The labels that overlap most: {_overlap(worst)}."


def alike(labels: Mapping[str, int]) -> list[list[str]]:
    """Return the groups of labels that differ only in case or blanks, the most used label first.

    Args:
        labels: Regions by label.

    >>> alike({"wall ": 1, "Door": 1, "Wall": 9})
    [['Wall', 'wall ']]
    """
    groups: dict[str, list[str]] = {}
    for label in sorted(labels, key=lambda label: -labels[label]):
        groups.setdefault(" ".join(label.split()).casefold(), []).append(label)
    return [group for group in groups.values() if len(group) > 1]
