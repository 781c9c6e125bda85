import TestSupport
import Testing

@testable import Delegation

/// What somebody did to the files, and what is said of it.
private struct Change: CustomTestStringConvertible {
  let testDescription: String
  let file: String
  let line: Int?
  let found: String
  let apply: @Sendable (inout AuditSample) -> Void

  init(
    _ name: String,
    _ file: Int,
    _ line: Int?,
    _ found: String,
    _ apply: @escaping @Sendable (inout AuditSample) -> Void
  ) {
    testDescription = name
    self.file = AuditFileName(number: file).text
    self.line = line
    self.found = found
    self.apply = apply
  }
}

private let changes = [
  Change("an edit", 1, 3, "the row does not follow the one before it: one of them is not as it was written") {
    $0.edit(1) { $0[1] = Substring($0[1].replacing(#""subject":"b""#, with: #""subject":"x""#)) }
  },
  Change("an edit that breaks the row", 1, 2, "the line is not a row") {
    $0.edit(1) { $0[1] = Substring($0[1].replacing("dev5", with: "dév5")) }
  },
  Change("a removed row", 1, 2, "the row has number 3, and 2 comes next") { $0.edit(1) { $0.remove(at: 1) } },
  Change("a removed first row", 1, 1, "the row has number 2, and 1 comes next") { $0.edit(1) { $0.remove(at: 0) } },
  Change("swapped rows", 1, 2, "the row has number 3, and 2 comes next") { $0.edit(1) { $0.swapAt(1, 2) } },
  Change("a row twice", 1, 3, "the row has number 2, and 3 comes next") { $0.edit(1) { $0.insert($0[1], at: 2) } },
  Change("a line put in", 2, 2, "the line is not a row") { $0.edit(2) { $0.insert("{}", at: 1) } },
  Change("a removed recovery", 2, 4, "the line is not a row") { $0.edit(2) { $0.remove(at: 4) } },
  Change("removed torn bytes", 2, 4, "the bytes that the row found are not there") { $0.edit(2) { $0.remove(at: 3) } },
  Change("edited torn bytes", 2, 4, "the bytes from here are not those that row 7 found") {
    $0.edit(2) { $0[3] = "tern" }
  },
  Change("a line more of torn bytes", 2, 4, "the bytes from here are not those that row 7 found") {
    $0.edit(2) { $0.insert("", at: 4) }
  },
  Change("a line at the end", 2, 7, "the line is not a row") { $0.append(Array("no row\n".utf8)) },
  Change("a file without its last line feed", 1, 3, "the file ends inside a line") { $0.edit(1) { $0.removeLast() } },
  Change("a file cut at a row", 2, 1, "the row has number 4, and 3 comes next") { $0.edit(1) { $0.remove(at: 2) } },
  Change("an emptied file", 2, 1, "the row has number 4, and 1 comes next") { $0.edit(1) { $0 = [] } },
  Change("a rotation that is gone", 2, 1, "the row has number 5, and 4 comes next") { $0.edit(2) { $0.remove(at: 0) } },
  Change("a file that is gone", 2, nil, "the file is missing, and a later one is there") {
    $0.rotate()
    $0.remove(file: 2)
  },
]

@Suite struct AuditChainTests {
  private func verdict(_ sample: AuditSample, anchor: AuditHead? = nil) async throws -> AuditVerification.Verdict {
    try await AuditVerification(archive: sample, digests: FoldedDigests(), path: "/state").verify(anchor: anchor)
  }

  @Test func aChainAsItWasWrittenHolds() async throws {
    let sample = AuditSample.chain
    let verdict = try await verdict(sample, anchor: sample.head)
    #expect(verdict.problem == nil)
    #expect(verdict.rows == 8 && verdict.first == 1 && verdict.head == sample.head)
    #expect(verdict.headFile == "audit-000002.jsonl")
  }

  @Test func noFilesAreNoProblem() async throws {
    let verdict = try await verdict(AuditSample())
    #expect(verdict.problem == nil && verdict.rows == 0 && verdict.head == nil)
  }

  /// What a sidecar that is writing shows of its last row is no row yet.
  @Test func anUnfinishedEndIsNoProblem() async throws {
    var sample = AuditSample.chain
    sample.append(Array(#"{"seq":9"#.utf8))
    #expect(try await verdict(sample).problem == nil)
  }

  @Test func oldFilesMayBeRemoved() async throws {
    var sample = AuditSample.chain
    sample.remove(file: 1)
    let verdict = try await verdict(sample, anchor: sample.head)
    #expect(verdict.problem == nil && verdict.first == 4 && verdict.rows == 5)
  }

  @Test(arguments: changes) fileprivate func everyChangeIsFound(change: Change) async throws {
    var sample = AuditSample.chain
    change.apply(&sample)
    let problem = try #require(try await verdict(sample).problem)
    #expect(problem == AuditChain.Break(file: change.file, line: change.line, found: change.found))
  }

  /// Without an anchor nobody can tell: the chain is as good as before.
  @Test func anAnchorFindsWhatTheChainAloneCannot() async throws {
    let whole = AuditSample.chain
    var cut = whole
    cut.edit(2) { $0.remove(at: $0.count - 2) }
    #expect(try await verdict(cut).problem == nil)
    let found = "the chain ends at row 7, and the anchor names row 8"
    #expect(try await verdict(cut, anchor: whole.head).problem?.found == found)

    var rewritten = AuditSample()
    for _ in 1...12 { rewritten.add(subject: "nobody") }
    #expect(try await verdict(rewritten).problem == nil)
    let other = AuditChain.Break(
      file: "audit-000001.jsonl",
      line: 8,
      found: "the row is not the one that the anchor names"
    )
    #expect(try await verdict(rewritten, anchor: whole.head).problem == other)
    #expect(try await verdict(AuditSample(), anchor: whole.head).problem?.found == found.replacing("7", with: "0"))
  }

  @Test func anAnchorOfRemovedFilesCannotBeHeld() async throws {
    let anchor = AuditHead(sequence: 2, hash: AuditHead.genesis.hash)
    var sample = AuditSample.chain
    sample.remove(file: 1)
    let found = "the chain begins at row 4, and the anchor names row 2"
    #expect(try await verdict(sample, anchor: anchor).problem?.found == found)
  }
}
