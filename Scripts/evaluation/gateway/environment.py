"""The Python environment with the SDKs that the clients of a replay use."""

import sys

from workbench import ROOT, Failure, measure, say

from .serving import HERE


def python():
    """Its Python; made the first time, for which it needs PyPI."""
    place, wanted = ROOT / ".venv-gateway", HERE / "requirements.txt"
    installed, program = place / "installed.txt", place / "bin" / "python"
    if not installed.exists() or installed.read_bytes() != wanted.read_bytes():
        say("installing the SDKs of OpenAI and Anthropic")
        try:
            measure([sys.executable, "-m", "venv", "--clear", place])
            # The list is complete, so the resolver is not asked.
            measure([program, "-m", "pip", "install", "--quiet", "--no-deps", "-r", wanted])
        except Failure as failure:
            raise Failure(f"the packages in {wanted.relative_to(ROOT)} cannot be installed: {failure}") from None
        installed.write_bytes(wanted.read_bytes())
    return program
