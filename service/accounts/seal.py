"""The service's own key: seals secrets at rest (AES-256-GCM) and hashes keys and codes (HMAC-SHA-256).

Every node needs the same one: `LANTIAN_SECRET_KEY`, or a file in the data folder that the first start makes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from service.kit.problems import Busy
from service.kit.settings import Settings

KEY_BYTES = 32
NONCE_BYTES = 12


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
                "A secret cannot be opened with this node's key; give every node the same LANTIAN_SECRET_KEY."
            ) from error

    def digest(self, use: str, text: str) -> str:
        """Keyed hash of a secret that only has to be recognised, as hex."""
        return hmac.new(self._subkey(use), text.encode(), hashlib.sha256).hexdigest()


def seal_of(settings: Settings) -> Seal:
    """The seal of a deployment."""
    given = settings.secret_key.get_secret_value() if settings.secret_key else None
    return _seal(given, settings.data_dir / "keys" / "secret")


@lru_cache(maxsize=64)
def _seal(given: str | None, path: Path) -> Seal:
    if given is not None:
        return Seal(hashlib.sha256(given.encode()).digest())
    return Seal(_kept_key(path))


def _kept_key(path: Path) -> bytes:
    """The key of the data folder, made once; two starts at once agree on one."""
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
        raise Busy(f"{path} is no key of {KEY_BYTES} bytes; restore it from a copy, or give LANTIAN_SECRET_KEY.")
    return key
