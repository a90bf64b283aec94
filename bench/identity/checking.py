"""What is tried, put through the whole check: made and judged in processes of their own, which give back numbers alone."""

import asyncio
import io
import multiprocessing
import os
import random
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np

from bench.identity.attacks import ATTACKS, BY_WAY, RESIDUAL, STRANGER, HandedIn, Maker, honest
from bench.identity.making import Scene, Sitter, folder_of_models, sitters_of
from bench.identity.material import Voice, people_of, voices_of
from bench.identity.recordings import as_recorded, as_turned, portrait_from, recordings_of
from domain.identity import Asked, CheckName, CheckResult, Examined, Handing, Movement, Prints, Way
from domain.text import Language
from simulators.demo_clip import SOUND_RATE, Performance, perform

if TYPE_CHECKING:
    from adapters.biometrics.verifier import ClipVerifier

FACE_MODEL, SPEECH_MODEL = "Dlib", "packaged"
SPOOFING_WEIGHTS = ("2.7_80x80_MiniFASNetV2", "4_0_0_80x80_MiniFASNetV1SE")
LOOKED_AT_SECONDS = 6.0  # from the challenge on the page until recording begins
TALKED_SECONDS = 4.4  # before a turn: as long as the page leaves for four digits

HONEST: dict[str, tuple[Way, Language]] = {
    "honest, made, code in Mandarin and a turn": ("code_and_turn", "zh"),
    "honest, made, code in English and a turn": ("code_and_turn", "en"),
    "honest, made, movements alone": ("movements", "zh"),
    "honest, made, six digits and the phone moved": ("digits", "zh"),
}
REAL, REAL_TURNED = "real talking clip", "real talking clip, turned by the renderer"
# These recordings say no code, and the first of them turn no head: the other questions are what they can answer.
NOT_ASKED: dict[str, frozenset[CheckName]] = {REAL: frozenset({"code", "movement"}), REAL_TURNED: frozenset({"code"})}


@dataclass(frozen=True)
class Order:
    kind: str
    number: int


@dataclass(frozen=True)
class Outcome:
    """One clip's verdict. `passed_unperformed`: what it would have been without the passive spoofing weights."""

    kind: str
    number: int
    variant: str
    language: Language
    held_out_person: bool
    held_out_voice: bool
    passed: bool
    passed_unperformed: bool
    checks: tuple[CheckResult, ...]
    seconds: float

    def failed(self, name: CheckName) -> bool:
        return any(check.name == name and check.passed is False for check in self.checks)


def prepare_home(home: Path, weights: Path) -> bool:
    """Lays the passive spoofing weights where DeepFace looks for them; whether there are any."""
    folder = home / ".deepface" / "weights"
    folder.mkdir(parents=True, exist_ok=True)
    found = [path for name in SPOOFING_WEIGHTS for path in weights.glob(f"{name}.*")] if weights.is_dir() else []
    for path in found:
        shutil.copyfile(path, folder / path.name)
    return bool(found)


def open_verifier(home: Path, threads: int) -> "ClipVerifier":
    """The real one, as a worker opens it; models load with the first clip."""
    from adapters.biometrics.verifier import ClipVerifier

    return ClipVerifier(home, folder_of_models(), FACE_MODEL, SPEECH_MODEL, threads=threads)


def run_all(orders: Sequence[Order], data: Path, home: Path, processes: int) -> Iterator[Outcome]:
    """In any order. A trial that breaks breaks the bench."""
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, spawned, initializer=_open_workshop, initargs=(data, home)) as pool:
        yield from pool.map(_try, orders, chunksize=1)


