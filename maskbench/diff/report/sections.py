"""Turn a comparison into titled tables of words, for the terminal, Markdown and the page."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from maskbench.diff.model import (
    CAUSE_TITLES,
    CODE,
    UNEXPLAINED,
    AnnotationChange,
    Cause,
    Differences,
    MaskChange,
)
from maskbench.diff.report.by_cause import by_cause
from maskbench.diff.report.verdict import percent, value
from maskbench.diff.voting import VoteCount
from maskbench.files.manifest import Row
from maskbench.regions.task import DRAWN
from maskbench.text import counted

LINKS = "task"
"""The column whose cells may be addresses; a name that looks like one is a name."""


@dataclass(frozen=True)
class Section:
    """One table.

    Attributes:
        title: Its heading.
        columns: Names of its columns; those with ``>`` in front hold numbers, aligned to the
            right, those with a backtick hold names from the data.
        rows: Its cells as plain text, the most important row first.
        alarm: Whether a reviewer has to look at it.
        keys: The item that each row is about; empty if rows are not about items.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    alarm: bool = False
    keys: tuple[str, ...] = ()


def sections(found: Differences) -> list[Section]:
    """Return all tables that have a row, alarms first."""
    tables = [
        _unexplained(found),
        _moves(found),
        _params(found),
        _causes(found),
        _classes(found),
        _transitions(found),
        _images(found),
        _votes(found),
        _members(found),
        _origins(found),
        _balance(found),
        _rows("Images added", found.added, found.links, found.same_image),
        _rows("Images removed", found.removed, {}, {}),
        _keys("Image files replaced", found.replaced),
        _keys("Annotation saved again, mask the same", found.saved_anew),
        _keys("Masks renumbered, every pixel's class the same", found.renumbered),
        Section("Code of the stages", ("`file",), tuple((path,) for path in found.code)),
    ]
    return [table for table in tables if table.rows]


def _unexplained(found: Differences) -> Section:
    rows = [
        (change.key, number(_pixels(change, UNEXPLAINED)), _unexplained_note(change))
        for change in found.unexplained
    ]
    note = f"added; {_NOT_GIVEN}"
    rows += [(key, number(pixels), note) for key, pixels in found.unexplained_new.items()]
    title = "ALARM: masks that changed without a cause"
    columns = ("`image", ">pixels", "what to do")
    return Section(title, columns, tuple(rows), True, tuple(row[0] for row in rows))


_NOT_GIVEN = (
    "not what its annotation and params give: `dvc repro -f combine`; or it was built with another "
    "version of a library"
)


def _unexplained_note(change: MaskChange) -> str:
    if change.manifest_mismatch:
        return "the file is not what manifest.csv says: `dvc repro`, and look who edited it"
    return _NOT_GIVEN


def _pixels(change: MaskChange, kind: str) -> int:
    return sum(cause.pixels for cause in change.causes if cause.kind == kind)


def _moves(found: Differences) -> Section:
    rows = ((move.key, move.before, move.after, move.cause) for move in found.moves)
    title = "ALARM: images moved between splits"
    keys = tuple(move.key for move in found.moves)
    return Section(title, ("`image", "from", "to", "because of"), tuple(rows), True, keys)


def _params(found: Differences) -> Section:
    rows = ((change.path, value(change.before), value(change.after)) for change in found.params)
    return Section("Parameters", ("`params.yaml", "`before", "`after"), tuple(rows))


def _causes(found: Differences) -> Section:
    rows = (
        (CAUSE_TITLES[g.kind], g.name, number(len(g.changes)), number(sum(g.pixels)))
        for g in by_cause(found)
    )
    return Section("Causes", ("cause", "`which", ">masks", ">pixels"), tuple(rows))


def _classes(found: Differences) -> Section:
    rows = (
        (name, number(entry.before), number(entry.after), signed(entry.after - entry.before),
         ratio(entry.iou))
        for name, entry in found.classes.items()
        if entry.before != entry.after or (entry.iou is not None and entry.iou < 1)
    )  # fmt: skip
    columns = ("`class", ">pixels before", ">after", ">change", ">IoU old↔new")
    return Section("Classes", columns, tuple(rows))


def _transitions(found: Differences) -> Section:
    rows = ((a, b, number(count)) for (a, b), count in found.transitions.items())
    return Section("Pixels that moved between classes", ("`from", "`to", ">pixels"), tuple(rows))


def _images(found: Differences) -> Section:
    columns = ("`image", ">pixels", ">share", ">worst IoU", "`because of", "regions", "by", LINKS)
    rows = tuple(_image(change) for change in found.changes)
    title = "Masks changed, worst first"
    return Section(title, columns, rows, False, tuple(change.key for change in found.changes))


def _image(change: MaskChange) -> tuple[str, ...]:
    return (
        change.key,
        number(change.changed),
        percent(change.share),
        _worst(change),
        ", ".join(dict.fromkeys(map(_cause_name, change.causes))),
        region_words(change.annotation),
        author_words(change.annotation),
        change.link or f"task {change.after.task}",
    )


