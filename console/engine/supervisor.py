"""The process that `podium engine` is: it makes the rings, keeps every other process alive, and knows their health.

It never touches a picture. The engine's tick is the only writer of the show; the supervisor follows the show's
patches and starts and stops a source host per source and an uplink per destination accordingly.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from console.engine.alarms import alarms, graphics_alarms
from console.engine.children import Child
from console.engine.cues import cues, on_air
from console.engine.decoding import Decoding, ThisMachine
from console.engine.graphics import GraphicsRings, graphics_status
from console.engine.journal import replay
from console.engine.naming import as_hosted, fingerprint, label_of
from console.engine.saving import ShowFile
from console.media.address import masked
from console.media.clock import Anchor, Clock
from console.media.time import Format
from console.show.codec import show_to_file, to_json
from console.show.model import Bus, Show
from console.sources.address import is_page, tile_size, wants_key
from console.wire.place import make_private
from console.wire.ring import create_ring
from console.wire.sound import create_sound

_log = logging.getLogger("console.engine.supervisor")
_SOURCE_SLOTS, _TILE_SLOTS, _BUS_SLOTS = 10, 4, 4
_PROGRAM_RING_SECONDS = 1.6
_ANSWER_SECONDS = 5.0
_COUNTED_ELSEWHERE = ("in", "drop", "fps", "tier", "cpu")

Subscriber = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class EngineConfig:
    """What `podium engine` was asked to do."""

    run_dir: Path
    log_dir: Path
    show_file: Path | None = None
    preset: str = "superfast"
    bitrate_kbps: int = 6000
    hardware: bool = True


class Supervisor:
    """Everything that runs, and what is known of it."""

    def __init__(self, config: EngineConfig, show: Show, clock: Clock) -> None:
        self.config = config
        self.anchor = Anchor.take(clock)
        self.finished = asyncio.Event()
        self.on_air = asyncio.Event()
        self._show = show
        self._format: Format = show.setup.format
        self._file = ShowFile(config.show_file)
        self._journal = config.log_dir / "journal.jsonl"
        self._rings = make_private(config.run_dir / "rings", "the rings")
        self._serial = 0
        self._children: dict[str, Child] = {}
        self._sources: dict[str, dict[str, Any]] = {}
        self._source_rings: dict[str, dict[str, str]] = {}
        self._graphics = GraphicsRings(self._rings, self._format)
        self._destinations: dict[str, str] = {}
        """Addresses, and what they are called where secrets must not be seen."""
        self._told: dict[str, dict[str, Any]] = {}
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._status: dict[str, Any] = {}
        self._parts: dict[str, Any] = {}
        self._rev = 0
        self._subscribers: set[Subscriber] = set()
        self._session = self._session_of(show)
        self._decoding = Decoding(self._format, ThisMachine(), clock)
        self._deciding: asyncio.Task[None] | None = None

    def _session_of(self, show: Show) -> str:
        """The journal's session when it broke off on this very show (the machine went down), else a new one."""
        found = replay(self._journal)
        if found is not None and not found.ended and found.session.startswith(fingerprint(show)):
            _log.warning("The last session of this show did not end; it goes on as it was on air")
            self._show = found.history.show
            return found.session
        return f"{fingerprint(show)}-{secrets.token_hex(8)}"

    def start(self) -> None:
        """Make the rings and start every process."""
        form, fps = self._format, self._format.rate.fps
        for bus in Bus:
            slots = round(fps * _PROGRAM_RING_SECONDS) if bus is Bus.PROGRAM else _BUS_SLOTS
            samples = form.rate.samples_max if bus is Bus.PROGRAM else 0
            create_ring(self.bus_path(bus), form.width, form.height, slots=slots, samples=samples)
        make_private(self.config.run_dir / "cursors", "the uplinks' cursors")
        self._follow(to_json(self._show.setup))
        self._keep("engine", "_engine", self._engine_config, self._from_engine)
        self._keep("encoder", "_encoder", self._encoder_config, self._note)
        deciding = self._decoding.run(lambda: self._status, partial(self._tell, "engine"))
        self._deciding = asyncio.get_running_loop().create_task(deciding, name="decoding")

    async def finish(self) -> None:
        """End every process: the engine first, then the encoder once it has drained, then the uplinks."""
        self.finished.set()
        self._file.save_now()
        if self._deciding is not None:
            self._deciding.cancel()
        groups = (["engine"], ["encoder", "graphics", *(name for name in self._children if name.startswith("source:"))])
        for group in (*groups, [name for name in self._children if name.startswith("uplink:")]):
            kept = [self._children.pop(name) for name in group if name in self._children]
            await asyncio.gather(*(child.finish(15.0 if "engine" not in group else 5.0) for child in kept))
        self._decoding.close()
        shutil.rmtree(self._rings, ignore_errors=True)

    def bus_path(self, bus: Bus) -> Path:
        """The ring of a bus."""
        return self._rings / f"{bus}.picture"

    # What clients ask

    async def command(self, message: dict[str, Any]) -> dict[str, Any]:
        """Give a command to the engine and wait for its answer: `{"ack": ...}` or `{"reject": ...}`."""
        order_id = message["id"]
        answer = self._answers.get(order_id)
        if answer is None:
            answer = self._answers[order_id] = asyncio.get_running_loop().create_future()
            engine = self._children.get("engine")
            if engine is None or not engine.send(message):
                self._answer({"reject": {"id": order_id, "reason": "The engine is being started again; ask again"}})
        try:
            at = message.get("at")
            ahead_s = 0.0
            if type(at) is int:
                ahead_s = max(0.0, (at - self._status.get("frame", at)) / self._format.rate.fps)
            return await asyncio.wait_for(asyncio.shield(answer), _ANSWER_SECONDS + ahead_s)
        except TimeoutError:
            return {"reject": {"id": order_id, "reason": "The engine did not answer in time"}}
        finally:
            self._answers.pop(order_id, None)

    def status(self) -> dict[str, Any]:
        """What is measured now; see README for its fields."""
        status: dict[str, Any] = {"frame": 0, "sources": {}} | self._status
        engine = self._children.get("engine")
        status["on_air"] = self.on_air.is_set() and engine is not None and engine.pid is not None
        status.setdefault("format", str(self._format))
        measured: dict[str, Any] = status["sources"]
        nothing = {"state": "lost", "in": 0, "drop": 0, "out": 0, "duplicate": 0, "fps": 0.0, "age_ms": 0}
        nothing |= {"hot_in_frames": None, "overlay_late": 0, "overlay_missing": 0}
        status["sources"] = {
            source: nothing
            | measured.get(source, {})
            | self._told.get(f"source:{source}", {})
            | self._decoding.source_fields(source)
            for source in self._sources
        }
        status["decoding"] = self._decoding.fields()
        idle = {"state": "connecting", "queued": 0, "sent": 0, "acked": 0, "lag_ms": 0, "lost": 0}
        status["outputs"] = {
            label: idle | self._told.get(f"uplink:{label}", {}) for label in self._destinations.values()
        }
        status["log"] = {"frames": 0, "bytes": 0, "disk_free": 0} | self._told.get("encoder", {})
        told = self._told.setdefault("graphics", {}) if "graphics" in self._children else None
        status["graphics"] = graphics = graphics_status(told, self._graphics.trouble)
        status["processes"] = {name: child.pid for name, child in self._children.items()}
        status["alarms"] = [*alarms(status, self.config.bitrate_kbps), *self._decoding.alarms()]
        status["alarms"] += graphics_alarms(graphics, self._part("setup"), self._part("air"), status.get("tally", {}))
        return status

    def snapshot(self) -> dict[str, Any]:
        """Everything a client needs to start from."""
        return {
            "rev": self._rev,
            "frame": self._status.get("frame", 0),
            "anchor": asdict(self.anchor),
            **self._parts,
            "rings": self.rings(),
            "status": self.status(),
        }

    def show(self) -> dict[str, Any]:
        """The show as a show file holds it."""
        return {"podium": 1, "setup": self._parts.get("setup"), "air": self._parts.get("air"), "rev": self._rev}

    def rings(self) -> dict[str, Any]:
        """Where the pictures are, for clients on this machine."""
        return {**{str(bus): str(self.bus_path(bus)) for bus in Bus}, "sources": self._source_rings}

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Have patches and status sent to `subscriber`, until the function that is returned is called."""
        self._subscribers.add(subscriber)
        return lambda: self._subscribers.discard(subscriber)

    # What the children are told and tell

    def _keep(self, name: str, verb: str, config: Callable[[], dict[str, Any]], on_event: Any) -> None:
        self._children[name] = Child(name, verb, config, on_event)

    def _tell(self, name: str, message: dict[str, Any]) -> None:
        child = self._children.get(name)
        if child is not None:
            child.send(message)

    def _engine_config(self) -> dict[str, Any]:
        return {
            "journal": str(self._journal),
            "session": self._session,
            "resume": True,
            "show": show_to_file(self._show),
            "buses": {str(bus): str(self.bus_path(bus)) for bus in Bus},
            "rings": self._source_rings,
            "anchor": asdict(self.anchor),
            **self._graphics.for_engine(),
        }

    def _graphics_config(self) -> dict[str, Any]:
        return {
            "format": str(self._format),
            "anchor": asdict(self.anchor),
            "setup": self._part("setup"),
            "air": self._part("air"),
            "rings": self._graphics.for_process(self._source_rings),
            "titles": self._graphics.titles,
        }

    def _part(self, name: str) -> dict[str, Any]:
        """The show's set-up or air, as JSON."""
        part: dict[str, Any] = self._parts.get(name) or to_json(getattr(self._show, name))
        return part

    def _encoder_config(self) -> dict[str, Any]:
        config = self.config
        return {
            "ring": str(self.bus_path(Bus.PROGRAM)),
            "format": str(self._format),
            "log": str(config.log_dir),
            "preset": config.preset,
            "bitrate_kbps": config.bitrate_kbps,
            "hardware": config.hardware,
        }

    def _from_engine(self, _child: Child, event: dict[str, Any]) -> None:
        kind = event.pop("event", "")
        if kind == "result":
            self._answer(event)
        elif kind == "patch":
            self._rev, frame = event.pop("rev"), event.pop("frame")
            self._parts |= event
            if "setup" in event and self._follow(event["setup"]):
                event["rings"] = self.rings()
            if "air" in event:
                self._tell("graphics", {"air": event["air"]})
            self._file.keep(self._parts)
            self._publish({"patch": {"rev": self._rev, "frame": frame, **event}})
        elif kind == "status":
            before, self._status = self._status, event["status"]
            for source, on in cues(self._sources.values(), before, self._status):
                self._tell(f"source:{source}", {"on_air": on})
            self._publish({"status": self.status()})
        elif kind == "frame_one":
            self.on_air.set()
            _log.info("On air with frame %d, %s", event["frame"], self._format)
        elif kind == "started" and (message := self._decoding.message):
            self._tell("engine", message)
        elif kind == "died":
            for order_id in list(self._answers):
                self._answer({"reject": {"id": order_id, "reason": "The engine was started again meanwhile"}})

    def _note(self, child: Child, event: dict[str, Any]) -> None:
        """Keep what a source host, the encoder or an uplink says of itself, for the status."""
        kind = event.pop("event", "")
        told = self._told.setdefault(child.name, {})
        role, _, source = child.name.partition(":")
        if role == "source":
            self._decoding.note(source, kind, event)
        elif role == "encoder" and kind == "log":
            self._decoding.note_encoder(event)
        if kind in ("stats", "log", "output", "opened", "tile"):
            if role == "source":  # frame sync counts these itself, and decoding
                event = {key: value for key, value in event.items() if key not in _COUNTED_ELSEWHERE}
            told.update(event)
            if kind == "opened" or role == "graphics":
                told.pop("reason", None)
        elif kind == "trouble":
            told["reason"] = " ".join(f"{event[key].rstrip('.')}." for key in ("reason", "remedy") if event.get(key))
            _log.warning("%s: %s", child.name, told["reason"])
        elif kind == "recovered":
            if told.pop("reason", None):
                _log.info("%s works again", child.name)
        elif kind == "died":
            told["restarts"] = told.get("restarts", 0) + 1
            if role == "graphics":  # what it told holds no more
                self._told[child.name] = {key: told[key] for key in ("restarts", "reason") if key in told}

    def _answer(self, answer: dict[str, Any]) -> None:
        order_id = next(iter(answer.values()))["id"]
        future = self._answers.get(order_id)
        if future is not None and not future.done():
            future.set_result(answer)

    def _publish(self, message: dict[str, Any]) -> None:
        for subscriber in list(self._subscribers):
            subscriber(message)

    # Following the show

    def _follow(self, setup: dict[str, Any]) -> bool:
        """Start and stop source hosts and uplinks so that they are what the set-up says; True when rings changed."""
        wanted = {source["id"]: source for source in setup["sources"]}
        changed = False
        for source_id in list(self._sources):
            after = wanted.get(source_id)
            if after is None or as_hosted(after) != as_hosted(self._sources[source_id]):
                self._drop_source(source_id)
                changed = True
            else:
                self._sources[source_id] = after
        for number, (source_id, source) in enumerate(wanted.items(), 1):
            if source_id not in self._sources:
                self._add_source(source, number)
                changed = True
        self._decoding.follow(list(wanted), self._source_rings)
        if changed:
            self._tell("engine", {"rings": self._source_rings})
        self._follow_graphics(setup)
        self._follow_destinations([destination["url"] for destination in setup["destinations"]])
        return changed

    def _follow_graphics(self, setup: dict[str, Any]) -> None:
        graphics = self._graphics
        if graphics.follow(setup, self._source_rings):
            self._tell("engine", graphics.for_engine())
            self._tell("graphics", {"rings": graphics.for_process(self._source_rings)})
        if "graphics" in self._children:
            self._tell("graphics", {"setup": setup})
        elif graphics.needed and graphics.titles:
            self._keep("graphics", "_graphics", self._graphics_config, self._note)

    def _follow_destinations(self, urls: list[str]) -> None:
        for url in self._destinations.keys() - set(urls):
            self._drop(f"uplink:{self._destinations.pop(url)}")
        for url in urls:
            if url not in self._destinations:
                label = label_of(masked(url), set(self._destinations.values()))
                self._destinations[url] = label
                self._keep(f"uplink:{label}", "_uplink", partial(self._uplink_config, url), self._note)

    def _add_source(self, source: dict[str, Any], number: int) -> None:
        source_id, form = source["id"], self._format
        self._serial += 1
        stem = self._rings / f"{source_id}-{self._serial}"
        tile_width, tile_height = tile_size(form)
        paths = {kind: str(stem.with_name(f"{stem.name}.{kind}")) for kind in ("picture", "tile", "sound")}
        key = wants_key(source["url"])
        create_ring(Path(paths["picture"]), form.width, form.height, slots=_SOURCE_SLOTS, key=key)
        create_ring(Path(paths["tile"]), tile_width, tile_height, slots=_TILE_SLOTS)
        create_sound(Path(paths["sound"]))
        self._sources[source_id] = source
        self._source_rings[source_id] = paths
        config = {key: source[key] for key in ("id", "url", "name", "latency_ms", "proxy_url")}
        config |= {"number": number, "format": str(form), "rings": paths, "anchor": asdict(self.anchor)}
        verb = "_html" if is_page(source["url"]) else "_source"
        hosted = f"source:{source_id}"
        self._keep(hosted, verb, lambda: config | {"on_air": on_air(self._status, source_id)}, self._note)

    def _drop_source(self, source_id: str) -> None:
        del self._sources[source_id]
        for path in self._source_rings.pop(source_id).values():
            Path(path).unlink(missing_ok=True)
        self._drop(f"source:{source_id}")

    def _drop(self, name: str) -> None:
        self._told.pop(name, None)
        child = self._children.pop(name)
        task = asyncio.get_running_loop().create_task(child.finish())
        _ENDING.add(task)
        task.add_done_callback(_ENDING.discard)

    def _uplink_config(self, url: str) -> dict[str, Any]:
        cursor = self.config.run_dir / "cursors" / f"{fingerprint(url)}.json"
        return {"url": url, "log": str(self.config.log_dir), "cursor": str(cursor), "format": str(self._format)}


_ENDING: set[asyncio.Task[None]] = set()
