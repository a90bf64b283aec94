"""The identity check: one clip against one portrait and one code, as named checks with reasons."""

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, get_args

from adapters.biometrics import reasons
from adapters.biometrics.spoken_code import heard_digits, wrong_digits
from domain.identity import Asked, CheckName, CheckResult, Examined, Handing, IdentityVerdict, Prints
from domain.text import Bilingual, Language

if TYPE_CHECKING:  # heavy: loaded by warm_up
    from adapters.biometrics.clip import Clip
    from adapters.biometrics.faces import Embedding, FaceComparer
    from adapters.biometrics.speech import CodeListener

_T = TypeVar("_T")

MAX_WRONG_DIGITS = 1
QUIET = 0.004  # root mean square of the loudest tenth; speech at arm's length is 0.02 and more
REQUIRED: tuple[CheckName, ...] = ("clip", "one_person", "face", "code")


@dataclass(frozen=True)
class _Models:
    faces: "FaceComparer"
    listener: "CodeListener"


class ClipVerifier:
    """`domain.ports.IdentityVerifier` on this machine's processors; keeps models loaded and nothing of any clip."""

    def __init__(self, deepface_home: Path, face_model: str, face_threshold: float, speech_model: str, threads: int = 1) -> None:
        """Cheap; `warm_up` or the first clip loads the models.

        `threads`: how many stages run at once. Face and speech overlap from 2 on; each engine itself uses one thread.
        """
        self._deepface_home = deepface_home
        self._face_model, self._face_threshold, self._speech_model = face_model, face_threshold, speech_model
        # A limit set after an engine is imported has no effect, so it is set before.
        for variable in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
            os.environ.setdefault(variable, "1")
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        self._pool = ThreadPoolExecutor(max_workers=max(1, threads), thread_name_prefix="identity")
        self._models: _Models | None = None
        self._loading = threading.Lock()
        self._faces_in_use = threading.Lock()

    async def warm_up(self) -> None:
        """Load the models and run each once.

        Raises:
            ModelFilesMissing: a package that ships a model is absent or damaged.
        """
        await self._in_pool(self._load)

    def close(self) -> None:
        """Stop after the clip in hand; later calls of `verify` raise RuntimeError."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def verify(self, clip: bytes, portrait: bytes, asked: Asked, handing: Handing, earlier: Sequence[Prints]) -> Examined:
        """See the port."""
        verdict = await self._judge(clip, portrait, asked.code, asked.language)
        return Examined(verdict, [], None)

    async def _judge(self, clip: bytes, portrait: bytes, code: str, language: Language) -> IdentityVerdict:
        models = await self._in_pool(self._load)
        # After the models, whose thread has imported it: it takes a part of a second that the event loop shall not lose.
        from adapters.biometrics.clip import UnusableClip, open_clip

        watch = _Stopwatch()
        try:
            with watch.stage("decode"):
                opened = await self._in_pool(lambda: open_clip(clip))
        except UnusableClip as unusable:
            return self._verdict(models, watch, [CheckResult(name="clip", passed=False, reason=unusable.reason)], 0.0, 0)
        faces, said = await asyncio.gather(
            self._in_pool(lambda: self._check_faces(models, watch, opened, portrait)),
            self._in_pool(lambda: _check_code(models, watch, opened, code, language)),
        )
        compared, face_checks = faces
        return self._verdict(models, watch, [CheckResult(name="clip", passed=True), *face_checks, said], opened.seconds, compared)

    def _check_faces(self, models: _Models, watch: "_Stopwatch", clip: "Clip", portrait: bytes) -> tuple[int, list[CheckResult]]:
        """The number of frames compared, and the checks `one_person` and `face`."""
        with self._faces_in_use:
            with watch.stage("find_faces"):
                seen = models.faces.look(clip)
            if not seen.clearest:
                unseen = self._face_failed(reasons.SMALL_FACE if seen.too_small else reasons.NO_FACE)
                return 0, [_one_person(seen.most_people, same_throughout=True), unseen]
            with watch.stage("compare_faces"):
                reference = models.faces.embed_portrait(portrait)
                shown = [models.faces.embed(face.chip) for face in seen.clearest]
                one_person = _one_person(seen.most_people, models.faces.widest_distance(shown) <= self._face_threshold)
                return len(shown), [one_person, self._compare(models, shown, reference)]

    def _compare(self, models: _Models, shown: "list[Embedding]", reference: "Embedding | None") -> CheckResult:
        if reference is None:
            return self._face_failed(reasons.NO_PORTRAIT)
        distance = models.faces.median_distance(shown, reference)
        if distance > self._face_threshold:
            return self._face_failed(reasons.OTHER_FACE, distance)
        return CheckResult(name="face", passed=True, score=distance, threshold=self._face_threshold)

    def _face_failed(self, reason: Bilingual, distance: float | None = None) -> CheckResult:
        return CheckResult(name="face", passed=False, score=distance, threshold=self._face_threshold, reason=reason)

    def _verdict(self, models: _Models, watch: "_Stopwatch", asked: list[CheckResult], seconds: float, compared: int) -> IdentityVerdict:
        answered = {check.name: check for check in asked}
        # lips, spoofing and movement join here: each a function beside _check_code, from the clip to its CheckResult.
        checks = [answered.get(name) or CheckResult(name=name, passed=None) for name in get_args(CheckName)]
        passed = all(check.passed if check.name in REQUIRED else check.passed is not False for check in checks)
        return IdentityVerdict(
            passed=passed, checks=checks, clip_seconds=round(seconds, 2), frames_compared=compared,
            face_model=self._face_model, speech_model=models.listener.name, milliseconds=watch.milliseconds,
        )  # fmt: skip

    def _load(self) -> _Models:
        with self._loading:
            if self._models is None:
                from adapters.biometrics.faces import FaceComparer
                from adapters.biometrics.speech import CodeListener

                faces = FaceComparer(self._deepface_home, self._face_model, self._face_threshold)
                faces.warm_up()
                listener = CodeListener(self._deepface_home, self._speech_model, threads=1)
                listener.warm_up()
                self._models = _Models(faces, listener)
            return self._models

    async def _in_pool(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)


def _one_person(most_people: int, same_throughout: bool) -> CheckResult:
    if most_people > 1:
        return CheckResult(name="one_person", passed=False, score=most_people, threshold=1, reason=reasons.SEVERAL_FACES)
    if not same_throughout:
        return CheckResult(name="one_person", passed=False, score=most_people, threshold=1, reason=reasons.CHANGING_FACE)
    return CheckResult(name="one_person", passed=most_people == 1, score=most_people, threshold=1)


def _check_code(models: _Models, watch: "_Stopwatch", clip: "Clip", code: str, language: Language) -> CheckResult:
    """Score: wrong digits. Nothing said at all has no score."""
    from adapters.biometrics.sound import loudness

    if clip.sound is None or loudness(clip.sound) < QUIET:
        return CheckResult(name="code", passed=False, threshold=MAX_WRONG_DIGITS, reason=reasons.NO_SOUND)
    with watch.stage("listen"):
        transcript = models.listener.transcribe(clip.sound, code, language)
    wrong = wrong_digits(code, heard_digits(transcript, len(code)))
    passed = wrong <= MAX_WRONG_DIGITS
    return CheckResult(name="code", passed=passed, score=wrong, threshold=MAX_WRONG_DIGITS, reason=None if passed else reasons.OTHER_CODE)


class _Stopwatch:
    def __init__(self) -> None:
        self.milliseconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.milliseconds[name] = round((time.perf_counter() - began) * 1000, 1)
