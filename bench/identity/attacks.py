"""Everything that is tried: honest clips, and attacks on the check, each kind a function from a scene to what is handed in."""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np

from bench.identity.making import SIZE, Scene
from bench.identity.material import Picture, Sound
from bench.identity.sheets import Held, Screen, as_print, room, show
from domain.identity import Asked, Movement, Way
from simulators.demo_clip import FRAMES_PER_SECOND, SOUND_RATE, Performance, poses, turned
from simulators.turning_head import Pose

OPPOSITE: dict[Movement, Movement] = {"left": "right", "right": "left", "up": "down", "down": "up"}
SHEET_REACH = (1.2, 2.2)  # a sheet is turned further than a head, 29 to 53 degrees: it costs the attacker nothing
PRINT_HEIGHT, SCREEN_HEIGHT, INJECTED_HEIGHT = 620.0, 660.0, 800.0  # pixels of the frame


@dataclass(frozen=True)
class HandedIn:
    """A clip and how it was varied within its kind. `asked` None: the scene's. `shown_before`: clips handed in earlier."""

    clip: bytes
    variant: str = ""
    asked: Asked | None = None
    shown_before: Sequence[bytes] = field(default=())


def honest(scene: Scene) -> HandedIn:
    performance = scene.reading()
    return HandedIn(scene.clip(scene.live(performance), performance.sound))


def still_photo(scene: Scene) -> HandedIn:
    """A photograph held before the camera, filling it, and the right code from a loudspeaker."""
    performance = scene.reading()
    return HandedIn(scene.clip(_flat(scene, performance, speaks=False), performance.sound))


def paper_print(scene: Scene) -> HandedIn:
    performance = scene.reading()
    turns = scene.number % 2 == 0
    sheet = as_print(scene.sitter.head.frame(Pose()), scene.noise)
    behind = room(SIZE, scene.noise)
    frames = (show(sheet, PRINT_HEIGHT, held, behind) for held in _in_the_hand(scene, performance, _reach(scene) if turns else 0))
    return HandedIn(scene.clip(frames, performance.sound), "turned" if turns else "held")


def screen(scene: Scene) -> HandedIn:
    """The photograph, made to speak, on a screen that is turned."""
    performance = scene.reading()
    return HandedIn(_on_screen(scene, performance, _speaking(scene, performance), _reach(scene)))


def screen_with_made_head(scene: Scene) -> HandedIn:
    """A made head that does all that is asked, on a screen: only passive spoofing can tell."""
    performance = scene.reading()
    return HandedIn(_on_screen(scene, performance, iter(scene.live(performance)), 0))


def shifted_sound(scene: Scene) -> HandedIn:
    performance = scene.reading()
    late = scene.drawn.uniform(0.5, 1.2)
    return HandedIn(scene.clip(scene.live(performance), np.roll(performance.sound, round(late * SOUND_RATE))), f"{late:.1f} s late")


def wrong_code(scene: Scene) -> HandedIn:
    """Another code at random, as somebody says it who doesn't know what will be asked."""
    said = "".join(scene.drawn.choice("0123456789") for _ in scene.asked.code)
    while said == scene.asked.code:
        said = "".join(scene.drawn.choice("0123456789") for _ in scene.asked.code)
    performance = scene.reading(said)
    return HandedIn(scene.clip(scene.live(performance), performance.sound))


def one_wrong_digit(scene: Scene) -> HandedIn:
    """Harder than any guess: all digits but one are right."""
    code = scene.asked.code
    place = scene.drawn.randrange(len(code))
    performance = scene.reading(f"{code[:place]}{(int(code[place]) + scene.drawn.randrange(1, 10)) % 10}{code[place + 1 :]}")
    return HandedIn(scene.clip(scene.live(performance), performance.sound))


def wrong_movement(scene: Scene) -> HandedIn:
    variant = ("opposite", "none", "slid", "nodded")[scene.number % 4]
    if variant == "slid":
        performance = scene.reading()
        return HandedIn(scene.clip(_slid(scene, performance), performance.sound), variant)
    made: dict[str, list[Movement]] = {"opposite": [OPPOSITE[m] for m in scene.asked.movements], "none": [], "nodded": ["down"]}
    performance = scene.reading(movements=made[variant])
    return HandedIn(scene.clip(scene.live(performance), performance.sound), variant)


