"""Every header compiles alone: who includes it needs no other include before it."""

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import tree

PYTHON_INCLUDE = subprocess.run(
    ["python3.11-config", "--includes"], text=True, stdout=subprocess.PIPE, check=True
).stdout.split()


def generated_folders():
    """Where generated headers (table.pb.h) lie, once any preset has been built."""
    return sorted({str(f.parent) for f in (tree.ROOT / "build").glob("*/src/table/*.pb.h")})


def needs_generated(header):
    return any(re.search(r"\.pb\.h$", name) for _, name in tree.includes(header))


def check(header):
    folder = [f"-I{tree.SRC}"]
    if tree.ROOT / "python" in header.parents:
        folder += [f"-I{header.parent}", *PYTHON_INCLUDE]
    if needs_generated(header):
        folder += [f"-I{f}" for f in generated_folders()[:1]]
    done = subprocess.run(
        ["g++", "-std=c++23", "-fsyntax-only", "-DFMT_HEADER_ONLY", "-x", "c++", "-w", *folder, str(header)],
        text=True, stderr=subprocess.PIPE,
    )
    return done.stderr


def test_headers_compile_alone():
    headers = [f for f in tree.under("src", "python/server") if f.suffix == ".h"]
    assert headers
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        failures = {tree.name_of(h): e for h, e in zip(headers, pool.map(check, headers)) if e}
    assert failures == {}
