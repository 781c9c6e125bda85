package import Delegation
import Synchronization

/// A probe that finds every way open, but for what a test plans of a host.
package final class ScriptedProbe: ConnectionProbe {
  private struct State {
    var reports: [String: ConnectionReport] = [:]
    var places: [ProbedPlace] = []
  }

  private let state = Mutex(State())

  package init() {}

  package var places: [ProbedPlace] { state.withLock(\.places) }

  package func plan(_ host: String, _ change: (inout ConnectionReport) -> Void) {
    var report = Self.open
    change(&report)
    state.withLock { $0.reports[host] = report }
  }

  package func look(at place: ProbedPlace) async -> ConnectionReport {
    state.withLock { state in
      state.places.append(place)
      return state.reports[place.origin.host] ?? Self.open
    }
  }

  /// All is well, until long after the time of `FixedWallClock`.
  package static var open: ConnectionReport {
    var report = ConnectionReport()
    report.addresses = ["192.0.2.7"]
    report.lookupTime = .milliseconds(3)
    report.address = "192.0.2.7"
    report.connectTime = .milliseconds(12)
    report.tlsVersion = "TLSv1.3"
    report.handshakeTime = .milliseconds(25)
    report.certificate = ConnectionReport.ServerCertificate(
      subject: "CN = *.oraclecloud.com",
      issuer: "CN = An authority",
      notAfter: UnixTime(seconds: 4_000_000_000)
    )
    return report
  }
}
