"""What the first release promises of its data."""

import review_tools as rt


def test_every_seed_number_is_there_and_enough_are_identified() -> None:
    citations = rt.load("citations")
    assert list(citations["seed_number"]) == list(range(1, 122))
    assert citations["study_id"].notna().sum() >= 53


def test_table_1_stands_in_its_order() -> None:
    trials = rt.load("trials")
    order = trials["table_1_order"].dropna().astype(int)
    assert list(order) == list(range(1, 18))
    assert len(trials) >= 26
    assert trials["trial_id"].iloc[[0, 2, 16]].tolist() == ["NCT04956744", "NCT01854957", "NCT04014166"]


def test_there_are_findings_and_corrections_enough() -> None:
    assert len(rt.load("findings")) >= 110
    assert len(rt.load("corrections")) >= 35


def test_every_row_has_a_source() -> None:
    for table in ("studies", "citations", "citation_candidates", "findings", "trials", "outcomes", "corrections"):
        frame = rt.load(table)
        assert frame["source_url"].str.match("https?://").all(), table
        assert frame["source_where"].notna().all(), table


def test_a_trial_that_found_nothing_is_told_as_it_is() -> None:
    """The lupus nephritis trial the seed describes: 9 of 12 against 5 of 6."""
    outcomes = rt.load("outcomes").set_index("outcome_id")
    row = outcomes.loc["deng_2017_randomised-1"]
    assert (row["events_arm1"], row["n_arm1"], row["events_arm2"], row["n_arm2"]) == (9, 12, 5, 6)
