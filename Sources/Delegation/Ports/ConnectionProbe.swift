/// Looks at the way to a server, step by step, and tells what it met.
///
/// The connection is made as a request's would be and is then closed. Nothing of HTTP is said to the server over it, and
/// no credential of ours: a proxy alone is told what it needs to open the way.
package protocol ConnectionProbe: Sendable {
  /// Ends by the deadline, or when the task is cancelled.
  func look(at place: ProbedPlace) async -> ConnectionReport
}

/// Where a look goes, and how.
package struct ProbedPlace: Sendable {
  package var origin: Origin
  package var deadline: ContinuousClock.Instant
  /// A PEM bundle added to the system's roots.
  package var caFile: String?
  /// Overrides `https_proxy`/`no_proxy` when set. Never used for loopback.
  package var proxy: String?

  package init(_ origin: Origin, deadline: ContinuousClock.Instant, caFile: String? = nil, proxy: String? = nil) {
    self.origin = origin
    self.deadline = deadline
    self.caFile = caFile
    self.proxy = proxy
  }
}

/// What a look met, in the order of the way. What lies behind the first problem is not known.
package struct ConnectionReport: Sendable, Equatable {
  /// Nil for the direct way.
  package var proxy: Proxy?
  /// Of the server, or of the proxy when there is one: those that were tried. None for a name that is not known.
  package var addresses: [String] = []
  package var lookupTime: Duration?
  /// The address that answered.
  package var address: String?
  package var connectTime: Duration?
  /// As `TLSv1.3`; nil where TLS was not agreed, and for plain http.
  package var tlsVersion: String?
  package var handshakeTime: Duration?
  /// The server's, also when it was not accepted.
  package var certificate: ServerCertificate?
  /// The step that failed.
  package var problem: Problem?

  package init() {}

  /// Its URL has no user and no password.
  package struct Proxy: Sendable, Equatable {
    package enum Source: Sendable {
      case profile
      case environment
    }

    package let url: String
    package let source: Source

    package init(url: String, source: Source) {
      self.url = url
      self.source = source
    }
  }

  package enum Step: Sendable, CaseIterable {
    /// The profile's or the environment's own words: a proxy that is no URL, an origin that may not be asked.
    case settings
    case lookup
    case connect
    /// What the proxy says to the way being opened.
    case tunnel
    case tls
  }

  package struct Problem: Sendable, Equatable {
    package enum Reason: Sendable, Equatable {
      /// In the transport's own words.
      case failed(found: String)
      /// The HTTP status by which a proxy refused.
      case refused(status: Int)
      case timedOut
      case cancelled
    }

    package let step: Step
    package let reason: Reason

    package init(_ step: Step, _ reason: Reason) {
      self.step = step
      self.reason = reason
    }
  }

  /// The leaf of what a server showed.
  package struct ServerCertificate: Sendable, Equatable {
    package let subject: String
    package let issuer: String
    package let notAfter: UnixTime?

    package init(subject: String, issuer: String, notAfter: UnixTime?) {
      self.subject = subject
      self.issuer = issuer
      self.notAfter = notAfter
    }
  }
}
