"""What runs the decode budget: real tile rings, a clock and a machine that do as they are told, and a real engine."""

import asyncio
import logging

import pytest

from console.engine.decoding import ENVIRONMENT, Decoding, ThisMachine, most_cores
from console.engine.metrics import metrics
from console.errors import ConsoleError
from console.media.clock import SystemClock, VirtualClock
from console.media.time import Format, Rate
from console.wire.client import get
from console.wire.ring import RingReader, create_ring
from console.wire.tier import Tier

P720 = Format(1280, 720, Rate(50))
OPENED = {"video": {"codec": "h264", "width": 1280, "height": 720, "fps": 50.0}, "live": True}


class SteadyMachine:
    """Two cores, as busy as it is told."""

    cores = 2

    def __init__(self) -> None:
        self.share = 0.3

    def busy(self) -> float:
        return self.share


class Room:
    """Sources, the desk that looks at them, and the budget between them."""

    def __init__(self, directory, *sources, machine=None, seconds=8) -> None:
        self.directory = directory
        self.clock, self.machine = VirtualClock(), machine or SteadyMachine()
        self.decoding = Decoding(P720, self.machine, self.clock)
        self.rings, self.desk = {}, {}
        for source in sources:
            self.add(source)
        self.watched = dict.fromkeys(sources, Tier.ACTIVE)
        self.status = {"tally": {"cam1": "program", "cam2": "preview"}, "late_ticks": 0, "lateness": [0] * 10}
        self.run(seconds)

    def add(self, source, name="tile") -> None:
        path = create_ring(self.directory / f"{source}.{name}", 320, 180, slots=4)
        self.rings[source] = {"tile": str(path)}
        self.desk[source] = RingReader(path)
        self.decoding.follow(list(self.rings), self.rings)
        self.decoding.note(source, "opened", OPENED)

    def drop(self, source) -> None:
        del self.rings[source], self.watched[source]
        self.decoding.follow(list(self.rings), self.rings)

    def run(self, seconds, cpu=None) -> list[bool]:
        """Step on; `cpu` is what each host reports at its tier, None for hosts that don't know."""
        changed = []
        for step in range(round(seconds * 4)):
            self.clock.advance(250_000_000)
            for source, tier in self.watched.items():
                if tier:
                    self.desk[source].ask(tier, self.clock.now())
            changed.append(self.decoding.step(self.status))
            if step % 4 == 3:
                for source in self.rings:
                    tier = self.tiers()[source]
                    figures = {"tier": tier.name.lower(), "late": 0} | ({} if cpu is None else {"cpu": cpu[tier]})
                    self.decoding.note(source, "stats", figures)
        return changed

    def tiers(self) -> dict[str, Tier]:
        return {source: Tier(tier) for source, tier in self.decoding.message["tiers"].items()}

    def alarms(self) -> dict[str, str]:
        return {alarm["severity"]: alarm["text"] for alarm in self.decoding.alarms()}


def test_what_desks_ask_of_the_tiles_is_what_hosts_do(tmp_path):
    room = Room(tmp_path, "cam1", "cam2", "cam3", "cam4", "cam5", seconds=0)
    room.watched |= {"cam4": Tier.KEY, "cam5": 0}
    assert room.decoding.message is None
    changed = room.run(8)
    assert changed[0]
    assert changed.count(True) <= 4, "the tick is told what is new, once"
    assert room.decoding.message == {"tiers": {"cam1": 4, "cam2": 4, "cam3": 3, "cam4": 2, "cam5": 1}, "preview": 4}
    room.watched["cam3"] = 0
    room.run(3)
    assert room.tiers()["cam3"] is Tier.PARKED, "a desk that went away is forgotten after two seconds"


def test_nothing_is_decoded_for_a_tile_that_a_smaller_stream_makes(tmp_path):
    room = Room(tmp_path, "cam1", "cam2", "cam3")
    room.run(1)
    assert room.tiers()["cam3"] is Tier.ACTIVE
    room.decoding.note("cam3", "stats", {"tier": "active", "proxied": True})
    room.run(0.25)
    assert room.tiers()["cam3"] is Tier.PARKED


def test_it_follows_the_tally(tmp_path):
    room = Room(tmp_path, "cam1", "cam2", "cam3")
    room.run(1)
    room.status["tally"] = {"cam3": "both", "cam1": "preview"}
    assert room.run(0.25) == [True]
    assert room.tiers() == {"cam1": Tier.FULL, "cam2": Tier.ACTIVE, "cam3": Tier.FULL}


def test_sources_come_go_and_change_places(tmp_path):
    room = Room(tmp_path, "cam1", "cam2")
    room.run(1)
    room.add("cam3")
    room.watched["cam3"] = Tier.ACTIVE
    room.run(0.5)
    assert room.tiers()["cam3"] is Tier.ACTIVE
    room.decoding.follow(["cam3", "cam1", "cam2"], room.rings)
    room.run(0.25)
    assert list(room.tiers()) == ["cam3", "cam1", "cam2"]
    room.drop("cam2")
    room.run(0.25)
    assert list(room.tiers()) == ["cam1", "cam3"]
    room.decoding.note("cam2", "stats", {"tier": "full", "cpu": 0.1})
    assert room.decoding.source_fields("cam2") == {"tier": "parked", "cost": None}


