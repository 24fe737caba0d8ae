"""Addresses of sources and destinations: their scheme, and how they are shown without their secrets."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

MASK = "***"
_SECRET = re.compile(r"auth|key|pass|secret|sign|token|pwd", re.IGNORECASE)
_STREAM_KEY_SCHEMES = {"rtmp", "rtmps"}


def scheme_of(address: str) -> str:
    """The scheme in lower case; `file` for a plain path (a Windows drive letter is no scheme)."""
    head, colon, _ = address.partition(":")
    return head.lower() if colon and len(head) > 1 and re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", head) else "file"


def masked(address: str) -> str:
    """The address as it may be shown, logged or saved in a report: passwords, tokens and stream keys as `***`."""
    if scheme_of(address) == "file" or "//" not in address:
        return address
    try:
        parts = urlsplit(address)
        host = parts.netloc.rpartition("@")
    except ValueError:
        return address.partition("://")[0] + "://" + MASK
    netloc = f"{MASK}@{host[2]}" if host[1] else parts.netloc
    path = parts.path
    if parts.scheme.lower() in _STREAM_KEY_SCHEMES and path.count("/") >= 2:
        path = path.rpartition("/")[0] + "/" + MASK
    pairs = [(k, MASK if _SECRET.search(k) else v) for k, v in parse_qsl(parts.query, keep_blank_values=True)]
    query = urlencode(pairs, safe="*/:,=#!")
    return f"{parts.scheme}://{netloc}{urlunsplit(('', '', path, query, ''))}"
