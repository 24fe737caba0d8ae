"""What the set-up says of a tracking input, checked: how its numbers become the world's, and where it is awaited."""

from __future__ import annotations

import contextlib
import ipaddress
import math
from dataclasses import fields, replace

from console.errors import ConsoleError
from console.show.world import TrackingInput
from console.tracking.mapping import Quirks, SourceMapping, default_mapping
from console.tracking.packet import ABSURD_M, TrackingProtocol, Vector
from console.tracking.receiver import Endpoint, multicast_group


def mapping_of(entry: TrackingInput) -> SourceMapping:
    """How the numbers of an input become the world's. Raises ConsoleError that names every fault."""
    faults: list[str] = []
    mapping = default_mapping(TrackingProtocol.FREED)
    with contextlib.suppress(ValueError):  # named by endpoint_of
        mapping = default_mapping(TrackingProtocol(entry.protocol))
    try:
        mapping = replace(mapping, axes=_named(entry.axes, mapping.axes))
    except ConsoleError as error:
        faults.append(error.sentence)
    try:
        mapping = replace(mapping, angles=_named(entry.angles, mapping.angles))
    except ConsoleError as error:
        faults.append(error.sentence)
    if not (math.isfinite(entry.scale) and 0 < entry.scale <= ABSURD_M):
        faults.append(f"a scale of {entry.scale:g} can't be")
    for name, vector in (("offset", entry.offset_m), ("angle offset", entry.angle_offset_deg)):
        if len(vector) != 3 or not all(math.isfinite(part) and abs(part) <= ABSURD_M for part in vector):
            faults.append(f"the {name} {' '.join(f'{part:g}' for part in vector)} is no three numbers that can be")
    known = {field.name: getattr(Quirks(), field.name) for field in fields(Quirks)}
    faults += [f"no quirk is called '{name}'" for name in entry.quirks if name not in known]
    if faults:
        raise ConsoleError(
            f"The set-up of the tracking input {entry.id} can't be used: {'; '.join(faults)}",
            "Mend it; until then it moves no graphic",
        )
    return replace(
        mapping,
        scale=entry.scale,
        offset_m=_three(entry.offset_m),
        angle_offset_deg=_three(entry.angle_offset_deg),
        quirks=Quirks(**{name: not known[name] for name in entry.quirks}),
    )


def _named(text: str, otherwise: tuple[str, str, str]) -> tuple[str, str, str]:
    parts = text.split()
    if len(parts) not in (0, 3):
        raise ConsoleError(f"'{text}' is no axis map")
    return (parts[0], parts[1], parts[2]) if parts else otherwise


def _three(vector: tuple[float, ...]) -> Vector:
    x, y, z = vector
    return x, y, z


def endpoint_of(entry: TrackingInput) -> tuple[TrackingProtocol, Endpoint]:
    """What to listen for, and where. Raises ConsoleError."""
    about = f"The tracking input {entry.id}"
    try:
        protocol = TrackingProtocol(entry.protocol)
    except ValueError:
        known = ", ".join(TrackingProtocol)
        raise ConsoleError(f"{about} speaks '{entry.protocol}', which is not known", f"Known are {known}") from None
    host, _, port = entry.bind.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    try:
        if not (port.isascii() and port.isdigit() and int(port) < 1 << 16):
            raise ValueError
        if host != "localhost":
            ipaddress.ip_address(host)  # a name would have to be looked up, which may take seconds
    except ValueError:
        raise ConsoleError(
            f"{about} can't listen on '{entry.bind}'", "Write ADDRESS:PORT of this machine, such as 0.0.0.0:40000"
        ) from None
    return protocol, Endpoint(host, int(port), multicast_group(entry.group) if entry.group else "")


def collide(one: Endpoint, other: Endpoint) -> bool:
    """Whether two inputs would get each other's datagrams, or could not both be opened."""
    if one.port != other.port or not one.port or one.group != other.group:
        return False
    return bool(one.group) or one.host == other.host or {one.host, other.host} & {"0.0.0.0", "::"} != set()
