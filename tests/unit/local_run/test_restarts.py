from deploy.local.restarts import Restarts


def test_waits_longer_after_every_crash_and_gives_up_at_the_fifth() -> None:
    restarts = Restarts()
    assert [restarts.after_crash(t) for t in (0.0, 1.0, 2.0, 3.0, 4.0)] == [0.5, 1.0, 2.0, 4.0, None]


def test_forgets_crashes_older_than_a_minute() -> None:
    restarts = Restarts()
    for t in (0.0, 1.0, 2.0, 3.0):
        restarts.after_crash(t)
    assert restarts.after_crash(61.5) == 2.0
    assert restarts.after_crash(500.0) == 0.5


def test_a_crash_every_quarter_of_a_minute_is_survived_for_ever() -> None:
    restarts = Restarts()
    assert None not in [restarts.after_crash(15.0 * i) for i in range(100)]
