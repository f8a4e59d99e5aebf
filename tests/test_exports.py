"""The front door: what `import rolecall` gives, and what it leaves out."""

import re
import subprocess
import sys
from types import ModuleType

import rolecall
import rolecall.audit
import rolecall.live


def test_all_is_exact_and_sorted():
    """`__all__` names every public thing of the package and nothing else."""
    public = [
        name for name, value in vars(rolecall).items() if not name.startswith("_") and not isinstance(value, ModuleType)
    ]
    assert rolecall.__all__ == sorted(public)


def test_every_export_says_what_it_is():
    """Each has a docstring of its own."""
    assert all(getattr(rolecall, name).__doc__ for name in rolecall.__all__)


def errors():
    """Every class of error that the library raises to whoever decides, with those of live facts.

    Those of the workbench stand where they are raised: no application meets them.
    """
    kinds = [rolecall.RolecallError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return {kind for kind in kinds if re.match(r"rolecall\.(?!analysis\.)", kind.__module__)}


def test_every_error_is_exported():
    """An application can catch each by name; those of live facts from `rolecall.live`, of a log from `rolecall.audit`."""
    found = errors()
    live = {kind.__name__ for kind in found if kind.__module__.startswith("rolecall.facts.")}
    audit = {kind.__name__ for kind in found if kind.__module__.startswith("rolecall.audit.")}
    named = {kind.__name__ for kind in found} - live - audit
    assert named <= set(rolecall.__all__)
    assert live <= set(rolecall.live.__all__)
    assert audit <= set(rolecall.audit.__all__)
    tree = rolecall.errors.__doc__
    assert all(name in tree for name in named)
    assert {name for name in rolecall.live.__all__ if not getattr(rolecall.live, name).__doc__} == set()


def test_importing_the_library_is_light():
    """Whoever only decides loads no command line, HTTP client or schema validator."""
    code = "import sys, rolecall; print(*sorted({one.partition('.')[0] for one in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "rolecall" in done.stdout.split()
    assert not {"typer", "click", "rich", "httpx", "jsonschema", "rolecall_cli", "requests"} & set(done.stdout.split())
