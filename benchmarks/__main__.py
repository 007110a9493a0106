"""`python -m benchmarks [ROW ...]`: measures, prints tables, and with --json writes the same.

With --record the figures of a whole run go into the history, unless contenders disagree.
Exit status: 0 measured, 1 a peer's signals are not those of dslc, 2 the call is wrong.
"""

from __future__ import annotations

import argparse
from pathlib import Path
import sys

from .history import record
from .market import Scale
from .peers import Disagreement
from .report import Report
from .rows import ROWS


def main() -> int:
    """Measure the wanted rows in their order."""
    wanted = _arguments()
    scale = Scale.quick() if wanted.quick else Scale.full()
    report = Report.of_this_machine(quick=wanted.quick)
    print(report.heading(), flush=True)
    status = 0
    for name in wanted.rows or ROWS:
        try:
            for table in ROWS[name].measure(scale):
                print(f"\n{report.add(name, table)}", flush=True)
        except Disagreement as error:
            print(f"\n{name}: {error}", file=sys.stderr)
            status = 1
    if wanted.json is not None:
        wanted.json.write_text(report.to_json(), encoding="utf-8")
    if wanted.record and status == 0:
        record(report)
    return status


def _arguments() -> argparse.Namespace:
    rows = "\n".join(f"  {name:<10} {row.summary}" for name, row in ROWS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure dslc against its peers in one run.",
        epilog=f"rows:\n{rows}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", help="what to measure; everything by default")
    parser.add_argument("--quick", action="store_true", help="small sizes, few rounds: does it run?")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the same here")
    parser.add_argument(
        "--record", action="store_true", help="append a whole run to history.jsonl and show it in README.md"
    )
    wanted = parser.parse_args()
    unknown = [name for name in wanted.rows if name not in ROWS]
    if unknown:
        parser.error(f"no row is named {', '.join(unknown)}; rows: {' '.join(ROWS)}")
    if wanted.record and (wanted.quick or wanted.rows):
        parser.error("--record is of a whole run: every row, at full size")
    if wanted.json is not None and not wanted.json.resolve().parent.is_dir():
        parser.error(f"{wanted.json.resolve().parent} is not a folder")
    return wanted


if __name__ == "__main__":
    sys.exit(main())
