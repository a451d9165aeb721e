"""Any record set that a cutover may meet, for hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from lyncdr_helpers.dns import records
from lyncdr_helpers.ports import RecordSet

label = st.from_regex(r"[a-z_]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
host = st.lists(label, min_size=1, max_size=4).map(".".join)
numbers = st.integers(0, 65535)
value_of = {
    "A": st.ip_addresses(v=4).map(str),
    "AAAA": st.ip_addresses(v=6).map(str),
    "CNAME": host,
    "SRV": st.builds("{} {} {} {}".format, numbers, numbers, numbers, host),
}


@st.composite
def record_sets(draw: st.DrawFn, key: tuple[str, str] | None = None) -> RecordSet:
    name, rtype = key or (draw(host), draw(st.sampled_from(sorted(value_of))))
    values = draw(st.lists(value_of[rtype], min_size=1, max_size=1 if rtype == "CNAME" else 5))
    return records.record_set(name, rtype, draw(st.integers(0, 86400)), values)
