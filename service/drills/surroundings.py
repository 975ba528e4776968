"""What a drill's process knows of its surroundings: where the database is, and nothing that could take it outside.

The settings of a drill are given, not read: no variable of the environment reaches them, so the passwords of the mail server, the
key of the gateway and the signing key are not even seen. Then the variables are taken away and every door but the database's is shut.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from service.kit.settings import Settings

PREFIX = "LANTIAN_"
POSTGRES_PORT = 5432


class Where(BaseSettings):
    """All that a drill reads from the environment."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", populate_by_name=True)

    data_dir: Path = Path("var")
    database_url: str | None = Field(default=None, validation_alias=AliasChoices("DATABASE_URL", "database_url"))
    database_name: str = "lantian"
    config_dir: Path | None = None


class DrillSettings(Settings):
    """Settings that come from the caller alone."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Neither environment nor files are a source."""
        return (init_settings,)


def settings_for(inside: str, where: Where, schema: str, *, host: str = "127.0.0.1", port: int = 0) -> DrillSettings:
    """The settings of a drill: its schema, a folder of its own with its own keys and public site, nothing configured to go out."""
    return DrillSettings(
        database_url=inside,
        data_dir=where.data_dir / "drills" / schema,
        config_dir=where.config_dir,
        host=host,
        port=port,
        cap_sender="drill.invalid",
    )


def forget_environment() -> None:
    """Take every setting of the live service out of this process, and so out of any it might start."""
    for name in [name for name in os.environ if name.upper().startswith(PREFIX) or name.upper() == "DATABASE_URL"]:
        del os.environ[name]


class DoorShut(PermissionError):
    """Something in a drill tried to reach beyond the database."""


@dataclass(frozen=True)
class Door:
    """The one way out of the process: the database's socket or its addresses."""

    folders: tuple[str, ...]
    hosts: frozenset[str]
    port: int

    @classmethod
    def to(cls, address: str) -> Door:
        """The door to the database of an address; names are looked up now, for later nothing is."""
        parts = urlsplit(address)
        query = parse_qs(parts.query)
        hosts = query.get("host") or ([parts.hostname] if parts.hostname else [])
        port = int(query.get("port", [str(parts.port or POSTGRES_PORT)])[0])
        named = [host for host in hosts if not host.startswith("/")]
        found = {str(info[4][0]) for host in named for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
        return cls(tuple(host for host in hosts if host.startswith("/")), frozenset({*named, *found}), port)

    def leads_to(self, address: Any) -> bool:
        """Whether a socket address is the database's."""
        if isinstance(address, bytes | str):
            return Path(os.fsdecode(address)).parent in {Path(folder) for folder in self.folders}
        return isinstance(address, tuple) and address[0] in self.hosts and address[1] == self.port


GUARDED = {"socket.connect": 1, "socket.sendto": 1, "socket.sendmsg": 1}
"""Audit events of the interpreter that name where something goes, and at which argument."""
LOOKED_UP = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})


def shut_doors(door: Door, own: str, *, shut: Callable[[Callable[[str, tuple[Any, ...]], None]], None] | None = None) -> None:
    """From now on refuse every connection, datagram and look-up that does not go to the database. It cannot be undone.

    `own` is the address that the process listens on. `shut` takes the guard; by default the interpreter's audit hooks.
    """

    def guard(event: str, arguments: tuple[Any, ...]) -> None:
        if event in GUARDED:
            target = arguments[GUARDED[event]]
            if target is not None and not door.leads_to(target):
                raise DoorShut(f"a drill may not reach {target!r}: nothing leaves it")
        elif event in LOOKED_UP and arguments[0] not in {None, own, b"", ""} and _text(arguments[0]) not in door.hosts:
            raise DoorShut(f"a drill may not look up {arguments[0]!r}: nothing leaves it")

    (shut or sys.addaudithook)(guard)


def _text(host: Any) -> str:
    return host.decode(errors="replace") if isinstance(host, bytes) else str(host)
