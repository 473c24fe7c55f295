"""Every header compiles alone: who includes it needs no other include before it.

One that did is remembered, in build/headers, by the hash of everything of ours that it reaches.
"""

import hashlib
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
import tree

PASSED = tree.ROOT / "build/headers"
GENERATED = PASSED / "generated"

PYTHON_INCLUDE = subprocess.run(
    ["python3.11-config", "--includes"], text=True, stdout=subprocess.PIPE, check=True
).stdout.split()


def generate():
    """table.pb.h, as the build makes it, so that nothing needs to be built before this test."""
    GENERATED.mkdir(parents=True, exist_ok=True)
    folder = tree.SRC / "table"
    subprocess.run(
        ["protoc", f"-I{folder}", f"--cpp_out={GENERATED}", *map(str, folder.glob("*.proto"))], check=True
    )


def reached(file, seen):
    """The project's files that a header includes, itself among them."""
    if file not in seen and file.is_file():
        seen.add(file)
        for _, name in tree.includes(file):
            for folder in (tree.SRC, file.parent):
                reached(folder / name, seen)
    return seen


def stamp_of(header):
    hash_ = hashlib.sha256()
    for file in sorted(reached(header, set())):
        hash_.update(tree.name_of(file).encode() + b"\0" + file.read_bytes() + b"\0")
    return PASSED / hash_.hexdigest()


def check(header):
    """What the compiler says; nothing if all is well."""
    if (stamp := stamp_of(header)).exists():
        return ""
    folder = [f"-I{tree.SRC}", f"-I{GENERATED}"]
    if tree.ROOT / "python" in header.parents:
        folder += [f"-I{header.parent}", *PYTHON_INCLUDE]
    done = subprocess.run(
        ["g++", "-std=c++23", "-fsyntax-only", "-DFMT_HEADER_ONLY", '-DTIDEGATE_VERSION=""', "-x", "c++", "-w", *folder, str(header)],
        text=True, stderr=subprocess.PIPE,
    )
    if done.returncode == 0:
        stamp.touch()
    return done.stderr if done.returncode else ""


@pytest.mark.timeout(900)
def test_headers_compile_alone():
    headers = [f for f in tree.under("src", "python/server") if f.suffix == ".h"]
    assert headers
    generate()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        failures = {tree.name_of(h): e for h, e in zip(headers, pool.map(check, headers)) if e}
    assert failures == {}
