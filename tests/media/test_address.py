"""What is shown of an address never holds a secret."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.media.address import MASK, masked, scheme_of


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtmp://push.example/live/s3cret", "rtmp://push.example/live/***"),
        ("rtmp://push.example/live/ch1?auth_key=1-0-0-abc", "rtmp://push.example/live/***?auth_key=***"),
        ("https://user:pw@ingest.example/main?x=1&token=abc", "https://***@ingest.example/main?x=1&token=***"),
        ("srt://h:9000?mode=caller&passphrase=longsecret", "srt://h:9000?mode=caller&passphrase=***"),
        ("/media/clip.mp4", "/media/clip.mp4"),
        ("C:\\clips\\a.mp4", "C:\\clips\\a.mp4"),
        ("pattern:?number=3", "pattern:?number=3"),
        ("http://[::1", "http://***"),
    ],
)
def test_secrets_are_masked(address, shown):
    assert masked(address) == shown


@given(st.text("abcdefghij0123456789", min_size=6), st.sampled_from(["passphrase", "auth_key", "token", "streamkey"]))
def test_no_secret_survives(secret, name):
    secret = f"Z{secret}Z"
    for address in (
        f"srt://h:1?{name}={secret}",
        f"https://u:{secret}@h/p",
        f"https://{secret}@h/p",
        f"rtmp://h/a/{secret}",
    ):
        assert secret not in masked(address)
        assert MASK in masked(address)


@given(st.text())
def test_any_text_can_be_masked(text):
    masked(text)
    scheme_of(text)
