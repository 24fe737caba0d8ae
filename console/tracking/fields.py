"""Fields of play with their real dimensions: named points and lines to calibrate cameras on and to draw.

The world is right-handed, in metres, Z up; each field tells where its origin is. The main camera stands on the near
side (-y) and looks along +y, so left is -x and right is +x. Rules measure to an edge of the paint, not to its middle:
a point or line is given where the rules measure, and a line says to which side of that edge its paint lies.

Dimensions after World Athletics (Track and Field Facilities Manual), IFAB Laws of the Game (law 1), ITF Rules of Tennis
(rule 1, appendix), World Aquatics Facilities Rules.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import Final

import numpy as np

from console.errors import ConsoleError
from console.show.world import Point

LANE_M = 1.22
STRAIGHT_M = 84.39
BEND_RADIUS_M = 36.5
"""To the edge of the kerb that lane 1 begins at."""


@dataclass(frozen=True)
class Mark:
    """A point with a name, where the rules measure: a corner of paint, the middle of a spot, the foot of a post."""

    name: str
    at_m: Point


@dataclass(frozen=True)
class Line:
    """A line with a name, as the polyline of the edge (or middle) that the rules measure to."""

    name: str
    points_m: tuple[Point, ...]
    width_m: float = 0.0
    """Of the paint; 0 for what is not painted, such as a wall or a rope."""
    side: int = 0
    """Where the paint lies, seen along the points: 1 to the left of the edge, -1 to the right, 0 on both sides."""

    @property
    def middle_m(self) -> tuple[Point, ...]:
        """The middle of the paint: what an eye or a line finder takes the line to be."""
        if not self.side or not self.width_m:
            return self.points_m
        points = np.array(self.points_m)
        closed = len(points) > 2 and np.allclose(points[0], points[-1])
        before, after = np.roll(points, 1, axis=0), np.roll(points, -1, axis=0)
        if closed:
            before[0], after[-1] = points[-2], points[1]
        else:
            before[0], after[-1] = points[0], points[-1]
        along = (after - before)[:, :2]
        left = np.stack((-along[:, 1], along[:, 0]), axis=1) / np.linalg.norm(along, axis=1)[:, None]
        points[:, :2] += left * (self.side * self.width_m / 2)
        return tuple((float(x), float(y), float(z)) for x, y, z in points)


@dataclass(frozen=True)
class FieldOfPlay:
    """A field of play: what can be pointed at, and where it is."""

    id: str
    title: str
    origin: str
    """Where 0, 0, 0 is and which way x runs, in words."""
    middle_m: Point
    marks: tuple[Mark, ...]
    lines: tuple[Line, ...]

    def mark(self, name: str) -> Mark:
        """The point of that name; ConsoleError when there is none."""
        for mark in self.marks:
            if mark.name == name:
                return mark
        raise ConsoleError(f"{self.title} has no point {name!r}", f"It has {self.marks[0].name} and others like it")

    def line(self, name: str) -> Line:
        """The line of that name; ConsoleError when there is none."""
        for line in self.lines:
            if line.name == name:
                return line
        raise ConsoleError(f"{self.title} has no line {name!r}", f"It has {self.lines[0].name} and others like it")

    def placed(self, offset_m: Point = (0.0, 0.0, 0.0), turn_deg: float = 0.0) -> FieldOfPlay:
        """The field turned about its origin (anticlockwise from above), then moved, in a venue's world."""
        sin, cos = math.sin(math.radians(turn_deg)), math.cos(math.radians(turn_deg))

        def moved(at: Point) -> Point:
            x, y, z = at
            return (x * cos - y * sin + offset_m[0], x * sin + y * cos + offset_m[1], z + offset_m[2])

        return replace(
            self,
            middle_m=moved(self.middle_m),
            marks=tuple(replace(mark, at_m=moved(mark.at_m)) for mark in self.marks),
            lines=tuple(replace(line, points_m=tuple(map(moved, line.points_m))) for line in self.lines),
        )


def _arc(middle: tuple[float, float], radius_m: float, start_deg: float, end_deg: float) -> tuple[Point, ...]:
    """An arc on the ground; no chord lies further than a centimetre from it."""
    step = 2 * math.acos(1 - min(0.01 / radius_m, 0.5))
    count = max(2, math.ceil(abs(math.radians(end_deg - start_deg)) / step) + 1)
    angles = np.radians(np.linspace(start_deg, end_deg, count))
    return tuple((middle[0] + radius_m * math.cos(a), middle[1] + radius_m * math.sin(a), 0.0) for a in angles)


