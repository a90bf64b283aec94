"""Call-backs of the payment provider and the post: is it theirs, is it new, and which case shall ask them how things stand.

A call-back changes nothing by itself: the case it is about asks the provider, whose answer counts.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from uuid import UUID

from casework.office import Office
from domain.callbacks import Callback, Provider
from domain.errors import ForgedCallback

BODY_MAX_BYTES = 16_000
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ORDER: Mapping[Provider, re.Pattern[str]] = {
    "payments": re.compile(f"fee-({_UUID})"),  # the application
    "post": re.compile(f"({_UUID})"),  # the document
}


async def receive(office: Office, provider: Provider, headers: Mapping[str, str], body: bytes) -> bool:
    """Take in one call-back; False when it had come before. One about no case of ours, or an ended one, is taken in too.

    Raises:
        ForgedCallback: it is not the provider's; that is recorded.
        Unavailable: it could not be verified, or the case not be told: the provider shall send it again.
    """
    now, digest = office.now(), hashlib.sha256(body).hexdigest()
    try:
        callback = await office.callback_reader.read(provider, headers, body, now=now)
    except ForgedCallback as forged:
        await office.callbacks.note_forged(provider, forged.why, _claimed_order(provider, body), digest, now)
        raise
    # The case is told before that is recorded: what goes wrong in between comes again, and telling twice does no harm.
    if not await office.callbacks.is_known(callback):
        await _tell_case(office, callback)
        if await office.callbacks.accept(callback, digest, now):
            return True
    await office.callbacks.note_repeated(callback, digest, now)
    return False


async def _tell_case(office: Office, callback: Callback) -> None:
    case = await _case_of(office, callback)
    if case is not None:
        await office.engine.signal(case, "provider_changed")


async def _case_of(office: Office, callback: Callback) -> UUID | None:
    ours = _ORDER[callback.provider].fullmatch(callback.order_id)
    if ours is None:
        return None
    return await office.callbacks.case_of_document(UUID(ours[1])) if callback.provider == "post" else UUID(ours[1])


def _claimed_order(provider: Provider, body: bytes) -> str | None:
    """The order that a forgery names, where it has the form of ours; it may hold anything else."""
    try:
        claimed = json.loads(body)["order_id"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return claimed if isinstance(claimed, str) and _ORDER[provider].fullmatch(claimed) else None
