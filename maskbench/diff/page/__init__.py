"""Write the diff page: every changed mask before, after and as a difference.

It opens from the disk, without a network. ``index.html`` holds the page's code, style and list;
pictures and the data of single images are beside it in ``images/`` and load when they are shown.
Colours are in ``maskbench/pages/palette.py``, the look is in ``maskbench/diff/assets/``.
"""

from maskbench.diff.page.write import write_page

__all__ = ["write_page"]
