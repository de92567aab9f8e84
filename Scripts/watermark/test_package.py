#!/usr/bin/env python3
"""Tests the Python package as its users get it: installed from the repository, and from its source distribution.

    Scripts/watermark/test_package.py [--python PROGRAM] [--upstream DIR] [--vectors DIR]
                                      [--detector PROGRAM] [TEST...]

Makes an environment in .build-test/watermark-venv with NumPy (PyPI), installs the package and runs Python/tests in it.
Tests against PyTorch, transformers, vLLM and SGLang are skipped where those are not installed:

    --python PROGRAM   an interpreter of an environment that has them, used in place of the own one and not changed
    --upstream DIR     where wheels of vLLM and SGLang are unpacked
    --vectors DIR      published vectors
    --detector PROGRAM stillwatch, which must find what the package marks

Exit status: 0 all passed, 1 one failed, 2 could not run.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "Python"
REQUIREMENTS = ("numpy==2.4.6", "build==1.3.0")


def run(*command, **options):
    """Runs a command quietly; ends the program with what it said if it fails."""
    result = subprocess.run(
        list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False, **options)
    if result.returncode != 0:
        print(result.stdout, file=sys.stderr)
        print(f"test_package: failed: {' '.join(map(str, command))}", file=sys.stderr)
        sys.exit(2)
    return result.stdout


def environment():
    """The own environment's interpreter."""
    place = ROOT / ".build-test" / "watermark-venv"
    installed = place / "installed.txt"
    wanted = "\n".join(REQUIREMENTS)
    if not installed.exists() or installed.read_text() != wanted:
        run(sys.executable, "-m", "venv", "--clear", place)
        run(place / "bin" / "python", "-m", "pip", "install", "--quiet", *REQUIREMENTS)
        installed.write_text(wanted)
    return place / "bin" / "python"


def copied_package(folder):
    """A copy of what is tracked, so that builds leave nothing in the repository; its C sources are found beside it."""
    listed = run(
        "git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "Python",
        "Sources/CWatermark", "LICENSE")
    for name in filter(None, listed.split("\0")):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    return folder / "Python"


def tests(python, folder, site, options):
    """Runs the tests with the package that is installed in `site`."""
    variables = {**os.environ, "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}
    for name, value in (
            ("STILLWATCH_UPSTREAM", options.upstream), ("STILLWATCH_VECTORS", options.vectors),
            ("STILLWATCH_BINARY", options.detector)):
        variables.pop(name, None)
        if value:
            variables[name] = str(value.resolve())
    return subprocess.run(
        [python, "-m", "unittest", *options.tests], cwd=folder / "tests", env=variables, stdin=subprocess.DEVNULL,
        check=False).returncode


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, usage=argparse.SUPPRESS)
    for name in ("--python", "--upstream", "--vectors", "--detector"):
        parser.add_argument(name, type=pathlib.Path)
    parser.add_argument("tests", nargs="*")
    options = parser.parse_args()
    own = environment()
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        package = copied_package(work / "repository")
        # The source distribution is built and installed away from the repository, so that it must hold all it needs.
        run(own, "-m", "build", "--sdist", "--outdir", work / "sdist", package)
        source = next((work / "sdist").glob("*.tar.gz"))
        run(own, "-m", "pip", "install", "--quiet", "--no-deps", "--target", work / "from-sdist", source)
        run(own, "-c", "import stillwatch_watermark", env={**os.environ, "PYTHONPATH": str(work / "from-sdist")})
        run(own, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", work / "wheel", package)
        wheel = next((work / "wheel").glob("*.whl"))
        if "-py3-none-" not in wheel.name or wheel.name.endswith("-any.whl"):
            print(f"test_package: the wheel is for the wrong platforms: {wheel.name}", file=sys.stderr)
            return 1
        run(own, "-m", "pip", "install", "--quiet", "--no-deps", "--target", work / "site", wheel)
        return tests(options.python or own, package, work / "site", options)


if __name__ == "__main__":
    sys.exit(main())
