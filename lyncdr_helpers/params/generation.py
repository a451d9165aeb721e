"""The generations of the product. Alone in its file, as the command line offers them before anything heavy is read."""

from __future__ import annotations

from typing import Literal

Generation = Literal["lync2010", "lync2013", "sfb2015", "sfb2019"]
