"""The layers of ARCHITECTURE.md are the layers of the code."""

import re

import pytest
import tree


def allowed_headers_of_third_parties(layer, header):
    for prefix, owner in tree.OWNERS.items():
        if header.startswith(prefix):
            return owner == layer
    return True


def test_the_table_names_every_folder_and_only_folders_that_exist():
    folders = {tree.layer_of(f) for f in tree.under("src")} - {None}
    assert folders, "no sources found"
    assert folders - set(tree.layers()) == set(), "not in ARCHITECTURE.md, Layers"
    assert set(tree.layers()) - folders == set(), "in ARCHITECTURE.md, Layers, but not in src/"


def test_the_table_has_no_cycle():
    seen = set()
    for folder, allowed in tree.layers().items():
        assert allowed <= seen, f"{folder} may include {allowed - seen}, which stands below it in the table"
        seen.add(folder)


def test_folders_include_only_what_the_table_allows():
    wrong = []
    for file in tree.under("src"):
        layer = tree.layer_of(file)
        for number, header in tree.includes(file):
            other = header.split("/", 1)[0]
            if "/" in header and other in tree.layers() and other not in tree.layers()[layer] | {layer}:
                wrong.append(f"{tree.name_of(file)}:{number}: {layer} may not include {header}")
    assert not wrong, "\n" + "\n".join(wrong)


def test_third_party_headers_stay_in_the_folder_that_owns_the_library():
    wrong = [
        f"{tree.name_of(file)}:{number}: {header}"
        for file in tree.under("src")
        for number, header in tree.includes(file)
        if not allowed_headers_of_third_parties(tree.layer_of(file), header)
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def reached_from(files):
    """The project's headers that the files include, directly or by way of others."""
    found, todo = set(), list(files)
    while todo:
        for _, header in tree.includes(todo.pop()):
            file = tree.SRC / header
            if file not in found and file.is_file():
                found.add(file)
                todo.append(file)
    return found


def test_nobody_outside_http_compiles_asio():
    """Compile time: Boost costs seconds for everybody who includes it."""
    outside = [f for f in tree.under("src", "test/unit") if f.parent.name != "http"]
    wrong = [
        f"{tree.name_of(file)}:{number}: {header}"
        for file in reached_from(outside)
        for number, header in tree.includes(file)
        if header.startswith(("boost/asio", "boost/beast"))
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def declared_layers(folder):
    """The LAYERS of tidegate_layer() in the folder's CMakeLists.txt."""
    lists = tree.SRC / folder / "CMakeLists.txt"
    text = re.sub(r"#.*", "", lists.read_text()) if lists.is_file() else ""
    call = re.search(r"tidegate_layer\((.*?)\)", text, re.DOTALL)
    if not call:
        return None
    words = re.split(r"\b(SOURCES|LAYERS|LIBRARIES|PCH)\b", call.group(1))
    return set(words[words.index("LAYERS") + 1].split()) if "LAYERS" in words else set()


@pytest.mark.parametrize("folder", [f for f in tree.layers() if f != "app"])
def test_cmake_declares_no_layer_that_the_table_does_not_allow(folder):
    declared = declared_layers(folder)
    assert declared is not None, f"src/{folder}/CMakeLists.txt does not call tidegate_layer()"
    assert declared <= tree.layers()[folder]
