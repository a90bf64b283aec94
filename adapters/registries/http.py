"""Registries over HTTP, each as its file in catalogue/sources describes it: signed, bound to the question, kept as it came."""

import logging
from collections.abc import Mapping

from adapters.outbound import NoReply
from adapters.registries.authority import Authority
from adapters.registries.templates import TemplateError
from domain.errors import RegistryUnavailable
from domain.evidence import RegistryAnswer, RegistryQuery
from domain.source import Source

log = logging.getLogger("onetrip.registries")


class HttpRegistries:
    """A `RegistryConnector` for the sources that files describe."""

    def __init__(
        self,
        sources: Mapping[str, Source],
        variables: Mapping[str, str],
        *,
        longest_seconds: float = 60.0,
        keys_refetch_seconds: float = 5.0,
    ) -> None:
        """`variables` are what ${NAME} stands for. A source whose variable is not set is logged, and unavailable; others are not held up.

        `longest_seconds` shortens each source's own `timeout_seconds`.
        """
        self._authorities: dict[str, Authority] = {}
        self._unready: dict[str, str] = {}
        for code, source in sources.items():
            try:
                authority = Authority(source, variables, longest_seconds=longest_seconds, keys_refetch_seconds=keys_refetch_seconds)
            except TemplateError as error:
                self._unready[code] = str(error)
                log.error("source %s cannot be asked: %s", code, error)
            else:
                self._authorities[code] = authority

    @property
    def unready(self) -> Mapping[str, str]:
        """Sources that cannot be asked, with what to set."""
        return self._unready

    async def look_up(self, query: RegistryQuery) -> RegistryAnswer:
        """Ask one source.

        Raises:
            RegistryUnavailable: no answer, an error, or an answer that does not verify, is not to this question or not as its
                schema says.
        """
        try:
            return await self._authority(query.source).look_up(query)
        except NoReply as error:
            raise RegistryUnavailable(query.source, error.why) from error

    async def portrait(self, query: RegistryQuery) -> bytes | None:
        """The JPEG of this person; the authority signs a statement with its SHA-256 and this request's id.

        Raises:
            RegistryUnavailable: as above.
        """
        try:
            return await self._authority(query.source).portrait(query)
        except NoReply as error:
            raise RegistryUnavailable(query.source, error.why) from error

    async def public_keys(self, source: str) -> dict[str, bytes]:
        """The authority's keys by id, as `domain.evidence.verify_evidence` takes them.

        Raises:
            RegistryUnavailable: they cannot be fetched.
        """
        try:
            return await self._authority(source).public_keys()
        except NoReply as error:
            raise RegistryUnavailable(source, error.why) from error

    async def aclose(self) -> None:
        """Close the connections; the next question opens new ones."""
        for authority in self._authorities.values():
            await authority.aclose()

    def _authority(self, source: str) -> Authority:
        try:
            return self._authorities[source]
        except KeyError:
            raise NoReply(self._unready.get(source, "no such source")) from None
