"""Choose the next ``fetch.snapshot``."""


def next_snapshot(current: str, today: str) -> str:
    """Return a snapshot name for today that differs from the current one.

    >>> next_snapshot("2026-11-21", "2026-11-22")
    '2026-11-22'
    >>> next_snapshot("2026-11-22", "2026-11-22"), next_snapshot("2026-11-22.2", "2026-11-22")
    ('2026-11-22.2', '2026-11-22.3')
    """
    day, _, number = current.partition(".")
    if day != today:
        return today
    return f"{today}.{int(number) + 1 if number.isdecimal() else 2}"
