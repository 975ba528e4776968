"""How often somebody may try to sign in: by login and by the address they come from, whether the login exists or not.

An account as a whole rests only after many more failures, so that nobody can lock somebody else out from one address. A
browser that a login signed in with before (`devices`) is counted like an address of its own: `device:` and its number. An IPv6
address counts by its /64: whoever has one has all of it.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

IPV6_PREFIX = 64
LONGEST_MEMORY = 20_000
NOTES_AN_HOUR = 60


def place_of(address: str) -> str:
    """Where calls from an address are counted: the address, of IPv6 its /64, of IPv4 in IPv6 that of IPv4."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ip_network((found, IPV6_PREFIX), strict=False))


@dataclass
class _Tries:
    count: int
    since: datetime


@dataclass
class Allowance:
    """How many entries of one kind may be written in a span; the rest is counted and told with the next one."""

    most: int
    span: timedelta
    _taken: int = 0
    _since: datetime | None = None
    _left_out: int = 0

    def take(self, now: datetime) -> int | None:
        """None when there is no room; otherwise how many were left out since the last one."""
        if self._since is None or self._since + self.span <= now:
            self._since, self._taken = now, 0
        if self._taken >= self.most:
            self._left_out += 1
            return None
        self._taken += 1
        left_out, self._left_out = self._left_out, 0
        return left_out


def _hourly() -> Allowance:
    return Allowance(NOTES_AN_HOUR, timedelta(hours=1))


@dataclass
class SignInThrottle:
    """Counts the tries of (login, address) on this node; the oldest are forgotten when there are too many."""

    tries: int
    rest: timedelta
    unknown: Allowance = field(default_factory=_hourly)
    """Sign-ins with unknown logins, and tries during a rest, on the ledger."""
    _known: OrderedDict[tuple[str, str], _Tries] = field(default_factory=OrderedDict)

    def begin(self, login: str, address: str, now: datetime) -> bool:
        """Count a try; False when there were too many. Tries at the same time count too."""
        key = (login, place_of(address))
        known = self._known.get(key)
        if known is None or known.since + self.rest <= now:
            known = self._known[key] = _Tries(0, now)
            self._known.move_to_end(key)
            while len(self._known) > LONGEST_MEMORY:
                self._known.popitem(last=False)
        known.count += 1
        return known.count <= self.tries

    def just_locked(self, login: str, address: str) -> bool:
        """Whether the try just counted was the first one too many."""
        known = self._known.get((login, place_of(address)))
        return known is not None and known.count == self.tries + 1

    def succeeded(self, login: str, address: str) -> None:
        """Forget the tries of somebody who knew the password."""
        self._known.pop((login, place_of(address)), None)

    def forget(self, login: str) -> None:
        """Forget the tries of a login from everywhere: an administrator unlocked it."""
        for key in [key for key in self._known if key[0] == login]:
            del self._known[key]
