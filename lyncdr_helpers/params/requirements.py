"""What must work again after an activation, as the business answers it. Everything the DR site must hold follows."""

from __future__ import annotations

from typing import Annotated

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
