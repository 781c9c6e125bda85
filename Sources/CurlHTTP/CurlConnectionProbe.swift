package import Delegation
import Synchronization

/// `ConnectionProbe` over libcurl, with a loop of its own: its connections and lookups are no request's, and it sees the
/// names as they are now and not as they were remembered.
package final class CurlConnectionProbe: ConnectionProbe {
  private let configuration: CurlHTTPClient.Configuration
  private let roots: TrustedRoots
  private let loop = TransferLoop(idleTime: .zero)
  private let lastID = Atomic<UInt64>(0)

  package init(_ configuration: CurlHTTPClient.Configuration) {
    self.configuration = configuration
    roots = TrustedRoots(system: configuration.systemRoots)
  }

  deinit { loop.stop() }

  package func look(at place: ProbedPlace) async -> ConnectionReport {
    do throws(HTTPFailure) {
      return try await look(at: place, caFile: place.caFile)
    } catch .tlsFailed(let found) where place.caFile != nil {
      return await look(at: place, without: found)
    } catch {
      return failed(error)
    }
  }

  /// Verified first, as a request is. A certificate that was not accepted is then read without; that look ends there.
  private func look(at place: ProbedPlace, caFile: String?) async throws(HTTPFailure) -> ConnectionReport {
    var report = await run(.verifying, try prepared(place, caFile: caFile))
    guard let problem = report.problem, problem.step == .tls, problem.reason.isFailure, report.certificate == nil,
      let again = try? prepared(place, caFile: caFile)
    else { return report }
    report.certificate = await run(.reading, again).certificate
    return report
  }

  /// With a `caFile` that cannot be used the rest of the way can still be seen.
  private func look(at place: ProbedPlace, without caFileProblem: String) async -> ConnectionReport {
    do throws(HTTPFailure) {
      var report = try await look(at: place, caFile: nil)
      if report.problem == nil || report.problem?.step == .tls {
        report.problem = ConnectionReport.Problem(.tls, .failed(found: caFileProblem))
      }
      return report
    } catch {
      return failed(error)
    }
  }

  private func failed(_ failure: HTTPFailure) -> ConnectionReport {
    var report = ConnectionReport()
    report.problem = ConnectionReport.Problem(beforeTheWay: failure)
    return report
  }

  private func prepared(_ place: ProbedPlace, caFile: String?) throws(HTTPFailure) -> PreparedRequest {
    var request = HTTPRequest(method: .get, origin: place.origin, target: "/", deadline: place.deadline)
    request.connectTimeout = max(.zero, place.deadline - .now)
    request.caFile = caFile
    request.proxy = place.proxy
    return try PreparedRequest(request, configuration: configuration, roots: roots)
  }

  private func run(_ look: Look, _ request: PreparedRequest) async -> ConnectionReport {
    let id = lastID.add(1, ordering: .relaxed).newValue
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        loop.start(Job(id: id, request: request, purpose: .look(look, continuation)))
        // A task cancelled before this line had its handler run when there was nothing to cancel yet.
        if Task.isCancelled { loop.cancel(id) }
      }
    } onCancel: {
      loop.cancel(id)
    }
  }
}

extension ConnectionReport.Problem.Reason {
  fileprivate var isFailure: Bool { if case .failed = self { true } else { false } }
}
