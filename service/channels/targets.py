"""Where the service may send: web addresses of the outside, never its own network."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from urllib.parse import urlsplit

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


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
    if not parts.hostname.isascii() or "%" in parts.hostname:
        raise TargetError("The host must be written in ASCII; use its punycode form.")
    try:
        literal = ipaddress.ip_address(parts.hostname)
    except ValueError:
        last = parts.hostname.rstrip(".").rpartition(".")[2]
        if last.isdigit() or last.startswith("0x"):
            raise TargetError("The address writes an IP address in an unusual form; use a name.") from None
        return
    if not allow_private and not may_be_called(literal):
        raise TargetError("The address lies in a private network.")


def may_be_called(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an IP address, or the IPv4 address it carries, belongs to the public Internet."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast
    inner = address.ipv4_mapped or address.sixtofour or _translated(address) or _compatible(address)
    if inner is not None:
        return may_be_called(inner)
    return address.is_global and not address.is_multicast and address.teredo is None


def _translated(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in NAT64 else None


def _compatible(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    return ipaddress.IPv4Address(int(address)) if 1 < int(address) <= 0xFFFFFFFF else None


async def resolve(host: str, port: int, *, allow_private: bool) -> list[tuple[str, socket.AddressFamily]]:
    """The addresses of a host, to be connected to as they are. Raises TargetError when one of them is private or there is none."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise TargetError(f"The host does not resolve: {error}.") from error
    addresses: list[tuple[str, socket.AddressFamily]] = [(str(entry[4][0]), entry[0]) for entry in found]
    public = all(may_be_called(ipaddress.ip_address(address.partition("%")[0])) for address, _ in addresses)
    if not addresses or not (public or allow_private):
        raise TargetError("The host resolves to a private address.")
    return addresses
