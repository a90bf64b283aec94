"""How long one clip takes on one warm worker, beside the bare library calls that it makes, and what a worker needs to be ready.

`python -m bench.identity.timing HOME RUNS` measures in a process of its own and prints JSON; HOME is a prepared folder of models.
"""

import asyncio
import io
import json
import os
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import av
import cv2
import psutil

from bench.figures import Figure, load_now
from bench.identity.checking import open_verifier
from domain.identity import Asked, Handing, Movement
from simulators.demo_clip import FRAMES_PER_SECOND, demo_portrait, encode, head_frames, perform_code

if TYPE_CHECKING:
    from adapters.biometrics.verifier import ClipVerifier

CAMERA_FRAMES_PER_SECOND = 30
PICTURE_WORK = ("GaussianBlur", "Laplacian", "Sobel", "cvtColor", "remap", "resize", "warpAffine")  # OpenCV's, that the stages call
CODE = "3582"
MOVEMENT: Movement = "left"
MOST_SECONDS, MOST_RATIO, MOST_WARM_SECONDS, MOST_MEMORY = 1.5, 1.2, 8.0, 1_200_000_000

Call = Callable[[], Any]
_within = threading.local()  # whether this thread is inside a call that is kept


@dataclass(frozen=True)
class Times:
    """Seconds and bytes; of the clips the medians. `bare_cpu`: what the libraries alone take for the same frames and sound."""

    warm_seconds: float
    warm_cpu: float
    ready_bytes: int
    largest_bytes: int
    clip_seconds: float
    wall: float
    cpu: float
    bare_cpu: float
    bare_by_library: dict[str, float]
    stages: dict[str, float]
    load: str


def measure_apart(home: Path, runs: int) -> Times:
    """In a process of its own, which nothing has warmed.

    Raises:
        subprocess.CalledProcessError: it failed; what it said is on stderr.
    """
    # As in the worker, where nothing of this is imported before it is set.
    alone = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1")
    command = [sys.executable, "-m", __name__, str(home), str(runs)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=alone)
    return Times(**json.loads(done.stdout.splitlines()[-1]))


def as_figures(times: Times) -> list[Figure]:
    ratio = times.cpu / times.bare_cpu
    libraries = ", ".join(f"{name} {1000 * seconds:.0f}" for name, seconds in times.bare_by_library.items())
    stages = ", ".join(f"{name} {milliseconds:.0f}" for name, milliseconds in times.stages.items())
    return [
        Figure(
            f"one clip of {times.clip_seconds:.1f} s, 480x640, 30 frames/s, warm, one worker",
            f"{times.wall:.2f} s wall", f"at most {MOST_SECONDS:g} s", times.wall <= MOST_SECONDS,
        ),
        Figure(
            "its CPU beside that of the bare library calls",
            f"{times.cpu:.2f} s / {times.bare_cpu:.2f} s = {ratio:.2f}", f"at most {MOST_RATIO:g}", ratio <= MOST_RATIO,
        ),
        Figure("the same, were OpenCV's calls none of them", f"{times.cpu / (times.bare_cpu - times.bare_by_library['opencv']):.2f}"),
        Figure("the library calls, ms of CPU", libraries),
        Figure("the check's stages, ms wall (pictures and sound overlap)", stages),
        Figure(
            "worker's models, from a cold process to warm",
            f"{times.warm_seconds:.1f} s, {times.warm_cpu:.1f} s of CPU",
            f"at most {MOST_WARM_SECONDS:g} s", times.warm_seconds <= MOST_WARM_SECONDS,
        ),
        Figure(
            "its memory: ready, at most (the bench's own in it)", f"{times.ready_bytes / 1e9:.2f} GB, {times.largest_bytes / 1e9:.2f} GB",
            f"ready at most {MOST_MEMORY / 1e9:g} GB", times.ready_bytes <= MOST_MEMORY,
        ),
        Figure("the machine meanwhile", times.load),
    ]  # fmt: skip


def _measure(home: Path, runs: int) -> Times:
    began = psutil.Process().create_time()
    loop = asyncio.new_event_loop()
    verifier = open_verifier(home, threads=2)
    loop.run_until_complete(verifier.warm_up())
    warm, warm_cpu, ready = time.time() - began, time.process_time(), psutil.Process().memory_info().rss
    clip, seconds = _clip()

    walls, cpus, bares, stages = [], [], [], {}
    by_library: dict[str, list[float]] = {}
    for _ in range(runs):
        cpu, wall = time.process_time(), time.perf_counter()
        stages = loop.run_until_complete(_verify(verifier, clip, seconds))
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
        # Between the runs, so that what else the machine does falls on both alike.
        calls = {"decoding": [lambda: _decode_bare(clip)]} | _calls_of(
            verifier, lambda: loop.run_until_complete(_verify(verifier, clip, seconds))
        )
        taken = {name: _cpu_of(replayed) for name, replayed in calls.items()}
        bares.append(sum(taken.values()))
        for name, spent in taken.items():
            by_library.setdefault(name, []).append(spent)
    largest = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Times(
        warm, warm_cpu, ready, largest, seconds, statistics.median(walls), statistics.median(cpus), statistics.median(bares),
        {name: statistics.median(spent) for name, spent in by_library.items()}, stages, load_now(),
    )  # fmt: skip


