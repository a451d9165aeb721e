"""What a TLS handshake shows: the contexts that see every server, and the certificates as plain values."""

from __future__ import annotations

import datetime as dt
import ssl
import warnings
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

from lyncdr_helpers.errors import InputError
from lyncdr_helpers.ports import TLS_VERSIONS, Certificate, TlsFacts, Trust

LEGACY_SERVER_CONNECT = 0x4
"""OpenSSL's SSL_OP_LEGACY_SERVER_CONNECT, which `ssl` names from Python 3.12 on."""

NO_CHECK_TIME = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME: an expired certificate has a path to its CA too; dates are read apart."""

DER = 2
"""How a certificate of `ssl` gives its bytes in DER."""

VERSIONS = dict(
    zip(
        TLS_VERSIONS,
        (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3),
        strict=True,
    )
)
SPOKEN_HERE = dict(zip(TLS_VERSIONS, (ssl.HAS_TLSv1, ssl.HAS_TLSv1_1, ssl.HAS_TLSv1_2, ssl.HAS_TLSv1_3), strict=True))

DISTRUST = {
    2: Trust.NO_ISSUER,
    18: Trust.SELF_SIGNED,
    19: Trust.UNKNOWN_CA,
    20: Trust.NO_ISSUER,
    21: Trust.NO_ISSUER,
}
"""OpenSSL's X509_V_ERR_* that are about who vouches; any other one is REFUSED."""


@cache
def looking() -> ssl.SSLContext:
    """A context that sees every server: TLS 1.0, SHA-1, weak keys, no secure renegotiation, no trust.

    Front Ends of 2010 on an old Windows speak nothing newer, and OpenSSL's defaults would call them dead.
    """
    return _looking()


def _looking() -> ssl.SSLContext:
    """Made anew, to be changed; OpenSSL takes some milliseconds for each."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:!aNULL:!eNULL:@SECLEVEL=0")
    context.options |= LEGACY_SERVER_CONNECT
    return context


def trusting(ca_file: Path | None) -> ssl.SSLContext:
    """The same, but the chain must lead to a CA. The name is judged elsewhere, for a server has many; so are dates."""
    context = _looking()
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VerifyFlags(NO_CHECK_TIME)
    if ca_file is None:
        context.load_default_certs()
        return context
    try:
        context.load_verify_locations(ca_file)
    except OSError as cause:
        raise InputError(
            f"The CA file {ca_file} cannot be used: {reason(cause)}.",
            "Give a file with CA certificates in PEM.",
        ) from cause
    return context


@cache
def speaking(version: str) -> ssl.SSLContext:
    """The context of `looking`, with one version alone."""
    context = _looking()
    with warnings.catch_warnings():  # that a version is deprecated is what a probe wants to find out
        warnings.simplefilter("ignore", DeprecationWarning)
        context.maximum_version = VERSIONS[version]
        context.minimum_version = VERSIONS[version]
    return context


def greet(channel: ssl.SSLSocket) -> None:
    """Shake hands, or let the server hang up once it has shown its certificate: that is all we came for.

    A server that wants a certificate of its client does so (RFC 5246, 7.4.6).
    """
    try:
        channel.do_handshake()
    except ssl.SSLCertVerificationError:
        raise
    except (ssl.SSLError, ConnectionError):
        if not _sent(channel):
            raise


def trusted_facts(channel: ssl.SSLSocket) -> TlsFacts:
    """What a server showed whose chain leads to a CA of ours. Raises ValueError for a certificate nobody can read."""
    path = _certificates(_verified(channel))
    return TlsFacts(
        channel.version() or "", _certificates(_sent(channel)), path, trusted=_untimely(path, dt.datetime.now(dt.UTC))
    )


def seen_facts(channel: ssl.SSLSocket, distrust: ssl.SSLCertVerificationError) -> TlsFacts:
    """What a server showed that is not trusted, for this reason. Raises ValueError as `trusted_facts` does."""
    return TlsFacts(
        channel.version() or "",
        _certificates(_sent(channel)),
        trust=DISTRUST.get(distrust.verify_code, Trust.REFUSED),
        trusted=distrust.verify_message,
    )


def _sent(channel: ssl.SSLSocket) -> list[bytes]:
    """The chain as the server sent it. Python 3.13 has this as `channel.get_unverified_chain()`; it is the same one."""
    chain = channel._sslobj.get_unverified_chain()  # type: ignore[attr-defined]
    return [one.public_bytes(DER) for one in chain or ()]


def _verified(channel: ssl.SSLSocket) -> list[bytes]:
    """The path to the CA, its own certificate included; `channel.get_verified_chain()` from Python 3.13 on."""
    chain = channel._sslobj.get_verified_chain()  # type: ignore[attr-defined]
    return [one.public_bytes(DER) for one in chain or ()]


def _untimely(path: Iterable[Certificate], now: dt.datetime) -> str:
    """Why the path does not hold now, in OpenSSL's words; empty when it does."""
    for one in path:
        if now > one.not_after:
            return "certificate has expired"
        if now < one.not_before:
            return "certificate is not yet valid"
    return ""


def _certificates(encoded: Iterable[bytes]) -> tuple[Certificate, ...]:
    return tuple(_certificate(x509.load_der_x509_certificate(one)) for one in encoded)


def _certificate(found: x509.Certificate) -> Certificate:
    return Certificate(
        subject=found.subject.rfc4514_string(),
        issuer=found.issuer.rfc4514_string(),
        names=_names(found),
        not_before=found.not_valid_before_utc,
        not_after=found.not_valid_after_utc,
        fingerprint=found.fingerprint(hashes.SHA256()).hex(),
        key=_key(found),
        signed_with=_digest(found),
    )


def _names(found: x509.Certificate) -> tuple[str, ...]:
    """The DNS names it stands for; the common name counts only where there are none (RFC 6125, 6.4.4)."""
    try:
        extension = found.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        names = extension.value.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        names = []
    if not names:
        names = [str(name.value) for name in found.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)]
    return tuple(name.lower() for name in names)


def _key(found: x509.Certificate) -> str:
    try:
        key = found.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return ""
    match key:
        case rsa.RSAPublicKey():
            return f"RSA {key.key_size}"
        case ec.EllipticCurvePublicKey():
            return f"EC {key.curve.name} {key.key_size}"
        case dsa.DSAPublicKey():
            return f"DSA {key.key_size}"
        case ed25519.Ed25519PublicKey():
            return "Ed25519 256"
        case ed448.Ed448PublicKey():
            return "Ed448 456"
    return ""


def _digest(found: x509.Certificate) -> str:
    """`sha256`; for a signature without a digest of its own the name of its algorithm."""
    try:
        digest = found.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return ""
    return digest.name if digest else "none of its own"


def reason(cause: OSError) -> str:
    """What went wrong, in the words of the system or of OpenSSL, without a full stop."""
    return (getattr(cause, "reason", None) or cause.strerror or str(cause)).rstrip(".")
