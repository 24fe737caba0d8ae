"""A real Chromium without a window, driven over its debugging protocol."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.waiting import wait_for

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--window-size=1280,800",
    "--remote-debugging-port=0",
)


class _NavigatedError(Exception):
    """The page went elsewhere while it was asked."""


class Page:
    """One page, over its WebSocket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One command and its result; events in between are passed over."""
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": params})
        while True:
            message = await asyncio.wait_for(self._socket.receive_json(), 15)
            if message.get("id") == self._number:
                reason = message.get("error", {}).get("message", "")
                if "navigat" in reason or "context was destroyed" in reason:
                    raise _NavigatedError
                assert "error" not in message, message
                return message["result"]

    async def value(self, script: str) -> Any:
        """What an expression in the page comes to."""
        result = await self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    async def until(self, script: str, seconds: float = 20.0) -> Any:
        """Ask until an expression is true; returns its value. A page that is not loaded yet is not true."""
        asked = f"(() => {{ try {{ return ({script}); }} catch {{ return null; }} }})()"
        async with asyncio.timeout(seconds):
            while True:
                with contextlib.suppress(_NavigatedError):
                    if value := await self.value(asked):
                        return value
                    # Ask again when the page has had time to do something, not after a time of ours.
                    await self.value("new Promise((done) => setTimeout(done, 50))")

    async def screenshot(self, path: Path) -> None:
        """What a person would see, as PNG."""
        path.write_bytes(base64.b64decode((await self.call("Page.captureScreenshot"))["data"]))


@contextlib.asynccontextmanager
async def browsing(folder: Path, address: str) -> AsyncIterator[Page]:
    """A page open on an address, in a browser of its own with nothing remembered."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("there is no Chromium on this system")
    profile = folder / "profile"
    command = [program, *_FLAGS, f"--user-data-dir={profile}", address]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as browser:
        try:
            port_file = profile / "DevToolsActivePort"
            text = await asyncio.to_thread(wait_for, lambda: port_file.exists() and port_file.read_text(), 30)
            port = text.splitlines()[0]
            async with aiohttp.ClientSession() as session:
                async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                    pages = [each for each in await answer.json() if each["type"] == "page"]
                async with session.ws_connect(pages[0]["webSocketDebuggerUrl"], max_msg_size=1 << 26) as socket:
                    yield Page(socket)
        finally:
            browser.terminate()
            try:
                browser.wait(10)
            except subprocess.TimeoutExpired:
                browser.kill()
