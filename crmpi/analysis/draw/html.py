"""The frame of HTML pages that need nothing else: no network, no other files."""

from html import escape

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; max-width: 1150px; margin: 2em auto; padding: 0 1em;
  color: #222; }
h1 { font-size: 1.6em; } h2 { font-size: 1.2em; margin-top: 2em; }
table { border-collapse: collapse; font-size: 13px; }
th, td { padding: 3px 8px; border: 1px solid #ccc; text-align: right; }
th { background: #f3f3f3; }
th:first-child, td:first-child { text-align: left; white-space: nowrap; }
.wide { overflow-x: auto; } svg, img { max-width: 100%; height: auto; }
@page { size: A4 landscape; margin: 10mm; }
@media print {
  body { max-width: none; margin: 0; padding: 0; font-size: 10px; }
  .wide { overflow: visible; } table { width: 100%; font-size: 7px; }
  th, td, th:first-child, td:first-child { padding: 1px 2px; white-space: normal;
    overflow-wrap: anywhere; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  figure { margin: 0; break-inside: avoid; } tr { break-inside: avoid; }
}
pre { background: #f6f6f6; padding: .6em; overflow-x: auto; }
.small { font-size: 12px; color: #555; }
"""


def document(title, body, style=""):
    """Return a page: its title, what stands in it as HTML, and rules of style beside `STYLE`."""
    rules = STYLE + style
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{rules}</style>"
    )
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def table(header, rows):
    """Return a table: names of the columns as text, and rows of finished fields, '<td>...'."""
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    return (
        f"<div class=wide><table><tr>{head}</tr>"
        + "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
        + "</table></div>"
    )
