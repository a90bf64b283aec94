"""Opening clips: what phones record is accepted, and whatever else is refused has a name and a sentence."""

import io
import resource
import struct
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any, get_args

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.biometrics import reasons
from adapters.biometrics.clip import HELD_FRAME_RATE, HELD_SIDE, MAX_BYTES, MAX_PIXELS, Clip, Fault, UnusableClip, open_clip
from adapters.biometrics.sound import SAMPLE_RATE
from tests.adapters.biometrics.clips import SOUND_RATE, Picture, make_clip, make_odd_clip, make_sound_file, noise, plain, turned


def refusal(data: bytes) -> Fault:
    with pytest.raises(UnusableClip) as refused:
        open_clip(data)
    assert refused.value.reason == reasons.CLIP[refused.value.name]
    return refused.value.name


def brightening(count: int) -> list[Picture]:
    return [plain(grey=40 + 4 * n) for n in range(count)]


def test_every_fault_has_its_own_sentence() -> None:
    assert set(reasons.CLIP) == set(get_args(Fault))
    assert len({reason.zh for reason in reasons.CLIP.values()}) == len(reasons.CLIP)


@pytest.mark.parametrize(
    ("recorder", "codec"),
    [
        ({"container": "webm"}, "vp8"),
        ({"container": "webm", "codec": "libvpx-vp9"}, "vp9"),
        ({"container": "webm", "codec": "libsvtav1"}, "libdav1d"),
        ({"container": "matroska"}, "h264"),  # as Chrome records where the phone encodes h264
        ({"container": "mp4"}, "h264"),
        ({"container": "mp4", "fragmented": True}, "h264"),
        ({"container": "mp4", "codec": "libx265"}, "hevc"),
    ],
    ids=lambda value: "-".join(str(v) for v in value.values()) if isinstance(value, dict) else value,
)
def test_what_phones_record_gives_frames_and_sound(recorder: dict[str, Any], codec: str) -> None:
    clip = open_clip(make_clip(brightening(40), np.stack([noise(1.6), noise(1.6)]), **recorder))
    assert clip.seconds == pytest.approx(1.6, abs=0.1)
    assert clip.sound is not None
    assert clip.sound.dtype == np.float32
    assert len(clip.sound) / SAMPLE_RATE == pytest.approx(1.6, abs=0.1)
    assert np.sqrt(np.mean(clip.sound**2)) == pytest.approx(0.11, abs=0.03)  # what of the noise lies under 8 kHz
    assert {frame.shape for frame in clip.frames} == {(240, 320, 3)}
    assert 20 <= len(clip.frames) == len(clip.times) <= 25
    brightness = [frame.mean() for frame in clip.frames]
    assert brightness == sorted(brightness)
    assert clip.times == sorted(set(clip.times))
    assert (clip.tracks.video_codec, clip.tracks.rotation, clip.tracks.created_at, clip.tracks.damaged_packets) == (codec, 0, None, 0)


def test_a_silent_recording_has_no_sound() -> None:
    clip = open_clip(make_clip([plain()] * 40, None))
    assert clip.sound is None
    assert clip.tracks.sound_seconds is None
    assert clip.tracks.sound_codec is None


@pytest.mark.parametrize("rate", [12, 15, 24, 25, 30, 50, 60])
def test_frames_are_held_evenly_whatever_the_camera_s_rate(rate: int) -> None:
    clip = open_clip(make_clip([plain(grey=n % 200) for n in range(rate * 2)], None, frames_per_second=rate))
    gaps = np.diff(clip.times)
    assert len(clip.frames) == pytest.approx(2 * min(rate, HELD_FRAME_RATE), abs=1)
    assert gaps.max() <= 1 / HELD_FRAME_RATE + 1 / rate
    assert gaps.min() >= 0.5 / HELD_FRAME_RATE
    assert clip.tracks.frame_rate == pytest.approx(rate, rel=0.02)
    assert clip.tracks.video_seconds == pytest.approx(2.0, abs=0.05)


