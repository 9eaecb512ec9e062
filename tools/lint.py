#!/usr/bin/env python3
"""Rules that no other tool checks. Usage: tools/lint.py [ROOT]; prints file:line: what is wrong, exits 1 if anything is.

- Floors: a folder includes only folders below it, by the table in docs/architecture.md.
- Libraries: Beast, Asio, SQLite and CLI11 stay in the folders that may know them.
- Coroutines: what g++ 12 miscompiles, silently (CONTRIBUTING.md has the table).
- Every source is listed in a CMakeLists.txt, and no unfinished-work marker is left.
"""
import pathlib
import re
import sys

UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b")
SKIPPED = {"build", ".git", "node_modules", "__pycache__", ".venv", ".cache"}
TEXT = {".cpp", ".hpp", ".py", ".sh", ".cmake", ".txt", ".md", ".json", ".yaml", ".yml", ".toml", ".js", ".go", ".html", ""}

# A floor is not enough here: these rooms are below, yet not theirs to use.
FORBIDDEN = {"client": {"http", "events"}, "http": {"io"}, "io": {"http"}}
LIBRARIES = [  # header, who may include it
    (re.compile(r"<boost/beast"), {"io", "http", "ws", "tests", "bench"}, "Boost.Beast"),
    (re.compile(r"<sqlite3\.h"), {"io", "events", "tests", "bench"}, "SQLite"),
    (re.compile(r"<CLI/"), {"cli", "tests", "bench"}, "CLI11"),
]
NO_ASIO = {"core"}
COMPILES_BOOST_ONCE = "async/boost_src.cpp"

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+(?:"([^"/]+)/[^"]*"|(<[^>]+>))', re.MULTILINE)
COMMENT_OR_STRING = re.compile(r'//[^\n]*|/\*.*?\*/|R"([^(\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"', re.DOTALL)
CONDITION = re.compile(r"\b(?:if|while|switch)\s*\(")
TEMPORARY = re.compile(r"\[[^\]&][^\]]*\]\s*[({]|[\w>(,]\s*\{(?!\})")  # a lambda that captures by value, or a braced value
# Nothing happens when one of these is destroyed twice.
TRIVIAL = re.compile(r"\bstd::(?:span(?:<[^<>]*>)?|string_view|chrono::\w+)\s*\{")
# [..](..) -> Task: a lambda with captures whose result type makes it a coroutine, if it awaits.
LAMBDA_TASK = re.compile(r"\[[^\]\s][^\]]*\]\s*\([^()]*(?:\([^()]*\)[^()]*)*\)\s*(?:mutable\s*)?->\s*(?:async::)?Task<[^{;]*\{")


def floors(root):
    """Folder to floor, from the table `| 5 | `ws/` | … |` in docs/architecture.md."""
    table = (root / "docs/architecture.md").read_text(encoding="utf-8")
    found = {name: int(number) for number, name in re.findall(r"^\| *(\d+) *\| *`(\w+)/`", table, re.MULTILINE)}
    if len(found) < 5:
        sys.exit("lint: docs/architecture.md has no table of floors")
    return found


def blank(match):
    """Keeps the line numbers and the quotes, so that what stands in comments and strings is not read as code."""
    return ('""' if match[0][0] in '"R' else "") + "\n" * match[0].count("\n")


def balanced(text, start, stop=None):
    """`text` from `start` up to the bracket that closes it, or to its `stop` character."""
    depth = 0
    for end in range(start, len(text)):
        depth += (text[end] in "([{") - (text[end] in ")]}")
        if depth < 0 or (depth == 0 and text[end] == stop):
            return text[start:end]
    return text[start:]


def include_problems(folder, source, floor):
    for match in INCLUDE.finditer(source):
        target, library = match[1], match[2] or ""
        if folder in floor and target in floor and target != folder:
            if floor[target] >= floor[folder] or target in FORBIDDEN.get(folder, ()):
                yield match.start(), f"{folder}/ may not include {target}/ (docs/architecture.md)"
        for pattern, allowed, name in LIBRARIES:
            if pattern.search(library) and folder not in allowed:
                yield match.start(), f"{name} is not for {folder}/"
        if folder in NO_ASIO and library.startswith("<boost/asio"):
            yield match.start(), f"Asio is not for {folder}/"


def coroutine_problems(code):
    for match in CONDITION.finditer(code):
        if re.search(r"\bco_await\b", balanced(code, match.end()).split(";")[-1]):
            yield match.start(), "name the awaited value before testing it: g++ 12 can lose the coroutine's frame here"
    for match in re.finditer(r"\bco_await\b", code):
        if TEMPORARY.search(TRIVIAL.sub("(", balanced(code, match.end(), ";"))):
            yield match.start(), "name the braced value or lambda and move it into the call: g++ 12 destroys it twice"
    for match in LAMBDA_TASK.finditer(code):
        if re.search(r"\bco_(?:await|return|yield)\b", balanced(code, match.end())):
            yield match.start(), "a lambda that captures must not be a coroutine: its captures die first"


def listed_sources(root):
    """Every source that a CMakeLists.txt or *.cmake names, seen from its own folder or from the root."""
    found = set()
    for lists in files(root):
        if lists.name == "CMakeLists.txt" or lists.suffix == ".cmake":
            for name in re.findall(r"(?:\$\{\w+\}/)?([\w./-]+\.cpp)\b", lists.read_text(encoding="utf-8")):
                found |= {(folder / name).resolve() for folder in (lists.parent, root)}
    return found


def files(root):
    for path in sorted(root.rglob("*")):
        if path.is_file() and not SKIPPED & set(path.relative_to(root).parts):
            yield path


def problems(root, path, floor, listed):
    source = path.read_text(encoding="utf-8", errors="replace")
    for match in UNFINISHED.finditer(source):
        yield source, match.start(), "finish it or file an issue: no such markers in the tree"
    if path.suffix not in {".cpp", ".hpp"}:
        return
    folder = path.relative_to(root).parts[0]
    if path.relative_to(root).as_posix() != COMPILES_BOOST_ONCE:
        for at, what in include_problems(folder, source, floor):
            yield source, at, what
    code = COMMENT_OR_STRING.sub(blank, source)
    for at, what in coroutine_problems(code):
        yield code, at, what
    if path.suffix == ".hpp" and not re.match(r"#pragma once\n", source):
        yield source, 0, "a header begins with #pragma once"
    if path.suffix == ".cpp" and path not in listed:
        yield source, 0, "no CMakeLists.txt lists this source"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__.rpartition("/")[0] + "/..").resolve()
    floor, listed = floors(root), listed_sources(root)
    failed = 0
    for path in files(root):
        if path.suffix not in TEXT:
            continue
        for text, at, what in problems(root, path, floor, listed):
            print(f"{path.relative_to(root)}:{text.count(chr(10), 0, at) + 1}: {what}")
            failed += 1
    print(f"lint: {failed} problem{'s' * (failed != 1)}")
    sys.exit(failed > 0)


main()
