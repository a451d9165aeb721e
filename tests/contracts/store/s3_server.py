"""A real HTTP server that speaks S3: moto's, in an environment of its own, which checks every signature and policy.

Run as a program: the argument is JSON, {"host", "bucket", "users": {name: [actions]}, "certificate", "key"}. It prints
one line of JSON, {"port", "keys": {name: [id, secret]}}, when it is ready. What is at `/-/` it does to itself, behind
the back of S3: `/-/flip/<key>` changes one bit of an object, as a bad disk does, and nothing else of it;
`/-/fill/<count>/<key>` makes so many empty objects, with a number for the `#` in the key: 0000 and on;
`/-/lose/once` acts on the next conditional write and breaks the connection in the place of an answer, `/-/lose/ever`
answers nobody from then on, until `/-/lose/no`.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

from moto import settings
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID as ACCOUNT
from moto.iam import access_control
from moto.iam.access_control import S3IAMRequest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

ONE_AT_A_TIME = threading.Lock()
"""moto asks and acts in two steps; S3 does in one what is conditional."""


class SignedRequest(S3IAMRequest):
    """moto holds a signature against an address that it decoded; S3 takes the one that came, with each space a %20."""

    def _create_aws_request(self) -> Any:
        path, mark, query = self._headers["X-As-It-Came"].partition("?")
        self._path = f"{path}{mark}{query.replace('+', '%20')}"
        return super()._create_aws_request()


class Server:
    """moto, its conditional writes made whole, and its disk made bad on request."""

    def __init__(self, bucket: str) -> None:
        self._s3 = get_backend("s3")[ACCOUNT]["aws"]
        self._s3.create_bucket(bucket, "us-east-1")
        self._bucket = bucket
        self._lost, self._losing = False, ""
        self._moto = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"].encode("latin-1").decode()
        if path.startswith("/-/"):
            act, _, what = path.removeprefix("/-/").partition("/")
            {"flip": self._flip, "fill": self._fill, "lose": self._lose}[act](what)
            start_response("204 No Content", [])
            return []
        if self._lost:
            return _hang_up(environ)
        environ["HTTP_X_AS_IT_CAME"] = environ["RAW_URI"]
        if "HTTP_IF_NONE_MATCH" not in environ:
            return self._moto(environ, start_response)
        with ONE_AT_A_TIME:
            answer = list(self._moto(environ, start_response))
            if self._losing:
                self._lost, self._losing = self._losing == "ever", ""
                return _hang_up(environ)
            return answer

    def _lose(self, when: str) -> None:
        self._lost, self._losing = False, when if when != "no" else ""

    def _flip(self, key: str) -> None:
        disk = self._s3.get_object(self._bucket, key)._value_buffer
        disk.seek(0)
        content = bytearray(disk.read())
        content[len(content) // 2] ^= 1
        disk.seek(0)
        disk.write(content)

    def _fill(self, what: str) -> None:
        count, _, key = what.partition("/")
        for number in range(int(count)):
            self._s3.put_object(self._bucket, key.replace("#", f"{number:04}"), b"")


def _hang_up(environ: dict[str, Any]) -> Iterable[bytes]:
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    raise ConnectionResetError


def keys_of(users: dict[str, list[str]]) -> dict[str, list[str]]:
    """Make the users, each with leave for its actions; the id and the secret of each one's key."""
    iam = get_backend("iam")[ACCOUNT]["aws"]
    found = {}
    for name, actions in users.items():
        iam.create_user("us-east-1", name)
        leave = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        iam.put_user_policy(name, "leave", json.dumps({"Version": "2012-10-17", "Statement": [leave]}))
        key = iam.create_access_key(name)
        found[name] = [key.access_key_id, key.secret_access_key]
    return found


def main() -> None:
    wanted = json.loads(sys.argv[1])
    itself = Server(wanted["bucket"])
    keys = keys_of(wanted["users"])
    access_control.S3IAMRequest = SignedRequest
    settings.INITIAL_NO_AUTH_ACTION_COUNT = 0  # from here on, every request is to prove who it is
    server = make_server(
        wanted["host"],
        0,
        itself,
        threaded=True,
        request_handler=MotoRequestHandler,
        ssl_context=(wanted["certificate"], wanted["key"]),
    )
    print(json.dumps({"port": server.port, "keys": keys}), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
