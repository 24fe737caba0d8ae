"""What is wrong with a part of the world, a title or a data feed, in a sentence.

Commands and show files are held to the same rules, so whatever draws or listens may rely on them.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise

from console.show.model import Setup, SourceId
from console.show.world import Camera, DataFeed, Element, LensRow, Person, Point, Title, TrackingInput, World

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
FIELDS = ("athletics", "football", "tennis", "swimming")
PROTOCOLS = ("freed", "opentrackio", "psn")
INPUTS_MAX, CAMERAS_MAX, ELEMENTS_MAX, PEOPLE_MAX, FEEDS_MAX = 32, 100, 500, 1000, 16
LENS_ROWS_MAX, ALL_LENS_ROWS_MAX, POINTS_MAX, FIELDS_MAX, QUIRKS_MAX = 200, 2000, 64, 64, 16
TEXT_MAX = 4096
FAR_M = 1e6
"""Nothing in a venue is farther from its origin."""
DELAY_MS_MAX = 10_000.0
INPUT_DELAY_MS_MAX = 1000.0
_ANGLE_DEG_MAX = 3600.0
_SECONDS_MAX = 3600.0
_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.%A-Za-z]+\]|[A-Za-z0-9._-]+):(\d{1,5})")
_SUBJECT = re.compile(rf"({ID.pattern})/[A-Za-z0-9_.:-]{{1,64}}")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_COUNTRY = re.compile(r"[A-Z]{3}")


class Fault(ValueError):  # noqa: N818 - it is what is found, and its text is the sentence
    """Something is wrong; the text says what."""


def _demand(holds: object, sentence: str) -> None:
    if not holds:
        raise Fault(sentence)


def check_text(what: str, text: str, most: int = TEXT_MAX) -> None:
    """Text of any script, lines and marks of direction included, but nothing that controls a terminal."""
    _demand(len(text) <= most, f"{what} has more than {most} characters")
    odd = any(unicodedata.category(c) in ("Cc", "Cs") for c in text if c != "\n")
    _demand(not odd, f"{what} has a character that is no text")


def check_id(what: str, name: str) -> None:
    """Ids stand in addresses of subjects and in status."""
    _demand(ID.fullmatch(name), f"'{name:.40}' is no id of {what}: use up to 32 letters, digits, - and _")


def _check_point(what: str, point: Point) -> None:
    _demand(len(point) == 3, f"{what} needs x, y and z")
    _demand(all(abs(value) <= FAR_M for value in point), f"{what} is farther away than {FAR_M:.0f} m")


def _check_signed(what: str, text: str, names: str) -> None:
    chosen = text.split()
    signed = all(name[0] in "+-" for name in chosen)
    right = signed and sorted(name[1:] for name in chosen) == sorted(names.split())
    _demand(not chosen or right, f"{what} names each of {names} once, with + or -, not '{text:.40}'")


def check_input(entry: TrackingInput) -> None:
    """An input by itself."""
    check_id("a tracking input", entry.id)
    known = ", ".join(PROTOCOLS)
    _demand(entry.protocol in PROTOCOLS, f"'{entry.protocol:.40}' is no tracking protocol: known are {known}")
    address = _ADDRESS.fullmatch(entry.bind)
    _demand(
        address is not None and 0 < int(address[2]) < 65536,
        f"'{entry.bind:.40}' is no HOST:PORT to listen on, such as 0.0.0.0:6301",
    )
    if entry.group:
        try:
            is_group = ipaddress.ip_address(entry.group).is_multicast
        except ValueError:
            is_group = False
        _demand(is_group, f"'{entry.group:.40}' is no multicast group")
    _check_signed("The axis map", entry.axes, "x y z")
    _check_signed("The angle map", entry.angles, "pan tilt roll")
    _demand(1e-6 <= abs(entry.scale) <= 1e6, "The scale of positions must not be zero, nor beyond a million")
    _check_point("The offset", entry.offset_m)
    _demand(len(entry.angle_offset_deg) == 3, "The offset of angles needs pan, tilt and roll")
    _demand(all(abs(angle) <= _ANGLE_DEG_MAX for angle in entry.angle_offset_deg), "An offset of angles is too large")
    _demand(abs(entry.delay_ms) <= INPUT_DELAY_MS_MAX, f"A delay of an input is at most {INPUT_DELAY_MS_MAX:.0f} ms")
    _demand(len(entry.quirks) <= QUIRKS_MAX, f"An input has at most {QUIRKS_MAX} quirks")
    for quirk in entry.quirks:
        _demand(re.fullmatch(r"[a-z0-9_]{1,64}", quirk), f"'{quirk:.40}' is no name of a quirk")


def check_camera(camera: Camera, sources: Iterable[SourceId], world: World) -> None:
    """A camera among the sources and inputs that there are."""
    _demand(camera.source in set(sources), f"There is no source '{camera.source:.40}'")
    if camera.input:
        _demand(any(entry.id == camera.input for entry in world.inputs), f"There is no input '{camera.input:.40}'")
    _demand(0 <= camera.number < 1 << 31, "The number of a camera is 0 or more")
    _demand(abs(camera.delay_ms) <= DELAY_MS_MAX, f"A delay is at most {DELAY_MS_MAX:.0f} ms")
    _check_point("The place of a camera", camera.position_m)
    angles = (camera.pan_deg, camera.tilt_deg, camera.roll_deg)
    _demand(all(abs(angle) <= _ANGLE_DEG_MAX for angle in angles), "An angle of a camera is too large")
    _demand(len(camera.ground_m) in (0, 4), "An empty stretch of ground has four corners")
    for point in camera.ground_m:
        _check_point("A corner of the empty ground", point)
    _check_lens(camera.lens)


def _check_lens(rows: tuple[LensRow, ...]) -> None:
    _demand(1 <= len(rows) <= LENS_ROWS_MAX, f"A lens table has 1 to {LENS_ROWS_MAX} rows")
    rising = all((a.zoom, a.focus) < (b.zoom, b.focus) for a, b in pairwise(rows))
    _demand(rising, "A lens table ascends in zoom, then focus, and has each setting once")
    for row in rows:
        _demand(0.01 <= row.focal <= 1000.0, "A focal length is 0.01 to 1000 picture widths")
        _demand(abs(row.centre_x) <= 1.0 and abs(row.centre_y) <= 1.0, "A lens's centre lies outside its picture")
        bent = (row.k1, row.k2, row.k3, row.p1, row.p2)
        _demand(all(abs(value) <= 1e6 for value in bent), "A distortion is too large to be one")
        _demand(abs(row.pupil_m) <= 10.0, "An entrance pupil is at most 10 m away")


def check_element(element: Element, world: World) -> None:
    """A graphic among the inputs that there are."""
    check_id("an element", element.id)
    if element.subject not in ("", "*"):
        subject = _SUBJECT.fullmatch(element.subject)
        _demand(subject, f"'{element.subject:.40}' is no subject: write INPUT/NUMBER, or * for all")
        known = subject is not None and any(entry.id == subject[1] for entry in world.inputs)
        _demand(known, f"There is no input for the subject '{element.subject:.40}'")
    check_text("The text of an element", element.text)
    check_text("The unit of an element", element.unit, 16)
    check_text("The image of an element", element.image)
    _demand(len(element.points_m) <= POINTS_MAX, f"An element has at most {POINTS_MAX} points")
    for point in element.points_m:
        _check_point("A point of an element", point)
    _check_point("The direction of an element", element.along_m)
    _demand(any(element.along_m), "The direction of an element must not be zero")
    _demand(_COLOUR.fullmatch(element.colour), f"'{element.colour:.40}' is no colour: write one such as #ffd23c")
    _demand(0.0 < element.size_m <= 1000.0, "The size of an element is above 0 and at most 1000 m")
    _demand(0.0 < element.seconds <= _SECONDS_MAX, f"A trail lasts above 0 and at most {_SECONDS_MAX:.0f} s")
    _demand(len(element.pace) <= LENS_ROWS_MAX, f"A pace has at most {LENS_ROWS_MAX} points")
    _demand(all(len(point) == 2 for point in element.pace), "A pace is made of seconds and metres")
    _demand(
        all(a[0] < b[0] and a[1] <= b[1] for a, b in pairwise(element.pace)), "A pace ascends in seconds and in metres"
    )


def check_person(person: Person) -> None:
    """Somebody by himself: his input may come later."""
    _demand(_SUBJECT.fullmatch(person.subject), f"'{person.subject:.40}' is no subject: write INPUT/NUMBER")
    check_text("A name", person.name, 200)
    check_text("A bib", person.bib, 16)
    _demand(
        not person.country or _COUNTRY.fullmatch(person.country),
        f"'{person.country:.40}' is no country: write three letters such as NED",
    )


def check_feed(feed: DataFeed) -> None:
    """A data feed by itself."""
    check_id("a data feed", feed.id)
    _demand(feed.url.strip(), "A data feed needs an address")
    check_text("The address of a data feed", feed.url)
    _demand("\n" not in feed.url, "The address of a data feed is one line")


def check_title(title: Title) -> None:
    """A title by itself; only who draws it knows its template."""
    _demand(title.template.strip(), "A title needs a template")
    check_text("The name of a template", title.template, 200)
    _demand(".." not in title.template and "\n" not in title.template, "A template is named, not reached through '..'")
    _demand(len(title.fields) <= FIELDS_MAX, f"A title has at most {FIELDS_MAX} fields")
    for field in title.fields:
        _demand(field.name, "A field of a title needs a name")
        check_text("The name of a field", field.name, 64)
        check_text(f"The field '{field.name}'", field.value)
    check_once("field", (field.name for field in title.fields))


def check_once(what: str, ids: Iterable[str]) -> None:
    """That no id is there twice."""
    seen: set[str] = set()
    for name in ids:
        _demand(name not in seen, f"There is a {what} '{name:.40}' already")
        seen.add(name)


def check_sizes(world: World) -> None:
    """That there is not more than can be kept and sent."""
    for what, most, items in (
        ("tracking inputs", INPUTS_MAX, world.inputs),
        ("cameras", CAMERAS_MAX, world.cameras),
        ("elements", ELEMENTS_MAX, world.elements),
        ("people", PEOPLE_MAX, world.people),
        ("data feeds", FEEDS_MAX, world.feeds),
    ):
        _demand(len(items) <= most, f"A show has at most {most} {what}")
    rows = sum(len(camera.lens) for camera in world.cameras)
    _demand(rows <= ALL_LENS_ROWS_MAX, f"All lens tables together have at most {ALL_LENS_ROWS_MAX} rows")


def check_listening(world: World) -> None:
    """That no two inputs share an address."""
    _demand(
        len({(entry.bind, entry.group) for entry in world.inputs}) == len(world.inputs),
        "Another input listens on that address already",
    )


def check_free_bottom(world: World) -> None:
    """What graphics leave free of the picture."""
    _demand(0.0 <= world.free_bottom <= 0.5, "Graphics leave free at most the lower half of the picture")


def check_field(world: World) -> None:
    """The field of play and where it lies."""
    known = ", ".join(FIELDS)
    _demand(world.field in ("", *FIELDS), f"'{world.field:.40}' is no field of play: known are {known}")
    _check_point("The place of the field", world.field_offset_m)
    _demand(abs(world.field_turn_deg) <= _ANGLE_DEG_MAX, "The turn of the field is too large")


def check_all(setup: Setup) -> None:
    """Everything, as for a show that comes from a file. Raises Fault."""
    world, sources = setup.world, [source.id for source in setup.sources]
    check_sizes(world)
    check_listening(world)
    check_free_bottom(world)
    check_field(world)
    check_once("tracking input", (entry.id for entry in world.inputs))
    check_once("camera of", (camera.source for camera in world.cameras))
    check_once("element", (element.id for element in world.elements))
    check_once("person", (person.subject for person in world.people))
    check_once("data feed", (feed.id for feed in world.feeds))
    for entry in world.inputs:
        check_input(entry)
    for camera in world.cameras:
        check_camera(camera, sources, world)
    for element in world.elements:
        check_element(element, world)
    for person in world.people:
        check_person(person)
    for feed in world.feeds:
        check_feed(feed)
    for title in setup.titles:
        if title is not None:
            check_title(title)
