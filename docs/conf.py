"""Configures the documentation site; `make docs` builds it.

Nothing is loaded from elsewhere: the theme brings its own styles and scripts. Pages link to each other and to
files of the repository as on a code host; what is outside of this folder becomes a copy to download.
"""

from __future__ import annotations

import re
from typing import Any

project = "dslc"
author = "the authors of dslc"
copyright = "the authors of dslc, Apache-2.0"

extensions = ["myst_parser"]
myst_heading_anchors = 4
smartquotes = False  # options begin with two hyphens
suppress_warnings = ["misc.highlighting_failure"]  # of JSON there are sections, and mistakes

html_theme = "furo"
html_title = "dslc"
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "light_css_variables": {"font-stack": "system-ui, sans-serif"},
    "dark_css_variables": {"font-stack": "system-ui, sans-serif"},
}


def as_downloads(app: Any, name: str, source: list[str]) -> None:
    """Links that lead out of this folder, such as `](../README.md)`, as links to a copy."""
    source[0] = re.sub(r"\]\((\.\./[^)#]+)(#[^)]*)?\)", _copied, source[0]) if "/" not in name else source[0]


def _copied(link: re.Match[str]) -> str:
    return f"](path:{link[1]})"


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("source-read", as_downloads)
