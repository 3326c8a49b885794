"""A project behind a proxy, as the tests of predictions have it."""

from tests.predictions.conftest import loop

__all__ = ["loop"]
