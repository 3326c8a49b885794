"""The labelling setup against labels_map: told before anything is downloaded."""

import pytest

from maskbench.errors import SourceError
from maskbench.labelstudio.labeling import Control, parse_labeling
from tests.labelstudio.server.fixtures import filled

SETUP = """<View><Image name="img" value="$photo"/>
<PolygonLabels name="a" toName="img"><Label value="Leaf" alias="leaf"/><Label value="Stem"/>
</PolygonLabels><Labels name="b" toName="img"><Label value="Pot"/></Labels>
<Brush name="c" toName="img"/>
<Choices name="q" toName="img"><Choice value="good"/></Choices></View>"""


def test_the_setup_as_the_server_reads_it(api):
    project = api.create_project("setup", SETUP)
    parsed = api.call("GET", f"/api/projects/{project}/")["parsed_label_config"]
    found = parse_labeling(parsed)
    # As annotations store them (the alias), and in the setup's order.
    assert list(found.labels) == ["leaf", "Stem", "Pot"]
    assert found.fields == {"img": "photo"}
    assert found.controls == (
        Control("a", "polygon", "img", ("leaf", "Stem")),
        Control("b", "brush", "img", ("Pot",), tool="c"),
    )


def test_told_before_anything_is_downloaded(api, bench, proxy, quick, capsys):
    project, _ = filled(api, "labels", 1)
    proxy.fail("/export", "500", times=1000)
    with pytest.raises(SourceError):
        bench.fetch(proxy.url, project, labels=("Canvas", "Plant"))
    told = capsys.readouterr().err.splitlines()
    assert [line.startswith("warning: params.yaml: labels_map") for line in told] == [True, True]
    assert "'Obstruction' is not in labels_map" in told[0]
    assert "labels_map.Plant: no project's setup offers this label" in told[1]
