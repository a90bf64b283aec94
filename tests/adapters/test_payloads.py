"""What the engine is given to keep: unreadable without the key, small, and readable whichever way it was sealed."""

import pytest
from temporalio.api.common.v1 import Payload

from adapters.keyring import DecryptionFailed, Keyring
from adapters.payloads import COMPRESSED, ENCODING, WORTH_COMPRESSING, EncryptingCodec

SHORT = Payload(metadata={"encoding": b"json/plain"}, data=b'"short"')
LONG = Payload(metadata={"encoding": b"json/plain"}, data=b'"' + b"a service item " * WORTH_COMPRESSING + b'"')


def codec(key: bytes = bytes(32)) -> EncryptingCodec:
    return EncryptingCodec(Keyring({"k1": key}))


@pytest.mark.parametrize("payload", [SHORT, LONG])
async def test_a_payload_comes_back_as_it_was(payload: Payload) -> None:
    assert await codec().decode(await codec().encode([payload])) == [payload]


async def test_a_long_payload_takes_less_room_than_it_had() -> None:
    (sealed,) = await codec().encode([LONG])
    assert sealed.metadata["encoding"] == COMPRESSED
    assert len(sealed.data) < len(LONG.data) / 10


async def test_a_history_from_before_payloads_were_compressed_still_opens() -> None:
    keyring = Keyring({"k1": bytes(32)})
    old = Payload(metadata={"encoding": ENCODING}, data=keyring.encrypt(LONG.SerializeToString(), b"temporal-payload"))
    assert await codec().decode([old]) == [LONG]


async def test_another_key_opens_nothing() -> None:
    with pytest.raises(DecryptionFailed):
        await codec(b"x" * 32).decode(await codec().encode([LONG]))
