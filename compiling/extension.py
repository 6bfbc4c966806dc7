"""Compiles modules where they are; runs in a process of its own, within the build. Arguments: optimisation, paths."""

from __future__ import annotations

import sys

from setuptools import setup

GROUP = "lienthong"
"""Name of the shared library in which all modules lie: between them calls cost least."""


def main(optimisation: str, paths: list[str]) -> None:
    """Compile. Ends the process where the compilers complain."""
    from mypyc.build import mypycify  # it looks whether setuptools has been imported before

    modules = mypycify(["--config-file=mypy.ini", *paths], opt_level=optimisation, debug_level="0", group_name=GROUP)
    setup(name=GROUP, ext_modules=modules, script_args=["--quiet", "build_ext", "--inplace"], packages=[])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
