"""Waiting for a condition, never for a time."""

import time


class Late(AssertionError):
    """The condition did not come true by its deadline."""


def until(condition, what, deadline_s=30.0, every_s=0.05, ignore=()):
    """Calls `condition` until it returns something true, and returns that.

    `what` completes the sentence "waited N s for ...". Exceptions of the types in `ignore` count as "not yet".
    """
    end = time.monotonic() + deadline_s
    while True:
        last = None
        try:
            last = condition()
            if last:
                return last
        except ignore as error:
            last = error
        if time.monotonic() >= end:
            raise Late(f"waited {deadline_s:g} s for {what}; last seen: {last!r}")
        time.sleep(every_s)
