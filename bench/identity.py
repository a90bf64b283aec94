"""How often the identity check is right: faces, codes and clips from a folder of test data, with Wilson intervals and times.

Run `python -m bench.identity --data FOLDER`. A part whose material is absent is skipped. Codes are joined from single
recorded digits, which is harder than natural speech; all figures are from few people.
"""

import argparse
import asyncio
import csv
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any, get_args

import numpy as np
import scipy.io.wavfile
from rich.console import Console
from rich.table import Table
from scipy.signal import resample_poly

from adapters.biometrics import ClipVerifier
from adapters.biometrics.faces import FaceComparer
from adapters.biometrics.sound import SAMPLE_RATE, Sound
from adapters.biometrics.speech import PACKAGED, CodeListener
from adapters.biometrics.spoken_code import heard_digits, wrong_digits
from domain.text import Language
from simulators.demo_clip import CLIP_LANGUAGE, demo_portrait, make_demo_clip

THRESHOLD = 0.58
CONFIDENCE = 1.96  # 95 %


@dataclass(frozen=True)
class Rate:
    """`count` of `total` cases."""

    what: str
    count: int
    total: int

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's score interval at 95 %; 0..1 for no cases."""
        if not self.total:
            return 0.0, 1.0
        share, n, z = self.count / self.total, self.total, CONFIDENCE
        middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return max(0.0, middle - half), min(1.0, middle + half)


def measure_faces(data: Path, home: Path) -> tuple[list[Rate], dict[str, list[float]]]:
    """False match and false non-match over the labelled pairs; pictures without a face count as non-matches."""
    comparer = FaceComparer(home, "Dlib", THRESHOLD)
    comparer.warm_up()
    with (data / "labels.csv").open(encoding="utf-8") as labels:
        pairs = [(row["file1"], row["file2"], row["same"] == "1") for row in csv.DictReader(labels)]
    times: list[float] = []
    embeddings = {}
    for name in sorted({name for pair in pairs for name in pair[:2]}):
        began = time.perf_counter()
        embeddings[name] = comparer.embed_portrait((data / name).read_bytes())
        times.append((time.perf_counter() - began) * 1000)
    verdicts = {True: [0, 0], False: [0, 0]}
    for one, other, same in pairs:
        first, second = embeddings[one], embeddings[other]
        matched = first is not None and second is not None and comparer.distance(first, second) <= THRESHOLD
        verdicts[same][0] += matched is not same
        verdicts[same][1] += 1
    rates = [
        Rate("faces: false match", *verdicts[False]),
        Rate("faces: false non-match", *verdicts[True]),
        Rate("faces: none found", sum(e is None for e in embeddings.values()), len(embeddings)),
    ]
    return rates, {"find, align and describe one picture": times}


def measure_codes(data: Path, home: Path, language: Language, strings: int) -> tuple[list[Rate], dict[str, list[float]]]:
    """Exact and within-one recognition of random codes joined from one speaker's digits, and chance acceptance of others."""
    listener = CodeListener(home, PACKAGED, threads=1)
    listener.warm_up()
    drawn = random.Random(7)  # noqa: S311 - the same codes at every run
    wrong, others, times = [], [], []
    for code, sound in _joined_codes(data, strings, drawn):
        began = time.perf_counter()
        heard = heard_digits(listener.transcribe(sound, code, language))
        times.append((time.perf_counter() - began) * 1000)
        wrong.append(wrong_digits(code, heard))
        others.append(wrong_digits(f"{drawn.randrange(10_000):04d}", heard))
    name = f"code, {language}"
    rates = [
        Rate(f"{name}: exact", sum(w == 0 for w in wrong), len(wrong)),
        Rate(f"{name}: at most 1 wrong", sum(w <= 1 for w in wrong), len(wrong)),
        Rate(f"{name}: another code accepted", sum(w <= 1 for w in others), len(others)),
    ]
    return rates, {f"listen, {language}": times}


def measure_demo(verifier: ClipVerifier, clips: int) -> tuple[list[Rate], dict[str, list[float]]]:
    """The demo clip for random codes, through the whole check."""
    drawn = random.Random(11)  # noqa: S311 - the same codes at every run
    times: dict[str, list[float]] = {"make a demo clip": []}
    passed = 0
    for _ in range(clips):
        code = f"{drawn.randrange(10_000):04d}"
        began = time.perf_counter()
        clip = make_demo_clip(code)
        times["make a demo clip"].append((time.perf_counter() - began) * 1000)
        verdict = asyncio.run(verifier.verify(clip, demo_portrait(), code, CLIP_LANGUAGE))
        passed += verdict.passed
        for stage, milliseconds in verdict.milliseconds.items():
            times.setdefault(f"demo clip: {stage}", []).append(milliseconds)
    return [Rate("demo clip: passed", passed, clips)], times


