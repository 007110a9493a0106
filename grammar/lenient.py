"""Reads a text that is almost JSON, and writes the JSON that its author can only have meant.

Nothing is guessed about values: what is mended is punctuation, quotes, comments, and what stands around.

1. What surrounds the document goes: a code fence, an assignment, prose, a list or a string around it.
2. One walk over the rest copies it, character by character, to the output; spaces and line ends are kept.
   Where the copy would be no JSON the walk writes what JSON has there: a quote, a colon, a comma, a bracket.
3. Commas are held back until a next member comes, so one before a closing bracket is never written.
4. What only is another spelling (comments, quotes, commas at the end, keys without quotes) is certain. Where
   a comma, a colon, a quote or a bracket had to be added, or something is left over at the end, it is not:
   then the result has to prove itself (compiler/mends.py). A quote inside of a string is nobody's to mend.

Worked: `{score: {up: 5,}} // weights` becomes `{"score": {"up": 5}}`. The walk descends as deep as a document
may nest and reads every character a bounded number of times.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import json
import re

from .words import LIMITS

_SPACE = " \t\n\r"
_ODD_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_NOTHING = re.compile("[\u200b-\u200d\u2060\ufeff]")
_RUN = re.compile(f"(?:[ \t\n\r]|{_ODD_SPACES.pattern}|{_NOTHING.pattern})+")
_FENCE = re.compile(r"^[ \t]*```[A-Za-z0-9]*[ \t]*\n(.*?)```", re.DOTALL | re.MULTILINE)
_ASSIGNMENT = re.compile(r"\s*(?:(?:const|let|var)\s+)?[A-Za-z_$][\w$.]*\s*:?=\s*(?=[\[{(])")
_CLOSING = {
    '"': '"',
    "'": "'",
    "`": "`",
    "‘": "’",
    "’": "’",
    "“": "”",
    "”": "”",
    "„": "“”",
    "«": "»",
    "´": "´",
}
_ESCAPES = '"\\/bfnrtu'
_KEY = re.compile(r"[A-Za-z_$][\w$-]*")
_COLON = re.compile(r"[ \t]*(?:=>|->|[:=：])")
_LITERALS = {"True": "true", "False": "false", "None": "null", "undefined": "null", "nil": "null"}
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_NUMBER = re.compile(r"\+?(-?)0*([0-9]*)\.?([0-9]*)((?:[eE][+-]?[0-9]+)?)")
_HEXADECIMAL = re.compile(r"0[xX][0-9A-Fa-f]{1,12}")


@dataclass(frozen=True, slots=True)
class Repaired:
    """JSON text that reads as an object; `certain` if nothing had to be added to what stood there."""

    text: str
    certain: bool = True


def repaired(text: str) -> Repaired | None:
    """The text as JSON, or None where it cannot be known what was meant.

    >>> repaired("{a: 1, 'b': [2,],} // done").text
    '{"a": 1, "b": [2]}'
    """
    if len(text) > LIMITS.document_bytes:
        return None
    inner = _within(text)
    if inner is not None:
        return Repaired(inner)
    try:
        walk = _Walk(_body(text))
        written = walk.document()
        found = json.loads(written)
    except (_Lost, ValueError, RecursionError):
        return None
    return Repaired(written, walk.certain) if isinstance(found, dict) and found else None


class _Lost(Exception):
    """It cannot be known what was meant."""


def _within(text: str) -> str | None:
    """The document in a list of one, or in a JSON string."""
    stripped = text.strip()
    if not stripped.startswith(("[", '"')):
        return None
    try:
        found = json.loads(stripped)
        if isinstance(found, list) and len(found) == 1 and isinstance(found[0], dict):
            return stripped[1:-1].strip()
        if isinstance(found, str) and isinstance(json.loads(found), dict):
            return found
    except (ValueError, RecursionError):
        pass
    return None


def _body(text: str) -> str:
    """The text without a fence or an assignment around the document."""
    text = text.removeprefix("\ufeff")
    fence = _FENCE.search(text)
    if fence and "{" in fence[1]:
        return fence[1]
    assignment = _ASSIGNMENT.match(text)
    if assignment:
        return text[assignment.end() :]
    return text


class _Walk:
    """One walk over a text; `out` is what has been written, `at` the next character to read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.out: list[str] = []
        self.depth = 0
        self.begun = False
        self.certain = True

    def document(self) -> str:
        self.skip()
        if self.peek() != "{":
            self.at = self.text.find("{")
            self.out = []
        if self.at < 0 or self.text[: self.at].rstrip().endswith("["):
            raise _Lost
        self.begun = True
        self.value()
        self.rest()
        return "".join(self.out)

    def rest(self) -> None:
        """What follows the document: only a line end is kept. Another document is one too many."""
        if "{" in self.text[self.at :]:
            raise _Lost
        if re.search(r"[\"':}\]]", self.text[self.at :]):
            self.certain = False
        if self.text.endswith("\n"):
            self.out.append("\r\n" if self.text.endswith("\r\n") else "\n")

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def skip(self) -> None:
        """Copy spaces, and leave out comments with what they stood in."""
        self.out.append(self.spaces())

    def spaces(self) -> str:
        """The spaces that come next, without comments among them."""
        kept = ""
        while True:
            run = _RUN.match(self.text, self.at)
            if run:
                self.at = run.end()
                kept += _NOTHING.sub("", _ODD_SPACES.sub(" ", run[0]))
            elif self.comment():
                kept = self.around_comment(kept)
            else:
                return kept

    def around_comment(self, before: str) -> str:
        """The spaces before a comment that was left out: those of its line go with it."""
        if self.text.startswith(("\n", "\r\n"), self.at):
            line = before.rstrip(" \t")
            return line.removesuffix("\n").removesuffix("\r") if line.endswith("\n") else line
        if before[-1:] in (" ", "\t", "\n"):
            while self.peek() and self.peek() in " \t":
                self.at += 1
        return before

    def comment(self) -> bool:
        if self.text.startswith(("//", "#"), self.at):
            end = self.text.find("\n", self.at)
            self.at = len(self.text) if end < 0 else end - (self.text[end - 1] == "\r")
        elif self.text.startswith("/*", self.at):
            end = self.text.find("*/", self.at)
            if end < 0:
                raise _Lost
            self.at = end + 2
        else:
            return False
        if not self.begun:
            line_end = re.compile(r"\r?\n").match(self.text, self.at)
            self.at = line_end.end() if line_end else self.at
        return True

    def value(self) -> None:
        here = self.peek()
        if here and here in "{(":
            self.nested("}", self.member)
        elif here == "[":
            self.nested("]", self.value)
        elif here in _CLOSING and here:
            self.string()
            if re.compile(r"[ \t]*\w").match(self.text, self.at):
                raise _Lost
        elif here and here not in "}]),:":
            self.bare()
        else:
            raise _Lost

    def nested(self, closing: str, item: Callable[[], None]) -> None:
        """An object or an array: its items, with exactly one comma between two."""
        indent = self.indent()
        self.depth += 1
        if self.depth > LIMITS.nesting:
            raise _Lost
        self.at += 1
        self.out.append("{" if closing == "}" else "[")
        empty = True
        while True:
            before = self.spaces()
            commas = 0
            while self.peek() and self.peek() in ",;，；":
                self.at += 1
                commas += 1
                before += self.spaces()
            here = self.peek()
            if not here:
                self.certain = False
                self.out.append(before.rstrip())
                broken = "\n" in "".join(self.out)
                self.out.append(f"\n{indent}{closing}" if broken else closing)
                break
            if here in "})]":
                if closing != here and not (closing == "}" and here == ")"):
                    raise _Lost
                self.certain = self.certain and closing == here
                self.at += 1
                self.out.append(before + closing)
                break
            if not empty:
                self.certain = self.certain and commas == 1
                self.out.append(",")
            self.out.append(before if before or empty else " " if not commas else "")
            item()
            empty = False
        self.depth -= 1

    def indent(self) -> str:
        """The spaces at the start of the line that is being read."""
        start = self.text.rfind("\n", 0, self.at) + 1
        line = self.text[start : self.at]
        return line[: len(line) - len(line.lstrip(" \t"))]

    def member(self) -> None:
        word = _KEY.match(self.text, self.at)
        if word:
            self.at = word.end()
            if self.peek() and self.peek() in "\"'”’":
                self.at += 1
                self.certain = False
            self.out.append(json.dumps(word[0]))
        elif self.peek() in _CLOSING:
            self.string()
            doubled = re.compile(r"['\"](?=\s*:)").match(self.text, self.at)
            if doubled:
                self.at = doubled.end()
                self.certain = False
        else:
            raise _Lost
        space = self.spaces()
        colon = _COLON.match(self.text, self.at)
        if colon:
            self.at = colon.end()
            self.out.append((space if colon[0].strip() == ":" else "") + ":")
        else:
            self.certain = False
            self.out.append(":")
            self.at -= len(space)
        self.skip()
        self.value()

    def string(self) -> None:
        """A string in any quotes, rewritten in double ones."""
        start = self.at
        closing = _CLOSING[self.peek()]
        if self.text.startswith('""', start) and re.match(r'""[^\s",:}\]]', self.text[start : start + 3]):
            start += 1
            self.certain = False
        self.at = start + 1
        kept: list[str] = []
        while True:
            here = self.peek()
            if not here:
                raise _Lost
            if here in closing:
                self.at += 1
                break
            self.at += 1
            kept.append(self.character(here))
        written = "".join(kept)
        if closing == '"' and "\n" in self.text[start : self.at] and self.runs_on():
            self.unclosed(start)
            return
        if closing == '"' and self.peek() == '"' and start > 0 and self.text[start - 1] == '"':
            self.at += 1
            self.certain = False
        self.out.append(f'"{written}"')

    def runs_on(self) -> bool:
        """Whether what follows a string shows that it was closed too late."""
        after = self.text[self.at : self.at + 200].lstrip(_SPACE)
        return bool(re.match(r"[A-Za-z_0-9]", after))

    def unclosed(self, start: int) -> None:
        """A string whose closing quote is missing at the end of its line."""
        end = self.text.find("\n", start)
        line = self.text[start + 1 : len(self.text) if end < 0 else end].rstrip(" \t\r")
        self.certain = False
        content = line.removesuffix(",")
        if not content or '"' in content or "\\" in content:
            raise _Lost
        self.at = start + 1 + len(content)
        self.out.append(f'"{content}"')

    def character(self, here: str) -> str:
        """One character of a string as JSON writes it."""
        if here == "\\":
            escaped = self.peek()
            self.at += 1
            if escaped and escaped in _ESCAPES:
                return here + escaped
            if not escaped or escaped.isalnum():
                raise _Lost
            return escaped
        if here in "\r\n":
            self.certain = False
            while self.peek() and self.peek() in _SPACE:
                self.at += 1
            return " "
        if here == "\t":
            return " "
        return '\\"' if here == '"' else here

    def bare(self) -> None:
        """A literal, a number, or text without quotes up to the end of the member."""
        start, depth = self.at, 0
        while (here := self.peek()) and (depth or here not in ",}]\n;"):
            if self.text.startswith(("//", "/*", "#"), self.at) and not depth:
                break
            depth += (here in "([") - (here in ")]")
            if here == "\n" or here == "{":
                raise _Lost
            self.at += 1
        raw = self.text[start : self.at]
        word = raw.rstrip(_SPACE)
        self.at = start + len(word)
        self.out.append(self.literal(word))

    def literal(self, word: str) -> str:
        if word in ("true", "false", "null", "NaN", "Infinity", "-Infinity") or _JSON_NUMBER.fullmatch(word):
            return word
        if word in _LITERALS:
            return _LITERALS[word]
        number = _NUMBER.fullmatch(word)
        if number and (number[2] or number[3]):
            whole, fraction = number[2] or "0", number[3]
            point = f".{fraction or '0'}" if "." in word else ""
            return f"{number[1]}{whole}{point}{number[4]}"
        if _HEXADECIMAL.fullmatch(word):
            return str(int(word, 16))
        text = word.removesuffix('"').removesuffix("'")
        if not text or re.search(r"[\"\\\x00-\x1f]", text) or ":" in text:
            raise _Lost
        self.certain = False
        return f'"{text}"'
