"""The pages for people are right about the repository: links, file names, and citations of the protocol.

A page may name a file by its path from the root of the repository, a test by `path::function`, and a group of
files by a pattern (`docs/*.md`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from support import ROOT

PAGES: Final = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "tests" / "README.md"]
)
"""The pages that are checked."""

PROTOCOL: Final = ROOT / "docs" / "protocol.md"

REPOSITORY: Final = "https://github.com/clarigen/clarigen/"
"""README.md is also shown on the package index, where relative links lead nowhere."""

TOP: Final = (
    *("runtime/", "codegen/", "templates/", "generated/", "examples/", "docs/", "tests/"),
    *("benchmarks/", ".github/", ".ci/"),
)
"""What a path in code font starts with."""

_CODE: Final = re.compile(r"`([^`\n]+)`")
_FENCED: Final = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_LINK: Final = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
_HEADING: Final = re.compile(r"^#+ (.+)$", re.MULTILINE)
_CITATION: Final = re.compile(r"docs/protocol\.md (\d+(?:\.\d+)?)(?: and (\d+(?:\.\d+)?))?")


def named_files(page: Path) -> Iterator[str]:
    """Yield each path of a file or folder that a page names in code font."""
    for text in _CODE.findall(_FENCED.sub("", page.read_text("utf-8"))):
        path = text.split("::")[0].removeprefix("./")
        if path.startswith(TOP) and not re.search(r"[ <>{}…]", path):
            yield path


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = _HEADING.findall(_FENCED.sub("", page.read_text("utf-8")))
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_named_on_a_page_exists(page: Path) -> None:
    missing = [path for path in named_files(page) if not list(ROOT.glob(path.rstrip("/")))]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_on_a_page_leads_somewhere(page: Path) -> None:
    for target in _LINK.findall(_FENCED.sub("", page.read_text("utf-8"))):
        path, _, anchor = target.partition("#")
        own = re.match(rf"{REPOSITORY}(?:blob|tree)/main/(.*)", path)
        if own is None and "://" in target:
            continue
        file = ROOT / own[1] if own else (page.parent / path if path else page)
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


def test_the_readme_has_no_relative_links() -> None:
    text = _FENCED.sub("", (ROOT / "README.md").read_text("utf-8"))
    assert not [target for target in _LINK.findall(text) if not re.match(r"https://|#", target)]


def sections() -> set[str]:
    """Return the numbers of the protocol's sections."""
    return set(re.findall(r"^#+ (\d+(?:\.\d+)?)", PROTOCOL.read_text("utf-8"), re.MULTILINE))


def texts() -> Iterator[tuple[Path, str]]:
    """Yield the files that may cite the protocol, with their text."""
    for folder in ("runtime", "codegen", "templates", "tests", "examples", "benchmarks", "docs"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".md", ".jinja", ".proto") and "corpus" not in path.parts:
                yield path, path.read_text("utf-8")


def test_every_citation_of_the_protocol_resolves() -> None:
    section_numbers, count = sections(), 0
    for path, text in texts():
        for numbers in _CITATION.findall(text):
            count += 1
            assert {number for number in numbers if number} <= section_numbers, path
        assert not re.search(r"\bPROTOCOL \d", text), f"{path}: write docs/protocol.md"
    assert count > 3


def test_every_item_of_the_conformance_checklist_exists() -> None:
    checklist = PROTOCOL.read_text("utf-8").split("## 10. Conformance checklist")[1]
    item = re.compile(r"^(\d+)\. (.*?)(?=^\d+\. |^\*\*|\Z)", re.MULTILINE | re.DOTALL)
    items = {int(number): text.strip() for number, text in item.findall(checklist)}
    assert list(items) == list(range(1, 70))
    from unit.test_conformance import ITEMS, OVERRIDDEN

    assert set(ITEMS) <= items.keys()
    assert {number for number, text in items.items() if text.endswith("*")} == set(OVERRIDDEN)