def _oval(out_m: float) -> tuple[Point, ...]:
    """Once around the track in the running direction, that far out of the kerb, from the finish line."""
    radius = BEND_RADIUS_M + out_m
    first = _arc((0.0, BEND_RADIUS_M), radius, -90, 90)
    second = _arc((-STRAIGHT_M, BEND_RADIUS_M), radius, 90, 270)
    return (*first, *second, first[0])


def athletics(lanes: int = 8) -> FieldOfPlay:
    """The 400 m standard track, with the 100 m on the home straight."""
    width = lanes * LANE_M
    marks = [
        Mark("kerb_home_straight_begins", (-STRAIGHT_M, 0.0, 0.0)),
        Mark("kerb_back_straight_begins", (0.0, 2 * BEND_RADIUS_M, 0.0)),
        Mark("kerb_back_straight_ends", (-STRAIGHT_M, 2 * BEND_RADIUS_M, 0.0)),
        Mark("kerb_first_bend_top", (BEND_RADIUS_M, BEND_RADIUS_M, 0.0)),
        Mark("kerb_second_bend_top", (-STRAIGHT_M - BEND_RADIUS_M, BEND_RADIUS_M, 0.0)),
        Mark("outer_back_straight_begins", (0.0, 2 * BEND_RADIUS_M + width, 0.0)),
        Mark("outer_back_straight_ends", (-STRAIGHT_M, 2 * BEND_RADIUS_M + width, 0.0)),
    ]
    # The race is measured from the far edge of the start line to the near edge of the finish line.
    lines = [
        Line("start_100m", ((-100.0, 0.0, 0.0), (-100.0, -width, 0.0)), 0.05, 1),
        Line("finish", ((0.0, 0.0, 0.0), (0.0, -width, 0.0)), 0.05, 1),
        Line("kerb", _oval(0.0), 0.05, 1),
        Line("kerb_chute", ((-100.0, 0.0, 0.0), (-STRAIGHT_M, 0.0, 0.0)), 0.05, 1),
    ]
    for name, x in (("start", -100.0), ("finish", 0.0)):
        marks += [Mark(f"{name}_lane_{n}_inner", (x, (1 - n) * LANE_M, 0.0)) for n in range(1, lanes + 1)]
        marks.append(Mark(f"{name}_lane_{lanes}_outer", (x, -width, 0.0)))
    for lane in range(1, lanes + 1):  # the line on a lane's outer side belongs to the lane
        y = -lane * LANE_M
        lines.append(Line(f"lane_{lane}_outer", _oval(lane * LANE_M), 0.05, 1))
        lines.append(Line(f"lane_{lane}_outer_straight", ((-100.0, y, 0.0), (0.0, y, 0.0)), 0.05, 1))
    return FieldOfPlay(
        "athletics", "Athletics track, 400 m",
        "Where the finish line meets the inner edge of lane 1; x runs with the race",
        (-STRAIGHT_M / 2, BEND_RADIUS_M, 0.0), tuple(marks), tuple(lines),
    )  # fmt: skip


FOOTBALL_M = (105.0, 68.0)
_POST_M, _BAR_M, _CIRCLE_M, _SPOT_M = 3.66, 2.44, 9.15, 11.0
_BOXES = (("penalty_area", 16.5, 16.5 + _POST_M), ("goal_area", 5.5, 5.5 + _POST_M))
"""Name, depth and half the width."""


