"""The values that parameters are made of: names, addresses, URLs, paths, references to secrets."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from lyncdr_helpers.credentials import SecretReference
from lyncdr_helpers.errors import InputError
from lyncdr_helpers.signatures import PublicKey

LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
HOST = rf"^{LABEL}(\.{LABEL})+$"
NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
AUTHORITY = r"(\[[0-9A-Fa-f:.]+\]|[^/:@\[\]\s]+)(:\d{1,5})?"  # a host and perhaps a port; never user:password@


def _reference(text: str) -> str:
    try:
        SecretReference.parse(text, Path())
    except InputError:
        raise ValueError(
            "must say where the secret is kept (env:NAME, keyring:SERVICE/USER or file:PATH), not the secret itself"
        ) from None
    return text


def _public_key(text: str) -> str:
    try:
        return str(PublicKey.parse(text))
    except InputError:
        raise ValueError("must be a public key, ed25519:BASE64, as `lyncdr keys show` prints it") from None


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError("must be an IP address") from None


def _fqdn(text: str) -> str:
    if text.rpartition(".")[2].isdigit():
        raise ValueError("must be a name, not an address")
    return text.lower()


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError("must be a URL whose port is from 1 to 65535") from None
    if port == 0:
        raise ValueError("must be a URL whose port is from 1 to 65535")
    if "@" in parts.netloc:
        raise ValueError("must not hold a user or a password")
    return text


def _place(text: str) -> str:
    scheme, separator, rest = text.partition("://")
    if not separator:
        return text
    if scheme not in ("smb", "s3") or not rest.strip("/"):
        raise ValueError("must be a path, a UNC path, smb://server/share/folder or s3://bucket/folder")
    if scheme == "smb" and not rest.partition("/")[2].strip("/"):
        raise ValueError("must name a share: smb://server/share/folder")
    return _url(text)


def _path(value: Any) -> Any:
    if value == "":
        raise ValueError("must be a path; leave the key out where there is none")
    return value


def _textfile(path: Path) -> Path:
    if path.suffix != ".prom":
        raise ValueError("must be a file whose name ends with .prom: node_exporter reads no other")
    return path


Fqdn = Annotated[str, StringConstraints(pattern=HOST, max_length=253), AfterValidator(_fqdn)]
Name = Annotated[str, StringConstraints(pattern=NAME)]
Address = Annotated[
    str, AfterValidator(_address), Field(json_schema_extra={"anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]})
]
Port = Annotated[int, Field(ge=1, le=65535)]
Url = Annotated[str, AfterValidator(_url)]
Place = Annotated[str, AfterValidator(_place)]
Secret = Annotated[str, AfterValidator(_reference), Field(json_schema_extra={"pattern": "^(env|keyring|file):."})]
TrustedKey = Annotated[
    str, AfterValidator(_public_key), Field(json_schema_extra={"pattern": "^ed25519:[A-Za-z0-9+/]{43}=$"})
]
LocalPath = Annotated[Path, BeforeValidator(_path), Field(strict=False)]
Textfile = Annotated[LocalPath, AfterValidator(_textfile), Field(json_schema_extra={"pattern": r"[^\\/]\.prom$"})]


class Model(BaseModel):
    """A part of the parameters: frozen, and an unknown key is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True, allow_inf_nan=False)


def is_host(text: str) -> bool:
    """Whether the text is a name of at least two labels."""
    return re.fullmatch(HOST, text) is not None and not text.rpartition(".")[2].isdigit()
