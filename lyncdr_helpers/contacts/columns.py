"""The users of an export as a columnar table: what grows with the pool is kept as columns, and never as objects."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import pyarrow as pa

from lyncdr_helpers.contacts.inventory import Holding, read_holdings

ROWS = 10_000
"""Of one batch."""

SCHEMA = pa.schema(
    [
        pa.field("address", pa.string(), nullable=False),
        pa.field("contacts", pa.int32(), nullable=False),
        pa.field("groups", pa.int32(), nullable=False),
        pa.field("distribution_groups", pa.int32(), nullable=False),
        pa.field("digest", pa.string(), nullable=False),
    ]
)
"""One row per user, in the export's order; digest: SHA-256 of the canonical HomedResource, as 64 hexadecimal digits."""


def read_table(path: Path) -> pa.Table:
    """The users of an export of dbimpexp's, as SCHEMA has them. Raises InputError as read_holdings does."""
    return table(read_holdings(path))


def table(rows: Iterable[Holding]) -> pa.Table:
    """The rows as SCHEMA has them."""
    left, batches = iter(rows), []
    while taken := list(islice(left, ROWS)):
        batches.append(_batch(taken))
    return pa.Table.from_batches(batches, SCHEMA)


def _batch(rows: list[Holding]) -> pa.RecordBatch:
    columns = [
        [row.user for row in rows],
        [row.contacts for row in rows],
        [row.groups for row in rows],
        [row.distribution_groups for row in rows],
        [row.digest for row in rows],
    ]
    return pa.RecordBatch.from_arrays(
        [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)], schema=SCHEMA
    )