def test_a_rate_that_wavers_is_followed_by_its_time_stamps() -> None:
    stamps = [n / 25 + (0.3 if n > 20 else 0) + 0.008 * (n % 3) for n in range(40)]
    clip = open_clip(make_clip(brightening(40), None, times=stamps))
    assert clip.tracks.longest_gap_seconds == pytest.approx(0.34, abs=0.03)
    assert all(min(abs(t - stamp) for stamp in stamps) < 0.002 for t in clip.times)


def test_frames_of_a_long_clip_are_spread_over_all_of_it() -> None:
    clip = open_clip(make_clip([plain()] * 170, None, frames_per_second=12))
    assert len(clip.frames) == len(clip.times) == 170
    assert clip.times[0] == 0
    assert clip.times[-1] == pytest.approx(169 / 12, abs=0.01)


@pytest.mark.parametrize(("width", "height", "held"), [(1920, 1080, (360, 640, 3)), (1080, 1920, (640, 360, 3)), (640, 360, (360, 640, 3))])
def test_frames_are_held_no_larger_than_needed(width: int, height: int, held: tuple[int, int, int]) -> None:
    assert max(held) == HELD_SIDE
    assert open_clip(make_clip([plain(width, height)] * 12, None, frames_per_second=10)).frames[0].shape == held


@pytest.mark.parametrize(
    ("matrix", "rotation", "bright"),
    [
        ((1, 0, 0, 1), 0, "top"),
        ((0, 1, -1, 0), 90, "right"),
        ((-1, 0, 0, -1), 180, "bottom"),
        ((0, -1, 1, 0), 270, "left"),
        ((-1, 0, 0, 1), 0, "top"),
        ((0, 1, 1, 0), 90, "right"),
    ],
)
def test_a_phone_that_records_on_its_side_is_shown_upright(matrix: tuple[int, int, int, int], rotation: int, bright: str) -> None:
    """The last two mirror as well; their frames stand upright and are not mirrored."""
    stored = plain(320, 240, grey=60)
    stored[:60, :160] = 230  # the stored picture's upper left
    clip = open_clip(turned(_mp4(stored), *matrix))
    frame = clip.frames[0]
    corners = {"top": frame[:60, :100], "right": frame[:100, -60:], "bottom": frame[-60:, -100:], "left": frame[-100:, :60]}
    assert clip.tracks.rotation == rotation
    assert {name for name, corner in corners.items() if corner.mean() > 200} == {bright}


def _mp4(picture: Picture) -> bytes:
    return make_clip([picture] * 30, None, container="mp4")


def test_a_recorder_that_changes_size_gives_frames_of_one_shape() -> None:
    wide, high = plain(320, 240, 120), plain(240, 320, 200)
    clip = open_clip(make_odd_clip([[wide] * 25, [high] * 12, [plain(640, 480, 200)] * 3]))
    assert {frame.shape for frame in clip.frames} == {(240, 320, 3)}
    middle = clip.frames[18]
    assert middle[:, 80:240].mean() > 190
    assert middle[:, :60].max() < 20


