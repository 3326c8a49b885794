"""A project behind a proxy, as the tests of predictions have it."""

from tests.predictions.test_server import loop

__all__ = ["loop"]
