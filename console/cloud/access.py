"""Who may send and who may watch. The only place where it is decided.

On loopback everybody on this machine may do both, unless a token is given. On any other address sending takes the
ingest token and watching the view token; both are made on the first start and kept, readable by this user alone, in
the store.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
import os
import secrets
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from aiohttp import web

from console.errors import ConsoleError

INGEST_FILE, VIEW_FILE = "ingest.token", "view.token"
_LOCAL_NAMES = {"localhost"}


class Decision(Enum):
    """What becomes of a request."""

    ALLOWED = 200
    NO_CREDENTIALS = 401
    REFUSED = 403


@dataclass(frozen=True)
class Access:
    """The tokens that are asked for; None asks for none. `local_only`: listening on loopback."""

    ingest_token: str | None = None
    view_token: str | None = None
    local_only: bool = True

    def may_send(self, request: web.Request) -> Decision:
        """Whether a request may ingest. No page of a browser may: a stranger's page could reach loopback too."""
        if not self._names_us(request, self.ingest_token) or "Origin" in request.headers:
            return Decision.REFUSED
        return _compare(self.ingest_token, _credentials(request))

    def may_watch(self, request: web.Request, channel: str | None) -> Decision:
        """Whether a request may see a channel, or (None) the list of channels. Licences will be decided here."""
        del channel  # all channels are alike so far
        if not self._names_us(request, self.view_token):
            return Decision.REFUSED
        return _compare(self.view_token, [*_credentials(request), *request.query.getall("token", [])])

    def _names_us(self, request: web.Request, token: str | None) -> bool:
        """Without a token only loopback names are answered: a stranger's name that leads here is an attack."""
        return token is not None or not self.local_only or is_loopback(request.url.host or "")


def is_loopback(host: str) -> bool:
    """Whether a host, as a name or an address, is this machine alone."""
    if host.lower().rstrip(".") in _LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0]).is_loopback
    except ValueError:
        return False


def _credentials(request: web.Request) -> list[str]:
    """The tokens in the Authorization header: Bearer, or the password of Basic (any user)."""
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return [rest.strip()]
    if scheme.lower() == "basic":
        try:
            return [base64.b64decode(rest.strip(), validate=True).decode("utf-8").partition(":")[2]]
        except (binascii.Error, UnicodeDecodeError):
            return [""]
    return []


def _compare(token: str | None, given: list[str]) -> Decision:
    if token is None:
        return Decision.ALLOWED
    if not given:
        return Decision.NO_CREDENTIALS
    right = [hmac.compare_digest(token.encode(), each.encode("utf-8", "replace")) for each in given]
    return Decision.ALLOWED if any(right) else Decision.REFUSED


def kept_token(path: Path) -> str:
    """The token in a file, made with one (readable by this user alone) when there is none. Raises ConsoleError."""
    try:
        try:
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            token = path.read_text("utf-8").strip()
        else:
            token = secrets.token_urlsafe(24)
            with os.fdopen(fd, "w", encoding="utf-8") as file:
                file.write(token + "\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConsoleError(f"The token file {path} can't be used: {reason}", "Check its permissions") from error
    if not token:
        raise ConsoleError(f"The token file {path} is empty", "Delete it, or write a token into it")
    return token


def read_token(path: Path) -> str:
    """The token in a file the user names. Raises ConsoleError."""
    if not path.is_file():
        raise ConsoleError(f"There is no token file {path}", "Write a token into it, or leave --token-file out")
    return kept_token(path)
