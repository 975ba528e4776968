"""How often somebody may try to sign in: by login and by the address they come from, whether the login exists or not.

An account as a whole rests only after many more failures, so that nobody can lock somebody else out from one address.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

LONGEST_MEMORY = 20_000


@dataclass
class _Tries:
    count: int
    since: datetime


class SignInThrottle:
    """Counts the tries of (login, address) on this node; the oldest are forgotten when there are too many."""

    def __init__(self, tries: int, rest: timedelta) -> None:
        self._tries = tries
        self._rest = rest
        self._known: OrderedDict[tuple[str, str], _Tries] = OrderedDict()

    def begin(self, login: str, address: str, now: datetime) -> bool:
        """Count a try; False when there were too many. Tries at the same time count too."""
        key = (login, address)
        known = self._known.get(key)
        if known is None or known.since + self._rest <= now:
            known = self._known[key] = _Tries(0, now)
            self._known.move_to_end(key)
            while len(self._known) > LONGEST_MEMORY:
                self._known.popitem(last=False)
        known.count += 1
        return known.count <= self._tries

    def succeeded(self, login: str, address: str) -> None:
        """Forget the tries of somebody who knew the password."""
        self._known.pop((login, address), None)
