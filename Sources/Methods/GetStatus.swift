import Delegation
package import JSONRPC
import Metrics

package enum GetStatus: Method {
  package static let name = "getStatus"
  package static let lane = Lane.control

  package struct Params: Decodable, Sendable {}

  package struct Result: Encodable, Sendable {
    let version: String
    let protocolVersion = Initialize.protocolVersion
    let libraries: LibraryVersions
    let startedAt: String
    let uptimeSeconds: Int64
    let store: String
    let admin: Bool
    let locked: Bool
    let limits: LimitsView
    let inFlight: Int
    let refused: CountsView<Int>
    let methods: CountsView<MethodView>
    let domains: [DomainStatusView]
    let pods: [PodStatusView]
    let cache: CacheView
  }

  struct MethodView: Encodable, Sendable {
    let count: UInt64
    let errors: CountsView<Int>
    let latency: LatencyView

    init(_ statistics: SessionStatistics.Method) {
      count = statistics.latency.count
      errors = CountsView(counts: statistics.errors)
      latency = LatencyView(statistics.latency)
    }
  }

  struct PodStatusView: Encodable, Sendable {
    let fusionUrl: String
    let traffic: TrafficView
  }

  /// Here, where it needs no place among the requests in flight: a sidecar that is stuck can still be asked. It touches
  /// no store, no disk and no network.
  package static func answerAtOnce(
    _ params: Params,
    in services: Services
  ) -> Swift.Result<Result, ResponseError>? {
    .success(Result(services))
  }

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError) -> Result
  {
    Result(services)
  }
}

extension GetStatus.Result {
  init(_ services: Services) {
    let session = services.statistics.snapshot
    version = services.version
    libraries = services.libraries
    startedAt = services.uptime.startedAt.rfc3339
    uptimeSeconds = services.uptime.seconds
    store = services.domain.keys.store.name
    admin = services.isAdmin
    locked = services.domain.lockdown.isClosed
    limits = LimitsView(services.limits)
    inFlight = session.inFlight
    refused = CountsView(counts: session.refused)
    methods = CountsView(counts: session.methods.mapValues(GetStatus.MethodView.init))
    var servers = Dictionary(uniqueKeysWithValues: services.domain.traffic.snapshot.map { ($0.key.text, $0.value) })
    domains = services.domain.identityDomains.all.map { domain in
      DomainStatusView(domain, servers.removeValue(forKey: domain.url) ?? ServerTraffic())
    }
    pods = servers.sorted { $0.key < $1.key }.map { url, traffic in
      GetStatus.PodStatusView(fusionUrl: url, traffic: TrafficView(traffic))
    }
    cache = CacheView(services.domain.tokens.cache.status)
  }
}
