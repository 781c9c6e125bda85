import Delegation
import JSON
import TestSupport
import Testing

@testable import Delegation

@Suite struct AuditRowTests {
  private let time = UnixTime(milliseconds: 1_795_558_400_007)

  private func line(_ row: AuditRow) -> [UInt8] { AuditLine.text(row, origin: [], after: .genesis) }

  @Test func aRowIsExact() {
    var facts = AuditFacts(profile: "dev5", subject: "curtis.feitty")
    facts.grant = .subject
    facts.scope = "urn:a"
    facts.key = "payables"
    facts.thumbprint = "abc"
    facts.jti = "j-1"
    let host = HostProcess(
      process: HostProcess.Process(pid: 7, executable: "/usr/bin/backend"),
      parent: HostProcess.Process(pid: 1, executable: nil),
      sidecar: 8
    )
    let row = AuditRow.intent(.exchange, id: "i-1", facts, at: time)
    let text = AuditLine.text(row, origin: AuditRow.origin(host), after: .genesis)
    let expected =
      #"{"seq":1,"time":"2026-11-24T22:13:20.007Z","event":"intent","operation":"exchange","id":"i-1","profile":"dev5","#
      + #""subject":"curtis.feitty","grant":"subject","scope":"urn:a","key":"payables","x5t#S256":"abc","jti":"j-1","#
      + #""host":{"pid":7,"executable":"/usr/bin/backend","parent":{"pid":1}},"sidecar":8,"#
      + #""prev":"0000000000000000000000000000000000000000000000000000000000000000"}"#
    #expect(String(decoding: text, as: UTF8.self) == expected)
  }

  /// A key may be padded (`000…042` is 42): what was touched stands at the end, and a row must not lose it.
  @Test func theLongestPathIsNamedWhole() throws {
    let start = "DELETE /fscmRestApi/resources/11.13.18.05/invoices/"
    let length = "DELETE ".count + RequestPath.maximumLength
    let path = start + String(repeating: "0", count: length - start.count - 2) + "42"
    var facts = AuditFacts(profile: "dev5", subject: "curtis.feitty")
    facts.path = path
    let line = line(.intent(.callApi, id: "i-1", facts, at: time))
    #expect(try JSONValue(parsing: line)["path"] == .string(path))
    #expect(line.count <= AuditLine.maximumBytes)
  }

  @Test(
    arguments: [
      "\n", "a\r\nb", "\u{0}", "\u{1b}[2J", "\"}\n{\"seq\":1}", "\\", "é", "\u{202e}nimda", "😀", "\u{2028}", "\u{85}",
      String(repeating: "\u{0}", count: 5_000_000), "\u{7f}",
    ]
  )
  func nothingThatIsSentBreaksALine(text: String) throws {
    var facts = AuditFacts(profile: text, subject: text)
    facts.scope = text
    facts.agent = text
    facts.path = text
    facts.key = text
    facts.thumbprint = text
    facts.jti = text
    facts.jobId = text
    facts.ecid = text
    let denial = AuditDenial(kind: text, layer: text, rule: text)
    let line = line(.denied(method: text, facts, denial, at: time))
    #expect(line.allSatisfy { (0x20...0x7e).contains($0) })
    #expect(line.count <= AuditLine.maximumBytes)
    #expect(AuditLine(line[...])?.kind == .plain)
    let value = try JSONValue(parsing: line)
    if text.unicodeScalars.count <= 256 {
      #expect(value["subject"] == .string(text))
    } else {
      #expect(value["subject"] == .string(String(repeating: "\u{0}", count: 256) + "... (5000000 bytes)"))
    }
  }

  @Test(arguments: AuditEvent.allCases.filter { ![.recovered, .rotated].contains($0) }) func everyEventIsARow(
    event: AuditEvent
  ) {
    let text = #"{"seq":12,"time":"2026-11-24T22:13:20.007Z","event":"\#(event.rawValue)","prev":"\#(Self.hash)"}"#
    #expect(AuditLine(Array(text.utf8)[...])?.sequence == 12)
  }

  private static let hash = String(repeating: "0f", count: 32)
  private static let head = #"{"seq":1,"time":"2026-11-24T22:13:20.007Z","event":"#
  private static let tail = #","prev":"\#(hash)"}"#

  @Test(
    arguments: [
      "", "{}", head + #""used""# + tail + " ", " " + head + #""used""# + tail, head + #""Used""# + tail,
      head + #""""# + tail, head + #""used"x"# + tail, head + #""used","a":"é""# + tail,
      head + #""used","a":"\#u{9}""# + tail, head + #""recovered""# + tail,
      head + #""recovered","bytes":01,"sha256":"\#(hash)""# + tail,
      head + #""recovered","bytes":1,"sha256":"\#(hash.uppercased())""# + tail,
      head + #""recovered","bytes":1,"sha256":"\#(hash)"x"# + tail, head + #""rotated","file":"audit-1.jsonl""# + tail,
      head + #""rotated","file":"audit-000000.jsonl""# + tail, head + #""rotated","file":"audit-000001.jsonl"# + tail,
      head.replacing(":1,", with: ":0,") + #""used""# + tail, head.replacing(":1,", with: ":01,") + #""used""# + tail,
      head.replacing(":1,", with: ":12345678901234567,") + #""used""# + tail,
      head + #""used""# + tail.replacing("0f\"", with: "0F\""), head + #""used""# + tail.dropLast(),
      head + #""used""# + tail.replacing("0f\"", with: "\""),
      head + #""used","a":"\#(String(repeating: "x", count: 1 << 16))""# + tail,
    ]
  )
  func otherLinesAreNoRows(text: String) { #expect(AuditLine(Array(text.utf8)[...]) == nil) }

  @Test(arguments: ["1:", "1", ":", "01:\(hash)", "1:\(hash)0", "1:\(hash.uppercased())", "-1:\(hash)", "1:\(hash)\n"])
  func otherTextsAreNoAnchors(text: String) { #expect(AuditHead(text) == nil) }

  @Test func anAnchorIsReadAsItIsWritten() {
    let head = AuditHead(sequence: 48211, hash: Array(Self.hash.utf8))
    #expect(AuditHead(head.text) == head)
  }

  @Test(
    arguments: [
      "audit-1.jsonl", "audit-000000.jsonl", "audit-0000001.jsonl", "audit-+00001.jsonl", "audit-000001.json",
    ]
  )
  func otherNamesAreNoFiles(name: String) { #expect(AuditFileName(name) == nil) }

  @Test(arguments: [1, 999_999, 1_000_000, 999_999_999_999]) func aNameIsReadAsItIsWritten(number: Int) {
    #expect(AuditFileName(AuditFileName(number: number).text)?.number == number)
  }
}
