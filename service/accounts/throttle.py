"""How often somebody may try to sign in: by login and by the address they come from, whether the login exists or not.

An account as a whole rests only after many more failures, so that nobody can lock somebody else out from one address. A
browser that a login signed in with before (`devices`) is counted like an address of its own: `device:` and its number. All
browsers of a login together have OF_DEVICES times as many tries as one; beyond, they count like strangers. An IPv6 address
counts by its /64: whoever has one has all of it.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

IPV6_PREFIX = 64
LONGEST_MEMORY = 20_000
OF_DEVICES = 3
"""A choice: whoever collected cookies guesses no faster than with this many."""
EVERY_DEVICE = "every device"
DEVICE = "device:"
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


@dataclass(frozen=True)
class Counted:
    """Where a sign-in was counted, whether it is of somebody known, and whether it is one too many, the first such."""

    place: str
    known: bool
    refused: bool
    just_now: bool


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


def _nobody() -> dict[bool, OrderedDict[tuple[str, str], _Tries]]:
    return {True: OrderedDict(), False: OrderedDict()}


@dataclass
class SignInThrottle:
    """Counts the tries of (login, address) on this node; the oldest are forgotten when there are too many.

    Tries of the known (signed in, or from a place or browser of lately) are kept apart: strangers, however many, make none of
    them forgotten.
    """

    tries: int
    rest: timedelta
    unknown: Allowance = field(default_factory=_hourly)
    """Sign-ins with unknown logins, and tries during a rest, on the ledger."""
    _counts: dict[bool, OrderedDict[tuple[str, str], _Tries]] = field(default_factory=_nobody)

    def begin(self, login: str, address: str, now: datetime, *, known: bool = False) -> bool:
        """Count a try; False when there were too many. Tries at the same time count too."""
        return self._count(login, address, now, known) <= self.tries

    def begin_sign_in(self, login: str, address: str, device: str | None, now: datetime, *, familiar: bool) -> Counted:
        """Count a sign-in where it belongs: at the browser that proved itself, or at the address."""
        if device is not None:
            place = DEVICE + device
            count = self._count(login, place, now, True)
            if count > self.tries:
                return Counted(place, True, True, count == self.tries + 1)
            if self._count(login, EVERY_DEVICE, now, True) <= self.tries * OF_DEVICES:
                return Counted(place, True, False, False)
        count = self._count(login, address, now, familiar)
        return Counted(address, familiar, count > self.tries, count == self.tries + 1)

    def _count(self, login: str, address: str, now: datetime, known: bool) -> int:
        counts, key = self._counts[known], (login, place_of(address))
        found = counts.get(key)
        if found is None or found.since + self.rest <= now:
            found = counts[key] = _Tries(0, now)
            counts.move_to_end(key)
            while len(counts) > LONGEST_MEMORY:
                counts.popitem(last=False)
        found.count += 1
        return found.count

    def succeeded(self, login: str, address: str) -> None:
        """Forget the tries of somebody who knew the password; of those of every browser only this one."""
        for counts in self._counts.values():
            counts.pop((login, place_of(address)), None)
        together = self._counts[True].get((login, EVERY_DEVICE))
        if address.startswith(DEVICE) and together is not None:
            together.count = max(0, together.count - 1)

    def forget(self, login: str) -> None:
        """Forget the tries of a login from everywhere: an administrator unlocked it."""
        for counts in self._counts.values():
            for key in [key for key in counts if key[0] == login]:
                del counts[key]
