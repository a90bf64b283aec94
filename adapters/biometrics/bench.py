"""For `onetrip bench` only: an identity check that looks at nothing and says so in its verdict."""

from collections.abc import Sequence

from domain.identity import Asked, CheckResult, Examined, Handing, IdentityVerdict, Prints

NAME = "bench-only"


class PassingVerifier:
    """Implements `domain.ports.IdentityVerifier` by passing every clip without looking.

    The verdict names `bench-only` as both models and reports every check as not asked (`passed` None), so that it can never be taken for
    a real one.
    """

    async def verify(self, clip: bytes, portrait: bytes, asked: Asked, handing: Handing, earlier: Sequence[Prints]) -> Examined:
        """Pass. Nothing of the arguments is read; fetching them is what a benchmark pays for."""
        checks = [CheckResult(name="clip", passed=None), CheckResult(name="face", passed=None), CheckResult(name="code", passed=None)]
        verdict = IdentityVerdict(passed=True, checks=checks, clip_seconds=0.0, frames_compared=0, face_model=NAME, speech_model=NAME)
        return Examined(verdict, [], None)