def measure_talking(verifier: ClipVerifier, data: Path) -> tuple[list[Rate], dict[str, list[float]]]:
    """Clips of people talking, who must be seen as one person and never as the demo person; they read no code."""
    paths = sorted([*data.glob("*.mpg"), *data.glob("*.mp4")])
    usable = one = match = 0
    times: dict[str, list[float]] = {}
    for path in paths:
        verdict = asyncio.run(verifier.verify(_as_mp4(path), demo_portrait(), "0000", "en"))
        by_name = {check.name: check.passed for check in verdict.checks}
        usable += by_name["clip"] is True
        one += by_name["one_person"] is True
        match += by_name["face"] is True
        for stage, milliseconds in verdict.milliseconds.items():
            times.setdefault(f"talking clip: {stage}", []).append(milliseconds)
    return [
        Rate("talking clips: usable", usable, len(paths)),
        Rate("talking clips: one person seen", one, usable),
        Rate("talking clips: false match with the demo portrait", match, usable),
    ], times


def _joined_codes(data: Path, strings: int, drawn: random.Random) -> Iterator[tuple[str, Sound]]:
    recordings: dict[str, dict[str, list[Path]]] = {}
    for path in sorted(data.glob("*.wav")):
        digit, speaker, _ = path.stem.split("_", 2)
        recordings.setdefault(speaker, {}).setdefault(digit, []).append(path)
    speakers = [spoken for _, spoken in sorted(recordings.items()) if len(spoken) == 10]
    pause = np.zeros(SAMPLE_RATE // 5, np.float32)
    for number in range(strings if speakers else 0):
        code = f"{drawn.randrange(10_000):04d}"
        spoken = speakers[number % len(speakers)]
        words = [part for digit in code for part in (_recording(drawn.choice(spoken[digit])), pause)]
        yield code, np.concatenate([pause, *words, pause])


def _recording(path: Path) -> Sound:
    rate, samples = scipy.io.wavfile.read(path)
    mono = samples.astype(np.float32).reshape(len(samples), -1).mean(axis=1)
    if samples.dtype == np.uint8:
        mono = mono - 128
    mono = mono / max(1.0, float(np.abs(mono).max()))
    return np.asarray(0.5 * resample_poly(mono, SAMPLE_RATE, rate), np.float32)


def _as_mp4(path: Path) -> bytes:
    """The same pictures and sound as a phone would send them."""
    import io

    import av

    out = io.BytesIO()
    with av.open(str(path), "r") as source, av.open(out, "w", format="mp4") as opened:
        target: Any = opened
        shown = source.streams.video[0]
        video = target.add_stream("libx264", rate=shown.average_rate or 25, options={"preset": "ultrafast", "crf": "18"})
        video.width, video.height, video.pix_fmt = shown.codec_context.width, shown.codec_context.height, "yuv420p"
        audio = target.add_stream("aac", rate=48_000, layout="mono") if source.streams.audio else None
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=48_000)
        for frame in source.decode(*source.streams.video[:1], *source.streams.audio[:1]):
            frame.pts = None
            if isinstance(frame, av.VideoFrame):
                target.mux(video.encode(frame))
            elif isinstance(frame, av.AudioFrame) and audio is not None:
                for piece in resampler.resample(frame):
                    target.mux(audio.encode(piece))
        target.mux(video.encode(None))
        if audio is not None:
            target.mux(audio.encode(None))
    return out.getvalue()


def _print(console: Console, rates: list[Rate], times: dict[str, list[float]]) -> None:
    table = Table("what", "cases", "rate", "95 % interval", title="How often")
    for rate in rates:
        low, high = rate.interval
        share = f"{rate.count / rate.total:.3f}" if rate.total else "-"
        table.add_row(rate.what, f"{rate.count} of {rate.total}", share, f"{low:.3f} to {high:.3f}")
    console.print(table)
    clock = Table("stage", "runs", "median ms", "slowest ms", title="How long")
    for stage, milliseconds in times.items():
        if milliseconds:
            clock.add_row(stage, str(len(milliseconds)), f"{statistics.median(milliseconds):.0f}", f"{max(milliseconds):.0f}")
    console.print(clock)


def main() -> None:
    """Measure what the data folder allows and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with faces/, digits/zh, digits/en and talking/")
    parser.add_argument("--strings", type=int, default=60, help="codes a language (default 60)")
    parser.add_argument("--demo-clips", type=int, default=20, help="demo clips (default 20)")
    asked = parser.parse_args()
    console = Console()
    rates: list[Rate] = []
    times: dict[str, list[float]] = {}

    def keep(measured: tuple[list[Rate], dict[str, list[float]]]) -> None:
        rates.extend(measured[0])
        times.update(measured[1])

    with tempfile.TemporaryDirectory(prefix="onetrip-bench-") as folder:
        home = Path(folder)
        verifier = ClipVerifier(home, "Dlib", THRESHOLD, PACKAGED)
        keep(measure_demo(verifier, asked.demo_clips))
        for part in ("faces", "talking", *(f"digits/{language}" for language in get_args(Language))):
            data = asked.data / part if asked.data else None
            if data is None or not data.is_dir():
                console.print(f"{part}: skipped, no such material (name its folder with --data)")
            elif part == "faces":
                keep(measure_faces(data, home))
            elif part == "talking":
                keep(measure_talking(verifier, data))
            else:
                keep(measure_codes(data, home, "zh" if data.name == "zh" else "en", asked.strings))
        verifier.close()
    _print(console, rates, times)


if __name__ == "__main__":
    main()
