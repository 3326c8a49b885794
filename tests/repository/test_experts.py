"""`scripts/experts.py`, whose figures docs/consensus.md shows, on exports of three experts."""

import json

from scripts.experts import WAYS, main
from tests.exports import annotation, box, task


def test_the_exports_of_experts_become_one_benchmark(tmp_path, capsys):
    exports = tmp_path / "exports"
    exports.mkdir()
    for user, right in ((5, 50), (7, 60), (9, 80)):
        drawn = annotation(user, [box(["Wound"], 0, 0, right, 50)], user=user)
        own = task(user, drawn, image="wound.png", project=user)
        (exports / f"expert-{user}.json").write_text(json.dumps([own]))
    main(exports, tmp_path / "out")
    lines = capsys.readouterr().out.splitlines()
    rows = {line[:18].strip(): line[18:].split() for line in lines[: 1 + len(WAYS)]}
    # 40 x 30 pixels: all three agree on 20 columns of 15, two of them on 4 more.
    assert rows["majority"] == ["1", "0.00", "%", "840", "360"]
    assert rows["majority, 4 of 5"] == rows["majority, all"] == ["1", "15.00", "%", "720", "300"]
    assert any("against the majority of the others" in line for line in lines)
