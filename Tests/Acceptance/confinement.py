#!/usr/bin/env python3
"""What workers cannot do any more, tried one by one behind their filter of system calls; and what they still can."""
import os
import subprocess
import sys
import tempfile

from bench import ROOT, check, main


def run():
    sources = os.path.join(ROOT, "Sources", "CWorkers")
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "confinement")
        compiler = os.environ.get("CC", "clang")
        subprocess.run(
            [compiler, "-std=gnu11", "-Wall", "-Werror", "-O1", "-I", os.path.join(sources, "include"),
             os.path.join(os.path.dirname(os.path.abspath(__file__)), "confinement.c"),
             os.path.join(sources, "confinement.c"), os.path.join(sources, "passing.c"),
             "-lseccomp", "-lpthread", "-o", program], check=True)
        result = subprocess.run([program, os.path.join(folder, "new")], capture_output=True, text=True)
        check(result.returncode == 0, f"status {result.returncode}: {result.stdout}")
        check(os.listdir(folder) == ["confinement"], f"{os.listdir(folder)}")
    print("16 calls refused, 7 things possible as before")


main(run)
