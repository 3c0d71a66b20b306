"""Configuration of Sphinx for the documentation site: the plain Markdown pages of this repository,
with the navigation that docs/index.md lists and the tables that `generated.py` makes of the code.

    python -m sphinx -W --keep-going -c docs/site . build/site
"""

import re
import sys
from pathlib import Path

from sphinx import addnodes

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT)]

import generated  # noqa: E402 (beside this file)

import crmpi  # noqa: E402

project = "crmpi"
author = "The crmpi developers"
release = crmpi.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.mathjax"]

root_doc = "docs/index"
include_patterns = ["*.md", "docs/**.md", "problems/*/README.md"]
exclude_patterns = [".*", "build", "dist", "runs", "docs/examples/**/*.py", "tests", "crmpi"]
suppress_warnings = ["myst.header", "ref.python"]
# a page may skip a level of headings; a name such as Params is one of many classes

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
myst_title_to_header = True

html_theme = "furo"
html_title = f"crmpi {release}"
html_static_path = ["static"]
html_css_files = ["wide.css"]
html_copy_source = False

default_role = "code"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_preprocess_types = False

_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
_PAGE = re.compile(r"\]\(([^)#:]+)\)")
_GENERATED = re.compile(r"^<!-- generated: (\w+) -->$", re.MULTILINE)


def add_generated(app, name, source):
    """Put the generated tables and the navigation into the text of a page."""
    source[0] = _GENERATED.sub(lambda found: generated.MAKERS[found[1]](), source[0])
    if name == root_doc:
        source[0] += navigation(source[0], app.env.found_docs)


def navigation(text, found):
    """Return hidden toctrees with the pages that the sections of the index link to; pages that none
    of them names come last, so that no page is out of reach."""
    sections = _SECTION.split(text)[1:]
    trees = {title: _pages(body) for title, body in zip(sections[::2], sections[1::2], strict=True)}
    named = {page for pages in trees.values() for page in pages}
    rest = sorted(found - named - {root_doc})
    if rest:
        trees["Further pages"] = rest
    return "".join(_toctree(title, pages) for title, pages in trees.items())


def _pages(body):
    """Return the names, relative to the root, of the Markdown pages that a section links to."""
    paths = [(ROOT / "docs" / link).resolve() for link in _PAGE.findall(body)]
    names = [path.relative_to(ROOT).with_suffix("").as_posix() for path in paths if _is_page(path)]
    return list(dict.fromkeys(names))


def _is_page(path):
    return path.suffix == ".md"


def _toctree(title, pages):
    entries = "\n".join(f"/{page}" for page in pages)
    return f"\n```{{toctree}}\n:hidden:\n:caption: {title}\n\n{entries}\n```\n"


def show_folders(app, doctree):
    """Show a link to a folder of the repository, which is no page, as its text."""
    here = (ROOT / app.env.docname).parent
    for link in list(doctree.findall(addnodes.pending_xref)):
        if (here / link["reftarget"]).is_dir():
            link.replace_self(link.children)


def add_entrance(app, error):
    """Let the address of the site itself lead to the index."""
    if error is None and app.builder.name == "html":
        page = f'<meta http-equiv="refresh" content="0; url={root_doc}.html">\n'
        (Path(app.outdir) / "index.html").write_text(page, encoding="utf-8")


def setup(app):
    """Connect the functions above to Sphinx."""
    app.connect("source-read", add_generated)
    app.connect("doctree-read", show_folders)
    app.connect("build-finished", add_entrance)
