"""The messages of a 100 m final, with the demo's athletes: what resources/results/ is written from.

python tests/results/hundred_metres.py     writes it again
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from console.results.message import Entry, Header, Message, Person, Photo, Record, ResultStatus
from console.results.odf import write

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "results"
UNIT = "ATHM100M--------------FNL-000100--"
EVENING = (21 * 60 + 50) * 60_000


@dataclass(frozen=True)
class Runner:
    """Who ran, and how: seconds to react, to 60 m, to the finish."""

    lane: int
    given: str
    family: str
    country: str
    bib: str
    reaction: str
    at_60_m: str
    time: str


RUNNERS = (
    Runner(1, "M.", "OKORO", "VEL", "1107", "0.158", "+0.34", "10.07"),
    Runner(2, "T.", "LINDQVIST", "NOR", "2214", "0.149", "+0.36", "10.10"),
    Runner(3, "D.", "CASTELL", "SAV", "1342", "0.143", "+0.21", "9.88"),
    Runner(4, "J.", "MBEKI-ROSS", "KAL", "1001", "0.146", "6.29", "9.59"),
    Runner(5, "A.", "FERREIRA", "ILH", "1588", "0.139", "+0.13", "9.77"),
    Runner(6, "K.", "TANABE", "HAR", "1919", "0.136", "+0.24", "9.93"),
    Runner(7, "R.", "DUVAL", "MAR", "2075", "0.162", "+0.38", "10.13"),
    Runner(8, "S.", "NYQVIST", "OST", "1660", "0.155", "+0.40", "10.18"),
)
PLACINGS = tuple(sorted(RUNNERS, key=lambda runner: float(runner.time)))


def person(runner: Runner) -> Person:
    return Person(f"7{runner.bib}", runner.given, runner.family, runner.country, runner.bib)


def header(version: int, status: ResultStatus | None, at_s: float, type_name: str = "DT_RESULT") -> Header:
    day = date(2026, 7, 18)
    return Header("DEMO2026", UNIT, type_name, version, status, False, day, EVENING + round(at_s * 1000), day, "DEMO")


def unit(head: Header, entries: list[Entry], wind: str = "") -> Message:
    name = "Men's 100m"
    return Message(head, True, "Athletics", name, f"{name} Final", "Podium Arena", wind, tuple(entries))


def started(runner: Runner, order: int, reaction: bool = False) -> Entry:
    said = runner.reaction if reaction else ""
    return Entry(person(runner), order, runner.lane, str(runner.lane), reaction=said)


def finished(place: int, runner: Runner, pending: bool = False) -> Entry:
    entry = started(runner, place, reaction=True)
    if pending:
        return replace(entry, photo=Photo.PENDING)
    return replace(entry, rank=str(place), result=runner.time, result_type="TIME", photo=Photo.EVALUATED)


def passed(place: int, runner: Runner) -> Entry:
    """At 60 m: the feed says no more of a runner than the code."""
    leads = place == 1
    return Entry(
        Person(person(runner).code, country=runner.country),
        place,
        runner.lane,
        rank=str(place),
        result=runner.at_60_m if leads else "",
        diff="" if leads else runner.at_60_m,
        arrived="60",
    )


def participants() -> Message:
    people = [
        replace(person(runner), tv_name=f"{runner.given} {runner.family}", tv_initial=runner.family)
        for runner in RUNNERS
    ]
    head = replace(header(1, None, -3600, "DT_PARTIC"), document="ATH".ljust(34, "-"))
    return Message(head, participants=tuple(people))


def start_list() -> Message:
    return unit(header(1, ResultStatus.START_LIST, -600), [started(runner, runner.lane) for runner in RUNNERS])


def live() -> Message:
    return unit(header(2, ResultStatus.LIVE, 1), [started(runner, runner.lane, reaction=True) for runner in RUNNERS])


def current() -> Message:
    return Message(
        header(1, None, 7, "DT_CURRENT"),
        entries=tuple(passed(place, runner) for place, runner in enumerate(PLACINGS, 1)),
    )


def intermediate() -> Message:
    """The first three are read from the photo, the others wait."""
    entries = [finished(place, runner, pending=place > 3) for place, runner in enumerate(PLACINGS, 1)]
    return unit(header(3, ResultStatus.INTERMEDIATE, 15), entries, "+0.9")


def whole() -> list[Entry]:
    entries = [finished(place, runner) for place, runner in enumerate(PLACINGS, 1)]
    return [replace(entries[0], records=(Record("CR"),)), *entries[1:]]


def unconfirmed() -> Message:
    return unit(header(4, ResultStatus.UNCONFIRMED, 40), whole(), "+0.9")


def official() -> Message:
    """With a slip of the pen in the seventh time, which the correction puts right."""
    entries = whole()
    entries[6] = replace(entries[6], result="10.12")
    return unit(header(5, ResultStatus.OFFICIAL, 180), entries, "+0.9")


def correction() -> Message:
    return unit(header(6, ResultStatus.OFFICIAL, 400), whole(), "+0.9")


def invalidation() -> Message:
    return Message(header(7, ResultStatus.OFFICIAL, 900), body=False)


def tried() -> Message:
    entries = [replace(entry, result="1.00") for entry in whole()]
    return unit(replace(header(99, ResultStatus.OFFICIAL, 500), test=True), entries, "+9.9")


def keep_alive(at_s: float = 60) -> Message:
    return Message(replace(header(1, None, at_s, "DT_KA"), document="GEN".ljust(34, "-")), body=False)


FILES = {
    "final/1-participants.xml": participants,
    "final/2-start-list.xml": start_list,
    "final/3-live.xml": live,
    "final/4-current.xml": current,
    "final/5-intermediate.xml": intermediate,
    "final/6-unconfirmed.xml": unconfirmed,
    "final/7-official.xml": official,
    "final/8-correction.xml": correction,
    "rules/invalidation.xml": invalidation,
    "rules/test.xml": tried,
    "rules/keep-alive.xml": keep_alive,
}

if __name__ == "__main__":
    for name, made in FILES.items():
        (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_bytes(write(made()))
