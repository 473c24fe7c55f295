"""Builds the wheel: CMake compiles _core, setuptools packs it. See README.md, "The wheel".

TIDEGATE_BUILD_DIR: a CMake build folder that is configured already, to take _core from; else build/wheel of the
clone is configured and built.
"""

import atexit
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

HERE = os.path.dirname(os.path.abspath(__file__))
CLONE = os.path.dirname(os.path.dirname(HERE))
ABI = "cp38"  # Py_LIMITED_API of CMakeLists.txt


def compiled_core():
    build_dir = os.environ.get("TIDEGATE_BUILD_DIR", "")
    if not build_dir:
        build_dir = os.path.join(CLONE, "build", "wheel")
        configure(build_dir)
    run("cmake", "--build", build_dir, "--target", "tidegate_server_core", "--parallel", str(os.cpu_count() or 1))
    return os.path.join(build_dir, "python", "tidegate_server", "_core.abi3.so")


def configure(build_dir):
    if not os.path.isfile(os.path.join(CLONE, "CMakeLists.txt")):
        sys.exit("tidegate-server is built from a clone of Tidegate, whose src/ it compiles: there is none at %s. Run "
                 "pip wheel CLONE/python/server, with pip 21.3 or newer" % CLONE)
    generator = ["-G", "Ninja"] if shutil.which("ninja") else []
    run("cmake", "-S", CLONE, "-B", build_dir, *generator, "-DCMAKE_CXX_FLAGS=-O2 -DNDEBUG", "-DTIDEGATE_TESTS=OFF",
        "-DTIDEGATE_ONLY_SERVER=ON", "-DTIDEGATE_PYTHON_INCLUDE=" + sysconfig.get_path("include"))


def run(*argv):
    if not shutil.which(argv[0]):
        sys.exit("%s is missing: scripts/setup of the clone installs what a build needs" % argv[0])
    subprocess.run(argv, check=True)


def platform_tag(core):
    """The oldest glibc that has every symbol version the module asks for (PEP 600)."""
    with open(core, "rb") as file:
        minors = [int(minor) for minor in re.findall(rb"\0GLIBC_2\.(\d+)", file.read())]
    machine = sysconfig.get_platform().rsplit("-", 1)[1].replace("-", "_").replace(".", "_")
    return "manylinux_2_%d_%s" % (max(minors), machine)


class BuildWithCore(build_py):
    def run(self):
        super().run()
        target = os.path.join(self.build_lib, "tidegate_server", "_core.abi3.so")
        shutil.copyfile(compiled_core(), target)
        os.chmod(target, 0o755)
        run("strip", "--strip-unneeded", target)


class TaggedWheel(bdist_wheel):
    def get_tag(self):
        core = os.path.join(self.get_finalized_command("build").build_lib, "tidegate_server", "_core.abi3.so")
        return ABI, "abi3", platform_tag(core)


class WithCore(Distribution):
    def has_ext_modules(self):
        return True


# Nothing is left in the clone, and two builds do not meet.
scratch = tempfile.mkdtemp(prefix="tidegate-wheel-")
atexit.register(shutil.rmtree, scratch, ignore_errors=True)
setup(
    distclass=WithCore,
    cmdclass={"build_py": BuildWithCore, "bdist_wheel": TaggedWheel},
    options={"build": {"build_base": os.path.join(scratch, "build")}, "egg_info": {"egg_base": scratch}},
)
