"""A session bus of its own with a real gnome-keyring on it."""

import os
import signal
import subprocess

from jeepney import DBusAddress, MatchRule, MessageType, new_method_call
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, open_dbus_connection
from sidecar import PATIENCE_SECONDS, Home

SERVICE_NAME = "org.freedesktop.secrets"
SERVICE = DBusAddress("/org/freedesktop/secrets", SERVICE_NAME, "org.freedesktop.Secret.Service")
LOGIN = "/org/freedesktop/secrets/collection/login"
PASSWORD = b"keyring password"

# Starts no service by itself: what a test has not started is not there.
BUS_CONFIGURATION = """
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


class Desktop:
    """A bus for the home's environment; a keyring when asked for. Leaving the `with` block stops both."""

    def __init__(self, home: Home) -> None:
        socket = home.run / "bus"
        configuration = home.private_file("bus.conf", BUS_CONFIGURATION.format(socket=socket))
        self.home = home
        self.home.environment["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={socket}"
        self.keyring: subprocess.Popen[bytes] | None = None
        self.bus = subprocess.Popen(
            ["dbus-daemon", f"--config-file={configuration}", "--nofork", "--print-address"],
            stdout=subprocess.PIPE, env=home.environment,
        )
        # It prints its address when it listens.
        assert self.bus.stdout.readline(), "the bus did not start"
        self.connection: DBusConnection = open_dbus_connection(bus=f"unix:path={socket}")

    def start_keyring(self) -> None:
        """Creates the login collection the first time, and unlocks it. Returns when the service has its name."""
        owner_changed = MatchRule(
            type=MessageType.signal, sender="org.freedesktop.DBus", interface="org.freedesktop.DBus",
            member="NameOwnerChanged",
        )
        owner_changed.add_arg_condition(0, SERVICE_NAME)
        with self.connection.filter(owner_changed) as changes:
            self.connection.send_and_get_reply(message_bus.AddMatch(owner_changed))
            # Who had the name before this, and was not read about until now.
            changes.clear()
            with (self.home.path / "keyring.log").open("ab") as log:
                self.keyring = subprocess.Popen(
                    ["gnome-keyring-daemon", "--unlock", "--components=secrets", "--foreground"],
                    stdin=subprocess.PIPE, stdout=log, stderr=log, env=self.home.environment,
                )
            # The password is read to the end of the input: no newline.
            self.keyring.stdin.write(PASSWORD)
            self.keyring.stdin.close()
            # A daemon that has just been killed may be told to be gone before the new one is told to be here.
            while True:
                change = self.connection.recv_until_filtered(changes, timeout=PATIENCE_SECONDS)
                if change.body[2]:
                    return

    def lock(self) -> None:
        message = new_method_call(SERVICE, "Lock", "ao", ([LOGIN],))
        locked, _ = self.connection.send_and_get_reply(message, timeout=PATIENCE_SECONDS).body
        assert locked == [LOGIN]

    def store(self, secret: str, **attributes: str) -> None:
        """An item of somebody else's making."""
        words = [word for pair in attributes.items() for word in pair]
        command = ["secret-tool", "store", "--label", "by hand", *words]
        subprocess.run(command, input=secret, text=True, check=True, env=self.home.environment)

    def silence(self) -> None:
        """The service keeps its name and answers nothing any more."""
        os.kill(self.keyring.pid, signal.SIGSTOP)

    def stop_keyring(self) -> None:
        if self.keyring is not None:
            self.keyring.kill()
            self.keyring.wait()
            self.keyring = None

    def restart_keyring(self) -> None:
        self.stop_keyring()
        self.start_keyring()

    def stop(self) -> None:
        self.stop_keyring()
        self.connection.close()
        self.bus.kill()
        self.bus.wait()
        self.bus.stdout.close()

    def __enter__(self) -> "Desktop":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
