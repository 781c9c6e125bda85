import Delegation
import Foundation
import OpenSSLKeys
import Synchronization

@testable import LocalFiles

/// A state directory of its own and what writes to it, as in the program.
final class AuditUnderTest: Sendable {
  let scratch: Scratch
  let place: AuditPlace
  private let said = Mutex<[String]>([])

  init(maximumFileBytes: Int = 16 << 20, patience: Duration = .seconds(5), in scratch: Scratch? = nil) throws {
    self.scratch = try scratch ?? Scratch()
    var place = AuditPlace(path: self.scratch.path("state"))
    place.maximumFileBytes = maximumFileBytes
    place.patience = patience
    place.syslog = self.scratch.path("log")
    self.place = place
  }

  /// What the process's log was told.
  var reports: [String] { said.withLock(\.self) }

  var path: String { place.path }

  /// Another sidecar of the same directory.
  func log() -> AuditLog {
    AuditLog(place, host: FixedHost(), digests: OpenSSLDigests(), wallClock: SystemWallClock()) { text in
      self.said.withLock { $0.append(text) }
    }
  }

  /// What a log's thread does, for a test that is that thread and whose clock runs ahead.
  func writer(now: @escaping () -> ContinuousClock.Instant) -> AuditWriter {
    AuditWriter(place, host: FixedHost(), digests: OpenSSLDigests(), wallClock: SystemWallClock(), now: now) { text in
      self.said.withLock { $0.append(text) }
    }
  }

  func verdict(anchor: AuditHead? = nil) async throws -> AuditVerification.Verdict {
    let archive = AuditFiles(path: path)
    return try await AuditVerification(archive: archive, digests: OpenSSLDigests(), path: path).verify(anchor: anchor)
  }

  /// All rows, oldest first.
  func rows() async throws -> [String] {
    var rows: [String] = []
    for name in try await AuditFiles(path: path).files() {
      rows += try scratch.text("state/\(name.text)").split(separator: "\n").map(String.init)
    }
    return rows
  }

  func append(_ text: String, to name: String = "audit-000001.jsonl") throws {
    let file = try FileHandle(forWritingTo: URL(filePath: "\(path)/\(name)"))
    try file.seekToEnd()
    try file.write(contentsOf: Data(text.utf8))
    try file.close()
  }
}

struct FixedHost: HostIdentity {
  func read() -> HostProcess {
    HostProcess(process: HostProcess.Process(pid: 7, executable: "/usr/bin/backend"), parent: nil, sidecar: 8)
  }
}

extension AuditRow {
  /// A row that a test knows again.
  static func sample(_ count: Int) -> AuditRow { .lost(count, at: UnixTime(seconds: 1_795_558_400)) }
}
