"""What the engine stores, encrypted: Pydantic models as JSON inside AES-256-GCM boxes, failures too."""

from collections.abc import Sequence
from dataclasses import replace

from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes, PayloadCodec

from adapters.keyring import Keyring

ENCODING = b"binary/onetrip-aes-256-gcm"
_AAD = b"temporal-payload"


class EncryptingCodec(PayloadCodec):
    """Each payload becomes one box of the keyring; its key id travels inside the box."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [Payload(metadata={"encoding": ENCODING}, data=self._keyring.encrypt(p.SerializeToString(), _AAD)) for p in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._opened(p) for p in payloads]

    def _opened(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        return Payload.FromString(self._keyring.decrypt(payload.data, _AAD))


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
