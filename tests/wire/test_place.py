"""Addresses, tokens and how clients find an engine."""

import pytest

from console.errors import ConsoleError, UsageError
from console.show.commands import Role
from console.wire.place import (
    Address,
    announce,
    default_run_dir,
    find_token,
    make_private,
    make_tokens,
    parse_address,
    withdraw,
)


@pytest.fixture(autouse=True)
def runtime(tmp_path, monkeypatch):
    monkeypatch.setenv("PODIUM_RUNTIME", str(tmp_path / "runtime"))
    monkeypatch.delenv("PODIUM_TOKEN", raising=False)


@pytest.mark.parametrize(
    ("text", "address", "loopback"),
    [
        ("127.0.0.1:8610", Address("127.0.0.1", 8610), True),
        (":9", Address("127.0.0.1", 9), True),
        ("[::1]:80", Address("::1", 80), True),
        ("localhost:80", Address("localhost", 80), True),
        ("0.0.0.0:80", Address("0.0.0.0", 80), False),
        ("desk.example:80", Address("desk.example", 80), False),
    ],
)
def test_addresses(text, address, loopback):
    assert parse_address(text) == address
    assert address.is_loopback is loopback
    assert parse_address(str(address)) == address


@pytest.mark.parametrize("text", ["", "8610", "host:", "host:0", "host:99999", "ho st:1", "http://h:1", "[::1"])
def test_what_is_no_address_is_named(text):
    with pytest.raises(UsageError, match="HOST:PORT"):
        parse_address(text)


def test_a_client_finds_the_token_of_an_engine_with_any_run_dir(tmp_path):
    address = Address(port=8701)
    with pytest.raises(ConsoleError, match="No engine of this user is known at"):
        find_token(address)
    run_dir = make_private(tmp_path / "elsewhere", "a test")
    tokens = make_tokens(run_dir)
    assert sorted(tokens.values()) == sorted(Role)
    assert make_tokens(run_dir) == tokens
    announce(address, run_dir)
    assert tokens[find_token(address)] is Role.ADMIN
    assert (run_dir / "token").stat().st_mode & 0o077 == 0
    withdraw(address)
    with pytest.raises(ConsoleError):
        find_token(address)
    assert default_run_dir(address).name == "engine-8701"


def test_the_environment_may_carry_the_token(monkeypatch):
    monkeypatch.setenv("PODIUM_TOKEN", "abc")
    assert find_token(Address()) == "abc"


def test_a_directory_that_can_not_be_used_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConsoleError, match="for the rings can't be used"):
        make_private(tmp_path / "file", "the rings")


def test_roles_include_each_other():
    assert Role.ADMIN.allows(Role.VIEW)
    assert not Role.GRAPHICS.allows(Role.SWITCH)