def replayed(scene: Scene) -> HandedIn:
    """A clip that passed before, and even the same code asked again; mirrored, the other side is asked."""
    performance = scene.reading()
    frames = scene.live(performance)
    first = scene.clip(frames, performance.sound)
    variant = ("same bytes", "re-encoded", "cropped and louder", "mirrored", "begun later")[scene.number % 5]
    asked = None
    if variant == "same bytes":
        again = first
    elif variant == "re-encoded":
        again = as_mp4(frames, performance.sound)
    elif variant == "cropped and louder":
        again = scene.clip((_cropped(frame) for frame in frames), 1.5 * performance.sound)
    elif variant == "mirrored":
        again = scene.clip((np.ascontiguousarray(frame[:, ::-1]) for frame in frames), performance.sound)
        asked = scene.asked.model_copy(update={"movements": [OPPOSITE[m] for m in scene.asked.movements]})
    else:
        again = scene.clip(frames[5:], performance.sound[5 * SOUND_RATE // FRAMES_PER_SECOND :])
    return HandedIn(again, variant, asked, shown_before=[first])


def photo_speaking(scene: Scene) -> HandedIn:
    """A photograph whose mouth is warped with the sound, moved as a hand moves it."""
    performance = scene.reading()
    return HandedIn(scene.clip(_flat(scene, performance, speaks=True), performance.sound))


def photo_speaking_and_turned(scene: Scene) -> HandedIn:
    """The same, fed in without a rim, and turned as a plane, or bent like a head and turned."""
    performance = scene.reading()
    bend = (0.0, 60.0, 110.0)[scene.number % 3]
    behind = np.asarray(cv2.GaussianBlur(scene.sitter.head.frame(Pose()), (0, 0), 25), np.uint8)
    frames = (
        show(picture, INJECTED_HEIGHT, held, behind)
        for picture, held in zip(_speaking(scene, performance), _in_the_hand(scene, performance, _reach(scene), bend), strict=True)
    )
    return HandedIn(scene.clip(frames, performance.sound), f"bent by {bend:.0f} degrees" if bend else "flat")


def another_person(scene: Scene) -> HandedIn:
    performance = scene.reading()
    return HandedIn(scene.clip(scene.live(performance, scene.other), performance.sound))


STRANGER = "another person"
Maker = Callable[[Scene], HandedIn]

ATTACKS: dict[str, Maker] = {
    "still photo with sound": still_photo,
    "print": paper_print,
    "screen": screen,
    "shifted sound": shifted_sound,
    "wrong code": wrong_code,
    "code with one wrong digit": one_wrong_digit,
    "wrong movement": wrong_movement,
    "replayed clip": replayed,
    "photo warped to speak": photo_speaking,
    "photo warped and turned": photo_speaking_and_turned,
    STRANGER: another_person,
}
# An attacker chooses the way too: what each of the others has to stand up to.
OTHER_WAYS: dict[Way, str] = {"digits": "who cannot turn the head", "movements": "who cannot speak"}
BY_WAY: dict[str, tuple[Way, Maker]] = {
    f"{kind}, {words}": (way, ATTACKS[kind])
    for way, words in OTHER_WAYS.items()
    for kind in ("photo warped to speak", "photo warped and turned", "screen")
}
# What no web page can prevent, shown to a camera: measured so that the residual risk is a number.
RESIDUAL: dict[str, Maker] = {"made 3-D head on a screen": screen_with_made_head}


def as_mp4(frames: Sequence[Picture], sound: Sound) -> bytes:
    """h264 and aac, coarser than the first recording."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as opened:
        target: Any = opened
        video = target.add_stream("libx264", rate=FRAMES_PER_SECOND, options={"preset": "ultrafast", "crf": "28"})
        video.height, video.width = frames[0].shape[:2]
        video.pix_fmt, video.codec_context.thread_count = "yuv420p", 1
        audio = target.add_stream("aac", rate=SOUND_RATE, layout="mono")
        for number, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FRAMES_PER_SECOND)
            target.mux(video.encode(frame))
        target.mux(video.encode(None))
        track = av.AudioFrame.from_ndarray(sound.reshape(1, -1), format="fltp", layout="mono")
        track.sample_rate, track.pts = SOUND_RATE, 0
        target.mux(audio.encode(track))
        target.mux(audio.encode(None))
    return out.getvalue()


def _flat(scene: Scene, performance: Performance, *, speaks: bool) -> Iterator[Picture]:
    """The photograph, moved as a hand moves it: no head in it turns."""
    for pose in poses(performance, phase=scene.drawn.uniform(0, 60)):
        yield scene.sitter.head.frame(Pose(mouth=pose.mouth if speaks else 0.0, shift=pose.shift, roll=pose.roll, zoom=pose.zoom))


def _speaking(scene: Scene, performance: Performance) -> Iterator[Picture]:
    return (scene.sitter.head.frame(Pose(mouth=pose.mouth)) for pose in poses(performance))


def _slid(scene: Scene, performance: Performance) -> Iterator[Picture]:
    """A head that speaks and slides sideways where it should turn."""
    for number, pose in enumerate(poses(performance)):
        yaw, pitch = turned(performance, number / FRAMES_PER_SECOND)
        shift = (pose.shift[0] + 3 * yaw, pose.shift[1] - 3 * pitch)
        yield scene.sitter.head.frame(Pose(mouth=pose.mouth, shift=shift, roll=pose.roll, zoom=pose.zoom))


def _reach(scene: Scene) -> float:
    return scene.drawn.uniform(*SHEET_REACH)


def _on_screen(scene: Scene, performance: Performance, pictures: Iterator[Picture], reach: float) -> bytes:
    device, behind = Screen(SIZE, scene.noise), room(SIZE, scene.noise)
    frames = (
        show(device.displays(picture), SCREEN_HEIGHT, held, behind)
        for picture, held in zip(pictures, _in_the_hand(scene, performance, reach), strict=True)
    )
    return scene.clip(frames, performance.sound)


def _in_the_hand(scene: Scene, performance: Performance, reach: float, bend: float = 0.0) -> Iterator[Held]:
    """A sheet that trembles, and turns as the head should, `reach` times as far."""
    for number, pose in enumerate(poses(performance, reach=0, phase=scene.drawn.uniform(0, 60))):
        yaw, pitch = turned(performance, number / FRAMES_PER_SECOND)
        shift = (2 * pose.shift[0], 2 * pose.shift[1])
        yield Held(reach * yaw + 1.5 * pose.yaw, reach * pitch + 1.5 * pose.pitch, pose.roll, shift, bend)


def _cropped(frame: Picture) -> Picture:
    x, y = round(0.05 * SIZE[0]), round(0.04 * SIZE[1])
    return np.asarray(cv2.resize(frame[y : SIZE[1] - y, x : SIZE[0] - x], SIZE, interpolation=cv2.INTER_LINEAR), np.uint8)
