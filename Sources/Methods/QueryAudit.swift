import Delegation
import JSON
package import JSONRPC

package enum QueryAudit: Method {
  package static let name = "queryAudit"

  package struct Params: Decodable, Sendable {
    let since: String?
    let until: String?
    let profile: String?
    let subject: String?
    let operation: String?
    let event: AuditEvent?
    let outcome: String?
    let limit: Int?
    let from: String?
  }

  package struct Result: Encodable, Sendable {
    let rows: [JSONValue]
    let next: String?
  }

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError) -> Result
  {
    try await answering { () throws(Failure) in
      await services.domain.audit.settle()
      let page = try await services.domain.auditQuery.page(
        try filter(params),
        from: try cursor(params.from),
        limit: params.limit ?? 100
      )
      return Result(rows: page.rows, next: page.next?.text)
    }
  }

  private static func filter(_ params: Params) throws(Failure) -> AuditQuery.Filter {
    try checking { () throws(ParamsFailure) in
      try FieldRules.range(params.limit, 1...1000, field: "limit")
    }
    var filter = AuditQuery.Filter()
    filter.since = try time(params.since, field: "since")
    filter.until = try time(params.until, field: "until")
    filter.profile = params.profile
    filter.subject = params.subject
    filter.operation = params.operation
    filter.event = params.event
    filter.outcome = params.outcome
    return filter
  }

  private static func time(_ text: String?, field: String) throws(Failure) -> UnixTime? {
    guard let text else { return nil }
    guard let time = UnixTime(rfc3339Milliseconds: text) else {
      throw .params(ParamsFailure(field, "must be a time in UTC such as 2026-11-23T00:00:00Z"))
    }
    return time
  }

  private static func cursor(_ text: String?) throws(Failure) -> AuditQuery.Cursor? {
    guard let text else { return nil }
    guard let cursor = AuditQuery.Cursor(text) else {
      throw .params(ParamsFailure("from", "must be what next of the page before was"))
    }
    return cursor
  }
}
