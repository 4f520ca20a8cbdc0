"""Proportions of single arms."""

from scipy.stats import binomtest


def exact_interval(events: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Clopper-Pearson interval of a proportion, as fractions between 0 and 1.

    Source: Clopper CJ, Pearson ES. Biometrika 1934;26:404-413, doi 10.1093/biomet/26.4.404.

    Raises:
        ValueError: ``n`` is not positive, or ``events`` is not between 0 and ``n``.
    """
    if not 0 <= events <= n or n < 1:
        raise ValueError(f"events must lie between 0 and n, and n be at least 1; got {events} of {n}")
    interval = binomtest(events, n).proportion_ci(confidence_level=level, method="exact")
    return float(interval.low), float(interval.high)