def _football_end(end: str, sign: int, paint_m: float) -> tuple[list[Mark], list[Line]]:
    """One goal with its areas; `sign` is -1 for the left end."""
    goal_x = sign * FOOTBALL_M[0] / 2
    marks = [Mark(f"penalty_spot_{end}", (goal_x - sign * _SPOT_M, 0.0, 0.0))]
    lines: list[Line] = []
    for box, depth, half in _BOXES:
        front = goal_x - sign * depth
        for where, y in (("near", -half), ("far", half)):
            marks.append(Mark(f"{box}_{end}_{where}", (front, y, 0.0)))
            marks.append(Mark(f"{box}_{end}_{where}_goal_line", (goal_x, y, 0.0)))
            inwards = -sign if where == "near" else sign
            lines.append(Line(f"{box}_{end}_{where}", ((goal_x, y, 0.0), (front, y, 0.0)), paint_m, inwards))
        lines.append(Line(f"{box}_{end}_front", ((front, -half, 0.0), (front, half, 0.0)), paint_m, -sign))
    for where, y in (("near", -_POST_M), ("far", _POST_M)):
        marks.append(Mark(f"post_{end}_{where}_foot", (goal_x, y, 0.0)))
        marks.append(Mark(f"post_{end}_{where}_top", (goal_x, y, _BAR_M)))
        lines.append(Line(f"post_{end}_{where}", ((goal_x, y, 0.0), (goal_x, y, _BAR_M))))
    lines.append(Line(f"crossbar_{end}", ((goal_x, -_POST_M, _BAR_M), (goal_x, _POST_M, _BAR_M))))
    reach = math.sqrt(_CIRCLE_M**2 - (16.5 - _SPOT_M) ** 2)
    front = goal_x - sign * 16.5
    marks += [
        Mark(f"penalty_arc_{end}_near", (front, -reach, 0.0)),
        Mark(f"penalty_arc_{end}_far", (front, reach, 0.0)),
    ]
    opening = math.degrees(math.asin(reach / _CIRCLE_M))
    turn = 180.0 if sign > 0 else 0.0
    arc = _arc((goal_x - sign * _SPOT_M, 0.0), _CIRCLE_M, turn - opening, turn + opening)
    lines.append(Line(f"penalty_arc_{end}", arc, paint_m, 1))
    return marks, lines


def football() -> FieldOfPlay:
    """A football pitch of 105 by 68 m with lines of 12 cm."""
    x, y = FOOTBALL_M[0] / 2, FOOTBALL_M[1] / 2
    paint = 0.12
    marks = [
        Mark("corner_left_near", (-x, -y, 0.0)), Mark("corner_right_near", (x, -y, 0.0)),
        Mark("corner_left_far", (-x, y, 0.0)), Mark("corner_right_far", (x, y, 0.0)),
        Mark("halfway_near", (0.0, -y, 0.0)), Mark("halfway_far", (0.0, y, 0.0)), Mark("centre_spot", (0.0, 0.0, 0.0)),
        Mark("centre_circle_near", (0.0, -_CIRCLE_M, 0.0)), Mark("centre_circle_far", (0.0, _CIRCLE_M, 0.0)),
        Mark("centre_circle_left", (-_CIRCLE_M, 0.0, 0.0)), Mark("centre_circle_right", (_CIRCLE_M, 0.0, 0.0)),
    ]  # fmt: skip
    lines = [
        Line("touchline_near", ((-x, -y, 0.0), (x, -y, 0.0)), paint, 1),
        Line("touchline_far", ((-x, y, 0.0), (x, y, 0.0)), paint, -1),
        Line("goal_line_left", ((-x, -y, 0.0), (-x, y, 0.0)), paint, -1),
        Line("goal_line_right", ((x, -y, 0.0), (x, y, 0.0)), paint, 1),
        Line("halfway", ((0.0, -y, 0.0), (0.0, y, 0.0)), paint),
        Line("centre_circle", _arc((0.0, 0.0), _CIRCLE_M, 0, 360), paint, 1),
    ]
    corners = (("left_near", -x, -y, 0), ("right_near", x, -y, 90), ("right_far", x, y, 180), ("left_far", -x, y, 270))
    for name, cx, cy, start in corners:
        lines.append(Line(f"corner_arc_{name}", _arc((cx, cy), 1.0, start, start + 90), paint, 1))
    for end, sign in (("left", -1), ("right", 1)):
        more_marks, more_lines = _football_end(end, sign, paint)
        marks += more_marks
        lines += more_lines
    return FieldOfPlay(
        "football", "Football pitch, 105 x 68 m", "The centre spot; x runs along the touchlines to the right",
        (0.0, 0.0, 0.0), tuple(marks), tuple(lines),
    )  # fmt: skip


