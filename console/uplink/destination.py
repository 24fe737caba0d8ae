"""Where a program goes: an address taken apart, with its secrets kept out of what is shown."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from console.errors import ConsoleError
from console.media.address import masked

DEFAULT_PORTS = {"http": 80, "https": 443, "rtmp": 1935, "rtmps": 443}


@dataclass(frozen=True)
class Destination:
    """An address, taken apart. `path` begins with a slash and has none at its end; `query` is kept as it came."""

    scheme: str
    host: str
    port: int
    path: str
    query: str
    authorization: str
    """The Authorization header that the user information asks for; empty for none."""
    shown: str
    """The address without its secrets."""

    @property
    def is_encrypted(self) -> bool:
        """Whether the connection is TLS."""
        return self.scheme in ("https", "rtmps")

    @property
    def authority(self) -> str:
        """`host:port`, the port only where it is not the usual one; brackets around an IPv6 address."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def url(self, name: str) -> str:
        """The HTTP address of an object below this one."""
        return f"{self.scheme}://{self.authority}{self.path}/{name}" + (f"?{self.query}" if self.query else "")


def _authorization(parts: SplitResult) -> str:
    if parts.username is None:
        return ""
    user = unquote(parts.username)
    if parts.password is None:
        return f"Bearer {user}"
    pair = f"{user}:{unquote(parts.password)}".encode()
    return "Basic " + base64.b64encode(pair).decode()


def parse_destination(url: str) -> Destination:
    """Take an address apart: http, https, rtmp or rtmps.

    `user:password@` asks for Basic authentication, `token@` for a bearer token. Raises ConsoleError.
    """
    shown = masked(url)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ConsoleError(f"The destination {shown} is not an address: {error}", "Write https://HOST/PATH") from error
    scheme = parts.scheme.lower()
    if scheme not in DEFAULT_PORTS:
        raise ConsoleError(
            f"The destination {shown} has a scheme that is not known", "Use one of https, http, rtmps, rtmp"
        )
    if not parts.hostname:
        raise ConsoleError(f"The destination {shown} names no host", f"Write {scheme}://HOST/PATH")
    path = parts.path.rstrip("/")
    if scheme.startswith("rtmp") and path.count("/") < 2:
        raise ConsoleError(f"The destination {shown} has no stream name", f"Write {scheme}://HOST/APPLICATION/STREAM")
    return Destination(
        scheme, parts.hostname, port or DEFAULT_PORTS[scheme], path, parts.query, _authorization(parts), shown
    )
