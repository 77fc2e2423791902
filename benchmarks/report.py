"""A figure, the table on the screen, and the same as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

HEAD = ("figure", "ours", "reference", "ratio or count", "target", "verdict")


@dataclass(frozen=True, slots=True)
class Figure:
    """One row. ``values`` are the measurements it was made from."""

    name: str
    ours: str
    reference: str
    result: str
    target: str
    met: bool | None
    how: str
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        return "" if self.met is None else "met" if self.met else "NOT MET"


def spread(values: Sequence[float], form: str = ".3f") -> str:
    """Median, and the smallest and largest."""
    if len(values) == 1:
        return f"{values[0]:{form}}"
    return f"{median(values):{form}} ({min(values):{form}}-{max(values):{form}})"


def machine() -> dict[str, Any]:
    import psycopg

    return {
        "cores": os.cpu_count(),
        "load_average_before": [round(one, 2) for one in os.getloadavg()],
        "python": platform.python_version(),
        "kernel": platform.release(),
        "psycopg": psycopg.__version__,
    }


def show(figures: Sequence[Figure]) -> str:
    rows = [HEAD, *((f.name, f.ours, f.reference, f.result, f.target, f.verdict) for f in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    lines += ["", "How measured:", *(f"  {f.name}: {f.how}" for f in figures)]
    return "\n".join(line.rstrip() for line in lines)


def keep(figures: Sequence[Figure], *, about: dict[str, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {**about, "figures": [asdict(one) for one in figures]}
    path.write_text(json.dumps(content, indent=2) + "\n")
