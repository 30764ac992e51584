"""Put a package's environment into its folder: ``python3 -m firmware_scripts.packaging.environment PACKAGE ROOT``.

``debian/rules`` calls it in the build machine, with Debian's own Python and no network, where ``wheels/`` has what the
lock file names. What has no wheel is compiled here. Then ``debian/PACKAGE.copyright`` is written of what was installed.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from firmware_scripts.packaging.dep5 import bundled
from firmware_scripts.packaging.parts import PACKAGES, DebianPackage

_SOURCE = Path(__file__).parents[2]
_IMPORTS = Path(__file__).with_name("imports.py")
_PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-cache-dir")
_PYTHONS = ("python", "python3")
_CONFIGURATION = "home = /usr/bin\ninclude-system-site-packages = false\n"
_OF_PIP = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")
"""Nothing is ever uninstalled by pip from there, and a record of files that are not there any more is false."""
_UNUSED = re.compile(r".*\.(?:pyi|pyx|pxd|c|h|cpp|hpp|po|pot)")
"""Headers and sources of compiled modules, types for programmers, and catalogues that lie beside their compiled form.
Our own rooms keep theirs: the kiosk reads its catalogues as they are."""
_TESTS = "tests"
_NEVER_RUN = ("apsw/sqlite_extra_binaries", "ninja/static", "ninja/templates", "picamera2/devices")
"""SQLite's tools for the command line, the pages with the API's documentation, which are off (ADR 6), and cameras that
reckon by themselves. These alone want OpenEXR, which the lock file leaves out: compiled, it would look for libraries
in a folder of `/tmp` that anybody could make."""


def main(arguments: list[str]) -> int:
    """Make the environment of one package."""
    name, root = arguments
    package = PACKAGES[name]
    place = package.environment
    prefix = Path(root).resolve() / place
    site = _install(package, prefix, architecture=os.environ["DEB_HOST_ARCH"])
    own = (_SOURCE / "debian" / "copyright").read_text(encoding="utf-8")
    bundles = bundled(site, f"{place}/{site.relative_to(prefix)}")
    (_SOURCE / "debian" / f"{name}.copyright").write_text(f"{own}\n{bundles}", encoding="utf-8")
    if "server_broker" in package.rooms:
        _compile_plugin(prefix, site)
    _trim(package, site)
    _compile(site, Path(root).resolve())
    # With what is left, because a part that was taken for a test may be one of the program.
    subprocess.run([str(prefix / "bin" / "python"), "-P", str(_IMPORTS), *package.rooms], check=True, cwd="/")
    return 0


def _install(package: DebianPackage, prefix: Path, *, architecture: str) -> Path:
    """Make the environment and return its ``site-packages``."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(prefix)], check=True)
    with tempfile.TemporaryDirectory() as folder:
        wheels = Path(folder) / "wheels"
        lock = _SOURCE / "requirements" / package.locks[architecture]
        # What is a wheel already is only judged by its hash.
        _wheel(wheels, "--require-hashes", "--find-links", str(_SOURCE / "wheels"), "--requirement", str(lock))
        _wheel(wheels, str(_own_source(package, Path(folder) / "own")), CUNHUI_ROOMS=" ".join(package.rooms))
        install = (
            *_PIP,
            "--python",
            str(prefix / "bin" / "python"),
            "install",
            "--no-index",
            "--no-deps",
            "--no-compile",
        )
        names = ["==".join(wheel.name.split("-")[:2]) for wheel in sorted(wheels.iterdir())]
        subprocess.run([*install, "--no-warn-script-location", "--find-links", str(wheels), *names], check=True)
    _leave_only_programs(package, prefix)
    (prefix / "pyvenv.cfg").write_text(_CONFIGURATION, encoding="ascii")
    (site,) = prefix.glob("lib/python3.*/site-packages")
    for module in package.from_debian.get(architecture, ()):
        # A link to this one, because a path to all of Debian's packages would bring in whatever else lies there.
        (site / module).symlink_to(Path("/usr/lib/python3/dist-packages") / module)
    return site


def _compile_plugin(prefix: Path, site: Path) -> None:
    """Compile the plugin of Mosquitto, and leave its source out: where that is, the county would compile it."""
    compile_plugin = "from server_broker.broker.mosquitto.plugin import compile_plugin; compile_plugin()"
    subprocess.run([str(prefix / "bin" / "python"), "-P", "-c", compile_plugin], check=True, cwd="/")
    shutil.rmtree(site / "server_broker" / "broker" / "mosquitto" / "plugin_source")


def _wheel(into: Path, *wanted: str, **environment: str) -> None:
    subprocess.run(
        [*_PIP, "wheel", "--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", str(into), *wanted],
        check=True,
        # lgpio's own switch: build its C library in, instead of linking one that Debian does not have.
        env=os.environ | {"PYPI": "1"} | environment,
    )


def _own_source(package: DebianPackage, folder: Path) -> Path:
    """Copy what our own wheel is made of, because making it leaves things beside."""
    for room in {*package.rooms, "agent"}:  # setup.py reads the version there
        shutil.copytree(_SOURCE / room, folder / room)
    for name in ("setup.py", "pyproject.toml", "LICENSE"):
        shutil.copy(_SOURCE / name, folder)
    return folder


def _leave_only_programs(package: DebianPackage, prefix: Path) -> None:
    for path in (prefix / "bin").iterdir():
        if path.name in package.programs:
            # Its first line names the Python of the folder where it was installed.
            text = path.read_text(encoding="utf-8").replace(str(prefix), f"/{package.environment}")
            path.write_text(text, encoding="utf-8")
        elif path.name not in _PYTHONS:
            path.unlink()
    for path in prefix.iterdir():
        if path.name not in ("bin", "lib", "pyvenv.cfg"):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _trim(package: DebianPackage, site: Path) -> None:
    for name in _NEVER_RUN:
        shutil.rmtree(site / name, ignore_errors=True)
    for top in site.iterdir():
        if top.name in package.rooms or top.is_symlink():
            continue
        for path in [*top.rglob("*")]:
            if path.is_dir() and path.name == _TESTS:
                shutil.rmtree(path)
            elif path.is_file() and (_UNUSED.fullmatch(path.name) or path.name in _OF_PIP):
                path.unlink()


def _compile(site: Path, root: Path) -> None:
    """Compile to bytecode that nobody compares with its source: nothing there changes but by a whole package."""
    mode = ("--invalidation-mode", "unchecked-hash")
    names = ("-s", str(root), "-p", "/")
    subprocess.run([sys.executable, "-m", "compileall", "-q", "-f", *mode, *names, str(site)], check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
