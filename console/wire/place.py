"""Where an engine lives: its runtime directory, its tokens, and how a client on this machine finds both.

`RUN_DIR` holds `rings/`, `journal.jsonl`, and one file per role with its token (`token` is the admin's). An engine
listening on HOST:PORT leaves a note of its run directory in the user's runtime root, so `--engine HOST:PORT` is
all that a client needs. Everything is readable by this user alone.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import re
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

from console.errors import ConsoleError, UsageError
from console.show.commands import Role

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8610
_SHARED_MEMORY = "/dev/shm"  # noqa: S108 - a directory of this user's own is made in it and its owner checked
_TOKEN_FILES = {
    Role.ADMIN: "token",
    Role.SWITCH: "token.switch",
    Role.GRAPHICS: "token.graphics",
    Role.VIEW: "token.view",
}


@dataclass(frozen=True)
class Address:
    """HOST:PORT of an engine or a cloud."""

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def url(self) -> str:
        """The address as the beginning of an HTTP URL."""
        return f"http://{self}"

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str) -> Address:
    """Read `HOST:PORT`, `[::1]:PORT` or `:PORT`. Raises UsageError."""
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]*)):(\d{1,5})", text.strip())
    if match is None or not 0 < int(match[3]) < 65536:
        raise UsageError(f"'{text}' is no address", "Write HOST:PORT, such as 127.0.0.1:8610")
    return Address(match[1] or match[2] or DEFAULT_HOST, int(match[3]))


def runtime_root() -> Path:
    """The user's directory for things that live as long as the machine runs; in memory where there is tmpfs."""
    if told := os.environ.get("PODIUM_RUNTIME"):
        return Path(told)
    user = str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    own = os.environ.get("XDG_RUNTIME_DIR")
    if own and os.access(own, os.W_OK):
        return Path(own) / "podium"
    if os.access(_SHARED_MEMORY, os.W_OK):
        return Path(_SHARED_MEMORY) / f"podium-{user}"
    return Path(tempfile.gettempdir()) / f"podium-{user}"


def default_run_dir(address: Address) -> Path:
    """The run directory of an engine that was given none."""
    return runtime_root() / f"engine-{address.port}"


def make_private(directory: Path, purpose: str) -> Path:
    """Make a directory that only this user can enter. Raises ConsoleError."""
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not os.access(directory, os.W_OK | os.X_OK):
            raise PermissionError(13, "no write permission")
        if hasattr(os, "getuid") and directory.stat().st_uid != os.getuid():
            raise PermissionError(13, "it belongs to another user")
    except OSError as error:
        raise ConsoleError(
            f"The directory {directory} for {purpose} can't be used: {error.strerror}",
            "Choose one that you may write to",
        ) from error
    return directory


def write_private(path: Path, text: str) -> None:
    """Replace a file by one that only this user can read."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(fresh, path)


def make_tokens(run_dir: Path) -> dict[str, Role]:
    """Make (or read again, after a restart) one token per role; maps token to role."""
    tokens = {}
    for role, name in _TOKEN_FILES.items():
        path = run_dir / name
        try:
            token = path.read_text(encoding="utf-8").strip()
        except OSError:
            token = ""
        if len(token) < 32:
            token = secrets.token_urlsafe(32)
            write_private(path, token + "\n")
        tokens[token] = role
    return tokens


def _note(address: Address) -> Path:
    return runtime_root() / f"at-{address.port}.json"


def announce(address: Address, run_dir: Path) -> None:
    """Leave the note by which clients find the run directory."""
    make_private(runtime_root(), "notes on running engines")
    write_private(_note(address), json.dumps({"run_dir": str(run_dir.resolve()), "pid": os.getpid()}))


def withdraw(address: Address) -> None:
    """Take the note away, if it is this process's."""
    path = _note(address)
    with contextlib.suppress(OSError, ValueError, AttributeError):
        if json.loads(path.read_text(encoding="utf-8")).get("pid") == os.getpid():
            path.unlink()


def find_token(address: Address) -> str:
    """The best token this user has for an engine: `PODIUM_TOKEN`, or the one in its run directory.

    Raises ConsoleError when there is none.
    """
    if token := os.environ.get("PODIUM_TOKEN"):
        return token
    run_dir = default_run_dir(address)
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        run_dir = Path(json.loads(_note(address).read_text(encoding="utf-8"))["run_dir"])
    for name in _TOKEN_FILES.values():
        try:
            return (run_dir / name).read_text(encoding="utf-8").strip()
        except OSError:
            continue
    raise ConsoleError(
        f"No engine of this user is known at {address}",
        "Start one with 'podium engine', name another with --engine, or put its token into PODIUM_TOKEN",
    )
