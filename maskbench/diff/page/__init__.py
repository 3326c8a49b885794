"""The page: every changed mask before, after and as a difference, from a file, without a network.

``index.html`` holds the page's code, style and list; pictures and the data of single images lie
beside it in ``images/`` and are loaded when they are looked at.
"""

from maskbench.diff.page.write import write_page

__all__ = ["write_page"]
