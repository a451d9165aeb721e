"""A certification authority that issues whatever a test wants, also what no good one would."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from OpenSSL import crypto

DAY = dt.timedelta(days=1)


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class Issued:
    """A certificate and its key. chain: who issued it, up to and with the root."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey
    chain: tuple[x509.Certificate, ...] = ()

    def pem(self, *more: x509.Certificate) -> bytes:
        return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in (self.certificate, *more))

    def save(self, folder: Path, name: str, sends: Sequence[x509.Certificate] | None = None) -> tuple[Path, Path]:
        """(chain, key) as files; sends: the issuers that the server shows, all but the root unless said otherwise."""
        chain, key = (folder / f"{name.replace(' ', '-')}.{end}" for end in ("pem", "key"))
        chain.write_bytes(self.pem(*(self.chain[:-1] if sends is None else sends)))
        no_password = serialization.NoEncryption()
        form = serialization.PrivateFormat.TraditionalOpenSSL
        key.write_bytes(self.key.private_bytes(serialization.Encoding.PEM, form, no_password))
        return chain, key


@dataclass(frozen=True)
class Wish:
    """What a certificate is to be like. names: its alternative names; lives: from and to, from now."""

    common_name: str
    names: tuple[str, ...] = ()
    lives: tuple[dt.timedelta, dt.timedelta] = (-DAY, 365 * DAY)
    bits: int = 2048
    sha1: bool = False
    authority: bool = False
    purpose: x509.ObjectIdentifier = field(default=ExtendedKeyUsageOID.SERVER_AUTH)


def issue(wish: Wish, issuer: Issued | None = None) -> Issued:
    """A certificate by that issuer; by itself where there is none."""
    key = _key(wish.bits, wish.common_name if wish.authority else "")
    subject = _name(wish.common_name)
    builder = (
        x509.CertificateBuilder(
            issuer.certificate.subject if issuer else subject, subject, key.public_key(), x509.random_serial_number()
        )
        .not_valid_before(now() + wish.lives[0])
        .not_valid_after(now() + wish.lives[1])
        .add_extension(x509.BasicConstraints(wish.authority, None), critical=True)
    )
    for extension in _extensions(wish):
        builder = builder.add_extension(extension, critical=False)
    signing = issuer.key if issuer else key
    made = builder.sign(signing, hashes.SHA256())
    if wish.sha1:
        made = _signed_with_sha1(made, signing)
    return Issued(made, key, (issuer.certificate, *issuer.chain) if issuer else ())


def authorities(name: str) -> tuple[Issued, Issued]:
    """A root, and an issuing authority below it."""
    root = issue(Wish(f"{name} root", authority=True))
    return root, issue(Wish(f"{name} issuing", authority=True), root)


@cache
def _key(bits: int, owner: str) -> rsa.RSAPrivateKey:
    """Servers share one: making a key takes longer than everything else here."""
    return rsa.generate_private_key(65537, bits)


def _extensions(wish: Wish) -> Iterable[x509.ExtensionType]:
    if not wish.authority:
        yield x509.ExtendedKeyUsage([wish.purpose])
    if wish.names:
        yield x509.SubjectAlternativeName([x509.DNSName(name) for name in wish.names])


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _signed_with_sha1(made: x509.Certificate, key: rsa.RSAPrivateKey) -> x509.Certificate:
    """The same, with a signature that cryptography itself refuses to make."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old = crypto.X509.from_cryptography(made)
        old.sign(crypto.PKey.from_cryptography_key(key), "sha1")
        return old.to_cryptography()
