"""A Secret Service that behaves as a test wants, in ways that a GNOME Keyring cannot be made to."""

import threading
from enum import Enum, auto
from typing import Any

from desktop import SERVICE_NAME, Desktop
from jeepney import DBusAddress, HeaderFields, Message, MessageType, new_error, new_method_call, new_method_return
from jeepney import new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, open_dbus_connection
from sidecar import PATIENCE_SECONDS

COLLECTION = "/c"
PROMPT = DBusAddress("/prompt", interface="org.freedesktop.Secret.Prompt")


class Behaviour(Enum):
    """What differs from an open, empty service that does what it is told."""

    FORGETTING = auto()  # says that it stored, as KeePassXC does when its own question is declined
    LOCKED = auto()
    DECLINED = auto()  # locked; whoever is asked to unlock it says no
    ACCEPTED = auto()  # locked; whoever is asked to unlock it does
    UNANSWERED = auto()  # locked; nobody answers, until the question is withdrawn
    WITHOUT_COLLECTION = auto()
    DYING = auto()  # ends when it is told to store
    SILENT = auto()


class ScriptedService:
    """Owns the service's name on a desktop's bus until the `with` block is left."""

    def __init__(self, desktop: Desktop, behaviour: Behaviour) -> None:
        self.desktop = desktop
        self.behaviour = behaviour
        self.is_locked = behaviour in (
            Behaviour.LOCKED, Behaviour.DECLINED, Behaviour.ACCEPTED, Behaviour.UNANSWERED,
        )
        self.calls: list[str] = []
        self.prompted = threading.Event()
        self.dismissed = threading.Event()

    def __enter__(self) -> "ScriptedService":
        self.bus: DBusConnection = open_dbus_connection(bus=self.desktop.home.environment["DBUS_SESSION_BUS_ADDRESS"])
        self.bus.send_and_get_reply(message_bus.RequestName(SERVICE_NAME))
        self.address = DBusAddress("/", bus_name=self.bus.unique_name)
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.behaviour is not Behaviour.DYING or self.thread.is_alive():
            self.desktop.connection.send(new_method_call(self.address, "Stop"))
        self.thread.join(PATIENCE_SECONDS)

    def serve(self) -> None:
        while (message := self.bus.receive()) is not None:
            if message.header.message_type is not MessageType.method_call:
                continue
            name = message.header.fields[HeaderFields.member]
            self.calls.append(name)
            if name == "Stop" or (name == "CreateItem" and self.behaviour is Behaviour.DYING):
                break
            if self.behaviour is not Behaviour.SILENT:
                self.bus.send(self.reply(name, message))
                self.after(name)
        self.bus.close()

    def reply(self, name: str, message: Message) -> Message:
        match name:
            case "GetAll":
                return new_method_return(message, "a{sv}", (self.properties(message.body[0]),))
            case "OpenSession" if message.body[0] == "plain":
                return new_method_return(message, "vo", (("s", ""), "/session"))
            case "SearchItems":
                return new_method_return(message, "aoao", ([], []))
            case "ReadAlias":
                has_none = self.behaviour is Behaviour.WITHOUT_COLLECTION
                return new_method_return(message, "o", ("/" if has_none else COLLECTION,))
            case "CreateItem":
                return new_method_return(message, "oo", ("/c/1", "/"))
            case "Unlock":
                return new_method_return(message, "aoo", ([], PROMPT.object_path))
            case "Prompt" | "Dismiss":
                return new_method_return(message)
            case _:
                return new_error(message, "org.freedesktop.DBus.Error.NotSupported")

    def after(self, name: str) -> None:
        if name == "Prompt":
            self.prompted.set()
            if self.behaviour is Behaviour.ACCEPTED:
                self.is_locked = False
                self.complete(dismissed=False, unlocked=[COLLECTION])
            if self.behaviour is Behaviour.DECLINED:
                self.complete(dismissed=True, unlocked=[])
        if name == "Dismiss":
            self.dismissed.set()
            self.complete(dismissed=True, unlocked=[])

    def complete(self, dismissed: bool, unlocked: list[str]) -> None:
        self.bus.send(new_signal(PROMPT, "Completed", "bv", (dismissed, ("ao", unlocked))))

    def properties(self, interface: str) -> dict[str, Any]:
        return {
            "org.freedesktop.Secret.Service": {"Collections": ("ao", [COLLECTION])},
            "org.freedesktop.Secret.Collection": {
                "Locked": ("b", self.is_locked), "Label": ("s", "Scripted"), "Items": ("ao", []),
            },
            "org.freedesktop.Secret.Item": {
                "Locked": ("b", False), "Label": ("s", ""), "Attributes": ("a{ss}", {}),
            },
        }.get(interface, {})
