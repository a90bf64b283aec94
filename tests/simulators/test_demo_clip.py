"""The demo person's portrait, clip and camera files."""

import io
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from simulators import demo_clip
from simulators.demo_clip import demo_portrait, make_demo_clip, write_camera_files
from simulators.spoken_digits import read_code, speak
from simulators.turning_head import Pose


@pytest.fixture(scope="module")
def clip() -> bytes:
    return make_demo_clip("0917")


def test_the_portrait_is_a_jpeg_of_the_size_of_an_id_photograph() -> None:
    with Image.open(io.BytesIO(demo_portrait())) as portrait:
        assert (portrait.format, portrait.size) == ("JPEG", (358, 441))


def test_a_clip_is_a_small_webm_that_a_phone_could_have_recorded(clip: bytes) -> None:
    with av.open(io.BytesIO(clip), "r") as file:
        video, audio = file.streams.video[0], file.streams.audio[0]
        assert (video.codec_context.name, audio.codec_context.name) == ("vp8", "opus")
        assert (video.codec_context.width, video.codec_context.height) == (480, 640)
        frames = sum(1 for _ in file.decode(video))
    assert 45 <= frames <= 90
    assert len(clip) < 2_000_000


def test_the_mouth_moves_with_the_sound() -> None:
    quiet, loud = np.zeros(48_000, np.float32), 0.5 * np.sin(np.arange(48_000) / 30).astype(np.float32)
    openings = demo_clip.mouth_openings(np.concatenate([quiet, loud]), 25)
    assert openings[:20].max() < 0.05
    assert openings[30:].mean() > 0.8


def test_the_jaw_opens_and_leaves_the_eyes_alone() -> None:
    shut, wide = (demo_clip._head().frame(Pose(mouth=opening)).astype(int) for opening in (0.0, 1.0))
    changed = np.argwhere(np.abs(wide - shut).sum(axis=2) > 60)
    assert len(changed) > 2000
    eyes_below, neck_above = 270, 500  # rows of the frame
    assert changed[:, 0].min() > eyes_below
    assert changed[:, 0].max() < neck_above


def test_each_movement_is_made_in_its_turn_after_the_reading() -> None:
    performance = demo_clip.perform(np.zeros(48_000, np.float32), ["left", "up"])
    yaws, pitches = np.array([(pose.yaw, pose.pitch) for pose in demo_clip.poses(performance)]).T
    assert np.abs(yaws[:15]).max() < 3  # while reading
    assert (yaws.max(), pitches.max()) == pytest.approx((24, 17), abs=3)
    assert yaws.argmax() < pitches.argmax()
    assert abs(yaws[-1]) < 3
    assert abs(pitches[-1]) < 3
    assert len(yaws) / demo_clip.FRAMES_PER_SECOND == pytest.approx(len(performance.sound) / demo_clip.SOUND_RATE, abs=0.1)


def test_a_clip_without_a_code_shows_its_movements_alone() -> None:
    with av.open(io.BytesIO(make_demo_clip("", movements=["down"])), "r") as file:
        sound = np.concatenate([frame.to_ndarray().ravel() for frame in file.decode(audio=0)])
    assert np.abs(sound).max() < 0.01


def test_a_clip_can_be_made_longer_with_silence() -> None:
    with av.open(io.BytesIO(make_demo_clip("11", seconds=5.0)), "r") as file:
        assert sum(1 for _ in file.decode(video=0)) == 75


def test_each_digit_is_audible_by_itself() -> None:
    reading = np.abs(read_code("3582", "en", 16_000))
    assert 0.55 < reading.max() <= 0.61
    loud = reading[: len(reading) // 160 * 160].reshape(-1, 160).max(axis=1) > 0.02
    words = int((np.diff(np.flatnonzero(loud)) > 18).sum()) + 1
    assert words == 4


def test_an_unknown_voice_is_an_error() -> None:
    with pytest.raises(ValueError, match="no voice"):
        speak("one", "no-such-voice", words_per_minute=130, pitch=50, pitch_range=50)


def test_camera_files_are_one_round_of_reading_and_silence(tmp_path: Path) -> None:
    camera, microphone = write_camera_files("27", "en", tmp_path / "camera", pause_seconds=1.0)
    with wave.open(str(microphone)) as track:
        seconds = track.getnframes() / track.getframerate()
        assert track.getnchannels() == 1
    with av.open(str(camera), "r", format="mjpeg") as file:
        frames = [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]
    assert len(frames) / demo_clip.CAMERA_FRAMES_PER_SECOND == pytest.approx(seconds, abs=0.07)
    assert frames[0].shape == (640, 480, 3)
