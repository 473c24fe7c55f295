"""Makes PyPI's torch for Linux usable without the gigabytes of CUDA packages that it asks for.

Its libraries are linked against NVIDIA's, which a CPU never calls, but which the dynamic linker wants to see. Each
one that is missing is put beside them as a small library whose functions return "no device" (100).
"""

import re
import subprocess
from collections import defaultdict
from pathlib import Path

NVIDIA = re.compile(r"lib(cu|nccl|nvrtc|nvshmem)")
NO_DEVICE = 100
UNVERSIONED = "libnccl.so.2"  # holds what is asked for without a version
OBJECT_BYTES = 65536


def add_stand_ins(python):
    folder = next(Path(python).parents[1].glob("lib/python3*/site-packages/torch/lib"))
    libraries = [*folder.glob("libtorch*.so"), *folder.glob("libc10*.so")]
    here = {library.name for library in folder.iterdir()}
    wanted = {name: version for library in libraries for name, version in needed(library).items()}
    symbols = undefined_symbols(libraries)
    for name, version in sorted(wanted.items()):
        if NVIDIA.match(name) and name not in here:
            build(folder / name, version, symbols["" if name == UNVERSIONED else version or name])


def needed(library):
    """Name of each library that `library` is linked with -> the version of its symbols, "" if they have none."""
    names = dict.fromkeys(re.findall(r"\(NEEDED\).*\[(.*)\]", tool("readelf", "-d", "-W", library)), "")
    versions = re.findall(r"File: (\S+) .*\n.*Name: (\S+)", tool("readelf", "-V", "-W", library))
    return {**names, **dict(versions)}


def undefined_symbols(libraries):
    """Version -> C definitions of the symbols of that version which none of `libraries` has."""
    wanted, defined = defaultdict(dict), set()
    for library in libraries:
        for line in tool("readelf", "--dyn-syms", "-W", library).splitlines():
            words = line.split()
            if len(words) < 8 or words[3] not in ("FUNC", "OBJECT"):
                continue
            name, _, version = words[7].partition("@")
            if words[6] != "UND":
                defined.add(name)
            elif version or re.match("nccl|cu|nvrtc", name):
                is_function = words[3] == "FUNC"
                wanted[version][name] = (f"int {name}(void) {{ return {NO_DEVICE}; }}" if is_function
                                         else f"char {name}[{OBJECT_BYTES}];")
    return defaultdict(list, {version: [text for name, text in sorted(texts.items()) if name not in defined]
                              for version, texts in wanted.items()})


def build(path, version, definitions):
    source, versions = path.with_suffix(".c"), path.with_suffix(".map")
    source.write_text("\n".join(definitions) + "\n")
    versions.write_text(f"{version} {{ *; }};\n")
    script = [f"-Wl,--version-script={versions}"] if version else []
    tool("cc", "-w", "-fno-builtin", "-shared", "-fPIC", f"-Wl,-soname,{path.name}", *script, "-o", path, source)
    source.unlink()
    versions.unlink()


def tool(*argv):
    done = subprocess.run([str(word) for word in argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{argv[0]} failed for torch's libraries:\n{done.stderr[-1000:]}")
    return done.stdout
