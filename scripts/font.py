# /// script
# requires-python = ">=3.11"
# dependencies = ["fontpkg-source-sans-3==3.52", "fonttools[woff]==4.68.0"]
# ///
"""Make the site's text font from Source Sans 3: ``uv run scripts/font.py``.

The page gets WOFF2 files, the drawings made at build time the same outlines as TTF. The licence (SIL Open Font Licence)
reserves the name "Source" for the original, so the part that is kept here has a name of its own.
"""

from importlib.resources import files
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

SITE = Path(__file__).parents[1] / "src" / "review_tools" / "site"
FAMILY = "Review Sans"
ORIGINAL = files("fontpkg_source_sans_3")
FACES = (
    ("Regular", "SourceSans3[wght].ttf", 400),
    ("SemiBold", "SourceSans3[wght].ttf", 600),
    ("Italic", "SourceSans3-Italic[wght].ttf", 400),
)
# At the same size, letters as tall as those of the fonts that systems come with: 1000 units would make them smaller.
UNITS = 920
ASCENT, DESCENT = 980, 275  # and a line of text as high as theirs
CHARACTERS = ",".join(
    (
        "20-7E,A0-17F",  # Latin, with the letters of Central Europe and Turkey
        "18F,192,1A0-1A1,1AF-1B0,1CD-1D4,1E6-1E7,1EA-1EB,1F4-1F5,1FA-1FF,218-21B,237,259,2BB-2BC,1E80-1E85,1E9E",
        "1EA0-1EF9",  # Vietnamese
        "2C6-2C7,2D8-2DD,300-304,306-30C,323,326-328",  # accents
        "384-3CE,3D1,3D5,3F5",  # Greek
        "2007,2009-200A,2010-2015,2018-201E,2020-2022,2026,202F,2030,2032-2033,2039-203A,2044",  # punctuation
        "2070-209C,20AC,2122,212B",  # raised and lowered figures
        "2190-2195,2202,2206,220F,2211-2212,2215,221A,221E,222B,2248,2260,2264-2265",  # arrows and mathematics
        "25A0-25A1,25AA,25B2-25B3,25B6-25B8,25BA,25BC-25BE,25C0-25C2,25C6,25CB,25CF,2713,2717",  # marks
    )
)


def rename(font: TTFont, face: str) -> None:
    """Give the font its own name, and keep who made it and under which licence."""
    names = font["name"]
    names.names = [name for name in names.names if name.nameID in (0, 13, 14)]
    bold = face == "SemiBold"
    full = f"{FAMILY} {face}"
    for number, text in {
        1: full if bold else FAMILY,
        2: "Regular" if bold else face,
        3: f"{full} 3.052",
        4: full,
        5: "Version 3.052",
        6: full.replace(" ", "-"),
        16: FAMILY,
        17: face,
    }.items():
        names.setName(text, number, 3, 1, 0x409)


def main() -> None:
    """Write the three faces and their licence."""
    for face, source, weight in FACES:
        font = TTFont(ORIGINAL / "files" / source, recalcTimestamp=False)
        font = instancer.instantiateVariableFont(font, {"wght": weight})
        options = subset.Options(hinting=False, layout_features=["ccmp", "kern", "locl", "mark", "mkmk", "tnum"])
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=subset.parse_unicodes(CHARACTERS))
        subsetter.subset(font)
        rename(font, face)
        font["head"].unitsPerEm = UNITS
        metrics, lines = font["OS/2"], font["hhea"]
        lines.ascent = metrics.sTypoAscender = metrics.usWinAscent = ASCENT
        lines.descent = metrics.sTypoDescender = -DESCENT
        metrics.usWinDescent = DESCENT
        lines.lineGap = metrics.sTypoLineGap = 0
        if face != "Italic":  # no drawing has slanted text
            font.save(SITE / "fonts" / f"ReviewSans-{face}.ttf")
        font.flavor = "woff2"
        font.save(SITE / "static" / "fonts" / f"ReviewSans-{face}.woff2")
    (SITE / "static" / "fonts" / "OFL.txt").write_text((ORIGINAL / "LICENSE").read_text(encoding="utf-8"), "utf-8")


if __name__ == "__main__":
    main()
