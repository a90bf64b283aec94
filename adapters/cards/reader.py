"""The reading process as others see it: started when a card comes, sent away when none has come for a while."""

import asyncio
import contextlib
import json
import resource
import struct
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

from adapters.uploads import kind_of
from domain.cards import CardRead
from domain.errors import FieldError, InvalidInput, TooLarge, Unavailable, UnsupportedMedia
from domain.text import Bilingual

MAX_BYTES = 20 * 1024 * 1024
SECONDS = 45.0  # a photograph that lies on its side takes up to 8 on a busy machine, and the models 3 to load
IDLE_SECONDS = 180.0
WAITING_ALLOWED = 6
PHOTOS_EACH = 100  # then a new process: its memory grows from 400 to 530 MB over so many
MEMORY_BYTES = 4 * 1024**3  # addresses, of which 0.5 GB are used
_PROJECT = Path(__file__).resolve().parent.parent.parent
_SIZE = struct.Struct("!II")  # of the media type and of the photograph
_ERRORS = {error.kind: error for error in (InvalidInput, TooLarge, UnsupportedMedia)}

NO_PICTURE = Bilingual(
    zh="这个文件不是照片（JPG、PNG、WebP、HEIC）。请重新拍照或选择一张照片；也可以手工填写。",
    en="This file is no photograph (JPEG, PNG, WebP, HEIC). Take or choose another one, or type what the card says.",
)
TOO_SLOW = Bilingual(
    zh="这张照片处理不了，请重新拍一张；也可以手工填写。",
    en="This photograph cannot be processed. Take another one, or type what the card says.",
)


class CardReadingProcess:
    """Implements `domain.cards.CardReader`. One photograph at a time; photographs pass through memory and pipes alone."""

    def __init__(self, *, seconds: float = SECONDS, idle_seconds: float = IDLE_SECONDS) -> None:
        self._seconds = seconds
        self._idle_seconds = idle_seconds
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._process: Process | None = None
        self._read = 0  # photographs by this process
        self._leave: asyncio.TimerHandle | None = None

    async def read(self, photo: bytes, declared: str) -> CardRead:
        """Raises as the port says."""
        if len(photo) > MAX_BYTES:
            raise TooLarge
        if not _is_picture(photo):  # before a process is started for it
            raise UnsupportedMedia(NO_PICTURE)
        if self._waiting >= WAITING_ALLOWED:
            raise Unavailable
        self._waiting += 1
        try:
            async with self._turn:
                return _result(await self._answer(photo, declared[:100].encode()))
        finally:
            self._waiting -= 1

    async def aclose(self) -> None:
        if self._leave is not None:
            self._leave.cancel()
        await self._end()

    @property
    def pid(self) -> int | None:
        """Of the process, while there is one."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def _answer(self, photo: bytes, declared: bytes) -> bytes:
        """A process that was there before may have died since: then a new one is asked, once."""
        waiting_for_work = self.pid is not None
        try:
            return await self._ask(photo, declared)
        except (TimeoutError, ConnectionError) as error:
            if isinstance(error, TimeoutError) or not waiting_for_work:
                raise UnsupportedMedia(TOO_SLOW) from None
        try:
            return await self._ask(photo, declared)
        except (TimeoutError, ConnectionError):
            raise UnsupportedMedia(TOO_SLOW) from None

    async def _ask(self, photo: bytes, declared: bytes) -> bytes:
        """One line of JSON.

        Raises:
            TimeoutError: it took too long. ConnectionError: the process is gone. In both cases, and when whoever asked has gone,
                the process is ended: its answer must not be taken for the next photograph's.
        """
        process = await self._started()
        assert process.stdin is not None and process.stdout is not None
        answered = False
        try:
            async with asyncio.timeout(self._seconds):
                process.stdin.write(_SIZE.pack(len(declared), len(photo)) + declared + photo)
                await process.stdin.drain()
                line = await process.stdout.readline()
            if not line.endswith(b"\n"):
                raise ConnectionError
            answered = True
        finally:
            if not answered:
                await self._end()
        self._read += 1
        if self._read >= PHOTOS_EACH:
            await self._end()
        else:
            self._leave = asyncio.get_running_loop().call_later(self._idle_seconds, self._send_away)
        return line

    async def _started(self) -> Process:
        if self._leave is not None:
            self._leave.cancel()
        if self._process is not None and self._process.returncode is None:
            return self._process
        self._read = 0
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "adapters.cards.reader", stdin=PIPE, stdout=PIPE, stderr=asyncio.subprocess.DEVNULL, cwd=_PROJECT,
                env={"PYTHONPATH": str(_PROJECT), "OMP_NUM_THREADS": "1"},  # none of our secrets: it reads what strangers sent
            )  # fmt: skip
        except OSError as error:
            raise Unavailable from error
        return self._process

    def _send_away(self) -> None:
        """Half a gigabyte goes with it; the next photograph starts another."""
        if self._process is not None and self._process.stdin is not None and not self._turn.locked():
            self._process.stdin.close()  # it ends when nothing more can come

    async def _end(self) -> None:
        process, self._process, self._read = self._process, None, 0
        if process is None:
            return
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()


def _is_picture(data: bytes) -> bool:
    try:
        return kind_of(data).startswith("image/")
    except UnsupportedMedia:
        return False


def _result(line: bytes) -> CardRead:
    answer = json.loads(line)
    if "kind" not in answer:
        return CardRead.model_validate(answer)
    text, fields = Bilingual.model_validate(answer["text"]), [FieldError.model_validate(field) for field in answer["fields"]]
    raise _ERRORS[answer["kind"]](text, fields=fields)


# --- the child process -----------------------------------------------------------------------------------------------


def _serve() -> None:
    """Photographs come, each after its sizes; a line of JSON goes back for each; the end of the input is the end."""
    from adapters.cards.engine import CardEngine

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # nothing is ever written to a disk
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    engine, inwards, outwards = CardEngine(), sys.stdin.buffer, sys.stdout.buffer
    while len(head := inwards.read(_SIZE.size)) == _SIZE.size:
        declared, photo = (inwards.read(size) for size in _SIZE.unpack(head))
        try:
            answer = engine.read(photo, declared.decode()).model_dump_json()
        except (InvalidInput, TooLarge, UnsupportedMedia) as error:
            told = {"kind": error.kind, "text": error.text.model_dump(), "fields": [field.model_dump() for field in error.fields]}
            answer = json.dumps(told)
        outwards.write(answer.encode() + b"\n")
        outwards.flush()


if __name__ == "__main__":
    _serve()
