import JSON
import TestSupport
import Testing

@testable import Delegation

@Suite struct AuditQueryTests {
  private func query(_ sample: AuditSample) -> AuditQuery { AuditQuery(archive: sample, path: "/state") }

  /// Names `s0`, `s1`, … a minute apart, in files of ten rows.
  private func sample(_ count: Int) -> AuditSample {
    var sample = AuditSample()
    for number in 0..<count {
      if number % 10 == 9 { sample.rotate() }
      let outcome = number % 5 == 0 ? "subject_denied" : "ok"
      sample.add(subject: "s\(number)", at: Int64(number) * 60, outcome: outcome)
    }
    return sample
  }

  private func subjects(_ rows: [JSONValue]) -> [String] {
    rows.compactMap { if case .string(let name)? = $0["subject"] { name } else { nil } }
  }

  @Test func theNewestComesFirst() async throws {
    let page = try await query(sample(25)).page(AuditQuery.Filter(), from: nil, limit: 1000)
    #expect(subjects(page.rows) == (0..<25).reversed().map { "s\($0)" })
    #expect(page.next == nil)
  }

  @Test(arguments: [1, 2, 7, 27, 28]) func pagesMeetWhileRowsAreAppended(limit: Int) async throws {
    var growing = sample(25)
    let all = try await query(growing).page(AuditQuery.Filter(), from: nil, limit: 1000).rows
    var found: [JSONValue] = []
    var cursor: AuditQuery.Cursor?
    repeat {
      let page = try await query(growing).page(AuditQuery.Filter(), from: cursor, limit: limit)
      #expect(page.rows.count <= limit)
      found += page.rows
      cursor = try page.next.map { try #require(AuditQuery.Cursor($0.text)) }
      growing.add(subject: "late")
      growing.rotate()
    } while cursor != nil
    #expect(found == all)
  }

  @Test func filtersNarrow() async throws {
    func rows(_ change: (inout AuditQuery.Filter) -> Void) async throws -> [String] {
      var filter = AuditQuery.Filter()
      change(&filter)
      return subjects(try await query(sample(25)).page(filter, from: nil, limit: 1000).rows)
    }
    #expect(try await rows { $0.subject = "s7" } == ["s7"])
    #expect(try await rows { $0.subject = "S7" } == [])
    #expect(try await rows { $0.profile = "other" } == [])
    #expect(try await rows { $0.outcome = "subject_denied" } == ["s20", "s15", "s10", "s5", "s0"])
    #expect(try await rows { $0.outcome = "error" } == ["s20", "s15", "s10", "s5", "s0"])
    #expect(try await rows { $0.outcome = "ok" }.count == 20)
    #expect(try await rows { $0.event = .denied } == [])
    #expect(try await rows { $0.operation = "exchange" }.count == 25)
    #expect(try await rows { $0.since = AuditSample.time.advanced(bySeconds: 23 * 60) } == ["s24", "s23"])
    #expect(try await rows { $0.until = AuditSample.time.advanced(bySeconds: 2 * 60) } == ["s1", "s0"])
  }

  @Test func whatIsNoRowIsShownAsSuch() async throws {
    var sample = AuditSample()
    sample.add(subject: "a")
    sample.append(Array("not a row\n\n{\"seq\":1}\n".utf8) + [0, 1, 0xff, 0x0a])
    sample.append(Array(repeating: UInt8(ascii: "x"), count: 2_000_000) + [0x0a])
    sample.add(subject: "b")
    sample.append(Array("being writ".utf8))
    var filter = AuditQuery.Filter()
    filter.subject = "a"
    let page = try await query(sample).page(filter, from: nil, limit: 1000)
    #expect(subjects(page.rows) == ["a"])
    let unreadable = page.rows.filter { $0["event"] == "unreadable" }
    #expect(unreadable.count == page.rows.count - 1)
    #expect(unreadable.count >= 5)
    #expect(page.next == nil)
  }

  /// The shape of a row, and no JSON inside.
  @Test func aRowThatIsNoJSONIsShownAsSuch() async throws {
    var sample = AuditSample()
    sample.add(subject: "a")
    sample.edit(1) { $0[0] = Substring($0[0].replacing(#""subject":"a""#, with: #""subject":"#)) }
    let page = try await query(sample).page(AuditQuery.Filter(), from: nil, limit: 10)
    #expect(page.rows.map { $0["event"] } == ["unreadable"])
  }

  @Test(arguments: ["0-0", "1", "-1-0", "1--1", "01-0", "1-01", "1-0 ", "a-b", "1-99999999999999999999"])
  func otherTextsAreNoCursors(text: String) { #expect(AuditQuery.Cursor(text) == nil) }

  /// From a file that has been removed meanwhile, or from beyond the end.
  @Test func aCursorThatLeadsNowhereHurtsNobody() async throws {
    let cursor = try #require(AuditQuery.Cursor("9-5000"))
    #expect(try await query(sample(5)).page(AuditQuery.Filter(), from: cursor, limit: 10).rows.count == 5)
    let beyond = try #require(AuditQuery.Cursor("1-999999999"))
    #expect(try await query(sample(5)).page(AuditQuery.Filter(), from: beyond, limit: 10).rows.count == 5)
    #expect(try await query(AuditSample()).page(AuditQuery.Filter(), from: cursor, limit: 10).rows.isEmpty)
  }

  /// A question about today does not read years.
  @Test func filesThatAreTooOldAreNotRead() async throws {
    var filter = AuditQuery.Filter()
    filter.since = AuditSample.time.advanced(bySeconds: 60 * 60)
    filter.subject = "nobody"
    let page = try await query(sample(60)).page(filter, from: nil, limit: 10)
    #expect(page.rows.isEmpty && page.next == nil)
  }
}
