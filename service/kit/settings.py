"""Every setting of the service, read from the environment (prefix `LANTIAN_`) or given by the command line."""

from __future__ import annotations

import json
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.kit.drill import schema_of

Port = Annotated[int, Field(ge=0, le=65535)]


class Settings(BaseSettings):
    """Deployment settings. Law is not a setting: it lives in `config/` with dates and references."""

    model_config = SettingsConfigDict(env_prefix="LANTIAN_", extra="ignore", populate_by_name=True)

    data_dir: Path = Path("var")
    """Where the embedded PostgreSQL and, by default, the public site live."""
    database_url: str | None = Field(default=None, validation_alias=AliasChoices("DATABASE_URL", "database_url"))
    """`postgresql://…` of any PostgreSQL 14+; without it an embedded server starts in `data_dir`."""
    migrate_url: SecretStr | None = None
    """Address of the role that owns the tables; `lantian migrate` works as it and lets that of `DATABASE_URL` at the rows only."""
    database_name: str = "lantian"
    """Name of the database inside the embedded server."""
    pool_size: int = Field(default=8, ge=2, le=200)
    """Database connections each process may hold."""
    config_dir: Path | None = None
    """Folder of law and plans; the one shipped with the product when not given."""
    public_dir: Path | None = None
    """Where the public site is written; `data_dir/public` when not given. Share it between nodes."""

    host: str = "127.0.0.1"
    port: Port = 8000
    trusted_proxies: str = "127.0.0.1"
    """Addresses and networks of reverse proxies, with commas, whose `X-Forwarded-For` and `X-Forwarded-Proto` count."""
    base_url: str | None = None
    """Address under which the public reaches the service, used in feeds and CAP; derived from host and port when not given."""
    cap_sender: str = "lantian.example.gov.cn"
    """CAP `sender`: the domain-like identifier of the issuing authority."""
    worker: bool = True
    """Whether `serve` also runs jobs. Switch off when `lantian worker` runs apart."""
    worker_batch: int = Field(default=20, ge=1, le=1000)
    """Jobs taken at a time by one worker."""
    job_heartbeat_seconds: float = Field(default=30, gt=0)
    """A job whose worker was silent for this long is taken over by another worker."""

    webhook_tolerance_seconds: int = Field(default=300, ge=1)
    """How far a webhook's timestamp may be from the real time (Standard Webhooks: five minutes)."""
    max_body_bytes: int = Field(default=2_000_000, ge=1024)
    """Largest request body outside list uploads."""
    max_upload_bytes: int = Field(default=60_000_000, ge=1024)
    """Largest workbook upload."""
    session_hours: float = Field(default=12, gt=0)
    """A sign-in ends after this long."""
    session_idle_minutes: float = Field(default=30, gt=0)
    """A sign-in that nobody uses ends after this long."""
    secret_key: SecretStr | None = Field(default=None, min_length=32)
    """Seals factors and webhook secrets, hashes keys; every node the same. Without it a file in `data_dir/keys` is made."""
    require_factor: bool = False
    """Whether officials need a second factor to decide and sign."""
    oidc_issuer: str | None = None
    """Address of an OpenID provider; with it the sign-in page offers it."""
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_claim: str = "sub"
    """Claim of the id token that is compared with an account's external id."""
    oidc_name: str = "统一身份认证"
    """What the sign-in page calls the provider."""
    login_attempts: int = Field(default=5, ge=1)
    """Failed sign-ins in a row after which an account rests."""
    login_rest_minutes: float = Field(default=15, gt=0)
    """How long it rests."""
    delivery_timeout_seconds: float = Field(default=15, gt=0)
    """How long a subscriber's endpoint may take to answer."""
    delivery_lease_seconds: float = Field(default=60, gt=0)
    """How long a node may keep what it has claimed; then another one delivers it."""
    delivery_concurrency: int = Field(default=128, ge=1, le=2000)
    """Calls of one node at a time; slow ones are not counted."""
    delivery_per_endpoint: int = Field(default=4, ge=1, le=100)
    """Calls to one endpoint at a time."""
    delivery_per_host: int = Field(default=64, ge=1, le=2000)
    """Calls to one host at a time."""
    delivery_disable_days: float = Field(default=5, gt=0)
    """An endpoint that took nothing for so long is disabled."""
    secret_overlap_hours: float = Field(default=24, ge=0)
    """How long a replaced signing secret still signs beside the new one."""
    link_test_hours: float = Field(default=24, gt=0)
    """An endpoint that took nothing for so long gets a link test."""
    smtp_host: str | None = None
    """Server that takes e-mail; without it (and `mail_from`) nothing is sent by e-mail."""
    smtp_port: Port = 587
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    """`tls`: from the first byte (port 465); `none`: only to a server on the same machine or network."""
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_ca_file: Path | None = None
    """Certificates (PEM) that vouch for the mail server, beside those of the system."""
    mail_from: Annotated[str | None, Field(pattern=r"^[^@\s<>,]+@[^@\s<>,]+$")] = None
    """Address from which mail comes."""
    mail_from_name: Annotated[str, Field(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")] = "重污染天气应急指挥部"
    sms_url: str | None = None
    """HTTP gateway for text messages; without it none are sent."""
    sms_body: str = '{"mobile": "{to}", "content": "{text}", "id": "{id}"}'
    """JSON of a call; `{to}`, `{text}` and `{id}` are filled in."""
    sms_auth_header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")] = "authorization"
    sms_auth: SecretStr | None = None
    """Value of that header."""
    sms_answer: str = ""
    """Where the gateway's answer tells its own code (`data.code`); empty: its HTTP status decides."""
    sms_accepted: list[str] = ["0"]
    """Codes that mean that a message was taken."""
    sms_final: list[str] = []
    """Codes for a number that will never work."""
    acknowledge_minutes: dict[str, int] = {"blue": 240, "yellow": 120, "orange": 60, "red": 30}
    """Minutes after a notice in which enterprises acknowledge; then the duty officer calls. A choice: no rule fixes them."""
    signing_key: Path | None = None
    """Private key (PEM) that signs printed sheets; without it a trial pair is made in `data_dir/signing`."""
    signing_cert: Path | None = None
    """Certificate (PEM) of that key; give both or neither."""
    supervision_phones: dict[str, str] = {}
    """Supervision telephones on notice boards by division, as JSON: `{"130200": "0315-12345"}`; the nearest one above counts."""
    demo: bool = False
    """Show the demo accounts (logins that begin with `demo-`) on the sign-in page."""
    allow_private_targets: bool = False
    """Let webhooks go to loopback and private addresses; only for trials on one machine."""

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies_are_addresses(cls, value: str) -> str:
        try:
            for proxy in value.split(","):
                ip_network(proxy.strip())
        except ValueError as error:
            raise ValueError(
                "LANTIAN_TRUSTED_PROXIES must be addresses or networks with commas: 10.0.3.0/24,::1"
            ) from error
        return value

    @field_validator("sms_body")
    @classmethod
    def _body_is_json(cls, value: str) -> str:
        try:
            whole = isinstance(json.loads(value), dict)
        except ValueError:
            whole = False
        if not whole or "{to}" not in value or "{text}" not in value:
            raise ValueError("LANTIAN_SMS_BODY must be a JSON object with {to} and {text} in it")
        return value

    @model_validator(mode="after")
    def _key_with_certificate(self) -> Settings:
        if (self.signing_key is None) is not (self.signing_cert is None):
            raise ValueError("give LANTIAN_SIGNING_KEY and LANTIAN_SIGNING_CERT together, or neither")
        if (self.oidc_issuer is None) is not (self.oidc_client_id is None):
            raise ValueError("give LANTIAN_OIDC_ISSUER and LANTIAN_OIDC_CLIENT_ID together, or neither")
        if self.delivery_lease_seconds < 2 * self.delivery_timeout_seconds:
            raise ValueError("LANTIAN_DELIVERY_LEASE_SECONDS must be at least twice LANTIAN_DELIVERY_TIMEOUT_SECONDS")
        return self

    @property
    def drill(self) -> str | None:
        """The schema of the drill (演练) that the database address leads into; None in a live service."""
        return schema_of(self.database_url)

    @property
    def public_root(self) -> Path:
        """Folder of the public site."""
        return self.public_dir or self.data_dir / "public"

    @property
    def address(self) -> str:
        """Base address without a trailing slash."""
        return (self.base_url or f"http://{self.host}:{self.port}").rstrip("/")
