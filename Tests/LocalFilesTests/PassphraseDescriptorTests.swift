import Delegation
import Glibc
import LocalFiles
import Testing

@Suite struct PassphraseDescriptorTests {
  private func failure(of number: Int32) -> StoreFailure? {
    do throws(StoreFailure) {
      _ = try PassphraseDescriptor(reading: number, patience: .milliseconds(50))
      return nil
    } catch {
      return error
    }
  }

  /// A pipe into which `content` was written; the other end is closed, or kept open by us.
  private func pipe(_ content: String, isEnded: Bool = true) -> (end: Int32, other: Int32) {
    var ends: [Int32] = [-1, -1]
    #expect(Glibc.pipe(&ends) == 0)
    #expect(write(ends[1], content, content.utf8.count) == content.utf8.count)
    if isEnded { close(ends[1]) }
    return (ends[0], ends[1])
  }

  @Test(arguments: [
    ("horse", "horse"), ("horse\n", "horse"), ("horse\n\n", "horse\n"), (" pässword\r\n", " pässword\r"),
  ])
  func givesOnePassphraseAgainAndAgain(content: String, expected: String) throws {
    let end = pipe(content).end
    let descriptor = try PassphraseDescriptor(reading: end)
    for _ in 0..<2 {
      let secret = descriptor.passphrase()
      let bytes = secret.withUnsafeBytes { Array($0) }
      #expect(bytes == Array(expected.utf8))
    }
  }

  @Test(arguments: [
    ("", "is empty"), ("\n", "is empty"), ("a\0b", "holds a NUL byte"),
    (String(repeating: "x", count: 4097), "is longer than 4096 bytes"),
    (String(repeating: "x", count: 9000), "is longer than 4096 bytes"),
  ])
  func refusesWhatIsNoneAndClosesIt(content: String, problem: String) {
    let end = pipe(content).end
    #expect(failure(of: end) == .unavailable(.noPassphrase, found: "descriptor \(end) \(problem)"))
    #expect(fcntl(end, F_GETFD) == -1)
  }

  @Test func doesNotWaitForEver() {
    let (end, other) = pipe("horse", isEnded: false)
    defer { close(other) }
    let found = "descriptor \(end) was not written and closed in time"
    #expect(failure(of: end) == .unavailable(.noPassphrase, found: found))
  }

  @Test func refusesATerminal() {
    let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY)
    #expect(terminal >= 0)
    #expect(failure(of: terminal) == .unavailable(.noPassphrase, found: "descriptor \(terminal) is a terminal"))
  }
}
