package import JSON

/// One method of the protocol: its wire types, how it is ordered, and the work. Conformers are enums without cases, for
/// a method has no state; what it works on is its context.
package protocol Method: SendableMetatype {
  associatedtype Params: Decodable & Sendable
  associatedtype Result: Encodable & Sendable
  associatedtype Context: Sendable

  static var name: String { get }
  static var lane: Lane { get }
  /// How long the answer may take when the request has no `timeoutMs`.
  static var defaultTimeout: Duration { get }
  static var unknownParams: JSONReader.UnknownMembers { get }

  static func order(_ params: Params) -> Order

  /// The answer where it can be had without waiting: given on the reader's thread, so it must be quick.
  ///
  /// Asked only when nothing pends that this request must wait for. Nil means that `call` does the work.
  static func answerAtOnce(_ params: Params, in context: Context) -> Swift.Result<Result, ResponseError>?

  /// Why a result that is there may not be given any more. Asked while the answer takes its place among those that go
  /// out: an answer that is sent after the reason came to be is not the result.
  static func objection(in context: Context) -> ResponseError?

  /// The same for methods of which some results may be given all the same.
  static func objection(to params: Params, in context: Context) -> ResponseError?

  static func call(_ params: Params, _ call: Call, in context: Context) async throws(ResponseError) -> Result
}

/// Which requests wait for one another by default.
package enum Lane: Sendable {
  /// Runs concurrently with other work, subject to its order.
  case work
  /// Handled where it is read, in the order of arrival, full queues or not. Must not wait.
  case control
}

extension Method {
  package static var lane: Lane { .work }
  package static var defaultTimeout: Duration { .seconds(30) }
  package static var unknownParams: JSONReader.UnknownMembers { .refused }
  package static func order(_ params: Params) -> Order { .concurrent }
  package static func objection(in context: Context) -> ResponseError? { nil }

  package static func objection(to params: Params, in context: Context) -> ResponseError? { objection(in: context) }

  package static func answerAtOnce(_ params: Params, in context: Context) -> Swift.Result<Result, ResponseError>? {
    nil
  }
}