def _cause_name(cause: Cause) -> str:
    return CAUSE_TITLES[cause.kind] if cause.kind in (UNEXPLAINED, CODE) else cause.name


def _worst(change: MaskChange) -> str:
    if not change.comparable:
        return "size differs"
    worst = min(change.iou.items(), key=lambda entry: (entry[1] or 0.0, entry[0]))
    return f"{ratio(worst[1])} {worst[0]}"


def region_words(change: AnnotationChange | None) -> str:
    """Return the changes of an annotation's regions, such as ``2 added (Canvas), 1 reshaped``."""
    if change is None:
        return ""
    words = []
    if change.before is not None and change.before != change.after:
        words.append(f"annotation {change.after} counts instead of {change.before}")
    groups: Counter[tuple[str, str]] = Counter()
    for region in change.regions:
        old, new = " + ".join(region.before), " + ".join(region.after)
        what = f"{old} → {new}" if region.kind == "relabelled" else new or old
        groups[region.kind, what] += 1
    words += [f"{n} {kind}" + (f" ({what})" if what else "") for (kind, what), n in groups.items()]
    return ", ".join(words)


def author_words(change: AnnotationChange | None) -> str:
    """Say who saved the annotation, and when."""
    if change is None:
        return ""
    who = f"user {change.annotator}" if change.annotator else "unknown"
    return f"{who}, {change.updated_at[:16].replace('T', ' ')}" if change.updated_at else who


def _votes(found: Differences) -> Section:
    voted = [(change.key, change.vote_count) for change in found.changes if change.vote_count]
    rows = tuple((key, number(count.pixels), vote_words(count)) for key, count in voted)
    columns = ("`image", ">pixels", "votes on most of the changed pixels")
    return Section("Votes", columns, rows, False, tuple(key for key, _ in voted))


def vote_words(count: VoteCount) -> str:
    """Return a sentence such as ``3 of 5 voted for Slough, where 4 did before``."""
    now = f"{count.after} of {count.voters_after} voted for {count.name}"
    if count.voters_before != count.voters_after:
        return f"{now}, where {count.before} of {count.voters_before} did before"
    if count.before == count.after:
        return f"{now}, as before"
    return f"{now}, where {count.before or 'nobody'} did before"


def _members(found: Differences) -> Section:
    if all(old == new for old, new in found.members.values()):
        return Section("Splits", (), ())
    rows = (
        (name, number(old), number(new), signed(new - old))
        for name, (old, new) in found.members.items()
    )
    return Section("Splits", ("split", ">images before", ">after", ">change"), tuple(rows))


def _origins(found: Differences) -> Section:
    rows = (
        (name, number(old), number(new), signed(new - old))
        for name, (old, new) in found.origins.items()
        if old != new and set(found.origins) != {DRAWN}
    )
    columns = ("`labels", ">images before", ">after", ">change")
    return Section("Where labels come from", columns, tuple(rows))


def _balance(found: Differences) -> Section:
    rows = []
    for split, classes in found.balance.items():
        totals = [sum(pair[side] for pair in classes.values()) for side in (0, 1)]
        for name, pair in classes.items():
            old, new = (pair[side] / max(1, totals[side]) for side in (0, 1))
            if abs(old - new) >= 0.0005:
                rows.append((split, name, f"{100 * old:.1f} %", f"{100 * new:.1f} %"))
    columns = ("split", "`class", ">share before", ">after")
    return Section("Class balance of the splits", columns, tuple(rows))


def _rows(
    title: str, rows: Sequence[Row], links: Mapping[str, str], same_image: Mapping[str, str]
) -> Section:
    cells = (
        (
            row.key, row.split, ", ".join(sorted(row.classes)),
            f"user {', '.join(row.authors)}" if row.authors else "",
            f"the same picture as {same_image[row.key]}, which is gone" if row.key in same_image
            else "",
            links.get(row.key) or f"task {row.task}",
        )
        for row in rows
    )  # fmt: skip
    columns = ("`image", "split", "classes", "by", "note", LINKS)
    return Section(title, columns, tuple(cells), False, tuple(row.key for row in rows))


def _keys(title: str, keys: Iterable[str]) -> Section:
    found = tuple(keys)
    return Section(title, ("`image",), tuple((key,) for key in found), False, found)


def number(count: int) -> str:
    """Return a whole number with thousands separated."""
    return f"{count:,}"


def signed(count: int) -> str:
    """Return a difference with its sign; 0 has none."""
    return f"{count:+,}" if count else "0"


def ratio(share: float | None) -> str:
    """Return an IoU with three digits, rounded down so that only equal masks show 1."""
    if share is None:
        return "-"
    return f"{int(share * 1000) / 1000:.3f}"


def column(name: str) -> str:
    """Return a column's name without its mark."""
    return name.lstrip(">`")


def heading(found: Differences) -> str:
    """Say what is compared, such as ``main (3f2a1c9) → workspace, 22 → 23 images``."""
    images = f"{found.images_before:,} → {counted(found.images_after, 'image')}"
    return f"{found.before} → {found.after}, {images}"
