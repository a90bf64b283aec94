"""The reading process with its real engine: photographs any way up, what is no card, and its coming and going."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from random import Random

import pytest
import pytest_asyncio
from PIL import Image

from adapters.cards.reader import WAITING_ALLOWED, CardReadingProcess
from bench.cards import printed_values, sample_cards
from domain.cards import BACK_FIELDS, FRONT_FIELDS, CardSide
from domain.errors import InvalidInput, Unavailable, UnsupportedMedia
from simulators.card_photos import Shot, photographed
from simulators.id_cards import PrintedCard, as_jpeg, draw_back, draw_front

pytestmark = [pytest.mark.identity, pytest.mark.asyncio(loop_scope="module")]
SHOT = Shot(slant=2, perspective=0.01, blur=0.8, shadow=0.3, noise=4, quality=75)


@pytest.fixture(scope="module")
def card() -> PrintedCard:
    return sample_cards(1, seed=7)[0]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def reader() -> AsyncIterator[CardReadingProcess]:
    reader = CardReadingProcess(seconds=120)
    yield reader
    await reader.aclose()


async def test_what_is_no_picture_starts_no_process(reader: CardReadingProcess) -> None:
    for other in (b"", b"{}", b"%PDF-1.7 ", b"\x7fELF"):
        with pytest.raises(UnsupportedMedia):
            await reader.read(other, "image/jpeg")
    assert reader.pid is None


async def test_a_front_in_a_shadow_is_read_whole(reader: CardReadingProcess, card: PrintedCard) -> None:
    read = await reader.read(photographed(draw_front(card), SHOT, Random(1)), "image/jpeg")
    printed = printed_values(card)
    assert (read.side, read.turned) == (CardSide.FRONT, 0)
    assert read.values == {name: printed[name] for name in FRONT_FIELDS}


async def test_a_back_that_lies_on_its_side_is_turned_and_read_whole(reader: CardReadingProcess, card: PrintedCard) -> None:
    on_its_side = Shot(turned=90, slant=-3, quality=70)
    read = await reader.read(photographed(draw_back(card), on_its_side, Random(2)), "image/jpeg")
    printed = printed_values(card)
    assert (read.side, read.turned) == (CardSide.BACK, 270)
    assert read.values == {name: printed[name] for name in BACK_FIELDS}


async def test_a_picture_of_nothing_is_told_with_what_to_do_and_a_damaged_one_too(reader: CardReadingProcess) -> None:
    with pytest.raises(InvalidInput) as nothing:
        await reader.read(as_jpeg(Image.new("RGB", (640, 480), "grey")), "image/jpeg")
    assert [field.path for field in nothing.value.fields] == ["/photo"]
    with pytest.raises(UnsupportedMedia):
        await reader.read(as_jpeg(Image.new("RGB", (640, 480), "grey"))[:300], "image/jpeg")
    assert reader.pid is not None  # neither ends it


async def test_a_process_that_died_is_started_again(reader: CardReadingProcess, card: PrintedCard) -> None:
    before = reader.pid
    assert before is not None
    os.kill(before, signal.SIGKILL)
    read = await reader.read(photographed(draw_back(card), SHOT, Random(3)), "image/jpeg")
    assert read.side is CardSide.BACK
    assert reader.pid not in (None, before)


async def test_after_a_while_without_cards_the_process_and_its_memory_are_gone(reader: CardReadingProcess) -> None:
    reader._send_away()
    while reader.pid is not None:  # noqa: ASYNC110  (a process ends when it ends)
        await asyncio.sleep(0.05)


async def test_when_many_wait_the_next_is_asked_to_come_later(reader: CardReadingProcess) -> None:
    photo = as_jpeg(Image.new("RGB", (64, 48)))
    async with reader._turn:
        waiting = [asyncio.create_task(reader.read(photo, "image/jpeg")) for _ in range(WAITING_ALLOWED)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await reader.read(photo, "image/jpeg")
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_nothing_of_the_engine_is_loaded_where_the_process_is_only_asked() -> None:
    code = "import sys, wiring, adapters.cards.reader; sys.exit(any(m in sys.modules for m in ('rapidocr', 'onnxruntime', 'cv2')))"
    done = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", code], check=False)
    assert done.returncode == 0
