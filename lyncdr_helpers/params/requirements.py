"""What must work again after an activation, as the business answers it. Everything the DR site must hold follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from lyncdr_helpers.params.values import Model


def _always(value: bool) -> bool:
    if not value:
        raise ValueError("is always true: without it there is nothing to activate")
    return value


class Archiving(Model):
    """Archiving of what people write, where the law or a rule asks for it."""

    needed: bool = Field(False, description="Whether archiving must go on at the DR site.", examples=[True])
    must_be_up_to_sign_in: bool = Field(
        False,
        description="Whether nobody may sign in before archiving works; otherwise it may follow.",
        examples=[False],
    )


class Requirements(Model):
    """The workloads that must come back. Those that a Standard Edition server brings along are on by default."""

    im_presence: Annotated[bool, AfterValidator(_always), Field(json_schema_extra={"const": True})] = Field(
        True, description="Sign-in, instant messages and presence: always.", examples=[True]
    )
    conferencing: bool = Field(True, description="New meetings; those of the lost pool are gone.", examples=[True])
    response_groups: bool = Field(True, description="Response Groups.", examples=[True])
    web: bool = Field(True, description="The simple URLs (meet, dialin) and the web app.", examples=[True])
    enterprise_voice: bool = Field(False, description="Calls to and from the telephone network.", examples=[True])
    exchange_um: bool = Field(False, description="Voice mail in Exchange.", examples=[True])
    group_chat: bool = Field(False, description="Group Chat (Persistent Chat).", examples=[True])
    archiving: Archiving = Field(default_factory=Archiving, description="Archiving of what people write.")
    monitoring: bool = Field(False, description="Call detail and quality records.", examples=[True])
    remote_access: bool = Field(False, description="Sign-in from outside, without a VPN.", examples=[True])
    federation: bool = Field(False, description="Messages and calls with other organisations.", examples=[True])

    @property
    def answers(self) -> Mapping[str, bool]:
        """Every answer by its key, those of a section with its name: `archiving.needed`."""
        found: dict[str, bool] = {}
        for key, value in self:
            if isinstance(value, Archiving):
                found |= {f"{key}.{name}": answer for name, answer in value}
            else:
                found[key] = value
        return found

    @classmethod
    def of(cls, answers: Mapping[str, bool]) -> Requirements:
        """The requirements with these answers. Raises pydantic's ValidationError for one that cannot be."""
        made: dict[str, Any] = {}
        for key, answer in answers.items():
            section, _, name = key.rpartition(".")
            (made.setdefault(section, {}) if section else made)[name] = answer
        return cls.model_validate(made)

    @property
    def lines(self) -> str:
        """As they stand in a file of parameters."""
        lines, section = ["requirements:"], ""
        for key, answer in self.answers.items():
            inside, _, name = key.rpartition(".")
            if inside and inside != section:
                lines.append(f"  {inside}:")
            section = inside
            lines.append(f"  {'  ' if inside else ''}{name}: {str(answer).lower()}")
        return "\n".join(lines) + "\n"


def description(key: str) -> str:
    """What an answer means, by its key: `archiving.needed`."""
    section, _, name = key.rpartition(".")
    fields = Archiving.model_fields if section else Requirements.model_fields
    return str(fields[name].description)
