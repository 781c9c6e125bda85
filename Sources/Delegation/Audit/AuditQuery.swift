package import JSON

/// Finds rows, the newest first.
///
/// A page begins where the one before it ended, at a place in a file that only grows: what is appended between two pages
/// moves nothing. Lines that are no rows are among the answers, whatever is asked for, because nobody can say what they
/// were.
package struct AuditQuery: Sendable {
  package struct Filter: Sendable {
    package var since: UnixTime?
    package var until: UnixTime?
    package var profile: String?
    package var subject: String?
    package var operation: String?
    package var event: AuditEvent?
    /// A kind of error, `ok`, or `error` for all that is not `ok`.
    package var outcome: String?

    package init() {}
  }

  package struct Page: Sendable {
    package let rows: [JSONValue]
    /// Where the next page begins; nil when there is nothing older.
    package let next: Cursor?
  }

  /// A place between two lines: what stands before it has not been looked at.
  package struct Cursor: Sendable, Equatable {
    package let file: AuditFileName
    package let offset: Int

    package var text: String { "\(file.number)-\(offset)" }

    package init(file: AuditFileName, offset: Int) {
      self.file = file
      self.offset = offset
    }

    /// Reads exactly what `text` writes.
    package init?(_ text: String) {
      let parts = text.split(separator: "-", omittingEmptySubsequences: false)
      guard parts.count == 2, let file = Int(parts[0]), let offset = Int(parts[1]), file > 0, offset >= 0 else {
        return nil
      }
      self.init(file: AuditFileName(number: file), offset: offset)
      guard self.text.utf8.elementsEqual(text.utf8) else { return nil }
    }
  }

  private let archive: any AuditArchive
  private let path: String

  /// What one page may read and hold, so that a question with few answers does not read for ever.
  private static let maximumReadBytes = 64 << 20
  private static let maximumAnswerBytes = 4 << 20

  package init(archive: any AuditArchive, path: String) {
    self.archive = archive
    self.path = path
  }

  /// - Parameter cursor: where the last page ended; nil begins with the newest row.
  package func page(_ filter: Filter, from cursor: Cursor?, limit: Int) async throws(Failure) -> Page {
    do throws(FileFailure) {
      let files = try await archive.files().filter { file in cursor.map { file <= $0.file } ?? true }
      var search = Search(filter: filter, limit: limit)
      for file in files.reversed() {
        let size = try await archive.size(of: file)
        let start = cursor.flatMap { $0.file == file ? min($0.offset, size) : nil } ?? size
        if let stopped = try await scan(file, before: start, &search) {
          return Page(rows: search.found, next: stopped)
        }
        if search.isBeforeTheQuestion { break }
      }
      return Page(rows: search.found, next: nil)
    } catch {
      if Task.isCancelled { throw .abandoned }
      throw .audit(error, path: path)
    }
  }

  private struct Search {
    let filter: Filter
    let limit: Int
    var found: [JSONValue] = []
    var bytes = 0
    var read = 0
    /// A whole file was older than what is asked for. One row alone says nothing: clocks are set back.
    var isBeforeTheQuestion = false

    var isFull: Bool { found.count >= limit || bytes >= maximumAnswerBytes || read >= maximumReadBytes }
  }

  /// Goes through the lines that end at or before `end`, the last one first.
  ///
  /// - Returns: where the page ended before the file did.
  private func scan(_ file: AuditFileName, before end: Int, _ search: inout Search) async throws(FileFailure) -> Cursor?
  {
    // The lines from here on are done; `pending` is what stands before them and has been read.
    var end = end
    var pending: [UInt8] = []
    var isAllOlder = search.filter.since != nil && end > 0
    while end > 0 {
      if Task.isCancelled { throw .refused }
      let start = max(0, end - pending.count - AuditVerification.chunkBytes)
      let chunk = try await archive.read(file, at: start, count: end - pending.count - start)
      guard chunk.count == end - pending.count - start else { throw .system(found: "\(file.text) has become shorter") }
      search.read += chunk.count
      pending = chunk + pending
      while let line = Self.popLastLine(of: &pending, isWholeFile: start == 0) {
        let offset = end - line.count
        let row = AuditRecord(line, file: file, offset: offset)
        isAllOlder = isAllOlder && row?.isOlder(than: search.filter.since) ?? true
        end = offset
        if let row, row.matches(search.filter) {
          search.found.append(row.value)
          search.bytes += line.count
        }
        if search.isFull { return Cursor(file: file, offset: end) }
      }
      // No line of ours is so long; what does not end is shown as pieces that are no rows.
      if pending.count > AuditLine.maximumBytes * 8 {
        search.found.append(AuditRecord.unreadable(file, offset: end - pending.count, count: pending.count))
        end -= pending.count
        pending = []
        if search.isFull { return Cursor(file: file, offset: end) }
      }
    }
    search.isBeforeTheQuestion = isAllOlder
    return nil
  }

  /// The last line with the line feed that ends it; one that may begin further ahead stays.
  private static func popLastLine(of pending: inout [UInt8], isWholeFile: Bool) -> [UInt8]? {
    guard !pending.isEmpty else { return nil }
    let lineFeed = UInt8(ascii: "\n")
    guard let before = pending.dropLast().lastIndex(of: lineFeed) else {
      guard isWholeFile else { return nil }
      defer { pending = [] }
      return pending
    }
    defer { pending.removeSubrange((before + 1)...) }
    return Array(pending[(before + 1)...])
  }
}

