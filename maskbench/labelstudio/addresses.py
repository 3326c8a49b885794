"""References to images as addresses: where a server gives the image that a task names. Pure."""

import base64
import posixpath
from urllib.parse import unquote, urlsplit

CLOUD = ("s3", "gs", "azure-blob")
"""Schemes of cloud storage; the server resolves them with its own credentials."""

_DIRECT = {"s3": "s3", "gs": "gs", "azure-blob": "abfs"}


def image_address(reference: str, server: str, task: int) -> str:
    """The address to get an image from.

    Args:
        reference: What the task's data holds.
        server: The server's address, perhaps with a path (``https://host/ls``).
        task: The task's id: cloud storage is resolved for a task.

    Raises:
        ValueError: The reference is no address; the message says so.

    >>> image_address("/data/upload/1/x.png", "http://localhost:8080", 7)
    'http://localhost:8080/data/upload/1/x.png'
    """
    parts = urlsplit(reference)
    if parts.scheme in ("http", "https"):
        return reference
    if parts.scheme in CLOUD:
        code = base64.urlsafe_b64encode(reference.encode()).decode()
        return f"{server}/tasks/{task}/resolve/?fileuri={code}"
    if reference.startswith("/") and not reference.startswith("//"):
        # With LABEL_STUDIO_HOST=http://host/ls the reference itself begins with /ls.
        base = urlsplit(server)
        below = base.path and reference.startswith(f"{base.path}/")
        return (f"{base.scheme}://{base.netloc}" if below else server) + reference
    raise ValueError(
        f"the image {reference[:200]!r} is no address that the server could give: it needs to "
        "begin with /data/, http://, https://, s3://, gs:// or azure-blob://"
    )


def is_cloud(reference: str) -> bool:
    """Whether a reference names an object in cloud storage."""
    return urlsplit(reference).scheme in CLOUD


def direct_address(reference: str) -> str:
    """A cloud reference as fsspec writes it."""
    parts = urlsplit(reference)
    return reference.replace(parts.scheme, _DIRECT[parts.scheme], 1)


def is_upload(address: str) -> bool:
    """Whether an address is of an upload: its content never changes, its length is not told."""
    return "/data/upload/" in urlsplit(address).path


def is_question(address: str, server: str) -> bool:
    """Whether an address of the server is of its API: a task must not ask with our key.

    >>> is_question("http://host/data/../api/users", "http://host")
    True
    """
    path = unquote(urlsplit(address.replace("\\", "/")).path).replace("\\", "/")
    steps = posixpath.normpath(path).lower().lstrip("/")
    base = urlsplit(server).path.strip("/").lower()
    inner = steps.removeprefix(f"{base}/") if base else steps
    return any(path == "api" or path.startswith("api/") for path in (steps, inner))
