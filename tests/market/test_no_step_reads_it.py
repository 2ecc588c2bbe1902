"""What is said of the market and of cash makes no step run again: it is no input of any."""

from steelyard.spec import load, sections
from steelyard.stage import stages


def test_rates_cash_and_mappings_are_in_no_steps_key(shop):
    text = shop.path.read_text(encoding="utf-8")
    more = text.replace("2026-02-01: 7.2", "2026-02-01: 7.2, 2026-03-01: 7.3")
    more = more.replace("  rates:", "  cash: {2026-01-01: 500}\n  rates:", 1)
    more = more.replace("    shop:", "    till:", 1)
    more += "  counting: {channels: [wechat]}\n  partners: {acme: {share: 0.2}}\n"
    shop.path.write_text(more, encoding="utf-8")
    other = load(shop.path)
    assert other.spec != shop.spec
    for stage in stages():
        assert sections(other.spec, *stage.sections) == sections(shop.spec, *stage.sections), (
            stage.name
        )
