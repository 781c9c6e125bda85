import Delegation
import JSON
import ProtocolKit

/// A user's two invoices, as far as transcripts look at them; those of Tests/sandbox can be changed.
enum InProcessInvoices {
  static let path = "/fscmRestApi/resources/11.13.18.05/invoices"
  private static let tag = #""00000001""#

  static func answer(_ request: HTTPRequest, to user: SandboxPeople.User) -> HTTPResponse {
    let items = user.roles?.contains("PAYABLES") == true ? [1, 2].map { invoice($0, of: user) } : []
    let rest = request.target.dropFirst(path.count)
    switch (request.method, rest) {
    case (.get, ""), (.get, "?limit=1"):
      let page = rest.isEmpty ? items : Array(items.prefix(1))
      return .json(
        200,
        ["items": .array(page), "count": .number(JSONNumber(page.count)), "hasMore": .bool(page.count < items.count)],
        headers: [(name: "set-cookie", value: "JSESSIONID=planted; Path=/"), (name: "x-oracle-dms-ecid", value: "e")]
      )
    case (.post, ""):
      guard request.only("content-type") == "application/json", let body = try? JSONValue(parsing: request.body ?? []),
        let members = body.members
      else { return .json(400, [:]) }
      return .json(201, .object([JSONValue.Member("InvoiceId", 300_000_000_000_000_001)] + members))
    case (_, let place):
      guard let item = items.first(where: { place == "/\($0["InvoiceId"]?.text ?? "")" }) else {
        return .json(404, ["status": 404])
      }
      return answer(request, about: item)
    }
  }

  private static func answer(_ request: HTTPRequest, about item: JSONValue) -> HTTPResponse {
    let headers = [(name: "etag", value: tag)]
    switch request.method {
    case .get where request.only("if-none-match") == tag:
      return HTTPResponse(status: 304, headers: headers, body: [], date: nil)
    case .get: return .json(200, item, headers: headers)
    case .patch where request.only("if-match") != tag: return .json(412, ["status": 412])
    case .head, .post, .put, .patch, .delete: return .json(405, ["status": 405])
    }
  }

  private static func invoice(_ number: Int, of user: SandboxPeople.User) -> JSONValue {
    [
      "InvoiceId": .number(JSONNumber(validated: "9007199254740993\(number)")),
      "InvoiceNumber": .string("\(user.userName.uppercased())-\(number)"),
      "InvoiceAmount": .number(JSONNumber(validated: "12345678901234567.8\(number)")),
    ]
  }
}
