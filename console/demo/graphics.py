"""The graphics of the demo's show: what tracks the cameras and the athletes, and what stands in their world.

All of it could be made at the desk; the demo has it ready. Lenses are exact, as the venue's pictures are drawn with
ideal ones: a focal length in picture widths is that in heights times height over width, and the axis meets the picture
in its middle.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from console.demo import record
from console.demo.race import ATHLETES, FINISH_M, RECORD_LANE, TRACK_M
from console.demo.telemetry import picture_delay_ms, stations_of
from console.demo.tracking import SENSOR_HEIGHT_MM
from console.media import barcode
from console.media.time import Format
from console.show.model import KEYERS, Air, Setup
from console.show.world import (
    Camera,
    DataFeed,
    Element,
    ElementKind,
    FeedKind,
    Field,
    Group,
    LensRow,
    Person,
    Switched,
    Title,
    TrackingInput,
    World,
)
from console.tracking.packet import TrackingProtocol

RESULTS = "results"
ON_FROM_THE_START = (Group.TAG, Group.SPEED, Group.LINE)
_ATHLETES = TrackingProtocol.PSN.value
LEADER = f"{_ATHLETES}/{RECORD_LANE}"
_SHORTEST_MM, _LONGEST_MM = 1, 1000
_FLAGS_M = FINISH_M + 6.0


def lens(form: Format) -> tuple[LensRow, ...]:
    """The venue's lenses: the zoom that is told is the focal length in micrometres."""
    widths_per_mm = form.height / form.width / SENSOR_HEIGHT_MM
    return tuple(LensRow(zoom=mm * 1000, focal=mm * widths_per_mm) for mm in (_SHORTEST_MM, _LONGEST_MM))


def elements() -> tuple[Element, ...]:
    """What stands in the world."""
    return (
        Element("trail", ElementKind.TRAIL, Group.SPEED, LEADER, seconds=2.5),
        Element(
            "record", ElementKind.RECORD_LINE, Group.LINE, text="WR", pace=record.pace(),
            points_m=((0.0, TRACK_M, 0.0), (0.0, 0.0, 0.0)),
        ),
        Element(
            "flags", ElementKind.LANE_FLAG, Group.RESULT, "*", text="{place} {name}", points_m=((_FLAGS_M, 0.0, 0.0),)
        ),
        Element("tags", ElementKind.LABEL, Group.TAG, "*", text="{country} {name}"),
        Element("speed", ElementKind.READOUT, Group.SPEED, LEADER, text="{speed}"),
    )  # fmt: skip


def world(form: Format, fps: int, ports: dict[str, int], results_url: str, cameras: Iterable[str]) -> World:
    """What the venue's graphics need to know.

    `fps` is the venue's, `ports` where its tracking arrives by protocol, `cameras` the ids of those that there are.
    """
    there = set(cameras)
    return World(
        inputs=tuple(TrackingInput(name, name, f"127.0.0.1:{port}") for name, port in ports.items()),
        cameras=tuple(
            Camera(station.id, protocol.value, station.number, picture_delay_ms(fps), lens=lens(form))
            for protocol in TrackingProtocol
            for station in stations_of(protocol)
            if station.id in there
        ),
        elements=elements(),
        people=tuple(Person(f"{_ATHLETES}/{one.lane}", one.name, str(one.bib), one.team) for one in ATHLETES),
        feeds=(DataFeed(RESULTS, FeedKind.ODF, results_url, gate=False),),
        free_bottom=barcode.strip_rows(form.height) / form.height,
    )


def titles() -> tuple[Title | None, ...]:
    """Who leads on keyer 1, the result on keyer 2; both are taken by hand."""
    leader = f"{RESULTS}.start.{RECORD_LANE}"
    lower_third = Title(
        "lower-third",
        (
            Field("name", f"{{{leader}.name}}"),
            Field("line", f"Lane {{{leader}.lane}} · Bib {{{leader}.bib}}"),
            Field("country", f"{{{leader}.country}}"),
        ),
    )
    result = Title(
        "result-table",
        (
            Field("title", f"{{{RESULTS}.unit}}"),
            Field("subtitle", f"{{{RESULTS}.venue}}"),
            Field("status", f"{{{RESULTS}.status}}"),
            Field("note", f"Wind {{{RESULTS}.wind:wind}}"),
            Field("rows", f"{{{RESULTS}.result}}"),
        ),
    )
    return (lower_third, result, *(None,) * (KEYERS - 2))


def dressed(setup: Setup, air: Air, placed: World) -> tuple[Setup, Air]:
    """A show with these graphics: names, speed and the record line are on from the start."""
    tracked = tuple(Switched(group in ON_FROM_THE_START) for group in Group)
    return replace(setup, world=placed, titles=titles()), replace(air, tracked=tracked)
