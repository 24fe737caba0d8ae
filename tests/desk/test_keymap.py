"""Keymaps from files, and the names of keys on each platform."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from console.desk.actions import Action, Verb
from console.desk.keymap import MAC_KEYS, NAMES, WINDOWS_KEYS, X11_KEYS, X11_LETTERS, load_keymap, parse_keymap, printed
from console.desk.keymaps import available, chosen, own_folder
from console.desk.keyrim import key_name
from console.errors import ConsoleError
from console.media.assets import asset

MAPS = sorted(asset("keymaps").glob("*.json"))


@pytest.mark.parametrize("path", MAPS, ids=lambda path: path.stem)
def test_keymaps_that_come_with_podium(path: Path):
    keymap = load_keymap(path)
    for number in range(1, 21):
        assert keymap.chords(Action(Verb.PREVIEW, number))
    for verb in (Verb.CUT, Verb.AUTO, Verb.LOCK, Verb.FADE_TO_BLACK, Verb.KEY_SHEET, Verb.ARM):
        assert keymap.label(Action(verb)), verb
    assert "Escape" not in keymap.bindings, "Esc never changes anything on air"


def test_the_default_is_like_an_atem():
    keymap, trouble = chosen("atem-like")
    assert not trouble
    assert keymap.label(Action(Verb.CUT)) == "Space"
    assert keymap.chords(Action(Verb.AUTO)) == ["Enter", "Num Enter"]
    assert keymap.label(Action(Verb.HOT_CUT, 10)) == "Ctrl+0"
    assert [keymap.digit(n) for n in (1, 10, 11, 20, 21)] == ["1", "0", "⇧1", "⇧0", ""]


def test_voctomix_turns_cut_and_auto_round():
    keymap, _ = chosen("voctomix")
    assert keymap.label(Action(Verb.CUT)) == "Enter"
    assert keymap.label(Action(Verb.AUTO)) == "Space"


def test_a_keymap_of_ones_own_and_a_broken_one(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    own_folder().mkdir(parents=True)
    (own_folder() / "mine.json").write_text(json.dumps({"name": "Mine", "keys": {"F9": "cut"}}), encoding="utf-8")
    (own_folder() / "broken.json").write_text("{", encoding="utf-8")
    assert ("mine", "Mine") in available()
    assert "broken" not in dict(available())
    assert chosen("mine")[0].label(Action(Verb.CUT)) == "F9"
    keymap, trouble = chosen("broken")
    assert keymap.name == "ATEM-like"
    assert "broken.json" in trouble
    assert "nowhere.json" in chosen("nowhere")[1]


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ([], "needs 'name' and 'keys'"),
        ({"name": "x"}, "needs 'name' and 'keys'"),
        ({"name": "x", "keys": {"Spcae": "cut"}}, "'Spcae'"),
        ({"name": "x", "keys": {"Shift+Ctrl+A": "cut"}}, "'Shift+Ctrl+A'"),
        ({"name": "x", "keys": {"A": "kut"}}, "'kut'"),
    ],
)
def test_a_bad_keymap_is_refused_by_name(data, named):
    with pytest.raises(ConsoleError, match=re.escape(named)):
        parse_keymap(data, "The keymap x.json")


def test_unreadable_keymaps(tmp_path):
    with pytest.raises(ConsoleError, match="can't be read"):
        load_keymap(tmp_path)
    path = tmp_path / "x.json"
    path.write_text("no json", encoding="utf-8")
    with pytest.raises(ConsoleError, match="is no JSON"):
        load_keymap(path)


def test_how_chords_are_printed():
    assert printed("Ctrl+Shift+Digit3") == "Ctrl+Shift+3"
    assert printed("BracketLeft") == "["
    assert printed("Question") == "?"


def test_tables_name_known_keys_once():
    for table in (X11_KEYS, WINDOWS_KEYS, MAC_KEYS):
        assert len(set(table.values())) == len(table)
        assert set(table.values()) <= NAMES


@pytest.mark.parametrize(
    ("key", "scan", "virtual", "platform", "name"),
    [
        (Qt.Key.Key_1, 10, 0x31, "linux", "Digit1"),
        (Qt.Key.Key_Ampersand, 10, 0x26, "linux", "Digit1"),  # AZERTY, without Shift
        (Qt.Key.Key_Exclam, 10, 0, "linux", "Digit1"),  # US, with Shift
        (Qt.Key.Key_Space, 65, 0, "linux", "Space"),
        (Qt.Key.Key_Return, 36, 0, "linux", "Enter"),
        (Qt.Key.Key_Enter, 104, 0, "linux", "NumpadEnter"),
        (Qt.Key.Key_Z, 25, 0, "linux", "Z"),  # AZERTY: Z is where others have W
        (Qt.Key.Key_Question, 61, 0, "linux", "Question"),
        (0x0413, 26, 0, "linux", "E"),  # a Cyrillic letter, named by its place
        (Qt.Key.Key_F11, 95, 0, "linux", "F11"),
        (Qt.Key.Key_Eacute, 3, 0, "win32", "Digit2"),
        (Qt.Key.Key_Enter, 0x11C, 0, "win32", "NumpadEnter"),
        (0x0413, 0x12, 0, "win32", "E"),
        (Qt.Key.Key_Agrave, 0, 0x1D, "darwin", "Digit0"),
        (Qt.Key.Key_Space, 0, 0x31, "darwin", "Space"),
        (Qt.Key.Key_4, 0, 0, "linux", "Digit4"),  # without a place: an on-screen keyboard
        (Qt.Key.Key_Space, 0, 0, "linux", "Space"),
        (Qt.Key.Key_F3, 0, 0, "linux", "F3"),
        (Qt.Key.Key_Up, 111, 0, "linux", ""),
        (Qt.Key.Key_VolumeMute, 121, 0, "linux", ""),
    ],
)
def test_keys_by_place_and_letters_by_what_they_write(key, scan, virtual, platform, name):
    assert key_name(int(key), scan, virtual, platform) == name


def test_letters_have_a_place_for_other_alphabets():
    assert sorted(X11_LETTERS.values()) == [chr(code) for code in range(ord("A"), ord("Z") + 1)]
