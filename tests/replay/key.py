"""The key under which recorded histories are encrypted. It is no secret: the people in them are made up."""

import base64
from pathlib import Path

PAYLOAD_KEYS = f"replay-test:{base64.b64encode(b'OneTrip replay tests; no secret!').decode()}"
HISTORIES = Path(__file__).parent / "histories"
