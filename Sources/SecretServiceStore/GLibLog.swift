import CLibSecret
import Synchronization

/// What GLib, libsecret and GDBus have to say, one bounded line at a time.
///
/// Without this they write to standard error themselves and block when nobody reads it.
package enum GLibLog {
  private static let sink = Mutex<(@Sendable (String) -> Void)?>(nil)

  /// Sends every message, warning and error to `sink` from now on; debug messages are dropped.
  ///
  /// `sink` is called on whatever thread GLib speaks, perhaps inside a store call: it must not block, nor call GLib.
  package static func install(_ sink: @escaping @Sendable (String) -> Void) {
    let isFirst = Self.sink.withLock { current in
      defer { current = sink }
      return current == nil
    }
    // GLib takes a writer once in a process.
    guard isFirst else { return }
    g_log_set_writer_func(write, nil, nil)
    g_set_print_handler { text in GLibLog.say(text) }
    g_set_printerr_handler { text in GLibLog.say(text) }
  }

  private static let write: GLogWriterFunc = { level, fields, count, _ in
    let dropped = G_LOG_LEVEL_DEBUG.rawValue | G_LOG_LEVEL_INFO.rawValue
    guard level.rawValue & dropped == 0 else { return G_LOG_WRITER_HANDLED }
    guard let text = g_log_writer_format_fields(level, fields, count, 0) else { return G_LOG_WRITER_UNHANDLED }
    defer { g_free(text) }
    GLibLog.say(text)
    return G_LOG_WRITER_HANDLED
  }

  private static func say(_ text: UnsafePointer<CChar>?) {
    guard let text else { return }
    sink.withLock { $0 }?(bounded(String(cString: text)))
  }
}
