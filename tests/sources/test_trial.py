"""Decoders by trial, for the self-test."""

import av

from console.sources import trial
from console.sources.hardware import ENVIRONMENT


def test_software_decodes_and_a_device_that_is_not_there_says_why(monkeypatch):
    monkeypatch.setenv(ENVIRONMENT, "nonsense")
    found = trial.decoders()
    assert found.keys() == {"nonsense", "software"}
    assert found["software"] == "works"
    assert "open" in found["nonsense"]


def test_nothing_is_tried_when_hardware_is_off(monkeypatch):
    monkeypatch.setenv(ENVIRONMENT, "off")
    assert trial.decoders() == {"software": "works"}


def test_what_is_asked_for_and_known_is_tried_on_pictures(monkeypatch):
    name = av.codec.hwaccel.hwdevices_available()[0]
    monkeypatch.setenv(ENVIRONMENT, name)
    assert trial.decoders()[name]
