import os
import threading

import pytest


def take(queue):
    return queue.pop()


class TestQueue:
    def test_length(self):
        assert len([os.getpid()]) == 2, "pid %d" % os.getpid()

    def test_passes(self):
        pass


def test_takes():
    take([])


@pytest.mark.parametrize("size", [1, 2])
def test_sizes(size):
    assert size < 2


@pytest.fixture
def server():
    raise ConnectionError("cannot reach 127.0.0.1:%d" % (4000 + os.getpid()))


def test_serves(server):
    pass


def test_waits():
    error = threading.ThreadError("no space left on device")
    raise error
