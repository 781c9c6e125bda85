import Delegation
import JSON
import JSONRPC
import Methods
import ProtocolKit
import Testing

/// What is said of a failure, held against protocol/errors.json.
@Suite struct ErrorKindTests {
  private let catalogue: ErrorCatalogue

  init() throws {
    catalogue = try JSONReader.decode(
      ErrorCatalogue.self,
      from: Repository.working.read("protocol/errors.json"),
      unknownMembers: .refused
    )
  }

  @Test(arguments: ProtocolErrorKind.allCases) func theProtocolsOwnKindsAreListed(kind: ProtocolErrorKind) throws {
    #expect(ErrorKind(rawValue: kind.rawValue)?.code == kind.code)
    let listed = try #require(catalogue[kind.rawValue])
    #expect(listed.code == kind.code)
    #expect(listed.retryable.permits(kind.isRetryable))
  }

  @Test(arguments: ErrorKind.allCases) func everyKindIsListed(kind: ErrorKind) throws {
    #expect(try #require(catalogue[kind.rawValue]).code == kind.code)
  }

  @Test(arguments: FailureSamples.all) func aFailureIsToldAsListed(failure: Failure) throws {
    let error = ResponseError(failure)
    let kind = try #require(error.kind.flatMap { catalogue[$0] }, "\(error)")
    #expect(error.code == kind.code)
    guard case .bool(let isRetryable)? = error.data?["retryable"] else {
      Issue.record("retryable is missing")
      return
    }
    #expect(kind.retryable.permits(isRetryable), "\(kind.kind)")
    for text in [error.message, error.explanation.hint] {
      #expect(text.hasSuffix(".") || text.hasSuffix("?") || text.hasSuffix("!"), "\(text)")
      #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }, "\(text)")
    }
  }

  /// Every kind but those of the protocol itself is what some failure becomes.
  @Test func samplesReachEveryKind() {
    let reached = Set(FailureSamples.all.compactMap { ResponseError($0).kind })
    #expect(reached.union(ProtocolErrorKind.allCases.map(\.rawValue)) == Set(ErrorKind.allCases.map(\.rawValue)))
  }
}

extension ErrorCatalogue.Retryable {
  fileprivate func permits(_ isRetryable: Bool) -> Bool {
    switch self {
    case .always: isRetryable
    case .never: !isRetryable
    case .sometimes: true
    }
  }
}

extension ResponseError {
  fileprivate var kind: String? { data?["kind"]?.string }
}
