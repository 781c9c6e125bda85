import TestSupport

@testable import Delegation

/// Audit files of a test, chained as on disk, by their numbers.
struct AuditSample: AuditArchive {
  private(set) var content: [Int: [UInt8]] = [:]
  private(set) var head = AuditHead.genesis
  private var newest = 1
  private let digests = FoldedDigests()
  static let time = UnixTime(seconds: 1_795_558_400)

  func files() async throws(FileFailure) -> [AuditFileName] { content.keys.sorted().map(AuditFileName.init(number:)) }

  func size(of file: AuditFileName) async throws(FileFailure) -> Int { content[file.number]?.count ?? 0 }

  func read(_ file: AuditFileName, at offset: Int, count: Int) async throws(FileFailure) -> [UInt8] {
    Array(content[file.number, default: []].dropFirst(offset).prefix(count))
  }

  mutating func add(_ row: AuditRow) {
    let line = AuditLine.text(row, origin: [], after: head)
    head = AuditHead(sequence: head.sequence + 1, hash: Hexadecimal.encode(digests.sha256(line)))
    append(line + [UInt8(ascii: "\n")])
  }

  mutating func add(subject: String, at seconds: Int64 = 0, outcome: String = "ok") {
    let time = Self.time.advanced(bySeconds: seconds)
    add(.outcome(.exchange, id: "i", AuditFacts(profile: "dev5", subject: subject), outcome: outcome, at: time))
  }

  mutating func rotate() {
    newest += 1
    add(.rotated(from: AuditFileName(number: newest - 1), at: Self.time))
  }

  mutating func recover(_ torn: String) {
    append(Array((torn + "\n").utf8))
    add(.recovered(Array(torn.utf8), sha256: digests.sha256(Array(torn.utf8)), at: Self.time))
  }

  mutating func append(_ bytes: [UInt8]) { content[newest, default: []] += bytes }

  mutating func remove(file: Int) { content[file] = nil }

  mutating func edit(_ file: Int, _ change: (inout [Substring]) -> Void) {
    let text = String(decoding: content[file, default: []], as: UTF8.self)
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    change(&lines)
    content[file] = Array(lines.joined(separator: "\n").utf8)
  }

  /// Rows 1 to 3, then in the next file 4 to 8 with a torn line before row 7.
  static var chain: AuditSample {
    var sample = AuditSample()
    for name in ["a", "b", "c"] { sample.add(subject: name) }
    sample.rotate()
    for name in ["d", "e"] { sample.add(subject: name) }
    sample.recover("torn")
    sample.add(subject: "f")
    return sample
  }
}
