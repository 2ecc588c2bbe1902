"""A client that a server has no room for sends less at once, and slowly more again."""

import threading
from concurrent.futures import ThreadPoolExecutor

from tests.release.test_client import scripted

from steelyard.release.client import Client
from steelyard.release.room import Room


def test_a_refusal_leaves_fewer_places_and_never_none():
    room = Room(8)
    assert room.places == 8
    room.refused()
    assert room.places == 6
    for _ in range(50):
        room.refused()
    assert room.places == 1


def test_records_that_pass_give_the_places_back_and_no_more_than_there_were():
    room = Room(4)
    for _ in range(9):
        room.refused()
    for passed in range(200):
        with room:
            pass
        if passed == 19:
            assert room.places == 2
    assert room.places == 4


def test_no_more_are_inside_than_there_are_places_and_all_come_in():
    room, inside, most, lock = Room(8), 0, 0, threading.Lock()
    for _ in range(20):
        room.refused()

    def one(_):
        nonlocal inside, most
        with room:
            with lock:
                inside += 1
                most = max(most, inside - room.places)
            with lock:
                inside -= 1

    with ThreadPoolExecutor(8) as pool:
        assert len(list(pool.map(one, range(200)))) == 200
    assert most <= 0 and inside == 0


def test_a_client_tells_of_every_503_and_of_nothing_else(monkeypatch):
    monkeypatch.setattr("steelyard.release.client.time.sleep", lambda _: None)
    told = []
    with scripted((503, {}, {}), (503, {}, {}), (200, {"ok": 1}, {})) as (url, _):
        Client(url, refused=lambda: told.append(1)).post("/v1/predict", {})
    assert len(told) == 2
