/// What a frame is to the others of its request.
enum FrameKind: Sendable {
  case other
  /// Plain progress of that request: a later one may take its place.
  case report(of: Serial)
  /// Streamed text of that request: nothing takes its place, and no progress passes it.
  case text(of: Serial)
}

/// Frames that wait for the writer, in order, and their size.
struct FrameQueue: Sendable {
  private struct Frame: Sendable {
    var bytes: [UInt8]
    /// Whose plain progress this is, when a later report of the same may take its place.
    var report: Serial?
  }

  private(set) var byteCount = 0
  private var frames: [Frame] = []
  /// Frames before this one have been taken.
  private var head = 0
  /// How many frames were dropped from the front of `frames`: positions count from the first frame ever.
  private var dropped = 0
  /// The position of the report that waits, by its request.
  private var reports: [Serial: Int] = [:]

  var isEmpty: Bool { head == frames.count }

  mutating func append(_ bytes: [UInt8], _ kind: FrameKind) {
    switch kind {
    case .other: break
    case .report(let request): reports[request] = dropped + frames.count
    // A report that took the place of one before this text would pass it.
    case .text(let request): reports[request] = nil
    }
    frames.append(Frame(bytes: bytes, report: kind.report))
    byteCount += bytes.count
  }

  /// Puts a frame before all others. Of its request none may have been added since it was sent.
  mutating func prepend(_ bytes: [UInt8], _ kind: FrameKind) {
    reclaim(all: true)
    dropped -= 1
    frames.insert(Frame(bytes: bytes, report: kind.report), at: 0)
    if let report = kind.report, reports[report] == nil { reports[report] = dropped }
    byteCount += bytes.count
  }

  /// Puts the report where an earlier one of the same request waits. False when none does.
  mutating func replaceReport(of request: Serial, with bytes: [UInt8]) -> Bool {
    guard let position = reports[request] else { return false }
    byteCount += bytes.count - frames[position - dropped].bytes.count
    frames[position - dropped].bytes = bytes
    return true
  }

  /// The first frames, together at most that many bytes; a larger one comes alone. Empty when nothing waits.
  mutating func take(upTo limit: Int) -> [UInt8] {
    var chunk: [UInt8] = []
    while head < frames.count, chunk.isEmpty || chunk.count + frames[head].bytes.count <= limit {
      if let report = frames[head].report, reports[report] == dropped + head { reports[report] = nil }
      if chunk.isEmpty { swap(&chunk, &frames[head].bytes) } else { chunk += frames[head].bytes }
      frames[head].bytes = []
      head += 1
    }
    byteCount -= chunk.count
    reclaim()
    return chunk
  }

  private mutating func reclaim(all: Bool = false) {
    guard all || head > frames.count / 2 else { return }
    frames.removeSubrange(..<head)
    dropped += head
    head = 0
  }
}

extension FrameKind {
  fileprivate var report: Serial? { if case .report(let request) = self { request } else { nil } }
}
