"""The object store against a real SeaweedFS: what goes in comes out, and what was tampered with does not."""

import asyncio
import hashlib
import io
import os
import socket
import uuid
from collections.abc import Iterator

import pytest
from minio import Minio

from adapters.keyring import Keyring
from adapters.objects import S3Objects
from domain.errors import NotFound, ObjectDamaged, Unavailable
from domain.object_keys import frame_key
from tests.adapters.objects.seaweed import Seaweed

RING = Keyring({"k1": os.urandom(32)})

pytestmark = pytest.mark.stack


@pytest.fixture
def objects(seaweed: Seaweed) -> Iterator[S3Objects]:
    """A store whose bucket does not exist yet."""
    store = S3Objects(seaweed.endpoint, seaweed.access_key, seaweed.secret_key, f"bucket-{uuid.uuid4().hex[:12]}", RING)
    yield store
    store.close()


def raw_client(seaweed: Seaweed) -> Minio:
    return Minio(seaweed.endpoint, seaweed.access_key, seaweed.secret_key, secure=False, region="us-east-1")


def clip_key() -> str:
    return f"clips/{uuid.uuid4()}"


async def test_the_first_object_makes_the_bucket_and_comes_back_as_it_went(objects: S3Objects) -> None:
    data, key = os.urandom(1_000_000), clip_key()
    digest = await objects.put(key, data, "video/webm")
    assert digest == hashlib.sha256(data).hexdigest()
    assert await objects.get(key, digest) == data


async def test_putting_twice_under_a_key_is_the_same_object(objects: S3Objects) -> None:
    key = clip_key()
    first = await objects.put(key, b"the same", "text/plain")
    second = await objects.put(key, b"the same", "text/plain")
    assert first == second
    assert await objects.get(key, second) == b"the same"


async def test_an_object_may_be_one_of_several_under_an_id(objects: S3Objects) -> None:
    clip = uuid.uuid4()
    digests = [await objects.put(frame_key(clip, number), bytes([number]), "image/jpeg") for number in range(3)]
    assert [await objects.get(frame_key(clip, number), digests[number]) for number in range(3)] == [b"\x00", b"\x01", b"\x02"]


async def test_many_callers_at_once_make_one_bucket_and_lose_nothing(objects: S3Objects) -> None:
    keys = [clip_key() for _ in range(40)]
    digests = await asyncio.gather(*(objects.put(key, key.encode(), "text/plain") for key in keys))
    contents = await asyncio.gather(*(objects.get(key, digest) for key, digest in zip(keys, digests, strict=True)))
    assert contents == [key.encode() for key in keys]


async def test_the_store_never_sees_the_content(objects: S3Objects, seaweed: Seaweed) -> None:
    key = clip_key()
    await objects.put(key, b"a very private sentence", "text/plain")
    stored = raw_client(seaweed).get_object(bucket_name=objects.bucket, object_name=key).read()
    assert b"private" not in stored
    assert stored.startswith(b"\x02k1")


async def test_one_changed_byte_in_the_store_is_noticed(objects: S3Objects, seaweed: Seaweed) -> None:
    key = clip_key()
    digest = await objects.put(key, b"x" * 500, "text/plain")
    raw = raw_client(seaweed)
    stored = bytearray(raw.get_object(bucket_name=objects.bucket, object_name=key).read())
    stored[200] ^= 1
    raw.put_object(bucket_name=objects.bucket, object_name=key, data=io.BytesIO(bytes(stored)), length=len(stored))
    with pytest.raises(ObjectDamaged):
        await objects.get(key, digest)


async def test_an_object_copied_over_another_does_not_open(objects: S3Objects, seaweed: Seaweed) -> None:
    one, other = clip_key(), clip_key()
    digest = await objects.put(one, b"same text", "text/plain")
    await objects.put(other, b"same text", "text/plain")
    raw = raw_client(seaweed)
    stored = raw.get_object(bucket_name=objects.bucket, object_name=one).read()
    raw.put_object(bucket_name=objects.bucket, object_name=other, data=io.BytesIO(stored), length=len(stored))
    with pytest.raises(ObjectDamaged):
        await objects.get(other, digest)


async def test_an_older_version_of_an_object_fails_its_digest(objects: S3Objects) -> None:
    key = clip_key()
    await objects.put(key, b"older", "text/plain")
    with pytest.raises(ObjectDamaged):
        await objects.get(key, hashlib.sha256(b"newer").hexdigest())


async def test_what_is_not_there_is_not_found_and_deleting_it_is_no_error(objects: S3Objects) -> None:
    key = clip_key()
    with pytest.raises(NotFound):
        await objects.get(key, "0" * 64)  # no bucket either
    await objects.delete(key)
    digest = await objects.put(key, b"x", "text/plain")
    await objects.delete(key)
    with pytest.raises(NotFound):
        await objects.get(key, digest)


@pytest.mark.parametrize(
    "key",
    [
        "clips/110101199003074258",
        "clips/张伟",
        "../clips/" + "0" * 36,
        "clips/" + "0" * 36 + "/x",
        "Clips/" + "0" * 36,
        "",
        "clips/" + "0" * 36 + "\n",
    ],
)
async def test_a_key_that_could_hold_personal_data_is_refused(objects: S3Objects, key: str) -> None:
    with pytest.raises(ValueError, match="personal data"):
        await objects.put(key, b"x", "text/plain")


async def test_a_wrong_password_is_unavailable_and_not_a_missing_object(seaweed: Seaweed) -> None:
    store = S3Objects(seaweed.endpoint, seaweed.access_key, "wrong", "some-bucket", RING)
    with pytest.raises(Unavailable):
        await store.put(clip_key(), b"x", "text/plain")
    store.close()


async def test_a_store_that_is_down_is_unavailable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    store = S3Objects(f"127.0.0.1:{port}", "a", "b", "some-bucket", RING)
    with pytest.raises(Unavailable):
        await store.get(clip_key(), "0" * 64)
    store.close()
