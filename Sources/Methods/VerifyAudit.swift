import Delegation
package import JSONRPC

package enum VerifyAudit: Method {
  package static let name = "verifyAudit"

  package struct Params: Decodable, Sendable {
    let anchor: String?
  }

  package struct Result: Encodable, Sendable {
    let ok: Bool
    let rows: Int64
    let firstSeq: Int64?
    let head: Head?
    let problem: Problem?
  }

  struct Head: Encodable, Sendable {
    let file: String
    let seq: Int64
    let hash: String
  }

  struct Problem: Encodable, Sendable {
    let file: String
    let line: Int?
    let found: String
  }

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError) -> Result
  {
    try await answering { () throws(Failure) in
      await services.domain.audit.settle()
      let verdict = try await services.domain.auditVerification.verify(anchor: try anchor(params.anchor))
      let head = verdict.head
      return Result(
        ok: verdict.problem == nil,
        rows: verdict.rows,
        firstSeq: verdict.first,
        head: head.map {
          Head(file: verdict.headFile ?? "", seq: $0.sequence, hash: String(decoding: $0.hash, as: UTF8.self))
        },
        problem: verdict.problem.map { Problem(file: $0.file, line: $0.line, found: $0.found) }
      )
    }
  }

  private static func anchor(_ text: String?) throws(Failure) -> AuditHead? {
    guard let text else { return nil }
    guard let anchor = AuditHead(text) else {
      throw .params(ParamsFailure("anchor", "must be SEQ:HASH, a number and 64 hexadecimal digits"))
    }
    return anchor
  }
}
