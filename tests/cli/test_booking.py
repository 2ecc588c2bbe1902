"""`steelyard ledger`: what moved and what is only declared to be worth are told apart, in both languages."""

import json

import pytest

from steelyard.cli.commands import app
from steelyard.errors import UserError
from steelyard.spec import Money
from steelyard.store import IMPUTED, Line, ledger


@pytest.fixture
def booked(store, product_file):
    lines = [
        Line("label", 60, "label", Money.of(-18, "CNY"), "labels:x"),
        Line("value.correct", 40, "correct_answer", Money.of(2, "CNY"), "variant:v", basis=IMPUTED),
    ]
    with store.database.write() as connection:
        ledger.append(connection, lines, product="tiny", turn=0, time="2026")
    return product_file


def said(capsys, *arguments):
    app(["ledger", *map(str, arguments)], standalone_mode=False)
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("(imputed)", "cash -18.00 CNY; imputed 2.00 CNY")),
        ("zh", ("(估算)", "收付 -18.00 CNY; 估算 2.00 CNY")),
    ],
)
def test_cash_and_imputed_worth_are_told_apart_and_not_added(
    booked, capsys, monkeypatch, language, words
):
    monkeypatch.setenv("STEELYARD_LANGUAGE", language)
    monkeypatch.setenv("COLUMNS", "120")
    shown = said(capsys, "show", booked)
    assert all(word in shown for word in words) and "-16.00" not in shown


def test_every_line_of_the_sums_says_its_basis_to_a_program(booked, capsys):
    rows = json.loads(said(capsys, "show", booked, "--json"))
    assert {row["account"]: row["basis"] for row in rows} == {
        "label": "cash",
        "value.correct": "imputed",
    }


def test_a_quick_look_asks_for_the_seal_it_believes(booked, capsys, tmp_path):
    anchor = tmp_path / "anchor.json"
    said(capsys, "seal", booked, "--out", anchor)
    assert "read from the seal on" in said(capsys, "verify", booked, "--against", anchor, "--quick")
    with pytest.raises(UserError, match=r"--against seal\.json"):
        said(capsys, "verify", booked, "--quick")