def test_sound_and_picture_share_one_clock() -> None:
    late = open_clip(make_clip([plain()] * 40, noise(1.0), sound_from=0.5))
    assert late.sound is not None
    assert np.abs(late.sound[: SAMPLE_RATE * 4 // 10]).max() < 0.01
    assert np.abs(late.sound[SAMPLE_RATE * 6 // 10 :]).max() > 0.1
    early = open_clip(make_clip(brightening(30), noise(1.6), times=[0.4 + n / 25 for n in range(30)]))
    assert early.times[0] == pytest.approx(0.4, abs=0.05)
    assert early.tracks.sound_seconds == pytest.approx(1.6, abs=0.05)


def test_the_time_of_recording_is_read_where_the_file_says_it() -> None:
    said = {"creation_time": "2026-05-01T08:00:00Z"}
    assert open_clip(make_clip([plain()] * 30, None, container="mp4", metadata=said)).tracks.created_at == datetime(
        2026, 5, 1, 8, tzinfo=UTC
    )
    unset = {"creation_time": "1970-01-01T00:00:01Z"}
    assert open_clip(make_clip([plain()] * 30, None, container="mp4", metadata=unset)).tracks.created_at is None


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
    assert refusal(data) == "unreadable"


@pytest.mark.parametrize("container", ["webm", "mp4"])
def test_sound_without_a_picture_is_named(container: Any) -> None:
    assert refusal(make_sound_file(noise(1.5), container)) == "no_picture"


def test_a_codec_that_no_phone_records_is_refused() -> None:
    assert refusal(make_clip([plain()] * 30, None, container="mp4", codec="mpeg4")) == "codec"


def test_an_mp4_cut_before_its_index_is_not_whole() -> None:
    whole = make_clip([plain()] * 50, noise(2.0), container="mp4")
    assert refusal(whole[: len(whole) // 2]) == "truncated"


def test_an_index_without_pictures_holds_no_frames() -> None:
    whole = make_clip(brightening(30), None, container="mp4", fragmented=True)
    assert refusal(whole[: whole.index(b"moof") - 4]) in ("no_frames", "truncated")


@pytest.mark.parametrize("recorder", [{"container": "webm"}, {"container": "mp4", "fragmented": True}], ids=["webm", "mp4"])
def test_a_clip_cut_short_is_as_long_as_what_is_left(recorder: dict[str, Any]) -> None:
    textured = [np.random.default_rng(n // 5).integers(0, 255, (240, 320, 3), dtype=np.uint8) for n in range(60)]
    whole = make_clip(textured, None, **recorder)
    lengths = []
    for share in (0.02, 0.6, 0.95):
        try:
            lengths.append(open_clip(whole[: int(len(whole) * share)]).seconds)
        except UnusableClip as refused:
            assert refused.name in ("unreadable", "too_short", "truncated", "no_frames"), share
            lengths.append(0.0)
    assert lengths == sorted(lengths)
    assert 1.5 < lengths[-1] < 2.4


def test_limits_are_named() -> None:
    assert refusal(b"\x1a\x45\xdf\xa3" + b"\x00" * MAX_BYTES) == "too_large"
    assert refusal(make_clip([plain()] * 10, None)) == "too_short"
    assert refusal(make_clip([plain()] * 34, None, frames_per_second=2)) == "too_long"
    assert refusal(make_clip([plain()] * 4, noise(17.0), frames_per_second=2)) == "too_long"
    assert refusal(make_clip([plain()] * 30, None, times=[*(n / 25 for n in range(29)), 36_000.0])) == "too_long"
    assert refusal(make_clip([plain(160, 120)] * 30, None)) == "too_small"
    assert refusal(make_clip([plain(4096, 2160)] * 2, None)) == "too_much"
    assert refusal(make_clip([plain()] * 16, None, frames_per_second=8)) == "too_slow"


def test_time_stamps_that_run_backwards_are_named() -> None:
    assert refusal(make_odd_clip([[plain()] * 60], [n / 25 if n % 2 else 3 - n / 25 for n in range(60)])) == "times"


def test_a_few_time_stamps_out_of_order_are_forgiven() -> None:
    stamps = [n / 25 for n in range(40)]
    stamps[20], stamps[30] = 0.7, 1.1
    clip = open_clip(make_odd_clip([brightening(40)], stamps))
    assert clip.times == sorted(set(clip.times))


def test_a_flood_of_frames_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.biometrics.clip.MAX_FRAMES", 100)
    assert refusal(make_clip([plain()] * 120, None, frames_per_second=100)) == "too_much"


def test_a_header_that_lies_about_its_size_is_decoded_at_the_picture_s_own() -> None:
    clip = bytearray(make_clip([plain(320, 240)] * 30, None, container="mp4"))
    struct.pack_into(">HH", clip, clip.index(b"avc1") + 28, 65_000, 65_000)
    assert open_clip(bytes(clip)).frames[0].shape == (240, 320, 3)


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _huge_picture() -> bytes:
    """A vp8 key frame that claims 16,383 x 16,383 pixels: 400 MB for whoever believes it."""
    clip = bytearray(make_clip([plain()] * 30, None))
    at = clip.index(b"\x9d\x01\x2a") + 3
    struct.pack_into("<HH", clip, at, 16_383, 16_383)
    return bytes(clip)


def _endless_index() -> bytes:
    """An mp4 whose table claims 170 million samples of one size: 4 GB for whoever believes it."""
    clip = bytearray(make_clip([plain()] * 30, None, container="mp4"))
    at = clip.index(b"stsz") + 8
    struct.pack_into(">II", clip, at, 1, 170_000_000)
    return bytes(clip)


@pytest.mark.parametrize("bomb", [_huge_picture, _endless_index])
def test_a_small_file_that_claims_much_takes_no_memory(bomb: Callable[[], bytes]) -> None:
    data, before = bomb(), _peak_megabytes()
    assert len(data) < 100_000
    assert refusal(data) in ("too_much", "damaged", "unreadable", "no_frames")
    assert _peak_megabytes() - before < 100


def test_sound_at_a_rate_that_no_microphone_has_is_refused() -> None:
    out = io.BytesIO()
    with av.open(out, "w", format="matroska") as opened:
        file: Any = opened
        video = file.add_stream("libvpx", rate=25)
        video.height, video.width, video.pix_fmt = 240, 320, "yuv420p"
        sound = file.add_stream("pcm_s16le", rate=10, layout="mono")  # each sample would become 1,600
        for n in range(30):
            frame = av.VideoFrame.from_ndarray(plain(), format="rgb24")
            frame.pts = n
            file.mux(video.encode(frame))
        file.mux(video.encode(None))
        track = av.AudioFrame.from_ndarray(np.zeros((1, 100), np.int16), format="s16", layout="mono")
        track.sample_rate, track.pts = 10, 0
        file.mux(sound.encode(track))
    assert refusal(out.getvalue()) == "codec"


@cache
def _healthy(kind: str) -> bytes:
    stereo = np.stack([noise(1.2), noise(1.2)])[:, : SOUND_RATE * 12 // 10]
    textured = [np.random.default_rng(n).integers(0, 255, (240, 320, 3), dtype=np.uint8) // 4 + 60 for n in range(30)]
    return make_clip(textured, stereo, container="webm" if kind == "webm" else "mp4", fragmented=kind == "fragmented")


@settings(max_examples=90, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), kind=st.sampled_from(["webm", "mp4", "fragmented"]))
def test_damage_never_raises_anything_but_unusable_and_takes_no_memory(data: st.DataObject, kind: str) -> None:
    clip = bytearray(_healthy(kind))
    # Half of the damage falls on what the container says of itself, at either end.
    place = st.integers(0, len(clip) - 1) | st.integers(0, 1500) | st.integers(len(clip) - 1500, len(clip) - 1)
    for position, value in data.draw(st.lists(st.tuples(place, st.integers(0, 255) | st.just(255)), min_size=1, max_size=30)):
        clip[position] = value
    cut = data.draw(st.integers(0, len(clip)) | st.just(len(clip)))
    before = _peak_megabytes()
    try:
        opened = open_clip(bytes(clip[:cut]))
    except UnusableClip:
        pass
    else:
        _is_within_limits(opened)
    assert _peak_megabytes() - before < 300


def _is_within_limits(clip: Clip) -> None:
    assert 1 <= clip.seconds <= 15.5
    assert clip.times == sorted(set(clip.times))
    assert all(0 <= t <= clip.seconds for t in clip.times)
    assert len(clip.frames) == len(clip.times) <= 16 * 15.5
    assert len({frame.shape for frame in clip.frames}) == 1
    assert clip.frames[0].size <= 3 * min(HELD_SIDE**2, MAX_PIXELS)
    assert clip.sound is None or (np.isfinite(clip.sound).all() and len(clip.sound) <= 15.5 * SAMPLE_RATE + 1000)
