"""The keyring: what opens, what must not, and rotation."""

import base64
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.keyring import DecryptionFailed, Keyring, blind_index, key_id_of

OLD, NEW = os.urandom(32), os.urandom(32)


def setting(**keys: bytes) -> str:
    return ",".join(f"{key_id}:{base64.b64encode(key).decode()}" for key_id, key in keys.items())


@given(st.binary(max_size=200), st.binary(max_size=40))
def test_what_was_encrypted_is_what_is_decrypted(plain: bytes, aad: bytes) -> None:
    ring = Keyring({"k1": NEW})
    assert ring.decrypt(ring.encrypt(plain, aad), aad) == plain


def test_the_same_value_never_encrypts_to_the_same_box() -> None:
    ring = Keyring({"k1": NEW})
    assert len({ring.encrypt(b"x", b"") for _ in range(50)}) == 50


def test_the_first_key_encrypts_and_an_older_one_still_decrypts() -> None:
    box = Keyring.from_setting(setting(old=OLD)).encrypt(b"plain", b"row")
    rotated = Keyring.from_setting(setting(new=NEW, old=OLD))
    assert rotated.decrypt(box, b"row") == b"plain"
    assert key_id_of(box) == "old"
    assert key_id_of(rotated.encrypt(b"plain", b"row")) == rotated.current_key_id == "new"


def test_no_byte_of_a_box_can_be_changed_or_dropped() -> None:
    ring = Keyring({"k1": NEW, "k2": OLD})
    box = ring.encrypt(b"some text", b"row")
    for place in range(len(box)):
        with pytest.raises(DecryptionFailed):
            ring.decrypt(box[:place] + bytes([box[place] ^ 1]) + box[place + 1 :], b"row")
        with pytest.raises(DecryptionFailed):
            ring.decrypt(box[:place], b"row")


def test_a_box_does_not_open_in_another_place() -> None:
    ring = Keyring({"k1": NEW})
    with pytest.raises(DecryptionFailed):
        ring.decrypt(ring.encrypt(b"x", b"people/1/name"), b"people/2/name")


def test_a_key_that_left_the_ring_opens_nothing() -> None:
    with pytest.raises(DecryptionFailed):
        Keyring({"k2": NEW}).decrypt(Keyring({"k1": OLD}).encrypt(b"x", b""), b"")


@pytest.mark.parametrize(
    "text",
    ["", "no-colon", "k:###", "k:" + base64.b64encode(b"short").decode(), setting(k=OLD) + "," + setting(k=NEW), ":" + "A" * 44],
    ids=["empty", "no colon", "no base64", "too short", "one name twice", "no name"],
)
def test_a_malformed_setting_is_refused_without_showing_the_key(text: str) -> None:
    with pytest.raises(ValueError) as refusal:
        Keyring.from_setting(text)
    assert text.partition(":")[2][:8] not in str(refusal.value) or not text.partition(":")[2]


def test_a_blind_index_is_stable_and_needs_the_key() -> None:
    assert blind_index(OLD, "110101199003074258") == blind_index(OLD, "110101199003074258")
    assert blind_index(OLD, "110101199003074258") != blind_index(NEW, "110101199003074258")
    assert len(blind_index(OLD, "")) == 32