class _Workshop:
    """One process's models and material."""

    def __init__(self, data: Path, home: Path) -> None:
        from adapters.biometrics.mesh import FaceMesh

        self.data = data
        self.verifier = open_verifier(home, threads=1)
        self.loop = asyncio.new_event_loop()
        self.loop.run_until_complete(self.verifier.warm_up())
        self.mesh: FaceMesh = FaceMesh(folder_of_models())
        self.sitters: list[Sitter] = sitters_of(people_of(data / "faces"), self.mesh)
        self.voices: dict[Language, list[Voice]] = {"zh": voices_of(data / "digits", "zh"), "en": voices_of(data / "digits", "en")}

    def try_one(self, order: Order) -> Outcome:
        if order.kind in NOT_ASKED:
            return self._recorded(order)
        drawn = random.Random(f"{order.kind} {order.number}")  # noqa: S311 - the same trials at every run
        way, language, make = _what(order)
        sitter, other = self._two(drawn)
        voice = drawn.choice(self.voices[language])
        scene = Scene(sitter, other, voice, _ask(way, language, drawn), order.number, drawn)
        handed = make(scene)
        of_themselves = order.kind in HONEST or order.kind == STRANGER
        examined, seconds = self._examine(handed, scene.asked, sitter.portrait if of_themselves else sitter.own_portrait)
        return _outcome(order, handed.variant, language, (sitter.held_out, voice.held_out), examined, seconds)

    def _two(self, drawn: random.Random) -> tuple[Sitter, Sitter]:
        """Each person as often as any, however many pictures there are."""
        persons = sorted({sitter.person for sitter in self.sitters})
        one, other = drawn.sample(persons, 2)
        first, second = (drawn.choice([s for s in self.sitters if s.person == person]) for person in (one, other))
        return first, second

    def _recorded(self, order: Order) -> Outcome:
        paths = recordings_of(self.data / "talking")
        path = paths[order.number % len(paths)]
        side: Movement = "left" if order.number // len(paths) % 2 else "right"
        asked = Asked(code="0000", language="en", movements=[side])
        clip = as_recorded(path) if order.kind == REAL else as_turned(path, self.mesh, _turn(side))
        examined, seconds = self._examine(HandedIn(clip), asked, portrait_from(path, self.mesh))
        return _outcome(order, side, "en", (False, False), examined, seconds)

    def _examine(self, handed: HandedIn, asked: Asked, portrait: bytes) -> tuple[Examined, float]:
        earlier = [_prints(clip) for clip in handed.shown_before]
        now = datetime.now(UTC)
        seconds = _seconds(handed.clip)
        handing = Handing(shown_at=now - timedelta(seconds=seconds + LOOKED_AT_SECONDS), received_at=now, stated_seconds=seconds)
        began = time.perf_counter()
        examined = self.loop.run_until_complete(self.verifier.verify(handed.clip, portrait, handed.asked or asked, handing, earlier))
        return examined, time.perf_counter() - began


def _what(order: Order) -> tuple[Way, Language, Maker]:
    if order.kind in HONEST:
        return *HONEST[order.kind], honest
    language: Language = "en" if order.number % 2 else "zh"
    if order.kind in BY_WAY:
        way, make = BY_WAY[order.kind]
        return way, language, make
    return "code_and_turn", language, {**ATTACKS, **RESIDUAL}[order.kind]


def _turn(side: Movement) -> Performance:
    return perform(np.zeros(round(TALKED_SECONDS * SOUND_RATE), np.float32), [side])


def _outcome(order: Order, variant: str, language: Language, held_out: tuple[bool, bool], examined: Examined, seconds: float) -> Outcome:
    from adapters.biometrics.policy import packaged_policy

    verdict = examined.verdict
    granted = NOT_ASKED.get(order.kind, frozenset())
    checks = [c.model_copy(update={"passed": True}) if c.name in granted else c for c in verdict.checks]
    without = [c.model_copy(update={"passed": None}) if c.name == "spoofing" else c for c in checks]
    policy = packaged_policy()
    return Outcome(
        order.kind, order.number, variant, language, *held_out,
        passed=policy.passes(verdict.way, checks), passed_unperformed=policy.passes(verdict.way, without),
        checks=tuple(checks), seconds=seconds,
    )  # fmt: skip


def _ask(way: Way, language: Language, drawn: random.Random) -> Asked:
    """As `domain.challenges.draw`, but the same at every run."""
    from domain.challenges import DIGITS, MOVEMENTS, SIDES

    choices: Sequence[Movement] = SIDES if MOVEMENTS[way] == 1 else ("left", "right", "up", "down")
    code = "".join(drawn.choice("0123456789") for _ in range(DIGITS[way]))
    return Asked(way=way, code=code, language=language, movements=[drawn.choice(choices) for _ in range(MOVEMENTS[way])])


def _prints(clip: bytes) -> Prints:
    from adapters.biometrics.clip import open_clip
    from adapters.biometrics.prints import make_prints

    return make_prints(open_clip(clip), clip)


def _seconds(clip: bytes) -> float:
    """As the recording page counts."""
    with av.open(io.BytesIO(clip), "r") as file:
        times = [packet.pts * packet.time_base for packet in file.demux(file.streams.video[0]) if packet.pts is not None]
    return float(max(times)) + 0.07


_workshop: list[_Workshop] = []  # of this process


def _open_workshop(data: Path, home: Path) -> None:
    watch_the_bench()
    _workshop[:] = [_Workshop(data, home)]


def watch_the_bench() -> None:
    """A pool's process calls this first, so that it ends with the bench."""
    threading.Thread(target=_end_with_the_bench, daemon=True).start()


def _end_with_the_bench() -> None:
    """A pool's process goes on with what was queued, and then waits for ever, when the one that began it is killed."""
    if bench := multiprocessing.parent_process():
        bench.join()
        os._exit(1)


def _try(order: Order) -> Outcome:
    return _workshop[0].try_one(order)
