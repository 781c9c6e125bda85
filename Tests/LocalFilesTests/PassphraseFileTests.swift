import Delegation
import Glibc
import LocalFiles
import Testing

@Suite struct PassphraseFileTests {
  @Test(arguments: [
    ("horse", "horse"),
    ("horse\n", "horse"),
    ("horse\n\n", "horse\n"),
    (" pässword \r\n", " pässword \r"),
  ])
  func readsOnePassphrase(_ content: String, _ expected: String) throws {
    let scratch = try Scratch()
    let secret = try PassphraseFile(path: try scratch.file("file", content)).read()
    let bytes = secret.withUnsafeBytes { Array($0) }
    #expect(bytes == Array(expected.utf8))
  }

  @Test(arguments: [
    ("", "BASE/file is empty"),
    ("\n", "BASE/file is empty"),
    ("a\0b", "BASE/file holds a NUL byte"),
  ])
  func refusesWhatIsNone(_ content: String, _ problem: String) throws {
    let scratch = try Scratch()
    let file = PassphraseFile(path: try scratch.file("file", content))
    let expected = StoreFailure.unavailable(.noPassphrase, found: problem.replacing("BASE", with: scratch.base))
    #expect(throws: expected) { _ = try file.read() }
  }

  @Test(arguments: ["", "\n"]) func takes4096Bytes(_ end: String) throws {
    let scratch = try Scratch()
    let path = try scratch.file("file", String(repeating: "x", count: 4096) + end)
    let secret = try PassphraseFile(path: path).read()
    #expect(secret.count == 4096)
  }

  @Test(arguments: [4097, 4098, 9000]) func refusesMore(_ count: Int) throws {
    let scratch = try Scratch()
    let path = try scratch.file("file", String(repeating: "x", count: count))
    let expected = StoreFailure.unavailable(.noPassphrase, found: "\(path) is longer than 4096 bytes")
    #expect(throws: expected) { _ = try PassphraseFile(path: path).read() }
  }

  @Test func saysWhenThereIsNone() throws {
    let scratch = try Scratch()
    let expected = StoreFailure.unavailable(.noPassphrase, found: "there is no \(scratch.path("file"))")
    #expect(throws: expected) { _ = try PassphraseFile(path: scratch.path("file")).read() }
  }

  @Test func refusesOneThatOthersMayRead() throws {
    let scratch = try Scratch()
    let path = try scratch.file("file", "horse", mode: 0o644)
    let found = "\(path) (owner uid \(geteuid()), mode 0644) can be read by others. Run: chmod 600 \(path)"
    #expect(throws: StoreFailure.unavailable(.unsafePermissions, found: found)) {
      _ = try PassphraseFile(path: path).read()
    }
  }
}
