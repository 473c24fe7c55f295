"""Runs clang-tidy over src/ and python/server, in parallel, and only over what has changed.

usage: tidy.py BUILD_FOLDER      (a folder with compile_commands.json, made by g++)

Most of the time for one file goes into the headers of the libraries it includes, so the files of a folder are
read in groups that share them. A group that does not compile as one (two files define the same local name)
is read file by file. A group that passed is remembered, in build/tidy, by the hash of everything that could
change the verdict: the files, the project's headers that they reach, the flags, .clang-tidy.
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
GROUP_MAX = 8

# What g++ understands and clang does not, or what would load g++'s precompiled headers.
NOT_FOR_CLANG = ("-Winvalid-pch", "-fpch-preprocess", "-Wno-restrict", "-Werror", "-fno-gnu-unique")


def flags_for_clang(command):
    """g++'s command line without launcher, compiler, output, source and precompiled header."""
    words = shlex.split(command)
    first = next(i for i, w in enumerate(words) if re.search(r"(g\+\+|c\+\+)(-\d+)?$", w))
    kept, skip = [], False
    for word, following in zip(words[first + 1 :], [*words[first + 2 :], ""]):
        if skip:
            skip = False
        elif word in ("-o", "-c") or (word == "-include" and "cmake_pch" in following):
            skip = True
        elif word not in NOT_FOR_CLANG:
            kept.append(word)
    return kept


def local_names(file):
    """Names that a file defines for itself: two files that share one cannot be read as one."""
    text = re.sub(r"//[^\n]*", "", file.read_text())
    names = set(re.findall(r"^#define (\w+)", text, re.MULTILINE))
    for block in re.findall(r"^namespace \{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL):
        names |= set(re.findall(r"^[\w\[].*?(\w+)\(", block, re.MULTILINE))
        names |= set(re.findall(r"^(?:struct|class|enum class|enum|using) (\w+)", block, re.MULTILINE))
        names |= set(re.findall(r"^[\w\[].*?(\w+)(?: =|\{|\[|;)", block, re.MULTILINE))
    return names


def groups(entries):
    """Lists of entries of one folder with one set of flags and no local name in common."""
    found = []
    for entry in sorted(entries, key=lambda e: e["file"]):
        file, names = Path(entry["file"]), local_names(Path(entry["file"]))
        for group in found:
            same = group["folder"] == file.parent and group["flags"] == entry["flags"]
            if same and len(group["files"]) < GROUP_MAX and not names & group["names"]:
                group["files"].append(file)
                group["names"] |= names
                break
        else:
            found.append({"folder": file.parent, "flags": entry["flags"], "files": [file], "names": names})
    return found


def reached(file, seen):
    """The project's files that a source includes, itself among them."""
    if file in seen or not file.is_file():
        return seen
    seen.add(file)
    for name in re.findall(r'^\s*#\s*include\s+"([^"]+)"', file.read_text(), re.MULTILINE):
        for folder in (file.parent, *FOLDERS):
            reached((folder / name).resolve(), seen)
    return seen


def fingerprint(files, flags):
    hash_ = hashlib.sha256((ROOT / ".clang-tidy").read_bytes())
    hash_.update(shlex.join(flags).encode())
    every = set().union(*(reached(file, set()) for file in files))
    for file in sorted(every):
        hash_.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return hash_.hexdigest()


def tidy(source, flags):
    done = subprocess.run(
        [CLANG_TIDY, "--quiet", "--header-filter=/(src|python/server)/", str(source), "--", *flags],
        cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    return done.stdout if done.returncode else ""


def check(group):
    """(files, seconds, findings) of one group; no findings if there are none."""
    files, flags = group["files"], group["flags"]
    began = time.monotonic()
    key = fingerprint(files, flags)
    passed = WORK / "passed" / key
    output = ""
    if not passed.exists():
        source = files[0]
        if len(files) > 1:
            source = WORK / f"{key}.cpp"
            source.write_text("".join(f'#include "{file}"\n' for file in files))
        output = tidy(source, flags)
        if len(files) > 1:
            source.unlink()
            if "clang-diagnostic-error" in output:
                output = "".join(tidy(file, flags) for file in files)
        if not output:
            passed.touch()
    return files, time.monotonic() - began, output


def main(build):
    (WORK / "passed").mkdir(parents=True, exist_ok=True)
    entries = [
        {"file": entry["file"], "flags": flags_for_clang(entry["command"])}
        for entry in json.loads((build / "compile_commands.json").read_text())
        if any(folder in Path(entry["file"]).parents for folder in FOLDERS)
    ]
    if not entries:
        sys.exit(f"tidy: no sources of ours in {build}/compile_commands.json")
    began, wrong = time.monotonic(), 0
    work = groups(entries)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for files, seconds, output in pool.map(check, work):
            print(f"{seconds:5.1f} s  {' '.join(str(f.relative_to(ROOT)) for f in files)}", flush=True)
            if output:
                wrong += 1
                print(output, flush=True)
    print(f"tidy: {len(entries)} files in {len(work)} groups, {wrong} with findings, {time.monotonic() - began:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
