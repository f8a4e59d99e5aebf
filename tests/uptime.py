"""The time that this process was given: a clock that stands still while the machine does.

How long something may take can be asserted by it: a machine that stops for seconds (a virtual one does, when others are
busy) fails no test, and code that waits too long does.
"""

import threading
import time

_BEAT = 0.01
_STALL = 0.1  # so much later than due, the whole process was stopped


class _Clock:
    def __init__(self):
        self._last, self._lost = time.monotonic(), 0.0
        self._lock = threading.Lock()
        threading.Thread(target=self._beat, name="uptime", daemon=True).start()

    def _beat(self):
        while True:
            time.sleep(_BEAT)
            self.seconds()

    def seconds(self):
        with self._lock:
            now = time.monotonic()
            if now - self._last > _STALL:
                self._lost += now - self._last - _BEAT
            self._last = now
            return now - self._lost


_clocks = []


def seconds():
    """Seconds since some moment, without those in which nothing of this process ran for a tenth of a second or more."""
    if not _clocks:
        _clocks.append(_Clock())
    return _clocks[0].seconds()
