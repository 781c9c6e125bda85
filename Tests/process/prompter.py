"""Who asks the questions of a gnome-keyring: org.gnome.keyring.SystemPrompter, with a person who does as they are told.

The protocol is that of GCR's internal prompter interface. The password travels encrypted (its exchange "sx-aes-1"):
Diffie-Hellman in the 1536-bit group of RFC 3526, HKDF-SHA-256 without salt or info, AES-128-CBC.
"""

import base64
import os
import re
import threading
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.padding import PKCS7
from desktop import Desktop
from jeepney import DBusAddress, HeaderFields, Message, MessageType, new_error, new_method_call, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, open_dbus_connection
from sidecar import PATIENCE_SECONDS

NAME = "org.gnome.keyring.SystemPrompter"
PRIME = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B"
    "302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE6"
    "49286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D"
    "670C354E4ABC9804F1746C08CA237327FFFFFFFFFFFFFFFF",
    16,
)


class Prompter:
    """Answers every question with the password given; None declines, and with `silent` nobody answers."""

    def __init__(self, desktop: Desktop, password: bytes | None, silent: bool = False) -> None:
        self.desktop, self.password, self.silent = desktop, password, silent
        self.asked = threading.Event()

    def __enter__(self) -> "Prompter":
        self.bus: DBusConnection = open_dbus_connection(bus=self.desktop.home.environment["DBUS_SESSION_BUS_ADDRESS"])
        self.bus.send_and_get_reply(message_bus.RequestName(NAME))
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.desktop.connection.send(new_method_call(DBusAddress("/", bus_name=self.bus.unique_name), "End"))
        self.thread.join(PATIENCE_SECONDS)

    def serve(self) -> None:
        while (message := self.bus.receive()).header.fields.get(HeaderFields.member) != "End":
            if message.header.message_type is MessageType.method_call:
                self.serve_call(message)
        self.bus.close()

    def serve_call(self, message: Message) -> None:
        name = message.header.fields[HeaderFields.member]
        if name not in ("BeginPrompting", "PerformPrompt", "StopPrompting"):
            self.bus.send(new_error(message, "org.freedesktop.DBus.Error.UnknownMethod"))
            return
        self.bus.send(new_method_return(message))
        asker = DBusAddress(
            message.body[0], message.header.fields[HeaderFields.sender], "org.gnome.keyring.internal.Prompter.Callback"
        )
        match name:
            case "BeginPrompting":
                self.tell(asker, "PromptReady", "sa{sv}s", ("", {}, ""))
            case "PerformPrompt":
                self.asked.set()
                if not self.silent:
                    reply = "no" if self.password is None else "yes"
                    self.tell(asker, "PromptReady", "sa{sv}s", (reply, {}, self.exchange(message.body[3])))
            case "StopPrompting":
                self.tell(asker, "PromptDone", "", ())

    def tell(self, asker: DBusAddress, method: str, signature: str, body: tuple[Any, ...]) -> None:
        self.bus.send(new_method_call(asker, method, signature, body))

    def exchange(self, received: str) -> str:
        if self.password is None:
            return received
        theirs = int.from_bytes(base64.b64decode(re.search(r"^public=(.+)$", received, re.MULTILINE).group(1)))
        ours = int.from_bytes(os.urandom(192)) % PRIME
        shared = pow(theirs, ours, PRIME).to_bytes(192)
        key = HKDF(SHA256(), 16, salt=None, info=b"").derive(shared)
        padder, iv = PKCS7(128).padder(), os.urandom(16)
        encryptor = Cipher(AES(key), CBC(iv)).encryptor()
        secret = encryptor.update(padder.update(self.password) + padder.finalize()) + encryptor.finalize()
        public = pow(2, ours, PRIME).to_bytes(192)
        fields = {"public": public, "secret": secret, "iv": iv}
        return "[sx-aes-1]\n" + "".join(f"{name}={base64.b64encode(data).decode()}\n" for name, data in fields.items())
