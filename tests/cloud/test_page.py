"""The watch page in a real browser: it plays, keeps up, gets over a hole, and says plainly when nothing comes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from console.cloud.access import Access
from console.media.clock import SystemClock
from tests.burnt_program import Program, make_program
from tests.cloud.browser import Page, browsing
from tests.cloud.endpoint import Endpoint, running

pytestmark = pytest.mark.expects_log
SECONDS = 2


def now_number() -> int:
    """The segment that is being shot now."""
    return SystemClock().unix_ns() // (SECONDS * 1_000_000_000)


@contextmanager
def sending(endpoint: Endpoint, program: Program, *, leave_out: frozenset[int] = frozenset()) -> Iterator[None]:
    """Send each segment when it ends in real time, as an uplink does; what is past already at once."""
    stop = threading.Event()

    def send() -> None:
        clock = SystemClock()
        endpoint.deliver(program, numbers=[])
        for number in program.numbers:
            late_ns = (number + 1) * SECONDS * 1_000_000_000 - clock.unix_ns()
            if stop.wait(max(0.0, late_ns / 1e9)):
                return
            if number not in leave_out:
                endpoint.deliver(program, numbers=[number])

    thread = threading.Thread(target=send, name="sender")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)


async def play(page: Page, seconds: float) -> tuple[float, int]:
    """Let it play, and return the position and the pictures decoded."""
    await page.until("window.podium && podium.video.readyState >= 3 && podium.video.currentTime > 0.2")
    start = await page.value("podium.video.currentTime")
    await page.until(f"podium.video.currentTime > {start} + {seconds}", 30)
    return (
        await page.value("podium.video.currentTime") - start,
        await page.value("podium.video.getVideoPlaybackQuality().totalVideoFrames"),
    )


def test_it_plays_at_the_live_edge_and_gets_over_a_hole(tmp_path: Path) -> None:
    first = now_number() - 3
    program = make_program(12, first=first)

    async def look(endpoint: Endpoint) -> None:
        async with browsing(tmp_path, f"{endpoint.url}/watch/show") as page:
            await page.call("Page.enable")
            await page.call("Runtime.enable")
            played, frames = await play(page, 3)
            assert played >= 3
            assert frames > 60
            assert await page.value("document.getElementById('state').textContent") == "live"
            latency = await page.value("parseFloat(document.getElementById('latency').textContent)")
            assert 2 < latency < 12
            assert await page.value("document.getElementById('format').textContent") == "640×360"
            await page.screenshot(tmp_path / "watch.png")
            # Over the hole: the position (seconds since 1970) passes the end of the segment that never came.
            await page.until(f"podium.player.origin + podium.video.currentTime > {(first + 7) * SECONDS}.5", 40)
            assert await page.value("podium.player.restarts") == 0
            assert await page.value("podium.video.error === null")

    (tmp_path / "store").mkdir()
    with running(tmp_path / "store") as endpoint, sending(endpoint, program, leave_out=frozenset({first + 6})):
        asyncio.run(look(endpoint))


def test_it_says_that_nothing_comes(tmp_path: Path) -> None:
    access = Access(ingest_token=None, view_token="look", local_only=True)
    program = make_program(2, first=now_number() - 2)

    async def look(endpoint: Endpoint) -> None:
        async with browsing(tmp_path, f"{endpoint.url}/watch/quiet?token=look") as page:
            await page.until("document.getElementById('message').textContent.includes('No signal')")
            await page.screenshot(tmp_path / "quiet.png")
            await page.call("Page.navigate", url=f"{endpoint.url}/watch/quiet")
            await page.until("document.body.textContent.includes('view token')")
            await page.call("Page.navigate", url=f"{endpoint.url}/?token=look")
            await page.until("document.querySelectorAll('#channels a').length === 1")
            await page.screenshot(tmp_path / "channels.png")
            row = await page.value("document.querySelector('#channels tr').textContent")
            assert "show" in row
            assert "live" in row
            assert await page.value("document.querySelector('#channels a').getAttribute('href')") == (
                "/watch/show?token=look"
            )

    (tmp_path / "store").mkdir()
    with running(tmp_path / "store", access) as endpoint:
        endpoint.deliver(program)
        asyncio.run(look(endpoint))
