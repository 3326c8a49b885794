"""Images in S3, by a Label Studio storage and by ourselves; the S3 server is moto's."""

import logging
from urllib.parse import urlsplit

import boto3
import pytest
from moto.server import ThreadedMotoServer
from s3fs import S3FileSystem

from maskbench.errors import DataError
from maskbench.labelstudio.stored import read_task
from tests.labelstudio.server.fixtures import POLYGONS, imported, png, triangle

KEYS = ("room 1/wall.png", "room 1/größe, 2.png")


@pytest.fixture(scope="module")
def s3():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{host}:{port}",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        region_name="us-east-1",
    )
    client.create_bucket(Bucket="walls")
    yield client
    server.stop()


@pytest.fixture
def bucket(s3):
    for number, key in enumerate(KEYS):
        s3.put_object(Bucket="walls", Key=key, Body=png(number), ContentType="image/png")
    return s3


def storage(api, s3, presign, bucket="walls"):
    """A project whose tasks come from the bucket, all annotated."""
    project = api.create_project(f"s3, presign {presign}", POLYGONS)
    body = {
        "project": project,
        "bucket": bucket,
        "regex_filter": ".*png",
        "recursive_scan": True,
        "use_blob_urls": True,
        "presign": presign,
        "aws_access_key_id": "key",
        "aws_secret_access_key": "secret",
        "s3_endpoint": s3.meta.endpoint_url,
        "region_name": "us-east-1",
        "title": "walls",
    }
    number = api.call("POST", "/api/storages/s3/", json=body)["id"]
    api.call("POST", f"/api/storages/s3/{number}/sync")
    for task in api.tasks(project):
        api.annotate(task["id"], [triangle()])
    return project


@pytest.mark.parametrize("presign", [True, False])
def test_a_label_studio_storage(api, bench, proxy, bucket, presign):
    project = storage(api, bucket, presign)
    if presign:  # the signed address is of the storage itself
        bench.private_hosts = [urlsplit(bucket.meta.endpoint_url).netloc]
    assert bench.fetch(proxy.url, project).startswith("2 tasks, 2 images, 2 regions")
    stored = sorted(path.read_bytes() for path in bench.layout.images.glob("*"))
    assert stored == sorted(png(number) for number in range(2))
    tasks = [read_task(path) for path in sorted(bench.layout.annotations.glob("*"))]
    assert {task.reference for task in tasks} == {f"s3://walls/{key}" for key in KEYS}
    assert proxy.counts()["/resolve/"] == 2
    before = bench.outputs()
    bucket.put_object(Bucket="walls", Key=KEYS[0], Body=png(9))
    assert bench.fetch(proxy.url, project).endswith("(1 task new or changed)")
    bucket.put_object(Bucket="walls", Key=KEYS[0], Body=png(0), ContentType="image/png")
    bench.fetch(proxy.url, project)
    assert bench.outputs() == before


def test_a_large_image_that_the_server_passes_on_in_parts(api, bench, proxy, s3, quick):
    """It is cut; what is missing is asked for, and given in parts of eight megabytes."""
    s3.create_bucket(Bucket="large")
    content = png(1, size=(2600, 2500))  # 19 MB: noise does not compress
    s3.put_object(Bucket="large", Key="large.png", Body=content, ContentType="image/png")
    project = storage(api, s3, presign=False, bucket="large")
    region = {**triangle(), "original_width": 2600, "original_height": 2500}
    [task] = api.tasks(project)
    api.annotate(task["id"], [region], ground_truth=True)
    proxy.fail("/resolve/", "cut")
    assert bench.fetch(proxy.url, project).startswith("1 task, 1 image")
    [image] = bench.layout.images.glob("*")
    assert image.read_bytes() == content
    ranges = [headers.get("Range") for _, path, headers in proxy.requests if "/resolve" in path]
    assert ranges[0] is None
    assert len(ranges) >= 3
    assert proxy.counts()["/resolve/"] == len(ranges)


@pytest.fixture
def own_credentials(monkeypatch, s3):
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3.meta.endpoint_url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    S3FileSystem.clear_instance_cache()  # those kept from other tests have no such keys


def test_read_directly_where_the_server_has_no_storage(api, bench, proxy, bucket, own_credentials):
    project, _ = imported(api, "s3, no storage", [f"s3://walls/{key}" for key in KEYS])
    assert bench.fetch(proxy.url, project).startswith("2 tasks, 2 images")
    stored = sorted(path.read_bytes() for path in bench.layout.images.glob("*"))
    assert stored == sorted(png(number) for number in range(2))
    assert bench.fetch(proxy.url, project).endswith("(0 tasks new or changed)")


def test_what_neither_can_read(api, bench, studio, bucket, own_credentials):
    references = ["s3://walls/none.png", "gs://walls/none.png"]
    project, _ = imported(api, "s3, no storage", references)
    with pytest.raises(DataError) as error:
        bench.fetch(studio.url, project)
    first, second = error.value.problems
    assert "s3://walls/none.png itself is not there" in first.what
    assert "gcsfs" in second.what
