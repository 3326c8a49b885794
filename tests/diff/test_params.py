"""Parameters that differ between two versions, by their YAML path."""

from maskbench.diff.params import param_changes


def test_aliases():
    """A label whose alias is null is left out, which is not the same as to have none."""
    old = {"rasterize": {"label_aliases": {"a": "A", "b": None}}}
    new = {"rasterize": {"label_aliases": {"a": "B", "c": None}}}
    assert [(c.path.rpartition(".")[2], c.before, c.after) for c in param_changes(old, new)] == [
        ("a", "A", "B"),
        ("b", "(left out)", None),
        ("c", None, "(left out)"),
    ]
