"""Repeat requests as urllib3 does, but say so when it takes long, and do not wait for hours."""

import logging
import time
from types import TracebackType
from typing import Self, cast

from urllib3.connectionpool import ConnectionPool
from urllib3.exceptions import InvalidHeader, MaxRetryError, ResponseError, SSLError
from urllib3.response import BaseHTTPResponse
from urllib3.util.retry import Retry

from maskbench.labelstudio.server.errors import LONGEST_WAIT, short_reason, without_query

_LOG = logging.getLogger(__name__)
_LONG_PAUSE = 4.0  # seconds; such pauses are logged

# Its warnings about retries show whole addresses, whose query can hold a signature.
logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)


class PatientRetry(Retry):
    """urllib3's Retry, which also logs long pauses and does not wait for hours."""

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Return the seconds that the server asks to wait; None if it names no time."""
        try:
            return super().get_retry_after(response)
        except InvalidHeader:
            return None

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> Self:
        """Return the state for the next try.

        Raises:
            MaxRetryError: No try is left, another one would fail as well, or the server asks to
                wait too long.
        """
        pool = cast(ConnectionPool, _pool)
        if isinstance(error, SSLError):
            raise MaxRetryError(pool, url or "", error)
        if response is not None and (self.get_retry_after(response) or 0) > LONGEST_WAIT:
            raise MaxRetryError(pool, url or "", ResponseError("asks to wait too long"))
        return super().increment(method, url, response, error, _pool, _stacktrace)

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        """Wait before the next try, and log it if that takes long."""
        asked = None if response is None else self.get_retry_after(response)
        pause = asked or self.get_backoff_time()
        if pause >= _LONG_PAUSE:
            last = self.history[-1]
            what = short_reason(last.error) if last.error else f"answered {last.status}"
            _LOG.warning("%s: %s; trying again in %g s", without_query(last.url or ""), what, pause)
        time.sleep(pause)
