import CLibSecret
import SecretServiceStore
import Synchronization
import Testing

@Suite struct GLibLogTests {
  @Test func takesWhatGLibSays() async {
    // In a process of its own: GLib takes one log writer only.
    await #expect(processExitsWith: .success) {
      let lines = Lines()
      GLibLog.install { _ in Issue.record("the second sink replaces the first") }
      GLibLog.install { lines.add($0) }
      say(G_LOG_LEVEL_DEBUG, "too much")
      say(G_LOG_LEVEL_INFO, "too much")
      say(G_LOG_LEVEL_MESSAGE, "first\nsecond")
      say(G_LOG_LEVEL_CRITICAL, String(repeating: "x", count: 10_000))
      let taken = lines.all
      try #require(taken.count == 2)
      #expect(taken[0].hasSuffix("first second"))
      #expect(taken[1].utf8.count == 300 && taken[1].hasSuffix("xxx"))
    }
  }
}

private func say(_ level: GLogLevelFlags, _ text: String) {
  let fields = g_variant_dict_new(nil)
  g_variant_dict_insert_value(fields, "MESSAGE", g_variant_new_string(text))
  g_log_variant("test", level, g_variant_dict_end(fields))
  g_variant_dict_unref(fields)
}

private final class Lines: Sendable {
  private let lines = Mutex<[String]>([])

  var all: [String] { lines.withLock { $0 } }

  func add(_ line: String) { lines.withLock { $0.append(line) } }
}