/// One line of a file as an answer shows it.
private struct AuditRecord {
  let value: JSONValue
  private let isRow: Bool
  private let time: UnixTime?

  /// Nil for a line without an end: a row that is being written is none yet.
  init?(_ line: [UInt8], file: AuditFileName, offset: Int) {
    guard line.last == UInt8(ascii: "\n") else { return nil }
    let text = line.dropLast()
    if AuditLine(text[...]) != nil, let value = try? JSONValue(parsing: Array(text)) {
      self.value = value
      isRow = true
      time = value.text("time").flatMap(UnixTime.init(rfc3339Milliseconds:))
    } else {
      value = Self.unreadable(file, offset: offset, count: line.count)
      isRow = false
      time = nil
    }
  }

  static func unreadable(_ file: AuditFileName, offset: Int, count: Int) -> JSONValue {
    [
      "event": "unreadable", "file": .string(file.text), "offset": .number(JSONNumber(offset)),
      "bytes": .number(JSONNumber(count)),
    ]
  }

  func isOlder(than time: UnixTime?) -> Bool {
    guard let time, let mine = self.time else { return true }
    return mine < time
  }

  func matches(_ filter: AuditQuery.Filter) -> Bool {
    guard isRow else { return true }
    if let since = filter.since, time.map({ $0 < since }) ?? false { return false }
    if let until = filter.until, time.map({ $0 >= until }) ?? false { return false }
    return holds("profile", filter.profile) && holds("subject", filter.subject)
      && holds("operation", filter.operation) && holds("event", filter.event?.rawValue) && holdsOutcome(filter.outcome)
  }

  /// Bytes, not characters: two spellings of a name are two names (invariant 4).
  private func holds(_ member: String, _ wanted: String?) -> Bool {
    guard let wanted else { return true }
    guard let found = value.text(member) else { return false }
    return found.utf8.elementsEqual(wanted.utf8)
  }

  private func holdsOutcome(_ wanted: String?) -> Bool {
    guard wanted == "error" else { return holds("outcome", wanted) }
    return value.text("outcome").map { $0 != "ok" } ?? false
  }
}

extension JSONValue {
  fileprivate func text(_ member: String) -> String? {
    guard case .string(let text)? = self[member] else { return nil }
    return text
  }
}

extension UnixTime {
  /// Reads what `rfc3339` writes, with a fraction of 1 to 3 digits or without.
  package init?(rfc3339Milliseconds text: String) {
    let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 2 else {
      self.init(rfc3339: text)
      return
    }
    let fraction = parts[1].dropLast()
    guard parts[1].last == UInt8(ascii: "Z"), (1...3).contains(fraction.count),
      fraction.allSatisfy({ (0x30...0x39).contains($0) }),
      let whole = UnixTime(rfc3339: String(decoding: Array(parts[0]), as: UTF8.self) + "Z")
    else { return nil }
    let digits = fraction.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    let scale: Int64 = [100, 10, 1][fraction.count - 1]
    self.init(milliseconds: whole.milliseconds + digits * scale)
  }
}
