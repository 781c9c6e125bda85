"""Adds up what the steps of Tests/run left: one line at the end, exit 1 unless everything passed.

A step that reports no test counts as one: passed when it exited 0, failed when not. A runner that should have written
a JUnit report and did not has failed, and so has one that skipped a test or found none.
"""

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

# Steps without tests of their own.
COMMANDS = {"format", "build", "release", "luacheck"}


def count(results: Path, step: str, status: int) -> tuple[int, list[str]]:
    """How many tests passed, and the names of those that did not."""
    if step in COMMANDS:
        return (1, []) if status == 0 else (0, [f"{step}: exit status {status}"])
    # swift test writes XCTest's report under the name given, and Swift Testing's beside it.
    reports = [path for path in (results / f"{step}.xml", results / f"{step}-swift-testing.xml") if path.exists()]
    passed, failed = 0, []
    for report in reports:
        for case in ElementTree.parse(report).iter("testcase"):
            problem = next((child.tag for child in case if child.tag in ("failure", "error", "skipped")), None)
            if problem is None:
                passed += 1
            else:
                failed.append(f"{step}: {case.get('classname')} {case.get('name')}: {problem}")
    if passed == 0 and not failed:
        failed.append(f"{step}: no test ran")
    elif status != 0 and not failed:
        failed.append(f"{step}: exit status {status}")
    return passed, failed


def main(results: Path) -> int:
    passed, failed = 0, []
    for path in sorted(results.glob("*.status")):
        more, problems = count(results, path.stem, int(path.read_text()))
        passed += more
        failed += problems
    print()
    for problem in failed:
        print(f"FAILED {problem}")
    print(f"{passed} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