def tennis() -> FieldOfPlay:
    """A tennis court, 23.77 m long, 8.23 m wide for singles and 10.97 m for doubles, seen over the near baseline."""
    base, service, singles, doubles, paint = 23.77 / 2, 6.40, 8.23 / 2, 10.97 / 2, 0.05
    post = doubles + 0.914
    marks = [Mark("net_middle_top", (0.0, 0.0, 0.914)), Mark("net_middle_foot", (0.0, 0.0, 0.0))]
    lines = [
        Line("net_cord", ((-post, 0.0, 1.07), (0.0, 0.0, 0.914), (post, 0.0, 1.07))),
        Line("centre_service", ((0.0, -service, 0.0), (0.0, service, 0.0)), paint),
    ]
    for side, sign in (("left", -1), ("right", 1)):
        marks += [
            Mark(f"net_post_{side}_foot", (sign * post, 0.0, 0.0)),
            Mark(f"net_post_{side}_top", (sign * post, 0.0, 1.07)),
        ]
        for kind, half in (("singles", singles), ("doubles", doubles)):
            edge = ((sign * half, -base, 0.0), (sign * half, base, 0.0))
            lines.append(Line(f"{kind}_sideline_{side}", edge, paint, sign))
            for where, y in (("near", -base), ("far", base)):
                name = "corner" if kind == "doubles" else "singles_corner"
                marks.append(Mark(f"{name}_{side}_{where}", (sign * half, y, 0.0)))
        for where, y in (("near", -service), ("far", service)):
            marks.append(Mark(f"service_{side}_{where}", (sign * singles, y, 0.0)))
    for where, sign in (("near", -1), ("far", 1)):
        marks += [
            Mark(f"service_middle_{where}", (0.0, sign * service, 0.0)),
            Mark(f"centre_mark_{where}", (0.0, sign * base, 0.0)),
        ]
        y = sign * base
        lines += [
            Line(f"baseline_{where}", ((-doubles, y, 0.0), (doubles, y, 0.0)), paint, -sign),
            Line(f"service_{where}", ((-singles, sign * service, 0.0), (singles, sign * service, 0.0)), paint, -sign),
            Line(f"centre_mark_{where}", ((0.0, y, 0.0), (0.0, y - sign * 0.1, 0.0)), paint),
        ]
    return FieldOfPlay(
        "tennis", "Tennis court", "The ground under the middle of the net; x runs along the net to the right",
        (0.0, 0.0, 0.0), tuple(marks), tuple(lines),
    )  # fmt: skip


POOL_M, POOL_LANES, POOL_LANE_M = (50.0, 25.0), 10, 2.5
_ROPE_MARKS = (("5m", 5.0), ("15m", 15.0), ("35m", 35.0), ("45m", 45.0))


def swimming() -> FieldOfPlay:
    """A pool of 50 by 25 m with ten lanes (0 to 9) of 2.5 m; colours change on the ropes 5 and 15 m from each wall."""
    length, width = POOL_M
    corners = {
        "start_near": (0.0, 0.0),
        "turn_near": (length, 0.0),
        "turn_far": (length, width),
        "start_far": (0, width),
    }
    marks = [Mark(f"corner_{name}", (x, y, 0.0)) for name, (x, y) in corners.items()]
    lines = [
        Line("wall_start", ((0.0, 0.0, 0.0), (0.0, width, 0.0))),
        Line("wall_turn", ((length, 0.0, 0.0), (length, width, 0.0))),
        Line("wall_near", ((0.0, 0.0, 0.0), (length, 0.0, 0.0))),
        Line("wall_far", ((0.0, width, 0.0), (length, width, 0.0))),
        Line("flags_start", ((5.0, 0.0, 1.8), (5.0, width, 1.8))),
        Line("flags_turn", ((length - 5.0, 0.0, 1.8), (length - 5.0, width, 1.8))),
    ]
    lines += [Line(f"marks_{name}", ((x, 0.0, 0.0), (x, width, 0.0))) for name, x in _ROPE_MARKS]
    for lane in range(1, POOL_LANES):
        rope, y = f"rope_{lane - 1}_{lane}", lane * POOL_LANE_M
        lines.append(Line(rope, ((0.0, y, 0.0), (length, y, 0.0))))
        marks += [Mark(f"{rope}_start", (0.0, y, 0.0)), Mark(f"{rope}_turn", (length, y, 0.0))]
        marks += [Mark(f"{rope}_{name}", (x, y, 0.0)) for name, x in _ROPE_MARKS]
    return FieldOfPlay(
        "swimming", "Swimming pool, 50 x 25 m",
        "The near corner at the start, on the water; x runs to the turning wall, lane 0 is nearest",
        (length / 2, width / 2, 0.0), tuple(marks), tuple(lines),
    )  # fmt: skip


FIELDS: Final = MappingProxyType[str, Callable[[], FieldOfPlay]](
    {"athletics": athletics, "football": football, "tennis": tennis, "swimming": swimming}
)


@cache
def field_of_play(field_id: str) -> FieldOfPlay:
    """The template of that name; ConsoleError when there is none."""
    if field_id not in FIELDS:
        raise ConsoleError(f"There is no field {field_id!r}", f"There are {', '.join(FIELDS)}")
    return FIELDS[field_id]()
