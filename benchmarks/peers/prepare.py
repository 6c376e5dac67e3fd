# SPDX-License-Identifier: Apache-2.0
"""Installs the peers into a cache folder, by the pip and go of this machine. A peer that cannot be had is left out with a word."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def cache_folder():
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "tacet" / "peers"


def say(text):
    print(f"peers: {text}", file=sys.stderr, flush=True)


def run(command, **options):
    """True if it worked; its last words are said if not."""
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode:
        words = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        say(f"{' '.join(map(str, command[:4]))} ..: {words[-1] if words else f'exit {done.returncode}'}")
    return done.returncode == 0


def python310(named):
    """A CPython 3.10, the one version that OpenFHE's wheels are for; None if there is none."""
    candidates = [named, shutil.which("python3.10"), *sorted((Path.home() / ".pyenv/versions").glob("3.10*/bin/python3.10"))]
    for candidate in filter(None, candidates):
        probe = [str(candidate), "-c", "import sys; sys.exit(sys.version_info[:2] != (3, 10))"]
        try:
            if subprocess.run(probe, capture_output=True).returncode == 0:
                return str(candidate)
        except OSError as e:
            say(f"{candidate}: {e.strerror}")
    return None


def fresh(folder, stamp):
    """Whether `folder` was finished for the same `stamp`."""
    return (folder / "stamp").is_file() and (folder / "stamp").read_text() == stamp


def made(folder):
    """True if the folder is there; what stands in its way is said if not."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        say(f"cannot make {folder}: {e.strerror}")
        return False
    return True


def environment(python, packages, name):
    """The Python of a virtual environment that has `packages`; None, with a word, if they cannot be installed."""
    folder, stamp = cache_folder() / name, "\n".join([python, *packages])
    interpreter = folder / "bin" / "python"
    if not fresh(folder, stamp):
        say(f"installing {', '.join(packages)} into {folder}")
        shutil.rmtree(folder, ignore_errors=True)
        if not made(folder.parent):
            return None
        if not run([python, "-m", "venv", folder]) or not run([interpreter, "-m", "pip", "install", "-q", *packages]):
            return None
        (folder / "stamp").write_text(stamp)
    return str(interpreter)


def requirements():
    lines = (HERE / "requirements.txt").read_text().splitlines()
    return {line.split("==")[0]: line for line in lines if line and not line.startswith("#")}


def lattigo():
    """The command of the worker built by go; None, with a word, if it cannot be built."""
    sources = [HERE / "lattigo" / name for name in ("main.go", "go.mod", "go.sum")]
    stamp = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    folder = cache_folder() / "lattigo"
    if not fresh(folder, stamp):
        if shutil.which("go") is None:
            say("Lattigo is left out: there is no go on the path")
            return None
        say(f"building the Lattigo worker into {folder}")
        if not made(folder) or not run(["go", "build", "-o", folder / "worker", "."], cwd=HERE / "lattigo"):
            say("Lattigo is left out: its worker cannot be built")
            return None
        (folder / "stamp").write_text(stamp)
    return [str(folder / "worker")]


def python_worker(library, interpreter, script):
    """The command of a worker; None, with a word, if its library could not be installed."""
    if interpreter is None:
        say(f"{library} is left out: it cannot be installed")
        return None
    return [interpreter, str(HERE / script)]


def peers(named_python):
    """The command of each peer that can be had here."""
    wanted, commands = requirements(), []
    python = python310(named_python)
    if python is None:
        say("OpenFHE is left out: its wheels are for CPython 3.10, and there is none (--python PATH names one)")
    else:
        commands.append(python_worker("OpenFHE", environment(python, [wanted["openfhe"]], "openfhe"), "openfhe_ops.py"))
    # its bindings import numpy without asking for it
    found = environment(python or sys.executable, [wanted["tenseal"], wanted["numpy"]], "tenseal")
    commands += [python_worker("TenSEAL", found, "tenseal_ops.py"), lattigo()]
    return [command for command in commands if command]
