"""Text that exists in Chinese and English, and the choice between them."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Language = Literal["zh", "en"]


class Bilingual(BaseModel):
    """One sentence or label in both languages; Chinese is the one that counts in law."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def in_language(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en

    def filled(self, **values: object) -> "Bilingual":
        """The same text with each `{name}` replaced; values are the same in both languages."""
        return Bilingual(zh=self.zh.format(**values), en=self.en.format(**values))