def test_a_source_whose_address_changed_is_a_new_one(tmp_path):
    room = Room(tmp_path, "cam1", "cam2")
    room.run(4, dict.fromkeys(Tier, 0.9))
    assert room.decoding.source_fields("cam2")["cost"] == 0.9
    room.add("cam2", "tile2")
    room.run(0.25)
    assert room.decoding.source_fields("cam2")["cost"] is None
    assert room.tiers()["cam2"] is Tier.FULL


def test_a_busy_machine_slows_the_last_tiles_and_says_so(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    room = Room(tmp_path, *(f"cam{number}" for number in range(1, 9)))
    room.run(10)
    assert set(room.tiers().values()) == {Tier.FULL, Tier.ACTIVE}
    assert room.alarms() == {}
    room.machine.share = 1.0
    room.run(1.25)
    assert room.tiers()["cam8"] is Tier.KEY
    room.run(10)
    assert room.alarms() == {"minor": "6 tiles move at key frames only: the machine is busy"}
    assert room.decoding.fields()["shedding"] is True
    room.status["late_ticks"] += 10
    room.run(0.5)
    room.status["late_ticks"] += 10
    room.run(3)
    room.status["late_ticks"] += 10
    room.run(3)
    assert room.alarms() == {
        "major": "Preview leaves pictures out: the machine is busy",
        "minor": "6 tiles stand still: the machine is busy",
    }
    assert room.decoding.message["preview"] == 3
    assert room.tiers()["cam1"] is Tier.FULL
    room.machine.share = 0.3
    room.run(20)
    assert room.alarms() == {}
    assert set(room.tiers().values()) == {Tier.FULL, Tier.ACTIVE}
    lines = [record.getMessage().partition(" (")[0] for record in caplog.records]
    assert lines == ["Decoding less than is looked at", "Decoding all that is looked at"]


def test_frames_begun_late_are_overload(tmp_path):
    room = Room(tmp_path, "cam1", "cam2", "cam3", seconds=2)
    room.status["lateness"] = [100, 50, 10, 5, 0, 0, 0, 9, 9, 0]
    room.run(5)
    assert room.tiers()["cam3"] is Tier.ACTIVE, "that is what starting costs"
    room.status["lateness"] = [100, 50, 10, 5, 0, 0, 3, 9, 9, 0]
    assert room.run(0.5) == [False, False], "8 to 16 ms is not surely half a frame at 50 fps"
    room.status["lateness"] = [100, 50, 10, 5, 0, 0, 3, 12, 9, 0]
    assert room.run(0.25) == [True]
    assert room.tiers()["cam3"] is not Tier.ACTIVE


def test_an_encoder_behind_and_late_pictures_of_what_is_in_full_count_on_a_busy_machine(tmp_path):
    for cause in ("encoder", "picture", "tile", "nothing"):
        directory = tmp_path / cause
        directory.mkdir()
        room = Room(directory, "cam1", "cam2", "cam3")
        room.run(4)
        room.machine.share = 0.95
        room.run(1)
        if cause == "encoder":
            room.decoding.note_encoder({"lag_frames": 11})
        elif cause == "nothing":
            room.decoding.note_encoder({"lag_frames": 9})
        else:
            source = "cam1" if cause == "picture" else "cam3"
            room.decoding.note(source, "stats", {"tier": "full", "late": 5})
        room.run(0.25)
        assert (room.tiers()["cam3"] is Tier.ACTIVE) is (cause in ("tile", "nothing")), cause


def test_costs_are_learned_from_hosts_that_have_settled(tmp_path):
    heavy = {Tier.PARKED: 0.02, Tier.KEY: 0.03, Tier.ACTIVE: 0.3, Tier.FULL: 0.35}
    room = Room(tmp_path, *(f"cam{number}" for number in range(1, 7)))
    room.run(1, heavy)
    before = room.decoding.fields()["headroom"]["active"]
    room.run(6, heavy)
    fields = room.decoding.fields()
    assert fields["headroom"]["active"] < before
    assert fields["cost"] == pytest.approx(sum(heavy[tier] for tier in room.tiers().values()))
    assert fields["busy"] == pytest.approx(0.3, abs=0.01)
    assert (fields["cores"], fields["shedding"]) == (2, False)
    assert room.decoding.source_fields("cam3") == {"tier": "active", "cost": 0.3}


def test_what_a_host_says_is_told_even_when_it_was_asked_for_less(tmp_path):
    room = Room(tmp_path, "cam1", "cam2", "cam3")
    room.watched["cam3"] = Tier.KEY
    room.run(3)
    for told, shown in (("full", "full"), (3, "active"), ("strange", "key"), (9, "key"), (None, "key")):
        room.decoding.note("cam3", "stats", {"tier": told, "cpu": 0.2, "late": 0})
        assert room.decoding.source_fields("cam3")["tier"] == shown
    room.decoding.note("cam3", "died", {})
    assert room.decoding.source_fields("cam3") == {"tier": "key", "cost": None}


def test_a_still_is_expected_to_cost_next_to_nothing(tmp_path):
    room = Room(tmp_path, *(f"cam{number}" for number in range(1, 31)))
    for source in room.rings:
        room.decoding.note(source, "opened", {"video": {"width": 1920, "height": 1080, "fps": 0}, "live": False})
    room.run(0.25)
    assert Tier.KEY not in room.tiers().values()
    room.decoding.note("cam30", "opened", {"video": {"width": 1920, "height": 1080, "fps": None}, "live": True})
    room.decoding.note("cam29", "opened", {"video": None})
    room.run(0.25)


def test_cores_that_are_held_back_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv(ENVIRONMENT, "0.3")
    room = Room(tmp_path, *(f"cam{number}" for number in range(1, 7)))
    room.run(5)
    assert room.alarms() == {"minor": f"4 tiles move at key frames only: {ENVIRONMENT} holds cores back"}
    assert room.decoding.fields()["budget"] <= 0.3


def test_cores_from_the_environment(monkeypatch):
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    assert most_cores(4) == 4.0
    for text, cores in (("1.5", 1.5), (" 2 ", 2.0), ("0", 0.0), ("64", 4.0), ("", 4.0)):
        monkeypatch.setenv(ENVIRONMENT, text)
        assert most_cores(4) == cores
    for text in ("two", "-1", "nan", "inf", "1,5", "9" * 400):
        monkeypatch.setenv(ENVIRONMENT, text)
        with pytest.raises(ConsoleError, match=f"unset {ENVIRONMENT}"):
            most_cores(4)


def test_this_machine_has_cores_and_is_more_or_less_busy():
    machine = ThisMachine()
    assert machine.cores >= 1
    assert 0.0 <= machine.busy() <= 1.0


def test_it_decides_by_itself_and_survives_a_fault(tmp_path, caplog):
    room = Room(tmp_path, "cam1")
    room.decoding = Decoding(P720, SteadyMachine(), SystemClock())
    room.decoding.follow(["cam1"], room.rings)
    asked = []

    def status():
        asked.append(1)
        return {"tally": None} if len(asked) < 3 else {}

    async def watch():
        sent = asyncio.get_running_loop().create_future()
        task = asyncio.ensure_future(room.decoding.run(status, sent.set_result))
        try:
            return await asyncio.wait_for(sent, 10)
        finally:
            task.cancel()

    assert asyncio.run(watch()) == {"tiers": {"cam1": 1}, "preview": 4}
    assert [record.getMessage() for record in caplog.records if record.levelno > logging.INFO] == [
        "The decode budget can't be decided"
    ]


# A real engine


def test_status_and_metrics_tell_what_decoding_takes(engine):
    status = engine.wait(lambda s: s["decoding"]["cost"] > 0 and all(t["cost"] for t in s["sources"].values()))
    decoding = status["decoding"]
    assert set(decoding) == {"cost", "budget", "busy", "cores", "shedding", "headroom"}
    assert 0 < decoding["cost"] < decoding["cores"]
    assert decoding["cost"] == pytest.approx(sum(told["cost"] for told in status["sources"].values()), abs=0.01)
    assert set(decoding["headroom"]) == {"active", "key"}
    assert status["sources"]["cam1"]["tier"] == "full"
    assert "hot_in_frames" in status["sources"]["cam1"]
    page = metrics(status)
    assert 'podium_source_tier{source="cam1"} 4\n' in page
    for name in ('source_cost_cores{source="cam2"}', "decoding_budget_cores", "machine_busy", "decoding_shedding"):
        assert f"\npodium_{name} " in page
    assert '\npodium_decoding_headroom{tier="key"} ' in page
    described = get(engine.address, "/openapi.json")["paths"]["/status"]["get"]["responses"]["200"]
    assert "decoding" in described["content"]["application/json"]["schema"]["required"]


def test_a_tile_moves_while_it_is_looked_at_and_the_tick_is_told_again_after_its_death(engine):
    engine.command("AddSource", source="cam3", url="pattern:?number=3", name="Third")
    engine.wait(lambda s: s["sources"]["cam3"]["tier"] == "parked" and s["sources"]["cam3"]["cost"])
    tile = RingReader(next(engine.run_dir.glob("rings/cam3-*.tile")))

    def moves(status):
        tile.ask(Tier.ACTIVE, SystemClock().now())
        return status["sources"]["cam3"]["tier"] in ("key", "active")

    engine.wait(moves, 30)
    engine.wait(lambda s: s["sources"]["cam3"]["tier"] == "parked")
    pid = engine.kill("engine")
    again = engine.wait(lambda s: s["processes"]["engine"] not in (pid, None) and s["on_air"])["frame"]
    tiers = set()

    def after_three_seconds(status):
        tiers.add(status["sources"]["cam3"]["tier"])
        return status["frame"] > again + 75

    engine.wait(after_three_seconds)
    assert tiers == {"parked"}
    engine.command("RemoveSource", source="cam3")
