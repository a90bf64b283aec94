"""How long each kind of step may take, and how it is tried again."""

from datetime import timedelta
from typing import Any

from temporalio.common import RetryPolicy

CASES_QUEUE = "cases"
REGISTRIES_QUEUE = "registries"
IDENTITY_QUEUE = "identity"

# Writes to the read model. They never give up: a database that is away delays a case.
WRITE: dict[str, Any] = {
    "start_to_close_timeout": timedelta(seconds=10),
    "local_retry_threshold": timedelta(seconds=5),
    "retry_policy": RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=15)),
}
# A registry may be away for days; pauses grow to a minute, and nothing fails.
REGISTRY: dict[str, Any] = {
    "task_queue": REGISTRIES_QUEUE,
    "start_to_close_timeout": timedelta(seconds=15),
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=60)),
}
# Reading one clip takes a second or two; it may wait behind others in the worker. A dead worker's clip is taken up again when its
# heartbeats have been missed.
IDENTITY: dict[str, Any] = {
    "task_queue": IDENTITY_QUEUE,
    "start_to_close_timeout": timedelta(seconds=60),
    "heartbeat_timeout": timedelta(seconds=8),
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=60)),
}
DOCUMENT: dict[str, Any] = {
    "task_queue": CASES_QUEUE,
    "start_to_close_timeout": timedelta(seconds=20),
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=60)),
}
# The payment provider may be away for hours; every call is idempotent.
PROVIDER: dict[str, Any] = {
    "task_queue": CASES_QUEUE,
    "start_to_close_timeout": timedelta(seconds=20),
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=60)),
}
PREFILL: dict[str, Any] = {
    "task_queue": REGISTRIES_QUEUE,
    "schedule_to_close_timeout": timedelta(seconds=3),
    "retry_policy": RetryPolicy(maximum_attempts=1),
}
# A clerk waits for it, with the person before them.
PORTRAIT: dict[str, Any] = {
    "task_queue": REGISTRIES_QUEUE,
    "schedule_to_close_timeout": timedelta(seconds=10),
    "retry_policy": RetryPolicy(maximum_attempts=2),
}
# How long to wait before asking the post again: often at first, then four times a day.
PARCEL_PAUSES = [timedelta(seconds=s) for s in (10, 20, 60, 600, 3600)]
PARCEL_PAUSE = timedelta(hours=6)
# The same for a payment whose call-back was lost.
FEE_PAUSES = [timedelta(seconds=s) for s in (15, 30, 60, 300, 1800)]
FEE_PAUSE = timedelta(hours=12)
