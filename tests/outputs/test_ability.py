"""What the self-test says of the encoders."""

from console.outputs.ability import codec_ability, encoders
from console.outputs.codecs import SOFTWARE, hardware_names


def test_each_encoder_is_tried_and_the_software_works():
    found = encoders()
    assert list(found) == [*hardware_names(), SOFTWARE]
    assert found[SOFTWARE] == "works"
    for why in found.values():
        assert why
        assert "avcodec" not in why, "a sentence, not a call"


def test_versions_are_told():
    assert "libavcodec" in codec_ability()["ffmpeg"]
