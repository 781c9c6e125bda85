package import JSON

/// A method as the server holds it: its types are gone into one closure.
package struct Route<Context: Sendable>: Sendable {
  package let name: String
  package let lane: Lane
  /// Reads the params of one request (nil: none were given), so that all that remains is to call.
  let prepare: @Sendable (JSONElement?, Context) throws(ResponseError) -> PreparedCall

  /// For methods of another protocol, which read their params in a way of their own.
  package init(
    name: String,
    lane: Lane,
    prepare: @escaping @Sendable (JSONElement?, Context) throws(ResponseError) -> PreparedCall
  ) {
    self.name = name
    self.lane = lane
    self.prepare = prepare
  }

  package init<M: Method>(_ method: M.Type) where M.Context == Context {
    name = M.name
    lane = M.lane
    prepare = { (params, context) throws(ResponseError) in
      let request = try Self.read(M.self, params)
      return PreparedCall(
        method: M.name,
        lane: M.lane,
        order: M.order(request.params),
        timeout: request.timeout ?? M.defaultTimeout,
        progressToken: request.progressToken,
        objection: { M.objection(to: request.params, in: context) },
        answerAtOnce: { M.answerAtOnce(request.params, in: context).map(Answer.init) },
        run: { call in
          do throws(ResponseError) {
            return Answer(.success(try await M.call(request.params, call, in: context)))
          } catch {
            return .error(error)
          }
        }
      )
    }
  }

  private static func read<M: Method>(
    _ method: M.Type,
    _ params: JSONElement?
  ) throws(ResponseError) -> RequestParams<M.Params> {
    let type = RequestParams<M.Params>.self
    do {
      guard let params else { return try JSONReader.decode(type, from: JSONValue.object([])) }
      return try JSONReader.decode(type, from: params, unknownMembers: M.unknownParams)
    } catch {
      throw .invalidParams(error, of: M.name)
    }
  }
}

/// A request that has been understood.
package struct PreparedCall: Sendable {
  let method: String
  let lane: Lane
  let order: Order
  let timeout: Duration
  let progressToken: [UInt8]?
  let objection: @Sendable () -> ResponseError?
  let answerAtOnce: @Sendable () -> Answer?
  /// The answer of a request that was abandoned.
  let unfinished: @Sendable (ResponseError) -> Answer
  let run: @Sendable (Call) async -> Answer

  init(
    method: String,
    lane: Lane,
    order: Order,
    timeout: Duration,
    progressToken: [UInt8]?,
    objection: @escaping @Sendable () -> ResponseError?,
    answerAtOnce: @escaping @Sendable () -> Answer?,
    run: @escaping @Sendable (Call) async -> Answer
  ) {
    self.method = method
    self.lane = lane
    self.order = order
    self.timeout = timeout
    self.progressToken = progressToken
    self.objection = objection
    self.answerAtOnce = answerAtOnce
    unfinished = Answer.error
    self.run = run
  }

  /// Work that waits for no other.
  package init(
    method: String,
    lane: Lane,
    timeout: Duration,
    progressToken: [UInt8]? = nil,
    unfinished: @escaping @Sendable (ResponseError) -> Answer = Answer.error,
    run: @escaping @Sendable (Call) async -> Answer
  ) {
    self.method = method
    self.lane = lane
    order = .concurrent
    self.timeout = timeout
    self.progressToken = progressToken
    objection = { nil }
    answerAtOnce = { nil }
    self.unfinished = unfinished
    self.run = run
  }
}

extension Answer {
  fileprivate init(_ outcome: Result<some Encodable, ResponseError>) {
    switch outcome {
    case .success(let result):
      do throws(JSONEncodingError) {
        self = .result(try JSONWriter.encode(result))
      } catch {
        self = .error(.unwritableResult(error))
      }
    case .failure(let error): self = .error(error)
    }
  }
}
