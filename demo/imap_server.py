"""The council's mailbox: pymap, a real IMAP server, in this process. UIDs and UIDVALIDITY outlive a restart."""

import asyncio
import socket
import threading
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.maildir import Config, Identity, Login
from pymap.imap import IMAPServer
from pymap.user import Passwords, UserMetadata
from pysasl.hashing import BuiltinHash


class MailboxConfig(Config):
    """Greets without asking the network for this machine's name, which can take seconds."""

    @property
    def greeting(self) -> bytes:
        return b"The demonstration's mailbox is ready."


@contextmanager
def running_imap_server(listener: socket.socket, folder: Path, user: str, password: str) -> Iterator[None]:
    """An IMAP server on `listener`, without TLS, with one mailbox kept below `folder`, until the block ends."""
    folder.mkdir(exist_ok=True)
    for lock in folder.rglob("*.lock"):  # of a server that was killed: nobody else uses this folder
        lock.unlink()
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(_start(listener, folder, user, password))
    thread = threading.Thread(target=loop.run_forever, name="mailbox", daemon=True)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(_stop(server))
        loop.close()


async def _start(listener: socket.socket, folder: Path, user: str, password: str) -> asyncio.Server:
    config = MailboxConfig(
        Namespace(passlib_cfg=None, proxy_protocol=None),
        base_dir=str(folder),
        layout="++",
        colon=None,
        host=None,
        port=0,
        tls_enabled=False,
        hash_context=BuiltinHash(rounds=1),  # stretching a random password would only slow each sign-in down
    )
    config.apply_context()
    login = Login(config)
    hashed = await Passwords(config).hash_password(password)
    await Identity(config, login.tokens, user, None, frozenset()).set(UserMetadata(config, user, password=hashed))
    connected = ProxyProtocolReader(config.proxy_protocol).get_callback(IMAPServer(login, config))
    return await asyncio.start_server(connected, sock=listener)


async def _stop(server: asyncio.Server) -> None:
    server.close()
    connections = asyncio.all_tasks() - {asyncio.current_task()}
    for connection in connections:
        connection.cancel()
    await asyncio.gather(*connections, return_exceptions=True)
