"""The tree as the style tests see it: tracked files, source files, includes, functions."""

import re
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src"
CXX = (".h", ".cpp")

# Which folder of src/ owns a third-party library, by how its headers begin.
OWNERS = {
    "spdlog/": "base",
    "nlohmann/": "base",
    "openssl/": "os",
    "archive.h": "archive",
    "archive_entry.h": "archive",
    "curl/": "fetch",
    "boost/": "http",
    "google/protobuf/": "table",
    "yaml-cpp/": "domain",
    "SQLiteCpp/": "store",
    "sqlite3.h": "store",
    "CLI/": "cli",
    "Python.h": None,  # python/server only
    "gtest/": None,
    "gmock/": None,
}


@cache
def tracked():
    """All files that are tracked or would be: what a clone has, plus what is about to be committed."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, text=True, check=True, stdout=subprocess.PIPE,
    ).stdout.splitlines()
    return [ROOT / name for name in sorted(set(listed)) if (ROOT / name).is_file()]


def under(*folders, suffixes=CXX):
    roots = [ROOT / folder for folder in folders]
    return [f for f in tracked() if f.suffix in suffixes and any(r in f.parents for r in roots)]


def name_of(file):
    return str(file.relative_to(ROOT))


def layer_of(file):
    """The folder of src/ that a file belongs to, None for files directly in src/."""
    parts = file.relative_to(SRC).parts
    return parts[0] if len(parts) > 1 else None


@cache
def includes(file):
    """(line number, header) of each #include, quoted and angled alike."""
    found = []
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if match := re.match(r'\s*#\s*include\s+["<]([^">]+)[">]', line):
            found.append((number, match.group(1)))
    return found


def parse_layers(text):
    """The table below the heading "Layers": folder -> the set of folders it may include."""
    section = text.split("\n## Layers\n", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\|([^|]*)\|", section, re.MULTILINE)
    layers = {}
    for folder, allowed in rows:
        words = re.findall(r"\w+", allowed)
        layers[folder] = set(layers) if words == ["everything"] else set(words)
    return layers


@cache
def layers():
    return parse_layers((ROOT / "ARCHITECTURE.md").read_text())


def without_comments_and_strings(text):
    """The same text with comments and literals blanked, line breaks kept."""
    pattern = r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\''
    return re.sub(pattern, lambda m: re.sub(r"[^\n]", " ", m.group(0)), text, flags=re.DOTALL)


def functions(text):
    """(first line, lines) of each function, for clang-formatted code.

    A function's brace is the last character of a line and its end stands alone in the column where the
    definition began; namespaces, classes and the like are looked into, not counted.
    """
    lines = without_comments_and_strings(text).splitlines()
    opens = []  # (line, column of the definition, is a function)
    found = []
    for number, line in enumerate(lines, 1):
        stripped = line.strip()
        if stripped.startswith("}") and opens and len(line) - len(line.lstrip()) <= opens[-1][1]:
            began, _, counted = opens.pop()
            if counted:
                found.append((began, number - began + 1))
        if stripped.endswith("{") and not (opens and opens[-1][2]):
            began = definition_start(lines, number)
            head = " ".join(lines[began - 1 : number])
            column = len(lines[began - 1]) - len(lines[began - 1].lstrip())
            scope = re.match(r"\s*(template\s*<.*>\s*)?(inline\s+)?(namespace|class|struct|enum|union|extern)\b", head)
            opens.append((began, column, "(" in head and not scope))
    return found


def definition_start(lines, number):
    """The line where the definition whose brace ends line `number` begins: its continuation lines are indented more."""
    while number > 1 and lines[number - 1].startswith("    ") and lines[number - 2].strip():
        here, before = lines[number - 1], lines[number - 2]
        indent = len(here) - len(here.lstrip())
        if before.rstrip().endswith((";", "{", "}", ":")) or len(before) - len(before.lstrip()) > indent:
            break
        number -= 1
    return number
