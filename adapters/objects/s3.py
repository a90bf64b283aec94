"""Objects in an S3 store: encrypted before they leave, checked when they come back, under keys without personal data."""

import asyncio
import hashlib
import hmac
import io
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TypeVar
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.error import MinioException, S3Error

from adapters.keyring import DecryptionFailed, Keyring
from domain.errors import NotFound, ObjectDamaged, Unavailable

REGION = "us-east-1"  # stated, so that the client does not ask the store for it; S3-compatible servers take any
CONNECT_SECONDS, READ_SECONDS = 2.0, 10.0
PART_BYTES = 64 * 1024 * 1024  # larger than any object here, so that each is one request
_KEY = re.compile(r"[a-z-]+/[0-9a-f-]{36}(/[0-9]{1,4}|\.[a-z0-9]+)?")
_MISSING = frozenset({"NoSuchKey", "NoSuchBucket", "NoSuchObject", "ResourceNotFound"})


Answer = TypeVar("Answer")


class S3Objects:
    """Implements `domain.ports.ObjectStore`.

    Content is an AES-256-GCM box of `adapters.keyring` with the object's key as associated data: an object that is copied
    over another one does not open. The store sees sizes, media types and random keys only.
    """

    def __init__(
        self, endpoint: str, access_key: str, secret_key: str, bucket: str, keyring: Keyring | str, *, connections: int = 16
    ) -> None:
        """`endpoint`: `host:port`, or a URL whose scheme decides about TLS. `keyring` may be its setting's text."""
        host, secure = _host(endpoint)
        pool = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
            maxsize=connections,
            block=True,
            retries=urllib3.Retry(total=2, connect=1, read=1, status=2, backoff_factor=0.1, status_forcelist=(500, 502, 503, 504)),
            cert_reqs="CERT_REQUIRED",
        )
        self._client = Minio(host, access_key, secret_key, secure=secure, region=REGION, http_client=pool)
        self._threads = ThreadPoolExecutor(max_workers=connections, thread_name_prefix="objects")
        self._bucket = bucket
        self._keyring = Keyring.from_setting(keyring) if isinstance(keyring, str) else keyring

    @property
    def bucket(self) -> str:
        return self._bucket

    async def put(self, key: str, data: bytes, media_type: str) -> str:
        """Store `data`, replacing what was under `key`. Returns the SHA-256 of `data`, hex.

        Raises:
            ValueError: a key that is not `<kind>/<uuid>`, with `.<ending>` or `/<number>`.
            Unavailable: the store does not answer, or refuses.
        """
        return await self._in_thread(partial(self._put, _checked(key), data, media_type))

    async def get(self, key: str, sha256: str) -> bytes:
        """Fetch and check.

        Raises:
            ValueError, NotFound, Unavailable.
            ObjectDamaged: it does not decrypt, or has another digest than `sha256`.
        """
        return await self._in_thread(partial(self._get, _checked(key), sha256))

    async def delete(self, key: str) -> None:
        """Remove what is under `key`; nothing there is no error.

        Raises:
            ValueError, Unavailable.
        """
        await self._in_thread(partial(self._delete, _checked(key)))

    async def ready(self) -> None:
        """Reach the store and have the bucket: for start-up and health checks.

        Raises:
            Unavailable: the store does not answer, or refuses.
        """
        await self._in_thread(self._ensure_bucket)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _in_thread(self, work: Callable[[], Answer]) -> Answer:
        # Threads of its own: a store that hangs must not use up the event loop's default ones.
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _put(self, key: str, data: bytes, media_type: str) -> str:
        box = self._keyring.encrypt(data, key.encode())
        with _translated_errors():
            try:
                self._store(key, box, media_type)
            except S3Error as error:
                if error.code != "NoSuchBucket":
                    raise
                self._ensure_bucket()
                self._store(key, box, media_type)
        return hashlib.sha256(data).hexdigest()

    def _store(self, key: str, box: bytes, media_type: str) -> None:
        self._client.put_object(
            bucket_name=self._bucket, object_name=key, data=io.BytesIO(box), length=len(box), content_type=media_type, part_size=PART_BYTES
        )

    def _get(self, key: str, sha256: str) -> bytes:
        with _translated_errors():
            response = self._client.get_object(bucket_name=self._bucket, object_name=key)
            try:
                box = response.read()
            finally:
                response.close()
                response.release_conn()
        try:
            data = self._keyring.decrypt(box, key.encode())
        except DecryptionFailed as error:
            raise ObjectDamaged from error
        if not hmac.compare_digest(hashlib.sha256(data).hexdigest(), sha256.lower()):
            raise ObjectDamaged
        return data

    def _delete(self, key: str) -> None:
        with _translated_errors():
            try:
                self._client.remove_object(bucket_name=self._bucket, object_name=key)
            except S3Error as error:
                if error.code not in _MISSING:
                    raise

    def _ensure_bucket(self) -> None:
        with _translated_errors():
            if self._client.bucket_exists(bucket_name=self._bucket):
                return
            try:
                self._client.make_bucket(bucket_name=self._bucket)
            except S3Error as error:
                if error.code not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):  # another process was first
                    raise


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except S3Error as error:
        if error.code in _MISSING:
            raise NotFound from error
        raise Unavailable from error
    except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
        raise Unavailable from error


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError("an object's key reads <kind>/<uuid> with an optional ending or number, so that it cannot hold personal data")
    return key


def _host(endpoint: str) -> tuple[str, bool]:
    """`host:port` and whether to use TLS; without a scheme, a plain connection (the embedded store on this machine)."""
    if "://" not in endpoint:
        return endpoint, False
    parts = urlsplit(endpoint)
    return parts.netloc, parts.scheme == "https"
