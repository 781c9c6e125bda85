import Delegation

/// How an audit file ends: its last row, and what stands behind it that is none.
struct AuditTail {
  /// The bytes of the last row, without its line feed; nil when the file has no row.
  let row: [UInt8]?
  /// What a writer that died, or a full disk, has left behind the row; without the line feed that ends it.
  let stray: [UInt8]?
  let endsInLineFeed: Bool

  private static let lineFeed = UInt8(ascii: "\n")

  /// Reads backwards from the end, no more than is needed.
  init(of file: AuditFile) throws(FileFailure) {
    let size = try file.size()
    var window = AuditLine.maximumBytes + 1
    while true {
      let start = max(0, size - window)
      let bytes = try file.bytes(at: start, count: size - start)
      if let row = Self.lastRow(in: bytes, isWholeFile: start == 0) {
        let behind = bytes[min(row.upperBound + 1, bytes.count)...]
        self.init(row: Array(bytes[row]), behind: behind, last: bytes.last)
        return
      }
      if start == 0 {
        self.init(row: nil, behind: bytes[...], last: bytes.last)
        return
      }
      guard window < AuditChain.maximumStrayBytes else {
        throw .system(found: "the end of \(quoted(file.path)) holds no row. Move the audit files away to begin anew")
      }
      window *= 8
    }
  }

  private init(row: [UInt8]?, behind: ArraySlice<UInt8>, last: UInt8?) {
    self.row = row
    endsInLineFeed = last.map { $0 == Self.lineFeed } ?? true
    stray = behind.isEmpty ? nil : Array(endsInLineFeed ? behind.dropLast() : behind)
  }

  /// The last line that is a row, ended or not.
  private static func lastRow(in bytes: [UInt8], isWholeFile: Bool) -> Range<Int>? {
    var end = bytes.count
    while true {
      let before = bytes[..<end].lastIndex(of: lineFeed)
      guard before != nil || isWholeFile else { return nil }
      let start = before.map { $0 + 1 } ?? 0
      if AuditLine(bytes[start..<end]) != nil { return start..<end }
      guard let before else { return nil }
      end = before
    }
  }
}
