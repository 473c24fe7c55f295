"""Runs clang-tidy over src/ and python/server, in parallel, and only over what has changed.

usage: tidy.py BUILD_FOLDER      (a folder with compile_commands.json, made by g++)

A file that passed is remembered by the hash of everything that could change the verdict: the file, the
project's headers that it reaches, the flags, .clang-tidy.
"""

import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = (ROOT / "src", ROOT / "python/server")
WORK = ROOT / "build/tidy"
CLANG_TIDY = "clang-tidy-19"


def for_clang(command):
    """g++'s command line as clang understands it: no launcher, no precompiled header, no g++-only flag."""
    words = shlex.split(command)
    words = words[next(i for i, w in enumerate(words) if re.search(r"(g\+\+|c\+\+)(-\d+)?$", w)) :]
    kept, skip = [], False
    for index, word in enumerate(words):
        if skip:
            skip = False
        elif word == "-include" and "cmake_pch" in words[index + 1]:
            skip = True
        elif word not in ("-Winvalid-pch", "-fpch-preprocess", "-Wno-restrict", "-Werror", "-fno-gnu-unique"):
            kept.append(word)
    return shlex.join(kept)


def reached(file, seen):
    """The project's files that a source includes, itself among them."""
    if file in seen or not file.is_file():
        return seen
    seen.add(file)
    for name in re.findall(r'^\s*#\s*include\s+"([^"]+)"', file.read_text(), re.MULTILINE):
        for folder in (file.parent, *FOLDERS):
            reached((folder / name).resolve(), seen)
    return seen


def fingerprint(entry):
    hash_ = hashlib.sha256()
    for file in sorted(reached(Path(entry["file"]), set())):
        hash_.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    hash_.update(entry["command"].encode() + (ROOT / ".clang-tidy").read_bytes())
    return hash_.hexdigest()


def check(entry):
    """(file, seconds, what is wrong); empty if nothing is."""
    began = time.monotonic()
    passed = WORK / "passed" / fingerprint(entry)
    if passed.exists():
        return entry["file"], 0.0, ""
    done = subprocess.run(
        [CLANG_TIDY, "--quiet", "-p", str(WORK), entry["file"]], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode == 0:
        passed.touch()
        return entry["file"], time.monotonic() - began, ""
    return entry["file"], time.monotonic() - began, done.stdout


def main(build):
    (WORK / "passed").mkdir(parents=True, exist_ok=True)
    entries = [
        {**entry, "command": for_clang(entry["command"])}
        for entry in json.loads((build / "compile_commands.json").read_text())
        if any(folder in Path(entry["file"]).parents for folder in FOLDERS)
    ]
    if not entries:
        sys.exit(f"tidy: no sources of ours in {build}/compile_commands.json")
    (WORK / "compile_commands.json").write_text(json.dumps(entries))
    began, wrong = time.monotonic(), 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for file, seconds, output in pool.map(check, entries):
            print(f"{seconds:5.1f} s  {os.path.relpath(file, ROOT)}", flush=True)
            if output:
                wrong += 1
                print(output, flush=True)
    print(f"tidy: {len(entries)} files, {wrong} with findings, {time.monotonic() - began:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
