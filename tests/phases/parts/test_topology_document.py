"""The topology document in a set: the published one, whole, with every pool of the parameters."""

from __future__ import annotations

import pytest
from lxml import etree

from lyncdr_helpers.errors import OperationError
from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL
from lyncdr_helpers.lab.forest import POOLS
from lyncdr_helpers.lab.topology import document
from lyncdr_helpers.lab.winrm import CmdletError
from lyncdr_helpers.phases import topology_document as phase


def published(scene):
    return document(scene.blueprint, [POOLS[pool] for pool in sorted(POOLS)], POOLS[DR_POOL])


def says(scene, *texts):
    """Get-CsTopology answers with these texts."""
    scene.replaced["Get-CsTopology"] = lambda call: [call.text(text) for text in texts]


def refused(scene, *changes):
    with pytest.raises(OperationError) as caught:
        phase.export(scene.session(*changes))
    assert scene.left_behind() == []
    return str(caught.value)


def test_the_published_topology(scene):
    """The file is the document that the management host published, letter by letter."""
    path = phase.export(scene.session())
    assert path.read_text(encoding="utf-8") == published(scene)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8", "iso-8859-1"])
def test_a_declared_encoding(scene, encoding):
    """A text that declares an encoding, as .NET's often do, becomes a file that has it."""
    says(scene, f'<?xml version="1.0" encoding="{encoding}"?>\n' + published(scene).replace("Head office", "Zürich"))
    path = phase.export(scene.session())
    assert "Zürich" in [name.text for name in etree.parse(path).getroot().iter("{*}Name")]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda text: text[:-20], "not a whole XML document"),
        (lambda text: "", "not a whole XML document"),
        (lambda text: "<Topologies />", "root is Topologies"),
        (lambda text: f"<Other>{text}</Other>", "root is Other"),
        (lambda text: f'<!DOCTYPE x [<!ENTITY e "x">]>{text}', "document type"),
        (lambda text: f'<?xml version="1.0" encoding="ebcdic-of-mars"?>{text}', "cannot be encoded"),
        (lambda text: '<?xml version="1.0" encoding="ascii"?>' + text.replace("Head", "Züri"), "cannot be encoded"),
        (lambda text: text.replace(f'Fqdn="{PRIMARY_POOL}"', 'Fqdn="pool9.lync.test"'), PRIMARY_POOL),
        (lambda text: text.replace(f'Fqdn="{DR_POOL}"', 'Fqdn="pool9.lync.test"'), DR_POOL),
    ],
    ids=["cut short", "empty", "another root", "within another", "doctype", "no encoding", "ascii", "primary", "dr"],
)
def test_bad_documents(scene, spoil, said):
    """What is not the whole topology of this deployment is refused, and no file stays."""
    says(scene, spoil(published(scene)))
    assert said in refused(scene)


def test_an_entity_bomb(scene):
    """Entities are never expanded, however many they would become."""
    lines = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(12))
    says(scene, f'<!DOCTYPE Topology [<!ENTITY e0 "x">{lines}]><Topology>&e12;</Topology>')
    refused(scene)


@pytest.mark.parametrize("texts", [(), ("<Topology />", "<Topology />")], ids=["nothing", "two"])
def test_not_one_text(scene, texts):
    """No text is no topology; two are not one."""
    says(scene, *texts)
    assert f"{len(texts)} objects" in refused(scene)


def test_an_object_instead(scene):
    """An object is not a document."""
    scene.replaced["Get-CsTopology"] = lambda call: call.output("X", Sites=["a"])
    assert "instead of one text" in refused(scene)


def test_the_cmdlet_fails(scene):
    """Without the Central Management Store there is no topology, and the part says why."""
    scene.fail("dr")
    assert "Cannot open a connection" in refused(scene)


def test_an_error_beside_the_text(scene):
    """A cmdlet that reports an error is not believed, whatever it wrote before."""

    def half(call):
        call.text(published(scene))
        raise CmdletError("The operation was cancelled.")

    scene.replaced["Get-CsTopology"] = half
    assert "was cancelled" in refused(scene)


def test_no_room(scene):
    """A work folder that cannot be is a failure of this part, in words."""
    with pytest.raises(OperationError, match="cannot be written"):
        phase.export(scene.session(("work_folder: work", "work_folder: ca.pem/work")))
