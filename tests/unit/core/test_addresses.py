"""Which addresses may be connected to for a user."""

from ipaddress import ip_network

import pytest

from tokenline.core.addresses import is_public, plain, within

REFUSED = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:7f00:1",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:10::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::",
    "3fff::1",
    "4000::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "172.32.0.1",
    "192.0.1.1",
    "::ffff:8.8.8.8",
    "2001:4860:4860::8888",
    "2606:4700:4700::1111",
    "2a00::1",
]


@pytest.mark.parametrize("address", REFUSED)
def test_addresses_of_somebodys_own_are_not_public(address: str):
    assert not is_public(plain(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_on_the_internet_are(address: str):
    assert is_public(plain(address))


def test_a_network_holds_an_address_however_it_is_written():
    loopback = [ip_network("127.0.0.0/8"), ip_network("::1/128")]
    assert all(within(plain(text), loopback) for text in ("127.0.0.1", "::ffff:127.0.0.1", "::1"))
    assert not within(plain("10.0.0.1"), loopback)
