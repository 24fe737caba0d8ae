"""Data fetched over HTTP(S): asked for again and again, sent only when they changed."""

from __future__ import annotations

import asyncio
import ssl

import aiohttp

from console.errors import ConsoleError
from console.media.address import masked
from console.results.piece import Piece
from console.results.refused import MOST_BYTES, RefusedError, check_size

TIMEOUT_S, CONNECT_TIMEOUT_S = 10.0, 5.0
_CHUNK = 1 << 16
_REDIRECTS = 5
_CLOSING_S = 0.02


class WebPlace:
    """An address that answers with the newest document.

    Validators (ETag, Last-Modified) go back to the server, so an unchanged document costs a 304. Certificates are
    verified. Compressed answers are not asked for, as they could unfold without end.
    """

    def __init__(self, url: str, interval_s: float = 1.0, tls: ssl.SSLContext | None = None) -> None:
        """`tls`: for a certificate authority of one's own."""
        self.interval_s = interval_s
        self._url, self._shown = url, masked(url)
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None
        self._validators: dict[str, str] = {}
        self._last = b""

    async def look(self) -> tuple[Piece, ...]:
        """The document, if it is another than last time. Raises ConsoleError."""
        try:
            data = await self._get()
        except RefusedError as refusal:
            self._last, self._validators = b"", {}  # what comes next is news, whatever came before
            return (Piece(b"", refusal=refusal),)
        except TimeoutError:
            raise self._fault(f"did not answer within {TIMEOUT_S:g} s", "Check the server and the network") from None
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError):
            remedy = "Use the name that is in the certificate, or have its authority trusted on this machine"
            raise self._fault("has a certificate that can't be verified", remedy) from None
        except aiohttp.ClientConnectorError as error:
            why = error.os_error.strerror or "no connection"
            raise self._fault(f"can't be reached ({why})", "Check the address, and that the server runs") from None
        except aiohttp.TooManyRedirects:
            raise self._fault("only leads from one address to the next", "Enter the last of them") from None
        except aiohttp.InvalidURL:
            raise self._fault("is not an address", "Enter one such as https://results.example/feed") from None
        except (aiohttp.ClientError, ValueError, OSError) as error:
            raise self._fault(f"broke off its answer ({type(error).__name__})", "Check the server") from None
        if data is None or data == self._last:
            return ()
        self._last = data
        return (Piece(data),)

    async def close(self) -> None:
        """Close the connection."""
        if self._session:
            await self._session.close()
            await asyncio.sleep(_CLOSING_S)  # transports of TLS end a few turns of the loop later

    async def _get(self) -> bytes | None:
        """The body; None when it did not change."""
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=TIMEOUT_S, sock_connect=CONNECT_TIMEOUT_S)
            self._session = aiohttp.ClientSession(timeout=timeout, auto_decompress=False)
        headers = {"Accept-Encoding": "identity", **self._validators}
        tls = self._tls or True
        async with self._session.get(self._url, headers=headers, max_redirects=_REDIRECTS, ssl=tls) as response:
            if response.status == 304:
                return None
            self._check(response)
            data = bytearray()
            async for chunk in response.content.iter_chunked(_CHUNK):
                data += chunk
                check_size(len(data))
            asked = {"If-None-Match": "ETag", "If-Modified-Since": "Last-Modified"}
            self._validators = {ask: response.headers[told] for ask, told in asked.items() if told in response.headers}
            return bytes(data)

    def _check(self, response: aiohttp.ClientResponse) -> None:
        if self._url.lower().startswith("https:") and response.url.scheme != "https":
            raise self._fault("leads away from HTTPS", "Ask for an address that stays encrypted")
        if response.status in {401, 403}:
            raise self._fault(f"does not let us in (HTTP {response.status})", "Check the user name, password or token")
        if response.status in {404, 410}:
            raise self._fault(f"has nothing there (HTTP {response.status})", "Check the address")
        if response.status != 200:
            raise self._fault(f"answers with HTTP {response.status}", "Ask who runs the server")
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise RefusedError(f"{self._shown} answers compressed without being asked", "Turn its compression off")
        if (response.content_length or 0) > MOST_BYTES:
            check_size(response.content_length or 0)

    def _fault(self, what: str, remedy: str) -> ConsoleError:
        return ConsoleError(f"{self._shown} {what}", remedy)
