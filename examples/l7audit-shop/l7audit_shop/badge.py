"""A badge for a page that people look at every day: the gate's decision and the score."""

from __future__ import annotations

from html import escape
from pathlib import Path

from l7audit.assess.results import Results
from l7audit.hookspecs import Reporter
from l7audit.journal import Records

_COLOURS = {"passed": "#1a7f37", "failed": "#b42318"}
_OTHERWISE = "#7a5200"

_SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" width="220" height="24" role="img" aria-label="{said}">
  <title>{said}</title>
  <rect width="220" height="24" rx="4" fill="{colour}"/>
  <text x="110" y="16" fill="#fff" font-family="sans-serif" font-size="12"
        text-anchor="middle">{said}</text>
</svg>
"""


class Badge(Reporter):
    """A badge with the gate's decision and the score, as SVG."""

    name = "badge"

    def write(self, results: Results, records: Records, folder: Path) -> Path:
        """Writes `badge.svg`."""
        decision = results.gate.decision
        said = escape(f"l7audit: {decision.replace('_', ' ')}, {results.score:.1f} of 100")
        path = folder / "badge.svg"
        colour = _COLOURS.get(decision, _OTHERWISE)
        path.write_text(_SVG.format(said=said, colour=colour), encoding="utf-8")
        return path
