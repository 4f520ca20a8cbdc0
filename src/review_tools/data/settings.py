"""Files of settings in YAML: the protocol, the citation file, the book's configuration."""

from typing import Any

import yaml  # type: ignore[import-untyped]

from review_tools.data.problems import DataError


def parse_settings(content: bytes, name: str) -> dict[str, Any]:
    """Return the settings of a YAML file, which messages call ``name``.

    Raises:
        DataError: the content is not YAML, or holds no settings.
    """
    try:
        settings = yaml.safe_load(content.decode("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataError(f"{name}: not YAML ({' '.join(str(error).split())}) → mend that line.") from error
    if not isinstance(settings, dict):
        raise DataError(f"{name}: holds no settings → restore it from git.")
    return settings
