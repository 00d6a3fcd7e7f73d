"""The private node: serves, keeps its data, and leaves nothing behind."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import aio_pika
import psutil
import pytest

from deploy.local.errors import LocalError
from deploy.local.os_process import command_line
from deploy.local.rabbitmq import NodeHandle, PrivateNode
from tests.support.shared_node import take_lease


async def publish(url: str, queue_name: str, body: bytes) -> None:
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(queue_name, durable=True)
        message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await channel.default_exchange.publish(message, queue.name)


async def take(url: str, queue_name: str) -> bytes:
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(queue_name, durable=True)
        message = await queue.get()
        assert message is not None
        await message.ack()
        return message.body


def processes_of(node: NodeHandle) -> list[str]:
    """Command lines of everything that lives in the node's folder: server, port mapper and their helpers."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("RABBITMQ_MNESIA_BASE", "").startswith(str(node.folder)):
                found.append(" ".join(process.cmdline()))
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found


async def test_keeps_messages_over_a_stop_and_a_kill_and_the_address(own_node: PrivateNode) -> None:
    address = own_node.amqp_url()
    await publish(address, "kept", b"over a stop")

    own_node.stop()
    own_node.start()
    own_node.wait_ready()
    assert own_node.amqp_url() == address
    assert await take(address, "kept") == b"over a stop"

    await publish(address, "kept", b"over a kill")
    own_node.kill()
    own_node.start()
    own_node.wait_ready()
    assert await take(address, "kept") == b"over a kill"


async def test_stop_leaves_no_process_and_wipe_no_message(own_node: PrivateNode) -> None:
    await publish(own_node.amqp_url(), "lost", b"gone with the disk")
    assert processes_of(own_node)

    own_node.stop()
    assert processes_of(own_node) == []

    own_node.wipe()
    own_node.start()
    own_node.wait_ready()
    async with await aio_pika.connect(own_node.amqp_url()) as connection:
        queue = await (await connection.channel()).declare_queue("lost", durable=True)
        assert queue.declaration_result.message_count == 0


def test_listens_on_loopback_only(broker_node: NodeHandle) -> None:
    listening = {
        connection.laddr.ip
        for process in psutil.process_iter()
        if process.pid in (broker_node.state.pid, broker_node.state.epmd_pid)
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening <= {"127.0.0.1", "::1"}
    assert "127.0.0.1" in listening


def test_a_folder_has_one_launcher(broker_node: NodeHandle) -> None:
    with pytest.raises(LocalError, match="Another launcher"):
        PrivateNode(broker_node.folder).start()


def test_a_node_left_by_a_killed_launcher_is_ended_by_the_next_start(tmp_path: Path) -> None:
    folder = tmp_path / "node"
    program = (
        "import os, pathlib, signal; from deploy.local.rabbitmq import PrivateNode;"
        f"node = PrivateNode(pathlib.Path({str(folder)!r}), tied=False); node.start(); node.wait_ready();"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    launcher = subprocess.run([sys.executable, "-c", program], check=False)
    assert launcher.returncode == -signal.SIGKILL
    left = NodeHandle(folder).state
    assert left.marker in command_line(left.pid)

    with PrivateNode(folder) as node:
        assert left.marker not in command_line(left.pid)
        assert node.state.name == left.name
    assert processes_of(node) == []


def test_commands_of_several_processes_do_not_disturb_each_other(broker_node: NodeHandle) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda i: broker_node.evaluate(f"{i} + 1."), range(100)))
    assert answers == [str(i + 1) for i in range(100)]


async def test_virtual_hosts_are_apart(broker_node: NodeHandle, amqp_url: str) -> None:
    broker_node.add_vhost("neighbour")
    try:
        await publish(broker_node.amqp_url("neighbour"), "same-name", b"mine")
        async with await aio_pika.connect(amqp_url) as connection:
            queue = await (await connection.channel()).declare_queue("same-name", durable=True)
            assert queue.declaration_result.message_count == 0
    finally:
        broker_node.delete_vhost("neighbour")


def test_the_shared_node_ends_with_its_last_lease(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    first = take_lease(folder)
    second = take_lease(folder)
    node = NodeHandle(folder / "rabbitmq")
    first.close()
    assert node.evaluate("1 + 1.") == "2"

    server = psutil.Process(node.state.pid)
    second.close()
    psutil.wait_procs([server], timeout=15)
    assert processes_of(node) == []
    # Whoever comes while the guardian leaves gets a node all the same.
    with take_lease(folder):
        assert NodeHandle(folder / "rabbitmq").evaluate("1 + 1.") == "2"
