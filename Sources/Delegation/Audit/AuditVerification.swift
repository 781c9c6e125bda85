/// Reads all audit files and holds the chain against itself, and against an anchor.
///
/// Streams: whatever the files' size, it holds one line at a time. Ends when the calling task is cancelled.
package struct AuditVerification: Sendable {
  package struct Verdict: Sendable, Equatable {
    /// How many rows were found in order.
    package let rows: Int64
    /// The newest of them.
    package let head: AuditHead?
    package let headFile: String?
    /// The number of the oldest; above 1 when older files have been removed.
    package let first: Int64?
    package let problem: AuditChain.Break?
  }

  private let archive: any AuditArchive
  private let digests: any Digests
  private let path: String

  static let chunkBytes = 256 << 10

  package init(archive: any AuditArchive, digests: any Digests, path: String) {
    self.archive = archive
    self.digests = digests
    self.path = path
  }

  package func verify(anchor: AuditHead?) async throws(Failure) -> Verdict {
    var chain = AuditChain(digests: digests, anchor: anchor)
    var problem: AuditChain.Break?
    let files = try await reading { () async throws(FileFailure) in try await archive.files() }
    do throws(Interruption) {
      for file in files { try await follow(file, isLast: file == files.last, &chain) }
      do { try chain.finish() } catch { throw .broken(error) }
    } catch {
      switch error {
      case .broken(let found): problem = found
      case .failed(let failure): throw failure
      }
    }
    return Verdict(
      rows: chain.rows,
      head: chain.head?.row,
      headFile: chain.head?.file.text,
      first: chain.first,
      problem: problem
    )
  }

  private enum Interruption: Error {
    case broken(AuditChain.Break)
    case failed(Failure)
  }

  private func follow(_ file: AuditFileName, isLast: Bool, _ chain: inout AuditChain) async throws(Interruption) {
    do { try chain.begin(file) } catch { throw .broken(error) }
    var pending: [UInt8] = []
    var offset = 0
    while true {
      if Task.isCancelled { throw .failed(.abandoned) }
      let chunk: [UInt8]
      do {
        chunk = try await reading { () async throws(FileFailure) in
          try await archive.read(file, at: offset, count: Self.chunkBytes)
        }
      } catch {
        throw .failed(error)
      }
      guard !chunk.isEmpty else { break }
      offset += chunk.count
      pending += chunk
      do { try Self.takeLines(from: &pending, &chain) } catch { throw .broken(error) }
      guard pending.count <= AuditChain.maximumStrayBytes else {
        throw .broken(AuditChain.Break(file: file.text, line: nil, found: "a line is longer than 32 MiB"))
      }
    }
    do { try chain.end(unended: pending.count, isLast: isLast) } catch { throw .broken(error) }
  }

  private static func takeLines(from pending: inout [UInt8], _ chain: inout AuditChain) throws(AuditChain.Break) {
    var rest = pending[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      try chain.take(rest[..<end])
      rest = rest[(end + 1)...]
    }
    pending = Array(rest)
  }

  private func reading<Value>(_ body: () async throws(FileFailure) -> Value) async throws(Failure) -> Value {
    do { return try await body() } catch { throw .audit(error, path: path) }
  }
}
