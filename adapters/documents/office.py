"""The office's documents: typeset, given a token, sealed; and verified again."""

import asyncio
import hashlib
from pathlib import Path

from adapters.documents.authority import load_authority, open_authority, open_public
from adapters.documents.sealing import Sealer
from adapters.documents.token import sign_token
from adapters.documents.typesetting import Typesetter
from adapters.documents.verification import Verifier
from domain.documents import DocumentContent, SealedDocument, SealVerdict
from domain.text import Bilingual


class OfficeDocuments:
    """Implements `domain.ports.DocumentMaker` with the authority of `home/authority`, made at first use of a new home."""

    def __init__(
        self, home: Path, office: Bilingual, font_folder: Path, verify_base_url: str, *, authority_folder: Path | None = None
    ) -> None:
        """`font_folder`: TTF files of Noto Sans SC, at any depth; the system's fonts stand in for what it lacks.

        `authority_folder`: an authority that exists, as in production; without it, the test authority of `home`.

        Raises:
            AuthorityDamaged: `home/authority` is incomplete.
        """
        self._authority = load_authority(authority_folder) if authority_folder else open_authority(home, office)
        self._typesetter = Typesetter(font_folder)
        self._sealer = Sealer(self._authority, office.zh)
        self._verifier = Verifier(open_public(self._authority.public))
        self._verify_address = f"{verify_base_url.rstrip('/')}/verify"

    @property
    def public_folder(self) -> Path:
        """What a verifier needs and anybody may have: the root certificate and the token key."""
        return self._authority.public

    async def make(self, content: DocumentContent) -> SealedDocument:
        """Typeset and seal, off the event loop. The same content gives the same page, and another signature each time.

        Raises:
            UnknownTemplate: `content.template` names no template.
        """
        return await asyncio.to_thread(self.make_now, content)

    def make_now(self, content: DocumentContent) -> SealedDocument:
        """As `make`, on the calling thread."""
        token = sign_token(content, self._authority.token_key)
        page = self._typesetter.typeset(content, token, f"{self._verify_address}?c={token}")
        pdf = self._sealer.seal(page)
        return SealedDocument(pdf=pdf, sha256=hashlib.sha256(pdf).hexdigest())

    def verify(self, pdf: bytes) -> SealVerdict:
        """10 to 20 ms of CPU for a genuine file (call it in a thread); no network; never raises."""
        return self._verifier.verify(pdf)

    def verify_token(self, token: str) -> SealVerdict:
        """What the QR code's token vouches for: the number and the time of issue."""
        return self._verifier.verify_token(token)
