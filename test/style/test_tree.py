"""Size, layout and manners of the files."""

import re

import pytest
import tree

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 500
OURS = ("src", "python/server", "test", "bench")

# Where the real clock may be read. http/loop is the loop's own clock.
CLOCK_READERS = ("src/os/", "src/http/loop")


def test_functions_fit_on_a_screen():
    long = [
        f"{tree.name_of(file)}:{line}: {length} lines"
        for file in tree.under("src", "python/server")
        if file.suffix == ".cpp"
        for line, length in tree.functions(file.read_text())
        if length > FUNCTION_LINES_MAX
    ]
    assert not long, "\n" + "\n".join(long)


def test_the_ruler_measures_functions():
    text = "namespace a {\n\nint f(int x) {\n  if (x) {\n    g();\n  }\n  return 1;\n}\n\nstruct S {\n  void m() {\n    g();\n  }\n};\n}\n"
    assert tree.functions(text) == [(3, 6), (11, 3)]


@pytest.mark.parametrize("suffixes", [(".h", ".cpp"), (".py",)], ids=["C++", "Python"])
def test_files_are_short(suffixes):
    files = tree.under(*OURS, "scripts", "examples", suffixes=suffixes)
    assert files
    lengths = {tree.name_of(f): len(f.read_text().splitlines()) for f in files}
    assert {name: n for name, n in lengths.items() if n >= FILE_LINES_MAX} == {}


def test_only_os_and_the_loop_read_the_real_clock():
    """Everybody else is handed a clock, so that tests can hold time still."""
    wrong = []
    for file in tree.under("src"):
        if tree.name_of(file).startswith(CLOCK_READERS):
            continue
        text = tree.without_comments_and_strings(file.read_text())
        for number, line in enumerate(text.splitlines(), 1):
            if re.search(r"_clock::now\(|\bgettimeofday\(|\bclock_gettime\(|\bstd::time\(|\btime\((0|nullptr|NULL)\)", line):
                wrong.append(f"{tree.name_of(file)}:{number}: {line.strip()}")
    assert not wrong, "\n" + "\n".join(wrong)


def test_headers_are_guarded_once():
    wrong = [tree.name_of(f) for f in tree.under("src", "test") if f.suffix == ".h" and "#pragma once" not in f.read_text()]
    assert not wrong, "\n" + "\n".join(wrong)


def test_every_source_is_listed_in_its_cmake_file():
    wrong = []
    for file in tree.under("src", "test/unit", "python/server"):
        if file.suffix != ".cpp":
            continue
        folder = next((p for p in file.parents if (p / "CMakeLists.txt").is_file()), None)
        listed = re.sub(r"#.*", "", (folder / "CMakeLists.txt").read_text())
        wanted = str(file.relative_to(folder))
        if not re.search(rf"(?<![\w/]){re.escape(wanted)}\b", listed):
            wrong.append(f"{tree.name_of(file)} is not in {tree.name_of(folder / 'CMakeLists.txt')}")
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("folder", sorted(tree.layers()))
def test_each_folder_of_src_has_a_readme_of_a_screen(folder):
    readme = tree.SRC / folder / "README.md"
    assert readme.is_file()
    assert 5 <= len(readme.read_text().splitlines()) <= 60


# Spelled in pieces, so that this file does not name what it forbids.
FOREIGN = re.compile(
    r"(?<![\w})$])/(?:work|home/\w+|root)/(?!\.tidegate)\w"
    r"|(?:pypi|files\.pythonhosted)\." r"org"
    r"|deb\.debian\." r"org|registry\.npmjs\." r"org|crates\." r"io|proxy\.golang\." r"org"
)


def test_no_file_names_a_registry_host_or_a_path_of_one_machine():
    wrong = []
    for file in tree.tracked():
        try:
            text = file.read_text()
        except UnicodeDecodeError:
            continue
        wrong += [
            f"{tree.name_of(file)}:{number}: {match.group(0)}"
            for number, line in enumerate(text.splitlines(), 1)
            if (match := FOREIGN.search(line)) and file.name != "test_tree.py"
        ]
    assert not wrong, "\n" + "\n".join(wrong)


def test_text_files_end_with_a_newline_and_have_no_trailing_blanks():
    wrong = []
    for file in tree.tracked():
        if file.suffix not in (".h", ".cpp", ".py", ".md", ".json", ".txt", ".proto", ".cmake", "") or file.name == "LICENSE":
            continue
        try:
            text = file.read_text()
        except UnicodeDecodeError:
            continue
        if "test/wire" in tree.name_of(file) or "golden" in file.parts or "corpus" in file.parts:
            continue
        if text and not text.endswith("\n"):
            wrong.append(f"{tree.name_of(file)}: no newline at the end")
        wrong += [
            f"{tree.name_of(file)}:{n}: blanks at the end"
            for n, line in enumerate(text.splitlines(), 1)
            if line != line.rstrip()
        ]
    assert not wrong, "\n" + "\n".join(wrong)


def test_the_reference_lists_every_reason_of_the_router():
    words = re.findall(r'return "(\w+)";', (tree.SRC / "router/local_reply.cpp").read_text())
    assert len(words) > 10
    reference = (tree.ROOT / "docs/reference/reasons.md").read_text()
    assert [word for word in words if f"| `{word}` |" not in reference] == []
