"""Where the service may send: web addresses of the outside, never its own network."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from urllib.parse import urlsplit


class TargetError(ValueError):
    """An address that may not be called; the message says why."""


def check_address(url: str, *, allow_private: bool) -> None:
    """Refuse what is no plain https address (http where private targets are allowed), carries a password or a bare private IP."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise TargetError(f"The address cannot be read: {error}.") from error
    allowed = {"https", "http"} if allow_private else {"https"}
    if parts.scheme not in allowed or not parts.hostname:
        raise TargetError(f"The address must begin with {' or '.join(sorted(allowed))}:// and name a host.")
    if parts.username or parts.password:
        raise TargetError("The address must not carry a user or password.")
    if len(url) > 2000 or port == 0:
        raise TargetError("The address is too long or has no usable port.")
    try:
        literal = ipaddress.ip_address(parts.hostname)
    except ValueError:
        return
    if not allow_private and not may_be_called(literal):
        raise TargetError("The address lies in a private network.")


def may_be_called(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an IP address belongs to the public Internet."""
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped.is_global if mapped is not None else address.is_global and not address.is_multicast


async def resolve(url: str, *, allow_private: bool) -> None:
    """Resolve the host and refuse it when any of its addresses is private. Raises TargetError, also when it does not resolve."""
    check_address(url, allow_private=allow_private)
    if allow_private:
        return
    parts = urlsplit(url)
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    except OSError as error:
        raise TargetError(f"The host does not resolve: {error}.") from error
    if not found or not all(may_be_called(ipaddress.ip_address(str(entry[4][0]).partition("%")[0])) for entry in found):
        raise TargetError("The host resolves to a private address.")
