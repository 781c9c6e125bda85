import Foundation
import Glibc
import Testing

/// A Secret Service that answers as it is told, in ways that a GNOME Keyring does not.
final class ScriptedService {
  /// Answers `CreateItem` with a prompt, as a locked wallet does.
  static let prompting = "prompting"
  /// Says that the item was stored, and has not stored it, as KeePassXC does after a refusal at the screen.
  static let forgetting = "forgetting"

  private let process: Process
  private let output = Pipe()

  init(_ behaviour: String, on desktop: PrivateDesktop) throws {
    process = try desktop.start(PrivateDesktop.python, ["-c", Self.script, behaviour], output: output)
    let ready = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    try #require(ready == "ready\n", "python3 needs SecretStorage: run Tests/prepare tests")
  }

  /// The methods that were called, in order; ends the service.
  func calls() throws -> [Substring] {
    stop()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    return String(decoding: data, as: UTF8.self).split(separator: "\n")
  }

  deinit { stop() }

  private func stop() {
    guard process.isRunning else { return }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  private static let script = """
    import sys
    from jeepney import HeaderFields, MessageType, new_error, new_method_return
    from jeepney.bus_messages import message_bus
    from jeepney.io.blocking import open_dbus_connection

    prompting = sys.argv[1] == "prompting"
    bus = open_dbus_connection("SESSION")
    bus.send_and_get_reply(message_bus.RequestName("org.freedesktop.secrets"))
    print("ready", flush=True)
    properties = {
        "org.freedesktop.Secret.Service": {"Collections": ("ao", ["/c"])},
        "org.freedesktop.Secret.Collection": {"Locked": ("b", False), "Label": ("s", "Scripted"), "Items": ("ao", [])},
        "org.freedesktop.Secret.Item": {"Locked": ("b", False), "Label": ("s", ""), "Attributes": ("a{ss}", {})},
        "org.freedesktop.Secret.Prompt": {},
    }
    while True:
        message = bus.receive()
        if message.header.message_type is not MessageType.method_call:
            continue
        name = message.header.fields[HeaderFields.member]
        print(name, flush=True)
        if name == "GetAll":
            reply = new_method_return(message, "a{sv}", (properties.get(message.body[0], {}),))
        elif name == "OpenSession" and message.body[0] == "plain":
            reply = new_method_return(message, "vo", (("s", ""), "/session"))
        elif name == "SearchItems":
            reply = new_method_return(message, "aoao", ([], []))
        elif name == "ReadAlias":
            reply = new_method_return(message, "o", ("/c",))
        elif name == "CreateItem":
            reply = new_method_return(message, "oo", ("/", "/prompt") if prompting else ("/c/1", "/"))
        elif name == "Dismiss":
            reply = new_method_return(message)
        else:
            reply = new_error(message, "org.freedesktop.DBus.Error.NotSupported")
        bus.send(reply)
    """
}
