"""Documents of dbimpexp as text, in every spelling that XML has for them, and in some that it does not have."""

from __future__ import annotations

import base64

from hypothesis import strategies as st

from lyncdr_helpers.contacts.dbimpexp import NAMESPACE

NAMES = ["~", "Project Team", "Küche", "仲間", "𝄞", ""]
ODD_VALUES = ["a&amp;b", "&#9;x", "o'brien", "a>b", "Ü@x.test", "a\tb", "a\nb", "\uffee", " ", "&#x1D11E;"]
ODD_CONTENT = [
    "<!-- a comment -->",
    "<?contacts?>",
    "<?contacts ?>",
    "<?other x?>",
    "<![CDATA[<HomedResource></HomedResource>]]>",
    "<!-- <Contacts><Contact Buddy='x'/></Contacts> -->",
    '<!-- <HomedResource UserAtHost="no@body.test"></HomedResource> -->',
    '<Old><HomedResource UserAtHost="x@y.test"/></Old>',
    '<Old><Contacts><Contact Buddy="nested@y.test"/></Contacts></Old>',
    f'<d:Contacts xmlns:d="{NAMESPACE}"><d:Contact Buddy="p@q.test"/></d:Contacts>',
    f'<d:Contacts xmlns:d="{NAMESPACE}" xmlns="urn:o"><Contact Buddy="p@q.test"/></d:Contacts>',
    '<Contacts><Contact Buddy="second@y.test" Groups="1"/></Contacts>',
    '<Unknown xmlns="urn:o" b="2" a="1"><p:Deep xmlns:p="urn:p" p:z="&lt;"/>text &amp; more</Unknown>',
    '<Qualified xsi:type="x:Thing"/>',
    "free text",
    "]]&gt;",
]
BETWEEN = [
    *("\n", "", "\r\n  ", "text", "<!-- between -->", "<?pi between?>", '<ConferenceDirectory Id="1"/>'),
    *("<![CDATA[ ]]>", "<!-- <HomedResource> -->", "<Old><HomedResource UserAtHost='n@b.test'/></Old>"),
    f'<d:HomedResource xmlns:d="{NAMESPACE}" UserAtHost="prefixed@x.test"/>',
]
WRONG = ['Groups="x"', 'Groups="12345678901"', 'DisplayName="*"', 'DisplayName="/w=="', 'DisplayName="Y"', 'Buddy=""']
SPACES = ["", "\n", "\n      ", "\t", "\r\n", " "]


def mostly(usual: str, others: list[str]) -> st.SearchStrategy[str]:
    """One in thirty is another: a document in which everything is odd shows only its first oddity."""
    return st.integers(0, 29).flatmap(lambda n: st.just(usual) if n else st.sampled_from(others))


def encoded(text: str) -> str:
    """As dbimpexp spells a name."""
    return base64.b64encode(text.encode()).decode()


@st.composite
def contacts(draw: st.DrawFn) -> str:
    """A Contacts element: some contacts that are alike, and now and then one that is not."""
    order = draw(st.permutations(["Buddy", "SubscribePresence", "Groups", "DisplayName"]))
    closing = draw(st.sampled_from(["/>", " />", "></Contact>"]))
    space = draw(st.sampled_from(SPACES))
    return f"<Contacts>{''.join(draw(st.lists(contact(order, closing, space), max_size=4)))}{space}</Contacts>"


@st.composite
def contact(draw: st.DrawFn, order: list[str], closing: str, space: str) -> str:
    values = {
        "Buddy": draw(mostly(draw(st.sampled_from(["ben@x.test", "sip:Ana@x.test"])), ODD_VALUES)),
        "SubscribePresence": draw(mostly("1", ["0", "true", *ODD_VALUES])),
        "Groups": draw(mostly("1 2", ["", "1", " 7  8 "])),
        "DisplayName": encoded(draw(st.sampled_from(NAMES))),
    }
    spelled = " ".join(f'{name}="{values[name]}"' for name in order)
    if draw(mostly("", ["odd"])):
        spelled = draw(
            st.sampled_from(
                [
                    spelled.replace('"', "'") if "'" not in spelled else spelled,
                    spelled.replace(" ", "  ", 1),
                    f'{spelled} New="1"',
                    f'{spelled} xmlns="urn:other"',
                    f'{spelled} xmlns:n="urn:n" n:a="1"',
                    spelled.partition(" ")[2],
                    f"{spelled} {draw(st.sampled_from(WRONG))}",
                    *(spelled.replace(f'{one.partition("=")[0]}="', f'{one}  x="') for one in WRONG),
                ]
            )
        )
    inside = draw(
        mostly(closing, ["/>", "></Contact>", "> </Contact>", "><Note>x</Note></Contact>", "><!-- --></Contact>"])
    )
    return f"{draw(mostly(space, SPACES))}<Contact {spelled}{inside}"


@st.composite
def resource(draw: st.DrawFn, user: str) -> str:
    """A HomedResource, with unknown parts here and there."""
    if draw(mostly("", ["bare"])):
        return f'<HomedResource UserAtHost="{user}"/>'
    name = encoded(draw(st.sampled_from(NAMES)))
    group = (
        f'<ContactGroup Number="2" DisplayName="{name}" ExternalUri="{draw(mostly("", [encoded("g@x.test"), "?"]))}"/>'
    )
    parts = [
        draw(mostly("", ODD_CONTENT)),
        f"<ContactGroups>{group}</ContactGroups>",
        draw(mostly("", ODD_CONTENT)),
        draw(mostly(draw(contacts()), ["", "<Contacts/>", "<Contacts></Contacts>", "<Contacts a='1'></Contacts>"])),
        draw(mostly("", ODD_CONTENT)),
        '<Containers><Container ContainerNumber="100"><UserMember Member="e@x.test"/></Container></Containers>',
    ]
    marks = draw(mostly("", [" New='1'", ' xmlns:n="urn:n" n:x=">"', f' xmlns="{NAMESPACE}"', ' B="2" A="1"']))
    ending = draw(mostly("</HomedResource>", ["</HomedResource >", "</HomedResource\n>"]))
    return f'<HomedResource UserAtHost="{user}"{marks}>{"".join(parts)}{ending}'


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A whole export, as text: with its declaration, without byte order mark."""
    users = draw(st.lists(st.sampled_from(["a@x.test", "B@x.test", "c@x.test", "d@x.test"]), max_size=4, unique=True))
    users += draw(mostly("", ["A@x.test"])).split()
    body = "".join(draw(mostly("\n", BETWEEN)) + draw(resource(user)) for user in users)
    declared = f'xmlns="{NAMESPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:x="urn:x"'
    root = draw(mostly(f"<HomedResources {declared}>", [f"<!-- first --><HomedResources {declared} a='1'>"]))
    tail = draw(mostly("\n</HomedResources>\n", ["<!-- last --></HomedResources><!-- after -->", "</HomedResources >"]))
    return f'<?xml version="1.0" encoding="utf-16"?>\n{root}{body}{tail}'


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A document that something happened to: cut short, or a few characters lost, doubled or replaced."""
    text = draw(documents())
    start = draw(st.integers(0, len(text)))
    end = min(len(text), start + draw(st.integers(0, 30)))
    put = draw(
        st.sampled_from(["", text[start:end] * 2, "<", ">", '"', "&", "&x;", "\0", "\ufffe", "</Contacts>", "é"])
    )
    return text[:start] + put + ("" if draw(mostly("", ["cut"])) else text[end:])
