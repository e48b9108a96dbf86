"""What the documentation tells a reader to type: the lines of its fenced blocks."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")))
COMMANDS = frozenset({"", "bash", "sh", "console"})  # languages of a block that is typed; others are read
_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_REMARK = re.compile(r"(?:^|\s+)#.*$")


@dataclass(frozen=True)
class Block:
    """A fenced block: its page, the line it begins on, its language and its text."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def script(self) -> bool:
        """Whether it is a whole file."""
        return self.text.startswith("#!")

    @property
    def lines(self) -> list[str]:
        """What is typed: a line that ends with a backslash goes on, and a remark is not typed."""
        joined = self.text.replace("\\\n", " ")
        typed = [_REMARK.sub("", line).strip() for line in joined.splitlines()]
        return [re.sub(r"\s+", " ", line) for line in typed if line]


def blocks(page: str) -> list[Block]:
    """The blocks of a page that are typed."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = [Block(page, text.count("\n", 0, match.start()) + 1, match[1], match[2]) for match in _FENCE.finditer(text)]
    return [block for block in found if block.language in COMMANDS]


def commands() -> list[Block]:
    """The blocks of every page that are typed."""
    return [block for page in PAGES for block in blocks(page)]


def spans(page: str) -> list[str]:
    """What stands between back-quotes in the running text of a page."""
    text = _FENCE.sub("", (ROOT / page).read_text(encoding="utf-8"))
    return [" ".join(span.split()) for span in re.findall(r"(?<!`)`([^`]+)`(?!`)", text)]
