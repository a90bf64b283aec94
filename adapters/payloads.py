"""What the engine stores, encrypted: Pydantic models as JSON inside AES-256-GCM boxes, failures too."""

import zlib
from collections.abc import Sequence
from dataclasses import replace

from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes, PayloadCodec

from adapters.keyring import Keyring

ENCODING = b"binary/onetrip-aes-256-gcm"
COMPRESSED = b"binary/onetrip-aes-256-gcm-zlib"
WORTH_COMPRESSING = 512  # bytes
_AAD = b"temporal-payload"


class EncryptingCodec(PayloadCodec):
    """Each payload becomes one box of the keyring; its key id travels inside the box."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._sealed(p.SerializeToString()) for p in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._opened(p) for p in payloads]

    def _sealed(self, plain: bytes) -> Payload:
        if len(plain) < WORTH_COMPRESSING:
            return Payload(metadata={"encoding": ENCODING}, data=self._keyring.encrypt(plain, _AAD))
        return Payload(metadata={"encoding": COMPRESSED}, data=self._keyring.encrypt(zlib.compress(plain, 1), _AAD))

    def _opened(self, payload: Payload) -> Payload:
        encoding = payload.metadata.get("encoding")
        if encoding not in (ENCODING, COMPRESSED):
            return payload
        plain = self._keyring.decrypt(payload.data, _AAD)
        return Payload.FromString(zlib.decompress(plain) if encoding == COMPRESSED else plain)


def encrypted_converter(payload_keys: str) -> DataConverter:
    """The data converter that every client and worker of one installation shares.

    Raises:
        ValueError: `payload_keys` is not a keyring.
    """
    return replace(
        pydantic_data_converter,
        payload_codec=EncryptingCodec(Keyring.from_setting(payload_keys)),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
