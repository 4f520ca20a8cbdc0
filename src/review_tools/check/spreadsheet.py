"""What spreadsheets make of a table when they save it, read back: encodings, separators, numbers, dates, words.

Excel, LibreOffice and Google Sheets show a cell in the language of their user, and save what they show.
"""

import codecs
import csv
import re
import unicodedata
from collections.abc import Iterable, Set
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from review_tools.data.tables import cells

SPACES = re.compile("[\u00a0\u2007\u202f\u2009]")
NOTHING = re.compile("[\ufeff\u200b\u2060]")
DASHES = re.compile("[\u2010-\u2015\u2212\ufe63\uff0d]")
QUOTES = str.maketrans("‘’‚‛“”„‟", 4 * "'" + 4 * '"')
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
ENCODINGS = ("cp1252", "mac_roman", "cp850")  # of Windows, of a Mac, of “CSV (MS-DOS)”
MISREAD = re.compile(r"[^\x00-\x7f]{2,}")  # UTF-8 that was taken for another encoding: “Î±” for “α”
SEPARATORS = (",", ";", "\t", "|")
BOOLEANS = dict.fromkeys(("true", "wahr", "vrai"), "true") | dict.fromkeys(("false", "falsch", "faux"), "false")
MONTHS = {  # by their first letters without accents, in English, German and French
    "jan": 1, "feb": 2, "fev": 2, "mar": 3, "mrz": 3, "apr": 4, "avr": 4, "may": 5, "mai": 5, "jun": 6, "juin": 6,
    "jul": 7, "juil": 7, "aug": 8, "aou": 8, "sep": 9, "oct": 10, "okt": 10, "nov": 11, "dec": 12, "dez": 12,
}  # fmt: skip
NUMBER = {  # by whether a comma begins the decimals
    comma: re.compile(rf"(?P<whole>[+-]?(?:[1-9]\d{{0,2}}(?:[{other} ']\d{{3}})+|\d+))(?:{mark}(?P<part>\d+))?")
    for comma, mark, other in ((False, r"\.", ","), (True, ",", "."))
}
FIGURES = re.compile(r"(\d{1,4})([-./])(\d{1,2})(?:\2(\d{1,4}))?(?:[ T]0?0:00(?::00)?)?")
MONTH_AND_YEAR = re.compile(r"(\d{1,2})[-./](\d{4})")
WORDS = re.compile(r"(?:(\d{1,2})[-. /]+)?([^\W\d_]{3,9})\.?(?:[-. /]+(\d{1,2}),)?(?:[-. /]+(\d{2,4}))?")
THIS_YEAR = 2020  # or later, where a spreadsheet adds it
THOUSANDTHS = re.compile(r"-?\d{1,3}\.\d{3}")  # whose point a German spreadsheet takes for that of thousands

Day = tuple[int | None, int, int | None]
Row = tuple[int, list[str]]


@dataclass(frozen=True)
class Habit:
    """How the program wrote: its encoding, whether the month may come first, whether commas may begin decimals."""

    encoding: str = "utf-8"
    month_first: tuple[bool, ...] = (False, True)
    comma: tuple[bool, ...] = (False, True)


def decode(content: bytes, letters: Iterable[Set[str]]) -> tuple[str, str]:
    """Return the text of a file and its encoding.

    ``letters`` are those that the file held before, then those of all data: one encoding alone shall give no others.

    Raises:
        UnicodeError: no reading is certain.
    """
    if content.startswith(UTF_16):
        return content.decode("utf-16"), "utf-16"
    try:
        text, encoding = content.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        readings = {one: _mixed(content, one) for one in ENCODINGS}
        for known in letters:
            fitting = [one for one in ENCODINGS if {c for c in readings[one] if not c.isascii()} <= known]
            if len(fitting) == 1:
                break
        else:
            raise
        text, encoding = readings[fitting[0]], fitting[0]
    return unicodedata.normalize("NFC", MISREAD.sub(_read_anew, text)), encoding


def _mixed(content: bytes, encoding: str) -> str:
    """Read UTF-8, and what is none in another encoding: what was typed into a file that was taken for that encoding."""
    text, at = "", 0
    while True:
        try:
            return text + content[at:].decode("utf-8")
        except UnicodeDecodeError as error:
            start, end = at + error.start, at + error.end
            text += content[at:start].decode("utf-8") + content[start:end].decode(encoding, "replace")
            at = end


def _read_anew(match: re.Match[str]) -> str:
    for encoding in ENCODINGS[:2]:
        try:
            # Windows keeps the five bytes that its encoding does not define as control characters.
            held = b"".join(bytes([ord(c)]) if "\x80" <= c <= "\x9f" else c.encode(encoding) for c in match[0])
            return held.decode("utf-8")
        except UnicodeError:
            continue
    return match[0]


