"""What obstore raises, in the words of errors.py. Of its long texts only what the service itself said is passed on."""

from __future__ import annotations

import re

from obstore.exceptions import PermissionDeniedError, UnauthenticatedError

from lyncdr_helpers.errors import AccessDenied, OperationError, Unreachable, Untrusted

STATUS = re.compile(r"status code: (\d{3})")
CODE = re.compile(r"<Code>(\w+)</Code>")
MESSAGE = re.compile(r"<Message>([^<]+?)\.?</Message>")
PLACE = re.compile(r'path: "([^"]+)"')
CERTIFICATE = re.compile(r"InvalidCertificate\(\s*(\w+)")
SYSTEM = re.compile(r'message: "([^"]+)"|error: "([^"]+)"')

LOGON = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken", "RequestTimeTooSkewed"}
ROLES = ("/latest/api/token", "/latest/meta-data/", "169.254.170.2")
"""Where Amazon answers its own machines: without a key, obstore asks there for the machine's role."""
BUSY = {"429", "500", "502", "503", "504"}


def explain(cause: Exception, store: str, verb: str) -> OperationError:
    """The error in one line. `verb`: what the store could not be: listed, read, written."""
    text = str(cause)
    code, status = _first(CODE, text), _first(STATUS, text)
    said = ": ".join(filter(None, (code or f"HTTP {status}", _first(MESSAGE, text))))
    place = _first(PLACE, text)
    if found := _first(CERTIFICATE, text):
        return Untrusted(
            f"The certificate of {store} does not prove who it is: {found}.",
            "Check backup.store_ca_file, and who answers at backup.s3_endpoint.",
        )
    if any(place in text for place in ROLES):
        return AccessDenied(
            f"There is no access key for {store}.",
            "Give backup.store_login, or this machine a role or an AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
        )
    if code in LOGON or isinstance(cause, UnauthenticatedError):
        return AccessDenied(
            f"The service of {store} does not accept the access key: {said}.", "Check backup.store_login."
        )
    if status == "403" or isinstance(cause, PermissionDeniedError):
        return AccessDenied(
            f"The backup store {store} could not be {verb}: {said}{place and f' ({place})'}.",
            "Let the access key list, read, write and delete in that bucket.",
        )
    if code == "NoSuchBucket":
        return Unreachable(f"There is no bucket for {store}.", "Check backup.store and backup.s3_endpoint.")
    if not status and "HTTP error" in text:
        return Unreachable(
            f"The service of {store} cannot be reached: {_first(SYSTEM, text) or 'no answer'}.",
            "Check backup.s3_endpoint, the service and the network.",
        )
    if status in BUSY:
        return Unreachable(f"The service of {store} is not ready: {said}.", "Try again when it is.")
    return OperationError(
        f"The backup store {store} could not be {verb}: {said if status else text.splitlines()[0].rstrip('. ')}"
        f"{place and f' ({place})'}.",
        "Check backup.store; a bucket outside us-east-1 needs its region in AWS_REGION.",
    )


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return next(filter(None, found.groups()), "") if found else ""
