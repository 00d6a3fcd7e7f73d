"""The sliding window of failures (B16)."""

from tokenline.runtime.auth.throttle import Throttle, network_of


def test_the_tenth_failure_closes_the_door_until_the_first_is_five_minutes_old() -> None:
    throttle = Throttle()
    for second in range(10):
        assert throttle.wait_s("a", second) == 0
        throttle.failed("a", second)
    assert throttle.wait_s("a", 100) == 200
    assert throttle.wait_s("a", 299.5) == 0.5
    assert throttle.wait_s("a", 300) == 0


def test_the_window_slides() -> None:
    throttle = Throttle(failures=2, window_s=10)
    for at in (0, 6):
        throttle.failed("a", at)
    assert throttle.wait_s("a", 10) == 0
    throttle.failed("a", 10)
    assert throttle.wait_s("a", 11) == 5


def test_keys_do_not_touch_each_other_and_success_forgets() -> None:
    throttle = Throttle(failures=1)
    throttle.failed("a", 0)
    assert throttle.wait_s("b", 0) == 0
    throttle.succeeded("a")
    assert throttle.wait_s("a", 0) == 0


def test_memory_is_bounded() -> None:
    throttle = Throttle(failures=1, max_keys=3)
    for name in "abcd":
        throttle.failed(name, 0)
    assert [name for name in "abcd" if throttle.wait_s(name, 0)] == ["b", "c", "d"]
    assert len(throttle._failed_at) == 3


def test_an_ipv6_subscriber_is_one_network() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1:2:3") == "2001:db8::/64"
    assert network_of("2001:db8:0:1::1") != network_of("2001:db8::1")
    assert network_of("::ffff:192.0.2.1") == network_of("192.0.2.1") == "192.0.2.1"
    assert network_of("fe80::1%eth0") == "fe80::/64"
    assert network_of("testclient") == "testclient"
