"""What goes over the wire arrives as it was, both ways."""

from __future__ import annotations

from typing import Any

import pytest

from lyncdr_helpers.ports import Command, Shell

from .conftest import USER, Host

HOSTILE = [
    "o'brien@lync.test",
    'say "hi"',
    "‘typo’ “graphic” ‚quotes‛",
    "x'; Remove-Item C:\\ -Recurse; '",
    "$(Get-Process) `n $env:PATH",
    "-Force",
    "<Obj RefId='0'/>&amp;",
    "Zürich 東京 \U0001f4de",
    "_x0041_ _x005F_",
    "tab\tline\r\nend",
    "\x01\x1f\x7f",
    " leading and trailing ",
    "",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_arrives_unchanged(shell: Shell, host: Host, text: str) -> None:
    """Quotes, markup, escapes, control characters: a string is a value, in parameters, in the feed and in results."""
    reply = shell.invoke(Command("Echo", {"Text": text}), feed=[text, "second"])
    assert host.deployment.calls == [{"text": text}]
    assert reply.output[0]["text"] == text
    assert reply.output[0]["Feed"] == [text, "second"]


@pytest.mark.parametrize("value", [True, False, 0, -7, 2**31 - 1, -(2**31), 2**40, ["a", "b"], [1, True], []])
def test_types_arrive_unchanged(shell: Shell, host: Host, value: Any) -> None:
    """A number stays a number, a switch a switch, a list a list."""
    reply = shell.invoke(Command("Echo", {"Value": value}))
    seen = host.deployment.calls[0]["value"]
    assert (type(seen), seen) == (type(value), value)
    assert (type(reply.output[0]["value"]), reply.output[0]["value"]) == (type(value), value)


def test_a_switch_that_is_off_is_sent_as_off(shell: Shell, host: Host) -> None:
    """`-Confirm:$false` reaches the cmdlet as a given parameter with the value False, not as an absent one."""
    shell.invoke(Command("Echo", {"Confirm": False, "Force": True}))
    assert host.deployment.calls == [{"confirm": False, "force": True}]


def test_an_enumeration_is_its_name(shell: Shell) -> None:
    """A .NET enumeration comes back as the word PowerShell would print, not as its number."""
    reply = shell.invoke(Command("Move-CsUser", {"Target": "drse01.lync.test"}), feed=["sip:anna@lync.test"])
    assert reply.output[0]["State"] == "Moved"


def test_a_bare_string_is_a_value(shell: Shell) -> None:
    """Get-CsTopology -AsXml answers with one string; it comes as the record's Value."""
    reply = shell.invoke(Command("Get-CsTopology", {"AsXml": True}))
    assert reply.output == ({"Value": "<Topology Name='Zürich &amp; Öhringen'/>"},)


def test_the_cmdlet_sees_who_signed_in(shell: Shell) -> None:
    """The account is that of the parameters."""
    assert shell.invoke(Command("Echo")).output[0]["User"] == USER
