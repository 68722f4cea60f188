"""Whether this machine has a Java that Spark can run on."""

import os
import re
import shutil
import subprocess
from pathlib import Path

_OLDEST_JAVA = 17


def java_problem() -> str | None:
    """Return why Spark cannot run on this machine's Java, that of JAVA_HOME or else of the PATH."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")
    needs = f"Spark needs Java {_OLDEST_JAVA} or newer"
    if java is None:
        return f"{needs}, and {'JAVA_HOME' if home else 'the PATH'} has none: install one"
    output = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', output)
    if version is None or int(version[1]) < _OLDEST_JAVA:
        return f"{needs}, and {java} is {output.splitlines()[0] if output else 'none'}"
    return None
