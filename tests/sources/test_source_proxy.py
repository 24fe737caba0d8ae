"""A source's second, smaller address: its tile comes from there, and from the source itself when it does not come."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hosting import CLOCK, hosting, send
from source_media import make_clip
from waiting import wait_for

from console.wire.tier import Tier


@pytest.fixture(scope="module")
def small_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a camera's sub-stream is like."""
    return make_clip(tmp_path_factory.mktemp("proxy") / "small.ts", 50, 160, 90)


def test_the_tile_is_the_proxys_and_the_source_rests(tmp_path: Path, clip_ts: Path, small_clip: Path) -> None:
    with hosting(tmp_path, str(clip_ts), proxy_url=str(small_clip)) as host:

        def tiles_while_parked() -> bool:
            host.picture.ask(int(Tier.PARKED), CLOCK.now())
            host.tile.ask(int(Tier.ACTIVE), CLOCK.now())
            return bool(host.picture.tier == Tier.PARKED and (host.told("stats") or {}).get("proxied"))

        wait_for(tiles_while_parked, 8, "the proxy")
        tiles, pictures = host.tile.count, host.picture.count
        wait_for(lambda: tiles_while_parked() and host.tile.count >= tiles + 30, 8, "tiles")
        assert host.picture.count <= pictures + 1
        host.collect(10, tier=Tier.FULL)  # the source itself is there when it is wanted


@pytest.mark.parametrize("proxy", ["udp://127.0.0.1:1", "pattern:", "nothing://at/all"])
def test_a_proxy_that_does_not_come_harms_nothing(tmp_path: Path, clip_ts: Path, proxy: str) -> None:
    with hosting(tmp_path, str(clip_ts), proxy_url=proxy) as host:
        host.collect(20, tier=Tier.FULL)
        tiles = host.tile.count
        assert tiles > 5
        assert host.told("trouble") is None
        assert host.wait_told("tile")["tile_reason"], "the desk says what is wrong with the address of the tile"
        assert host.wait_told("stats")["proxied"] is False


def test_a_proxy_that_dies_is_replaced_by_the_source(
    tmp_path: Path, clip_ts: Path, small_clip: Path, free_port: Callable[[], int]
) -> None:
    port = free_port()
    with hosting(tmp_path, str(clip_ts), proxy_url=f"udp://127.0.0.1:{port}") as host:

        def proxied() -> object:
            host.picture.ask(int(Tier.FULL), CLOCK.now())
            return (host.told("stats") or {}).get("proxied")

        with send(small_clip, "-f", "mpegts", f"udp://127.0.0.1:{port}?pkt_size=1316"):
            wait_for(proxied, 10, "the proxy")
        wait_for(lambda: proxied() is False, 10, "its end")
        tiles = host.tile.count
        wait_for(lambda: proxied() is False and host.tile.count > tiles + 10, 5, "the source's own tiles")