def _clip() -> tuple[bytes, float]:
    """Five seconds, at the frame rate of a phone's camera."""
    performance = perform_code(CODE, [MOVEMENT], seconds=5.0)
    frames = (frame for picture in head_frames(performance) for frame in [picture] * (CAMERA_FRAMES_PER_SECOND // FRAMES_PER_SECOND))
    return encode(frames, performance.sound, CAMERA_FRAMES_PER_SECOND), performance.seconds


async def _verify(verifier: "ClipVerifier", clip: bytes, seconds: float) -> dict[str, float]:
    now = datetime.now(UTC)
    asked = Asked(code=CODE, language="en", movements=[MOVEMENT])
    handing = Handing(shown_at=now - timedelta(seconds=seconds + 5), received_at=now, stated_seconds=seconds)
    examined = await verifier.verify(clip, demo_portrait(), asked, handing, [])
    # A clip that passes takes every step; what passive spoofing says of a rendered one changes no step.
    refused = [check.name for check in examined.verdict.checks if check.passed is False and check.name != "spoofing"]
    if refused:
        raise RuntimeError(f"The clip that is timed was refused by {refused}.")
    return examined.verdict.milliseconds


def _cpu_of(calls: list[Call]) -> float:
    began = time.process_time()
    for call in calls:
        call()
    return time.process_time() - began


def _decode_bare(clip: bytes) -> None:
    """Every packet decoded; of the pictures as many turned into RGB as the check holds, and all the sound at 16 kHz."""
    held = 0
    resampler = av.AudioResampler(format="flt", layout="mono", rate=16_000)
    with av.open(io.BytesIO(clip), "r") as file:
        for frame in file.decode(file.streams.video[0], file.streams.audio[0]):
            if isinstance(frame, av.AudioFrame):
                for piece in resampler.resample(frame):
                    piece.to_ndarray()
            elif isinstance(frame, av.VideoFrame) and frame.time is not None and frame.time >= held / 15 - 0.008:
                frame.to_ndarray(format="rgb24")
                held += 1


def _calls_of(verifier: "ClipVerifier", work: Call) -> dict[str, list[Call]]:
    """Every call of a model that `work` makes, ready to be made again with the same arguments: by library."""
    from adapters.biometrics.graph_models import GraphModel

    models: Any = verifier._models
    calls: dict[str, list[Call]] = {
        "tensorflow (mesh, finder)": [], "deepface (same person)": [], "deepface (spoofing)": [], "whisper": [], "opencv": [],
    }  # fmt: skip
    listener = models.listener._model
    with ExitStack() as kept:
        for name in PICTURE_WORK:
            kept.enter_context(_kept(cv2, name, calls["opencv"]))
        kept.enter_context(_kept_on_class(GraphModel, calls["tensorflow (mesh, finder)"]))
        kept.enter_context(_kept(models.faces._deepface, "represent", calls["deepface (same person)"]))
        if models.spoofing.present:
            kept.enter_context(_kept(models.spoofing._networks, "analyze", calls["deepface (spoofing)"]))
        whisper = _Whisper(listener.model, calls["whisper"])
        kept.enter_context(patch.object(listener, "model", whisper))
        kept.enter_context(_kept(listener, "feature_extractor", calls["whisper"]))
        work()
    return {name: made for name, made in calls.items() if made}


@contextmanager
def _kept(owner: Any, name: str, calls: list[Call]) -> Iterator[None]:
    original = getattr(owner, name)

    class Keeping:
        def __call__(self, *arguments: Any, **named: Any) -> Any:
            if getattr(_within, "library", False):  # a library's own use of another counts once
                return original(*arguments, **named)
            calls.append(lambda: original(*arguments, **named))
            _within.library = True
            try:
                return original(*arguments, **named)
            finally:
                _within.library = False

        def __getattr__(self, attribute: str) -> Any:
            return getattr(original, attribute)

    with patch.object(owner, name, Keeping()):
        yield


@contextmanager
def _kept_on_class(model: Any, calls: list[Call]) -> Iterator[None]:
    original = model.__call__

    def keep(self: Any, pictures: Any) -> Any:
        calls.append(lambda: self._call(pictures))
        return original(self, pictures)

    with patch.object(model, "__call__", keep):
        yield


class _Whisper:
    """CTranslate2's model, whose calls are kept."""

    def __init__(self, model: Any, calls: list[Call]) -> None:
        self._model, self._calls = model, calls

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._model, name)
        if not callable(found):
            return found

        def keep(*arguments: Any, **named: Any) -> Any:
            self._calls.append(lambda: found(*arguments, **named))
            return found(*arguments, **named)

        return keep


if __name__ == "__main__":
    print(json.dumps(asdict(_measure(Path(sys.argv[1]), int(sys.argv[2])))))