def split(text: str, columns: list[str]) -> tuple[list[Row], str]:
    """Return the rows of a text, the header first, and what separates its cells; no row if it is not such a table.

    Of all ways to cut, that one is taken in which the header holds most columns and most rows are as long as it.
    """
    text = re.sub(r"\Asep=.\n", "\n", text.replace("\r\n", "\n").replace("\r", "\n"))
    best, between, most = [], "", (len(columns) // 2, 0)
    for separator in (*SEPARATORS, "lines"):
        try:
            rows = _lines(text) if separator == "lines" else cells(text, separator)
        except csv.Error:
            continue
        header = [word(cell) for cell in rows[0][1]] if rows else []
        fit = len({word(column) for column in columns} & set(header)), sum(len(row) == len(header) for _, row in rows)
        if fit > most:
            best, between, most = rows, separator, fit
    return best, between


def _lines(text: str) -> list[Row]:
    """Read what a German or French Excel made of commas: each line one cell, cut only at its semicolons."""
    return [(line, next(csv.reader([";".join(row).rstrip(";")]), [])) for line, row in cells(text, ";")]


def word(text: str) -> str:
    """Return a word without what keyboards vary: capitals, accents typed apart, curly quotation marks, long dashes."""
    text = unicodedata.normalize("NFC", NOTHING.sub("", SPACES.sub(" ", text)))
    return " ".join(DASHES.sub("-", text.translate(QUOTES)).casefold().split())


def number(text: str, comma: bool) -> str | None:
    """Return a number with a point and without thousands, if the text is one; ``comma`` begins its decimals."""
    match = NUMBER[comma].fullmatch(SPACES.sub(" ", text))
    if match is None:
        return None
    whole, part = re.sub(r"[^\d-]", "", match["whole"]), match["part"]
    return f"{whole}.{part}" if part else whole


def day(text: str, month_first: bool) -> Day | None:
    """Return year, month and day of a date in the form of a spreadsheet; what it does not name is None."""
    if match := WORDS.fullmatch(text):
        letters = "".join(c for c in unicodedata.normalize("NFD", match[2].casefold()) if c.isalpha())
        month = MONTHS.get(letters[:4], MONTHS.get(letters[:3]))
        return _day(match[4], month, match[1] or match[3])
    if match := MONTH_AND_YEAR.fullmatch(text):
        return _day(match[2], match[1], None)
    if match := FIGURES.fullmatch(text):
        first, mark, second, third = match.groups()
        if len(first) == 4:
            return _day(first, second, third)
        two = (first, second) if month_first and mark != "." else (second, first)
        return _day(third, *two) or (None if third else _day(second, first, None))
    return None


def _day(year: str | None, month: str | int | None, day: str | None) -> Day | None:
    of = None if year is None else int(year) + (0 if len(year) > 2 else 2000 if int(year) < 70 else 1900)
    try:
        date(of or 2000, int(month or 0), int(day or 1))
    except ValueError:
        return None
    return of, int(month or 0), int(day) if day else None


def iso(day: Day) -> str:
    """Return a day, or a month, as the tables write it."""
    return "-".join(f"{part:0{width}}" for part, width in zip(day, (4, 2, 2), strict=True) if part is not None)


def turned(text: str, original: str, habit: Habit) -> bool:
    """Say whether a spreadsheet of that habit may have made this text of the original."""
    if original in BOOLEANS.values() or not text or not original:
        return BOOLEANS.get(text.casefold()) == original
    if number(original, comma=False):
        shown = {one for comma in habit.comma if (one := number(text, comma)) and Decimal(one) == Decimal(original)}
        if any(len(one) <= len(original) or one == f"{original}.0" for one in shown):  # noughts fall off
            return True
    elif text.endswith("%") and original.endswith("%") and (share := number(original[:-1], comma=False)):
        shares = (number(text[:-1].rstrip(), comma) for comma in habit.comma)
        return any(one and Decimal(one) == Decimal(share) for one in shares)
    for month_first in habit.month_first:
        day_shown, held = day(text, month_first), day(original, month_first)
        if day_shown and held and text != iso(day_shown) and (day_shown[0] or WORDS.fullmatch(text)):
            # 1/2 may have been read in English, and 02/01/2026 shown in French.
            other = day(original, not month_first) if held[0] is None else None
            if _same_day(day_shown, held) or (other and _same_day(day_shown, other)):
                return True
    return len(text) == len(original) and all(
        one == other or (one == "?" and not other.isascii()) or not other.encode(habit.encoding, "ignore")
        for one, other in zip(text, original, strict=True)
    )


def _same_day(shown: Day, held: Day) -> bool:
    """Say whether a spreadsheet shows a day so; it adds the present year and the first of a month, if there is none."""
    year, month, of_month = held
    if year != shown[0] and (year is not None or (shown[0] or THIS_YEAR) < THIS_YEAR):
        return False
    return shown[1] == month and (shown[2] in (None, 1) if of_month is None else shown[2] == of_month)
