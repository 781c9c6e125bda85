/// Follows a chain line by line and says where it breaks first (protocol/audit.md, "How to verify").
package struct AuditChain {
  /// Where a chain breaks, and how.
  package struct Break: Error, Sendable, Equatable {
    package let file: String
    /// Counted from 1; nil when no line of the file is to blame.
    package let line: Int?
    /// One plain sentence without its final period.
    package let found: String
  }

  /// The longest run of bytes that is no row. A power cut leaves no more than was written within a second.
  package static let maximumStrayBytes = 32 << 20

  private let digests: any Digests
  private let anchor: AuditHead?
  /// Nil before the first row, when older files have gone and nobody can say what it follows.
  private var previous: AuditHead?
  private var file: AuditFileName?
  private var line = 0
  private var expectsRotation: AuditFileName?
  /// Bytes that are no row, since the last one.
  private var stray: (line: Int, bytes: [UInt8])?
  private var meetsAnchor = false

  package private(set) var rows: Int64 = 0
  package private(set) var first: Int64?
  /// The last row, and the file it stands in.
  package private(set) var head: (file: AuditFileName, row: AuditHead)?

  package init(digests: any Digests, anchor: AuditHead?) {
    self.digests = digests
    self.anchor = anchor
  }

  /// Goes on with the next file, from its beginning.
  package mutating func begin(_ next: AuditFileName) throws(Break) {
    let before = AuditFileName(number: next.number - 1)
    if let file {
      guard next.number == file.number + 1 else {
        throw Break(
          file: AuditFileName(number: file.number + 1).text,
          line: nil,
          found: "the file is missing, and a later one is there"
        )
      }
    } else if next.number == 1 {
      previous = .genesis
    }
    expectsRotation = next.number > 1 ? before : nil
    file = next
    line = 0
  }

  /// The next line, without its line feed.
  package mutating func take(_ text: ArraySlice<UInt8>) throws(Break) {
    line += 1
    guard let row = AuditLine(text) else {
      let bytes = stray.map { $0.bytes + [UInt8(ascii: "\n")] } ?? []
      stray = (stray?.line ?? line, bytes + text)
      if let stray, stray.bytes.count > Self.maximumStrayBytes {
        throw broken("more than 32 MiB are no row", at: stray.line)
      }
      return
    }
    try checkRecovery(row)
    try checkPlace(row)
    try checkRotation(row)
    let head = AuditHead(sequence: row.sequence, hash: Hexadecimal.encode(digests.sha256(Array(text))))
    if let anchor, anchor.sequence == row.sequence {
      guard anchor.hash == head.hash else { throw broken("the row is not the one that the anchor names") }
      meetsAnchor = true
    }
    previous = head
    first = first ?? row.sequence
    rows += 1
    if let file { self.head = (file, head) }
  }

  /// What must hold at the end of a file.
  ///
  /// - Parameter unended: how many bytes follow the last line feed. In the last file of all they are no row yet: a
  ///   sidecar is writing them, or died doing so and the next one will say so.
  package func end(unended: Int, isLast: Bool) throws(Break) {
    if let stray { throw broken("the line is not a row", at: stray.line) }
    if unended > 0, !isLast { throw broken("the file ends inside a line", at: line + 1) }
    if expectsRotation != nil, !isLast { throw broken("the file has no row", at: nil) }
  }

  /// What must hold behind the last file.
  package func finish() throws(Break) {
    guard let anchor, !meetsAnchor, anchor.sequence > 0 else { return }
    let name = head?.file.text ?? "audit-000001.jsonl"
    guard let head, anchor.sequence <= head.row.sequence else {
      throw Break(
        file: name,
        line: nil,
        found: "the chain ends at row \(head?.row.sequence ?? 0), and the anchor names row \(anchor.sequence)"
      )
    }
    throw Break(
      file: name,
      line: nil,
      found: "the chain begins at row \(first ?? 0), and the anchor names row \(anchor.sequence)"
    )
  }

  private mutating func checkRecovery(_ row: AuditLine) throws(Break) {
    switch (row.kind, stray) {
    case (.recovered(let count, let sha256), let stray?):
      guard count == stray.bytes.count, sha256 == Hexadecimal.encode(digests.sha256(stray.bytes)) else {
        throw broken("the bytes from here are not those that row \(row.sequence) found", at: stray.line)
      }
      self.stray = nil
    case (.recovered, nil): throw broken("the bytes that the row found are not there")
    case (_, let stray?): throw broken("the line is not a row", at: stray.line)
    case (_, nil): break
    }
  }

  private func checkPlace(_ row: AuditLine) throws(Break) {
    guard let previous else { return }
    guard row.sequence == previous.sequence + 1 else {
      throw broken("the row has number \(row.sequence), and \(previous.sequence + 1) comes next")
    }
    guard row.previous == previous.hash else {
      throw broken("the row does not follow the one before it: one of them is not as it was written")
    }
  }

  /// A file names the one before it in its first row; only a recovery may come earlier.
  private mutating func checkRotation(_ row: AuditLine) throws(Break) {
    switch (row.kind, expectsRotation) {
    case (.rotated(let named), let expected?):
      guard named == expected else { throw broken("the file names \(named.text) as the one before it") }
      expectsRotation = nil
    case (.plain, .some): throw broken("the first row does not name the file before")
    case (.rotated, nil): throw broken("the row belongs at the beginning of a file")
    case (.recovered, _), (.plain, nil): break
    }
  }

  private func broken(_ found: String) -> Break { broken(found, at: line) }

  private func broken(_ found: String, at line: Int?) -> Break {
    Break(file: file?.text ?? "", line: line, found: found)
  }
}
