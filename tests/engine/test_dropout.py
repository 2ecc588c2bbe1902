"""Dropout with quickly drawn masks does what torch's own does."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from steelyard.engine.dropout import quick_dropout  # noqa: E402


def dropping(p: float) -> torch.nn.Module:
    module = torch.nn.Sequential(torch.nn.Dropout(p))
    quick_dropout(torch, module)
    return module.train()


def test_a_share_is_dropped_and_the_mean_stays():
    values = torch.ones(400, 1000)
    torch.manual_seed(0)
    found = dropping(0.1)(values)
    kept = found != 0
    assert abs(1 - kept.float().mean().item() - 0.1) < 0.002  # 4 standard errors
    assert torch.allclose(found[kept], torch.tensor(1 / 0.9), rtol=1e-4)
    assert found.mean().item() == pytest.approx(1.0, abs=0.003)


def test_neighbours_are_dropped_independently():
    torch.manual_seed(1)
    kept = (dropping(0.5)(torch.ones(1000, 1000)) != 0).float()
    both = (kept[:, 1:] * kept[:, :-1]).mean().item()
    assert both == pytest.approx(0.25, abs=0.003)
    below = (kept[1:] * kept[:-1]).mean().item()
    assert below == pytest.approx(0.25, abs=0.003)


def test_the_masks_are_those_of_the_seed_whatever_the_threads():
    before, values = torch.get_num_threads(), torch.ones(64, 96)
    found = []
    try:
        for threads, seed in ((1, 7), (2, 7), (2, 8)):
            torch.set_num_threads(threads)
            torch.manual_seed(seed)
            module = dropping(0.3)
            found.append((module(values), module(values)))
    finally:
        torch.set_num_threads(before)
    (one, next_one), (two, next_two), (other, _) = found
    assert torch.equal(one, two) and torch.equal(next_one, next_two)
    assert not torch.equal(one, next_one) and not torch.equal(one, other)


def test_what_is_dropped_has_no_gradient():
    torch.manual_seed(2)
    values = torch.randn(50, 40, requires_grad=True)
    found = dropping(0.4)(values)
    found.sum().backward()
    assert torch.equal(values.grad == 0, found == 0)
    assert torch.allclose(values.grad[found != 0], torch.tensor(1 / 0.6), rtol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_nothing_is_dropped_outside_training_or_at_zero_and_all_at_one(dtype):
    values = torch.randn(5, 6).to(dtype)
    assert dropping(0.2).eval()(values) is values
    assert dropping(0.0)(values) is values
    assert torch.equal(dropping(1.0)(values), torch.zeros_like(values))
    assert dropping(0.2)(values).dtype == dtype


def test_no_other_module_is_touched():
    module = torch.nn.ModuleDict(
        {"drop": torch.nn.Dropout(0.1), "alpha": torch.nn.AlphaDropout(0.1)}
    )
    names = list(module.state_dict())
    quick_dropout(torch, module)
    assert "forward" in vars(module["drop"]) and "forward" not in vars(module["alpha"])
    assert list(module.state_dict()) == names
