"""Signed PDF (PAdES): key and certificate of the deployment, or a trial pair made here."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.generic import ArrayObject, ByteStringObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter

from service.kit.problems import Busy
from service.kit.settings import Settings

TRIAL_NAME = "Lantian trial certificate 试用证书"
TRIAL_YEARS = 10
RESERVED_BYTES = 24_576
"""Room for the signature container, fixed so that equal sheets have equal bytes."""


@dataclass(frozen=True)
class Seal:
    """Who signs. `trial`: the pair was made by this service and proves no authority."""

    signer: signers.SimpleSigner
    trial: bool


class _Signer(signers.PdfSigner):
    """Signs as of a given instant, not as of the machine's clock."""

    signing_time: datetime

    def init_signing_session(self, *arguments: Any, **named: Any) -> Any:
        session = super().init_signing_session(*arguments, **named)
        session.system_time = self.signing_time
        return session


class _Writer(IncrementalPdfFileWriter):
    """Writes no time of its own into the file: only the signature says when."""

    def _update_meta(self) -> None:
        return


def seal_of(settings: Settings) -> Seal:
    """The pair of the settings, otherwise a trial pair in the data folder. Raises Busy when it cannot be read."""
    key, certificate = settings.signing_key, settings.signing_cert
    if key is None or certificate is None:
        key, certificate = _trial_pair(settings.data_dir / "signing")
    return Seal(_load(key, certificate), trial=settings.signing_key is None)


@lru_cache(maxsize=8)
def _load(key: Path, certificate: Path) -> signers.SimpleSigner:
    loaded: signers.SimpleSigner | None = signers.SimpleSigner.load(str(key), str(certificate))  # type: ignore[no-untyped-call]
    if loaded is None:
        raise Busy(f"The signing key {key.name} or certificate {certificate.name} cannot be read; tell the operator.")
    return loaded


def _trial_pair(folder: Path) -> tuple[Path, Path]:
    """Key and certificate for trials, made once; only the service's user may read the key."""
    key_file, certificate_file = folder / "trial-key.pem", folder / "trial-cert.pem"
    if certificate_file.exists() and key_file.exists():
        return key_file, certificate_file
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, TRIAL_NAME)])
    now = datetime.now(tz=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365 * TRIAL_YEARS))
        .add_extension(
            x509.KeyUsage(
                digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
                key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
            ),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _write(key_file, plain)
    _write(certificate_file, certificate.public_bytes(serialization.Encoding.PEM))
    return key_file, certificate_file


def _write(target: Path, content: bytes) -> None:
    """Put a file in its place whole, readable by the service's user alone."""
    part = target.with_suffix(f".{os.getpid()}.part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    part.replace(target)


def signed(document: bytes, seal: Seal, at: datetime, number: str) -> bytes:
    """The PDF with a PAdES signature of the instant `at`; the same content, pair and instant give the same bytes."""
    writer = _Writer(BytesIO(document))
    first, _ = writer._document_id
    writer._document_id = ArrayObject([first, ByteStringObject(number.encode()[:16])])
    metadata = signers.PdfSignatureMetadata(
        field_name="Lantian",
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        reason="重污染天气减排要求单",
    )
    signer = _Signer(metadata, seal.signer)
    signer.signing_time = at
    made: BytesIO = signer.sign_pdf(writer, bytes_reserved=RESERVED_BYTES)
    return made.getvalue()


async def signed_apart(document: bytes, settings: Settings, at: datetime, number: str) -> bytes:
    """`signed` apart from the event loop; the trial pair is made there, too, when there is none."""
    return await asyncio.to_thread(lambda: signed(document, seal_of(settings), at, number))
