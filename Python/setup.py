"""Builds the C library into the package: of the repository's sources, or of the copy in a source distribution."""

import os
import pathlib
import shlex
import subprocess

from setuptools import Command, Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build import build
from setuptools.command.sdist import sdist

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent / "Sources" / "CWatermark"
LIBRARY = pathlib.Path("stillwatch_watermark") / "libstillwatch_watermark.so"


def sources():
    folder = REPOSITORY if REPOSITORY.is_dir() else HERE / "native"
    return folder, sorted([*folder.glob("*.c"), *folder.glob("*.h"), *folder.glob("include/*.h")])


class BuildNative(Command):
    """Compiles the library with the C compiler, `cc` or what CC says."""

    description = "compile libstillwatch_watermark.so"
    user_options = []
    editable_mode = False

    def initialize_options(self):
        self.build_lib = None

    def finalize_options(self):
        self.set_undefined_options("build", ("build_lib", "build_lib"))

    def target(self):
        return (HERE / "src" if self.editable_mode else pathlib.Path(self.build_lib)) / LIBRARY

    def run(self):
        folder, files = sources()
        target = self.target()
        target.parent.mkdir(parents=True, exist_ok=True)
        compiler = shlex.split(os.environ.get("CC", "cc"))
        subprocess.run(
            [*compiler, "-std=c11", "-O3", "-fPIC", "-shared", "-fvisibility=hidden", "-I", folder / "include",
             *(file for file in files if file.suffix == ".c"), "-o", target, "-lm"],
            check=True)

    def get_source_files(self):
        return []

    def get_outputs(self):
        return [str(self.target())]

    def get_output_mapping(self):
        return {}


class Build(build):
    sub_commands = [*build.sub_commands, ("build_native", None)]


class SourceDistribution(sdist):
    """Takes the C sources along."""

    def make_release_tree(self, base_dir, files):
        super().make_release_tree(base_dir, files)
        folder, found = sources()
        for file in found:
            copy = pathlib.Path(base_dir) / "native" / file.relative_to(folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            self.copy_file(str(file), str(copy))


class Wheel(bdist_wheel):
    """For this platform and any Python: the library is loaded by ctypes."""

    def get_tag(self):
        return "py3", "none", super().get_tag()[2]


class Native(Distribution):
    def has_ext_modules(self):
        return True


setup(
    distclass=Native,
    cmdclass={"build": Build, "build_native": BuildNative, "sdist": SourceDistribution, "bdist_wheel": Wheel})
