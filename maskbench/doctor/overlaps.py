"""Report what decides each combination of labels, and propose rules for the others.

This is ``maskbench rules``.
"""

from collections.abc import Sequence
from pathlib import Path

from maskbench.diff.report.terminal import aligned
from maskbench.errors import MaskbenchError
from maskbench.files.yaml import parse_yaml
from maskbench.files.yaml_edit import edit_file, with_entries, with_value
from maskbench.params import Params, parse_params
from maskbench.pipeline.overlapping import Survey
from maskbench.regions.policies import (
    POLICIES,
    Gains,
    TaskCombinations,
    strongest_first,
    total_gains,
)
from maskbench.regions.proposals import Proposal, lines_to_paste, propose_classes
from maskbench.regions.rules import ClassRules, CombinationTotal
from maskbench.text import counted

_NO_RULE = "NO RULE"


def decisions(totals: Sequence[CombinationTotal], params: Params) -> list[str]:
    """Return a table of all combinations, the class of each, and the parameter that decides it."""
    rules = ClassRules.of(params)
    rows = [
        (
            " + ".join(labels) or "(none)",
            f"{pixels:,}",
            f"{len(tasks):,}",
            becomes or "",
            _NO_RULE if becomes is None else rules.decided_by(frozenset(labels)),
        )
        for labels, becomes, pixels, tasks in totals
    ]
    return aligned(("labels", ">pixels", ">tasks", "becomes", "decided by"), rows)


def preview(
    totals: Sequence[CombinationTotal],
    found: Sequence[TaskCombinations],
    params: Params,
    policy: str | None,
) -> list[str]:
    """Return a table of the classes that policies would give combinations; empty if none occur.

    Args:
        totals: All combinations.
        found: Those of each task.
        params: The params.
        policy: Show this policy on every combination; None: all policies on those without a rule.
    """
    shown = [t for t in totals if len(t.labels) > 1 and (policy or t.becomes is None)]
    gains = total_gains(found, strongest_first(found, params))
    policies = (policy,) if policy else POLICIES
    rows = []
    for total in shown:
        now = (total.becomes or _NO_RULE) if policy else ""
        cells = [_classes(gains, name, total.labels) for name in policies]
        rows.append((" + ".join(total.labels), f"{total.pixels:,}", now, *cells))
    table = aligned(("labels", ">pixels", "now", *policies), rows)
    return ["Pixels by class, if a policy decided:", *table] if rows else []


def _classes(gains: Gains, policy: str, labels: tuple[str, ...]) -> str:
    """Return which classes get the pixels of a combination, those that get most first."""
    given = [(name, count) for (p, of, name), count in gains.items() if (p, of) == (policy, labels)]
    ordered = sorted(given, key=lambda entry: (-entry[1], entry[0] or ""))
    return ", ".join(f"{name or _NO_RULE} {count:,}" for name, count in ordered)


def proposal(policy: str | None, totals: Sequence[CombinationTotal], found: Survey) -> Proposal:
    """Return entries for params.yaml that decide every combination; empty if all are decided.

    Args:
        policy: The policy to propose; None: new classes and rules.
        totals: All combinations.
        found: The labels in all tasks, with the proposal for those without a class.

    Raises:
        MaskbenchError: There are more combinations than free mask values.
    """
    lines = {section: dict(entries) for section, entries in found.labels.items()}
    for section, entries in _for_combinations(policy, totals, found).items():
        lines[section] = {**lines.get(section, {}), **entries}
    return lines


def _for_combinations(
    policy: str | None, totals: Sequence[CombinationTotal], found: Survey
) -> Proposal:
    params = found.params
    if policy in ("smallest", "top"):
        return {"rasterize": {"overlap": policy}} if params.rasterize.overlap != policy else {}
    if policy == "priority":
        order = list(strongest_first(found.tasks, params))
        wanted = {"unmatched": policy, "priority": order} if order else {}
        is_set = (params.combine.unmatched, list(params.combine.priority)) == (policy, order)
        return {"combine": wanted} if wanted and not is_set else {}
    unmatched = [total.labels for total in totals if total.becomes is None]
    names = [rule.name for rule in params.rules]
    lines = propose_classes(unmatched, params.labels_map, names)
    if unmatched and len(lines.get("labels_map", ())) < len(unmatched):
        raise MaskbenchError(
            f"{counted(len(unmatched), 'combination has', 'combinations have')} no rule, more than "
            "mask values (0 to 254) are free: let a policy decide, such as `maskbench rules "
            "--policy smallest`"
        )
    return lines


def write(path: Path, lines: Proposal) -> None:
    """Add a proposal to params.yaml, if the file is valid with it; comments stay.

    Raises:
        MaskbenchError: The file is written in a way that cannot be edited; nothing was changed.
    """

    def edit(text: str) -> str:
        for section, entries in lines.items():
            for name, value in entries.items():
                add = with_entries if isinstance(value, dict) else with_value  # aliases stay
                text = add(text, (section, name), value)
        parse_params(parse_yaml(text), path.name)
        return text

    try:
        edit_file(path, edit)
    except ValueError as error:
        what = f"{path} is as it was ({error}): change it by hand, each line where its comment says"
        raise MaskbenchError(what, advice=lines_to_paste(lines)) from None
