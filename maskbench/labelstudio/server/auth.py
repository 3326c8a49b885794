"""Read a Label Studio server's key, recognise its kind, and make the header that sends it.

A key comes from the environment or from a git-ignored ``.env`` file, never from ``params.yaml``,
and is sent to the server's own origin only: see :mod:`maskbench.labelstudio.server.client`.
"""

import base64
import binascii
import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from requests import PreparedRequest
from requests.auth import AuthBase

from maskbench.errors import SourceError
from maskbench.labelstudio.server.private_network import origin

KEY_VARIABLE = "LABEL_STUDIO_API_KEY"
"""Environment variable (or line in ``.env``) that holds the key."""

SERVER_VARIABLE = "LABEL_STUDIO_URL"
"""Variable beside the key that names the only server that may get it."""

LEGACY = "legacy token"
PERSONAL = "personal access token"
ACCESS = "access token"

_RENEW_AFTER = 240.0  # seconds; access tokens live for 300


@dataclass(frozen=True)
class Key:
    """A key and its kind; its text is not shown when it is printed.

    Attributes:
        secret: The key itself.
        kind: ``legacy token``, ``personal access token``, or ``access token`` (what a personal one
            is traded for; it lives for five minutes).
    """

    secret: str = field(repr=False)
    kind: str


def read_key(root: Path, server: str) -> Key:
    """Read the key from the environment, else from ``.env`` in ``root``.

    Args:
        root: The repository's folder.
        server: The address the key is meant for.

    Raises:
        SourceError: There is none, it cannot be a key, or :data:`SERVER_VARIABLE` names another
            server.
    """
    values = {**dotenv_values(root / ".env", interpolate=False), **os.environ}
    own = (values.get(SERVER_VARIABLE) or "").strip()
    if own and origin(own) != origin(server):
        raise SourceError(
            f"{SERVER_VARIABLE} says that the key is for {own}, but fetch.server is {server}: "
            "the key was not sent; make them agree"
        )
    text = (values.get(KEY_VARIABLE) or "").strip()
    if not text:
        raise SourceError(
            f"no key for {server}: set {KEY_VARIABLE} in the environment or in .env "
            f"(make one at {key_page(server)})"
        )
    if not text.isascii() or not text.isprintable() or " " in text:
        raise SourceError(f"{KEY_VARIABLE} is not a key: it holds blanks or other odd characters")
    return Key(text, kind_of(text))


def kind_of(text: str) -> str:
    """Return the kind of a key, by its shape: a JWT has two dots and names its own type.

    >>> kind_of("89abcdef0123456789abcdef0123456789abcdef")
    'legacy token'
    """
    parts = text.split(".")
    if len(parts) != 3:
        return LEGACY
    return ACCESS if _claims(parts[1]).get("token_type") == "access" else PERSONAL


def _claims(part: str) -> dict[str, Any]:
    try:
        value = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, binascii.Error):
        return {}
    return value if isinstance(value, dict) else {}


def key_page(server: str) -> str:
    """Return the address of the page on which a user makes a key."""
    return f"{server}/user/account"


class Credentials(AuthBase):
    """Add a key to requests; renews access tokens; safe to use from threads.

    Args:
        key: The key.
        trade: Asks the server for an access token, given a personal one; raises SourceError.
    """

    def __init__(self, key: Key, trade: Callable[[str], str]) -> None:
        self.key = key
        self._trade = trade
        self._lock = threading.Lock()
        self._access = key.secret if key.kind == ACCESS else ""
        self._renewed = time.monotonic()

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the header ``Authorization`` for a request made now."""
        request.headers["Authorization"] = self._header()
        return request

    def _header(self) -> str:
        if self.key.kind == LEGACY:
            return f"Token {self.key.secret}"
        with self._lock:
            old = time.monotonic() - self._renewed > _RENEW_AFTER
            if self.key.kind == PERSONAL and (old or not self._access):
                self._trade_again()
            return f"Bearer {self._access}"

    def renew(self, refused: PreparedRequest) -> bool:
        """Renew the token of a refused request; return whether a second try is worth it."""
        if self.key.kind != PERSONAL:
            return False
        with self._lock:
            mine = f"Bearer {self._access}"
            if refused.headers["Authorization"] == mine:  # else another thread has renewed it
                self._trade_again()
        return True

    def _trade_again(self) -> None:
        self._access = self._trade(self.key.secret)
        self._renewed = time.monotonic()


class KeyRefusedError(SourceError):
    """The server refuses the key."""


def refusal(kind: str, server: str, detail: str) -> KeyRefusedError:
    """Return the error for a key that the server refuses, with what to do about it.

    Args:
        kind: The kind of key that was sent.
        server: The server's address.
        detail: The server's own words.
    """
    page = key_page(server)
    said = f"{server} refused the {kind} in {KEY_VARIABLE} ({detail or 'no reason given'})"
    if "legacy token authentication has been disabled" in detail:
        return KeyRefusedError(
            f"{said}: this server takes no legacy tokens; make a personal access token at {page}, "
            "or have an administrator allow legacy tokens on the Organization page"
        )
    if kind == ACCESS:
        return KeyRefusedError(
            f"{said}: access tokens expire after five minutes; use the personal access token "
            f"itself, from {page}"
        )
    is_revoked = "blacklisted" in detail
    why = "it was revoked" if is_revoked else "it is wrong, revoked, or of another server"
    return KeyRefusedError(f"{said}: {why}; make a new one at {page}")
