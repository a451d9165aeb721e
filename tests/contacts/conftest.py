"""Documents as dbimpexp writes them, from the inside of a HomedResource."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lyncdr_helpers.contacts.dbimpexp import NAMESPACE

Export = Callable[..., Path]


@pytest.fixture
def export(tmp_path: Path) -> Export:
    """Write an export that holds these HomedResources, given as XML text; returns its path."""

    def write(*resources: str, name: str = "export.xml", root: str = "HomedResources") -> Path:
        path = tmp_path / name
        body = "\n".join(resources)
        text = f'<?xml version="1.0" encoding="utf-16"?>\n<{root} xmlns="{NAMESPACE}">\n{body}\n</{root}>\n'
        path.write_bytes(text.encode("utf-16"))
        return path

    return write


@pytest.fixture
def ana() -> str:
    """One user with two groups, a contact in both, and somebody blocked; as dbimpexp spells it."""
    return """<HomedResource UserAtHost="Ana@Example.test">
      <ContactGroups><ContactGroup Number="1" DisplayName="fg==" ExternalUri=""/>
      <ContactGroup Number="2" DisplayName="UHJvamVjdCBUZWFt" ExternalUri=""/></ContactGroups>
      <Contacts><Contact Buddy="Ben@Example.test" SubscribePresence="1" Groups="1 2" DisplayName="QmVu"></Contact>
      <Contact Buddy="o'brien@example.test" SubscribePresence="0" Groups="" DisplayName=""/></Contacts>
      <Containers><Container ContainerNumber="32000"><UserMember Member="nuisance@example.test"/></Container>
      </Containers>
    </HomedResource>"""
