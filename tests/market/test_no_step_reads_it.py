"""What is said of the market and of cash makes no step run again but the market's own, which each turn runs anew."""

from steelyard.spec import load, sections
from steelyard.stage import stages


def test_rates_cash_mappings_and_more_channels_are_in_no_steps_key(shop):
    counted = shop.path.read_text(encoding="utf-8") + "  counting: {channels: [wechat]}\n"
    shop.path.write_text(counted, encoding="utf-8")
    shop, text = load(shop.path), counted
    more = text.replace("2026-02-01: 7.2", "2026-02-01: 7.2, 2026-03-01: 7.3")
    more = more.replace("  rates:", "  cash: {2026-01-01: 500}\n  rates:", 1)
    more = more.replace("    shop:", "    till:", 1)
    more = more.replace("[wechat]", "[wechat, douyin]") + "  partners: {acme: {share: 0.2}}\n"
    shop.path.write_text(more, encoding="utf-8")
    other = load(shop.path)
    assert other.spec != shop.spec
    for stage in (one for one in stages() if one.name != "market"):
        assert sections(other.spec, *stage.sections) == sections(shop.spec, *stage.sections), (
            stage.name
        )


def test_what_the_server_is_told_of_is_in_the_experiments_key_alone(shop):
    """Of what is told as it happens, a user without a payment is a zero at once."""
    text = shop.path.read_text(encoding="utf-8")
    shop.path.write_text(text + "  counting: {channels: [wechat]}\n", encoding="utf-8")
    other = load(shop.path)
    changed = [
        stage.name
        for stage in stages()
        if sections(other.spec, *stage.sections) != sections(shop.spec, *stage.sections)
    ]
    assert changed == ["replay", "market"]
    assert sections(other.spec, "market.told") == {"market.told": ["conversion"]}
