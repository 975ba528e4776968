"""The service's own key: seals secrets at rest (AES-256-GCM) and hashes keys and codes (HMAC-SHA-256).

Every node needs the same one: `LANTIAN_SECRET_KEY`, or a file in the data folder that the first start makes. Secrets that sign or
verify webhooks stand in the database as `sealed:` and the sealed text; plain ones of older versions are read as they are.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from service.kit.problems import Busy
from service.kit.settings import Settings
from service.kit.signatures import PUBLIC_KEY

logger = structlog.get_logger("lantian.seal")
KEY_BYTES = 32
NONCE_BYTES = 12
MARK = "sealed:"
"""How a sealed text begins; no webhook secret does, for base64 has no colon."""
OTHER_KEY_ZH = "本节点的密钥打不开这项加密内容；请让各节点使用相同的 LANTIAN_SECRET_KEY。"
NO_KEY = "The key file of this node cannot be used; restore it from a copy, or give LANTIAN_SECRET_KEY."
"""Anybody may read it: path and cause stand in the log only."""
NO_KEY_ZH = "本节点的密钥文件不可用；请从备份恢复，或设置 LANTIAN_SECRET_KEY。"
REMEMBERED = 20_000
"""Opened secrets that a process remembers."""


@dataclass(frozen=True)
class Seal:
    """One key with its two uses, each under a subkey of its own."""

    key: bytes

    def _subkey(self, use: str) -> bytes:
        return hmac.digest(self.key, b"lantian:" + use.encode(), "sha256")

    def close(self, content: bytes, about: str) -> str:
        """Encrypt; `about` (whose it is) is bound to it."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = AESGCM(self._subkey("seal")).encrypt(nonce, content, about.encode())
        return base64.b64encode(nonce + sealed).decode()

    def open(self, sealed: str, about: str) -> bytes:
        """Decrypt. Raises Busy when it was sealed by another key or for somebody else."""
        raw = base64.b64decode(sealed)
        try:
            return AESGCM(self._subkey("seal")).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], about.encode())
        except InvalidTag as error:
            raise Busy(
                "A secret cannot be opened with this node's key; give every node the same LANTIAN_SECRET_KEY.",
                detail_zh=OTHER_KEY_ZH,
            ) from error

    def digest(self, use: str, text: str) -> str:
        """Keyed hash of a secret that only has to be recognised, as hex."""
        return hmac.new(self._subkey(use), text.encode(), hashlib.sha256).hexdigest()


def seal_of(settings: Settings) -> Seal:
    """The seal of a deployment."""
    given = settings.secret_key.get_secret_value() if settings.secret_key else None
    return _seal(given, settings.data_dir)


@lru_cache(maxsize=64)
def _seal(given: str | None, folder: Path) -> Seal:
    if given is not None:
        return Seal(hashlib.sha256(given.encode()).digest())
    return Seal(_kept_key(folder / "keys" / "secret"))


def _kept_key(path: Path) -> bytes:
    """The key of the data folder, made once; two starts at once agree on one."""
    try:
        return _read_or_made(path)
    except OSError as error:
        logger.error("the key can be neither read nor made", path=str(path), error=str(error))
        raise Busy(NO_KEY, detail_zh=NO_KEY_ZH) from error


def _read_or_made(path: Path) -> bytes:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = path.with_name(f".secret.{os.getpid()}.{os.urandom(4).hex()}")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(os.urandom(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass  # somebody else was first; theirs counts
        finally:
            fresh.unlink()
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        logger.error("the key file holds no key", path=str(path), bytes=len(key), wanted=KEY_BYTES)
        raise Busy(NO_KEY, detail_zh=NO_KEY_ZH)
    return key


def is_open(kept: str) -> bool:
    """Whether a stored text is a secret that lies in the open; public keys are none."""
    return not kept.startswith((MARK, PUBLIC_KEY))


def sealed(settings: Settings, kept: str, about: str) -> str:
    """What is stored of a secret; what is sealed already, and a public key, stays as it is."""
    return MARK + seal_of(settings).close(kept.encode(), about) if is_open(kept) else kept


def openable(settings: Settings, kept: Iterable[str], about: str) -> list[str]:
    """Those of the stored secrets that this node's key opens, in their order; plain ones as they are."""
    found: list[str] = []
    for one in kept:
        secret = _opened(seal_of(settings), one, about) if one.startswith(MARK) else one
        if secret is not None:
            found.append(secret)
    return found


def opened(settings: Settings, kept: Iterable[str], about: str) -> list[str]:
    """Like `openable`. Raises Busy when there are secrets and the key opens none of them."""
    stored = list(kept)
    found = openable(settings, stored, about)
    if stored and not found:
        raise Busy(
            "A secret cannot be opened with this node's key; give every node the same LANTIAN_SECRET_KEY.",
            detail_zh=OTHER_KEY_ZH,
        )
    return found


@lru_cache(maxsize=REMEMBERED)
def _opened(seal: Seal, kept: str, about: str) -> str | None:
    """The secret; None when it was sealed by another key, for somebody else, or is damaged."""
    try:
        return seal.open(kept.removeprefix(MARK), about).decode()
    except (Busy, ValueError):
        return None
