"""Opening clips: what is accepted, what is refused and why."""

import struct

import numpy as np
import pytest

from adapters.biometrics import reasons
from adapters.biometrics.clip import HELD_FRAME_RATE, MAX_BYTES, UnusableClip, open_clip
from adapters.biometrics.sound import SAMPLE_RATE
from domain.text import Bilingual
from tests.adapters.biometrics.clips import make_clip, noise, plain


def refusal(data: bytes) -> Bilingual:
    with pytest.raises(UnusableClip) as refused:
        open_clip(data)
    return refused.value.reason


@pytest.mark.parametrize("container", ["webm", "mp4"])
def test_both_containers_give_frames_and_sound(container: str) -> None:
    shades = (plain(grey=40 + 4 * n) for n in range(50))
    clip = open_clip(make_clip(shades, noise(2.0), container=container))  # type: ignore[arg-type]
    assert clip.seconds == pytest.approx(2.0, abs=0.15)
    assert clip.sound is not None
    assert len(clip.sound) / SAMPLE_RATE == pytest.approx(2.0, abs=0.1)
    assert clip.sound.dtype == np.float32
    assert 28 <= len(clip.frames) <= 2.0 * HELD_FRAME_RATE + 1
    assert clip.frames[0].shape == (240, 320, 3)
    brightness = [frame.mean() for frame in clip.frames]
    assert brightness == sorted(brightness)
    assert clip.times == sorted(clip.times)


def test_a_silent_recording_has_no_sound_track() -> None:
    assert open_clip(make_clip([plain()] * 40, None)).sound is None


def test_frames_of_a_long_clip_are_spread_over_all_of_it() -> None:
    clip = open_clip(make_clip([plain()] * 170, None, frames_per_second=12))
    assert len(clip.frames) == len(clip.times) == 170
    assert clip.times[0] == 0
    assert clip.times[-1] == pytest.approx(169 / 12, abs=0.01)


def test_large_frames_are_held_scaled_down() -> None:
    clip = open_clip(make_clip([plain(1920, 1080)] * 12, None, frames_per_second=10))
    assert clip.frames[0].shape == (360, 640, 3)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 64,
        b"not a video at all" * 100,
        b"\x1a\x45\xdf\xa3" + b"\xff" * 500,
        b"\x00\x00\x00\x18ftypmp42" + b"\x00" * 500,
        b"#EXTM3U\n#EXTINF:10,\nfile:///etc/hostname\n",
        b"ffconcat version 1.0\nfile /etc/hostname\n",
        b"RIFF\x00\x00\x00\x00AVI LIST",
    ],
)
def test_anything_else_is_unreadable(data: bytes) -> None:
    assert refusal(data) == reasons.UNREADABLE


def test_an_mp4_cut_before_its_index_is_not_whole() -> None:
    whole = make_clip([plain()] * 50, noise(2.0), container="mp4")
    assert refusal(whole[: len(whole) // 2]) == reasons.TRUNCATED


def test_a_webm_cut_short_is_as_long_as_what_is_left() -> None:
    whole = make_clip((plain(grey=n) for n in range(100)), None)
    lengths = []
    for share in (0.02, 0.5, 0.95):
        try:
            lengths.append(open_clip(whole[: int(len(whole) * share)]).seconds)
        except UnusableClip as refused:
            assert refused.reason in (reasons.UNREADABLE, reasons.TOO_SHORT, reasons.TRUNCATED, reasons.NO_FRAMES)
            lengths.append(0.0)
    assert lengths == sorted(lengths)
    assert lengths[-1] < 4


def test_limits_are_named_to_the_applicant() -> None:
    assert refusal(b"\x1a\x45\xdf\xa3" + b"\x00" * MAX_BYTES) == reasons.TOO_LARGE
    assert refusal(make_clip([plain()] * 10, None)) == reasons.TOO_SHORT
    assert refusal(make_clip([plain()] * 34, None, frames_per_second=2)) == reasons.TOO_LONG
    assert refusal(make_clip([plain()] * 4, noise(17.0), frames_per_second=2)) == reasons.TOO_LONG
    assert refusal(make_clip([plain(160, 120)] * 30, None)) == reasons.TOO_SMALL
    assert refusal(make_clip([plain(4096, 2160)] * 2, None)) == reasons.TOO_MUCH


def test_a_flood_of_frames_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.biometrics.clip.MAX_FRAMES", 100)
    assert refusal(make_clip([plain()] * 120, None, frames_per_second=100)) == reasons.TOO_MUCH


def test_a_header_that_lies_about_its_size_is_refused_before_it_is_decoded() -> None:
    clip = bytearray(make_clip([plain(320, 240)] * 30, None, container="mp4"))
    struct.pack_into(">HH", clip, clip.index(b"avc1") + 28, 65_000, 65_000)
    # The picture's real size stands in the stream itself: it either decodes at that size, or is refused.
    try:
        assert open_clip(bytes(clip)).frames[0].shape == (240, 320, 3)
    except UnusableClip as refused:
        assert refused.reason in (reasons.TOO_MUCH, reasons.UNREADABLE)


@pytest.mark.parametrize("container", ["webm", "mp4"])
def test_damage_never_raises_anything_but_unusable(container: str) -> None:
    whole = make_clip((plain(grey=n) for n in range(40)), noise(1.6), container=container)  # type: ignore[arg-type]
    random = np.random.default_rng(7)
    for _ in range(60):
        damaged = bytearray(whole)
        for position in random.integers(0, len(damaged), 12):
            damaged[position] = int(random.integers(0, 256))
        try:
            clip = open_clip(bytes(damaged))
        except UnusableClip:
            continue
        assert 1 <= clip.seconds <= 15.5
        assert clip.sound is None or np.isfinite(clip.sound).all()


def test_a_phone_that_records_on_its_side_is_shown_upright() -> None:
    stored = plain(640, 480, grey=60)
    stored[:100] = 230
    clip = bytearray(make_clip([stored] * 30, None, container="mp4"))
    matrix = clip.index(b"tkhd") + 44
    one = 65_536
    struct.pack_into(">9i", clip, matrix, 0, one, 0, -one, 0, 0, 480 * one, 0, 1 << 30)  # a quarter turn clockwise, as phones write it
    upright = open_clip(bytes(clip)).frames[0]
    assert upright.shape == (640, 480, 3)
    assert upright[:, -90:].mean() > 220
    assert upright[:, :300].mean() < 70
