"""Say in words why a pixel has its class."""

from maskbench.diff.blame import Blame, Covering, Since, Vote
from maskbench.diff.class_names import NO_RULE
from maskbench.text import escape_terminal


def lines(found: Blame, past: Since | None) -> list[str]:
    """Return the answer in words, one fact on each line."""
    rule = f": {' + '.join(found.labels)} → {found.expected}" if len(found.labels) > 1 else ""
    facts = [("because of", f"{found.reason}{rule}"), *_source_facts(found)]
    for vote in found.votes:
        facts += [("vote", f"{_name(vote)}: {vote.gives} ({vote.reason})"), *_source_facts(vote)]
    facts.append(("task", found.link or str(found.row.task)))
    if past:
        facts.append(("since", _since_words(past)))
    head = (
        f"{found.row.key} ({found.x}, {found.y}) in {found.version}: "
        f"{found.name} (value {found.value})"
    )
    told = [f"  {name:<11} {text}" for name, text in facts]
    if not found.agrees:
        wrong = "no class" if found.expected == NO_RULE else found.expected
        what = "these votes" if len(found.votes) > 1 else "these labels"
        told.append(f"  ALARM       {what} give {wrong}: the mask was edited, or is stale")
    return [escape_terminal(line) for line in (head, *told)]


def _source_facts(found: Blame | Vote) -> list[tuple[str, str]]:
    facts = [("region", _region_words(entry)) for entry in found.regions]
    if found.annotation is not None:
        when = f", saved {found.updated_at}" if found.updated_at else ""
        facts.append(("annotation", f"{found.annotation} by {_name(found)}{when}"))
    return facts


def _name(found: Blame | Vote) -> str:
    return f"user {found.annotator}" if found.annotator is not None else "an unknown user"


def _region_words(entry: Covering) -> str:
    hidden = "" if entry.decides else " (under another region: rasterize.overlap)"
    drawn = f" (drawn as {' + '.join(entry.aliased)})" if entry.aliased else ""
    return f"{entry.shape} {entry.region}: {' + '.join(entry.labels)}{drawn}{hidden}"


def _since_words(past: Since) -> str:
    before = f"; before: {past.before}" if past.before else ""
    if past.commit is None:
        return "the workspace, not committed" + before if past.complete else "unknown: no data"
    tag = f", first in {past.tag}" if past.tag else ""
    unread = "; or longer: an older version's data was not pushed, or its params cannot be read"
    rest = "" if past.complete else unread
    where = f"{past.commit.sha[:7]} {past.commit.date} {past.commit.subject!r}"
    return f"{where} by {past.commit.author}{tag}{before}{rest}"
