"""Long harnesses, and what tests share with them: nothing here is collected as a test.

They run as modules from the repository's folder: ``python -m tests.harness.kills --count 200``.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
