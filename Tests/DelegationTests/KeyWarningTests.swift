import Delegation
import TestSupport
import Testing

struct KeyWarningTests {
  /// `PlainKeys` lets every certificate be valid from 1,600,000,000 to 1,800,000,000.
  private static let begin: Int64 = 1_600_000_000_000
  private static let end: Int64 = 1_800_000_000_000
  private static let day: Int64 = 86_400_000

  private func certificate() throws -> Certificate { try PlainKeys().certificate([]) }

  /// To the millisecond: the last moment without a warning, the first with it.
  private static let moments: [(Int64, KeyWarning.Kind?)] = [
    (begin - 1, .certificateNotYetValid), (begin, nil), (end - 30 * day - 1, nil),
    (end - 30 * day, .certificateEnding), (end, .certificateEnding), (end + 1, .certificateEnded),
  ]

  @Test(arguments: moments) func theDatesAreWatched(_ now: Int64, _ kind: KeyWarning.Kind?) throws {
    #expect(KeyWarning.dates(of: try certificate(), at: UnixTime(milliseconds: now))?.kind == kind)
  }

  @Test func theDatesOfARetiredKeyAreOfNoConcern() async throws {
    let bench = try await RotationBench()
    try await bench.start(bench.rotation)
    let now = UnixTime(milliseconds: Self.end)
    func kinds(_ alias: String) async throws -> [KeyWarning.Kind] {
      KeyWarning.all(of: try await bench.domain().keys.get(alias, deadline: .now), at: now).map(\.kind)
    }
    #expect(try await kinds("payables") == [.certificateEnding])
    #expect(try await kinds("payables-2") == [.certificateEnding, .keyPending])
    _ = try await bench.rotation.finish("payables", for: bench.caller)
    #expect(try await kinds("payables") == [.keyRetired])
    #expect(try await kinds("payables-2") == [.certificateEnding])
  }

  private static let counts: [(Int64, Int64)] = [
    (end - 30 * day - 1, 30), (end - 30 * day, 30), (end - 30 * day + 1, 29), (end - day, 1), (end - day + 1, 0),
    (end, 0), (end + 1, -1), (end + day, -1), (end + day + 1, -2),
  ]

  @Test(arguments: counts) func daysAreWholeAndRoundedDown(_ now: Int64, _ days: Int64) throws {
    #expect(try certificate().daysLeft(at: UnixTime(milliseconds: now)) == days)
  }
}
