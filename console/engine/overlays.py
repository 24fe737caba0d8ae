"""The engine's view of graphics: what the graphics process wrote for the picked pictures of sources, and titles.

A graphic that is locked to a source carries the index of the picture that it was made for. It is laid over that
picture; when it did not come in time, the one of the picture before, or of that before it, stands in, and is counted.
Graphics whose writer has not worked for a second are gone: program goes on clean.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from console.errors import ConsoleError
from console.media.picture import new_picture
from console.mix.plan import title_index
from console.mix.render import Drawable
from console.show.model import SourceId
from console.sync.frames import choose
from console.wire.ring import PREVIEW_ONLY, PictureInfo, RingReader, unpack_box

_log = logging.getLogger("console.engine.overlays")
DEAD_NS = 1_000_000_000
_OLDER_MAX = 2
_NOTHING = Drawable(new_picture(2, 2, key=True), None, (0, 0, 0, 0))

PickedPictures = Mapping[SourceId, int]
"""The ring's index of the picture that was picked of each source."""


@dataclass
class _Overlay:
    """The graphics of one source."""

    path: str
    ring: RingReader
    picked: PictureInfo | None = None
    late: int = 0
    """Frames on program that carried the graphics of a picture before."""
    missing: int = 0
    """Frames on program without graphics though their writer worked."""


@dataclass
class _Title:
    """The title of one downstream keyer."""

    path: str
    ring: RingReader
    picked: PictureInfo | None = None


class Overlays:
    """All graphics, kept in step with the rings that the supervisor names."""

    def __init__(self, frame_ns: int) -> None:
        self._half_frame_ns = frame_ns // 2
        self._overlays: dict[SourceId, _Overlay] = {}
        self._titles: dict[int, _Title] = {}

    def attach(self, overlays: Mapping[str, str], titles: Sequence[str | None]) -> None:
        """Follow these rings (`{source: path}`, and a path or None for each keyer) and no others."""
        for source in [known for known, has in self._overlays.items() if overlays.get(known) != has.path]:
            self._overlays.pop(source).ring.close()
        for name, path in overlays.items():
            if SourceId(name) not in self._overlays and (ring := _attached(path)):
                self._overlays[SourceId(name)] = _Overlay(path, ring)
        wanted = {index: path for index, path in enumerate(titles) if path is not None}
        for index in [known for known, title in self._titles.items() if wanted.get(known) != title.path]:
            self._titles.pop(index).ring.close()
        for index, path in wanted.items():
            if index not in self._titles and (ring := _attached(path)):
                self._titles[index] = _Title(path, ring)

    def ask(self, wanted: frozenset[SourceId], now_ns: int) -> None:
        """Tell the graphics process for which sources graphics are needed."""
        for source, overlay in self._overlays.items():
            overlay.ring.ask(int(source in wanted), now_ns)

    def take(self, wanted: frozenset[SourceId], pictures: PickedPictures, at_ns: int, now_ns: int) -> None:
        """Pick the graphics of the wanted sources for their picked pictures, and every title, for one frame."""
        for source, overlay in self._overlays.items():
            index = pictures.get(source) if source in wanted else None
            lives = index is not None and _lives(overlay.ring, now_ns)
            overlay.picked = _made_for(overlay.ring, index) if lives and index is not None else None
        for title in self._titles.values():
            before = title.picked.index if title.picked else None
            index = choose(title.ring, before, at_ns, self._half_frame_ns) if _lives(title.ring, now_ns) else None
            title.picked = None if index is None else title.ring.info(index)

    def count(self, on_program: frozenset[SourceId], pictures: PickedPictures, now_ns: int) -> None:
        """Count how program's graphics of this frame kept up with their pictures."""
        for source in on_program & self._overlays.keys() & pictures.keys():
            overlay = self._overlays[source]
            if overlay.picked is not None:
                overlay.late += overlay.picked.frame != pictures[source]
            elif _lives(overlay.ring, now_ns):
                overlay.missing += 1

    def cold(self, sources: frozenset[SourceId], pictures: PickedPictures, now_ns: int) -> frozenset[SourceId]:
        """Those of the sources that have graphics, of which those for the picked picture are still being made."""
        return frozenset(
            source
            for source in sources & self._overlays.keys() & pictures.keys()
            if _lives(ring := self._overlays[source].ring, now_ns)
            and ((made := _made_for(ring, pictures[source])) is None or made.frame != pictures[source])
        )

    def drawable(self, source: SourceId) -> Drawable | None:
        """The graphics that lie over a source's picture in this frame."""
        overlay = self._overlays.get(source)
        return None if overlay is None else _drawable(overlay)

    def title(self, index: int, *, on_program: bool) -> Drawable:
        """The title of a keyer in this frame: nothing at all when there is none."""
        title = self._titles.get(index)
        if title is None or title.picked is None or (on_program and title.picked.pts == PREVIEW_ONLY):
            return _NOTHING
        return _drawable(title) or _NOTHING

    def intact(self, sources: frozenset[SourceId], keys: Iterable[SourceId]) -> bool:
        """Whether no graphic of these was overwritten since it was picked."""
        titles = (title_index(key) for key in keys)
        used: list[_Overlay | _Title | None] = [self._overlays.get(source) for source in sources]
        used += [self._titles.get(index) for index in titles if index is not None]
        return all(one is None or one.picked is None or one.ring.holds(one.picked.index) for one in used)

    def counts(self, source: SourceId) -> dict[str, int]:
        """What the status says of a source's graphics."""
        overlay = self._overlays.get(source)
        late, missing = (overlay.late, overlay.missing) if overlay else (0, 0)
        return {"overlay_late": late, "overlay_missing": missing}


def _attached(path: str) -> RingReader | None:
    try:
        return RingReader(Path(path))
    except ConsoleError as error:
        _log.error("Graphics can't be attached: %s", error)
        return None


def _lives(ring: RingReader, now_ns: int) -> bool:
    return ring.heartbeat_ns > 0 and now_ns - ring.heartbeat_ns <= DEAD_NS


def _made_for(ring: RingReader, index: int) -> PictureInfo | None:
    """The newest graphics of a picture, else of one shortly before it."""
    best = None
    for info in ring.infos():
        if 0 <= index - info.frame <= _OLDER_MAX and (best is None or info.frame >= best.frame):
            best = info
    return best


def _drawable(graphics: _Overlay | _Title) -> Drawable | None:
    picked = graphics.picked
    if picked is None:
        return None
    return Drawable(graphics.ring.picture(picked.index), (graphics.path, picked.index), unpack_box(picked.flags))
