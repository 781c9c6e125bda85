@testable import Delegation

/// Each case of each failure of the domain, once or more.
enum FailureSamples {
  static let all: [Failure] =
    [.params(ParamsFailure("alias", "is needed")), .abandoned] + profiles.map(Failure.profile)
    + policies.map(Failure.policy) + stores + files.map { .file($0, path: "/config.json") }
    + files.map { .audit($0, path: "/state") } + keys.map(Failure.key)
    + tokens.map(Failure.token) + fusions.map(Failure.fusion) + networks.map(Failure.network)
    + networks.map { .duringRun(run, .network($0)) }
    + unknownRuns.flatMap { run in networks.map { .startUnknown(run, .network($0)) } }

  private static let profiles: [ProfileFailure] = [
    .notFound(name: "absent", known: []), .notFound(name: "absent", known: ["dev5"]), .notFound(name: nil, known: []),
    .notFound(name: nil, known: ["dev5", "test1"]), .invalid(profile: "dev5", field: "scope", problem: "is missing"),
    .invalid(profile: "/config.json", field: "", problem: "must be a JSON object"),
  ]

  private static let rule = PolicyFailure.Rule(layer: "profile dev5", text: #"subjects.deny "admin""#)
  private static let binding = KeyBinding(identityDomainUrl: "https://idcs-1.identity.oraclecloud.com", clientId: "c-1")

  private static let policies: [PolicyFailure] = [
    .subjectDenied(rule: rule), .scopeDenied(scope: "urn:opc:idm:__myscopes__", rule: rule),
    .agentDenied(agent: "HR_TEAM", rule: rule), .pathDenied(path: "GET /x", rule: rule),
    .rawCredentialsDenied(profile: "dev5", rule: rule),
    .keyBound(alias: "payables", to: binding, asked: binding), .keyBound(alias: "payables", to: nil, asked: binding),
    .adminRequired(method: "createKey"), .runDenied(what: "job 17"), .locked, .profileDisabled("dev5"),
    .unusable(found: "it is not JSON"),
    .originDenied(profile: "dev5", origin: "https://elsewhere.example", rule: rule),
  ]

  private static let stores: [Failure] = ["secret-service", "file:/keys", "memory"].flatMap { store in
    let unavailable = StoreProblem.allCases.map { StoreFailure.unavailable($0, found: "it is not there") }
    let others: [StoreFailure] = [
      .locked(found: "the keyring login"), .timedOut(writing: false), .timedOut(writing: true),
      .corrupt(found: "an item without a header"), .exists, .promptDismissed,
      .interrupted(found: "the message bus disconnected"),
    ]
    return (unavailable + others).map { Failure.store($0, store: store) }
  }

  private static let files: [FileFailure] = [
    .unsafe(found: "/tmp is writable by others"), .tooLarge(limit: 4096), .lockTimedOut(path: "/config.json.lock"),
    .system(found: "Permission denied"), .unsettled(found: "Input/output error"), .refused,
  ]

  private static let keys: [KeyringFailure] =
    [
      .occupied(SecretItem(.key, "payables"), store: "file:/keys"),
      .occupied(SecretItem(.clientSecret, "c-1@https://idcs-1.identity.oraclecloud.com"), store: "secret-service"),
      .notFound(alias: "absent"), .exists(alias: "payables"), .noneNamed(profile: "dev5"),
      .certificateExpired(alias: "payables", notAfter: UnixTime(seconds: 1_700_000_000)),
      .material(.unreadable(found: "no PEM block"), alias: "payables"),
      .material(.unsupported(found: "an EC key"), alias: "payables"),
      .material(.certificateMismatch, alias: "payables"),
      .material(.failed(operation: "EVP_PKEY_keygen"), alias: "payables"),
      .successorRefused(
        successor: "payables-2",
        TokenFailure.Refusal(kind: .invalidClient, status: 401, clientAuthentication: .clientAssertion)
      ),
      .successorRefused(
        successor: "payables-2",
        TokenFailure.Refusal(kind: .rateLimited, status: 429, clientAuthentication: .clientAssertion)
      ),
    ] + rotations.map { .rotation($0, alias: "payables") }

  private static let rotations: [RotationConflict] = [
    .notStarted, .isSuccessor(of: "receivables"), .isRetired(successor: "payables-2"),
    .isFinished(successor: "payables-2"), .successorGone("payables-2"), .successorMovedOn("payables-2"),
    .severalSuccessors(["payables-2", "payables.new"]), .otherSuccessor("payables-2", differsIn: "bits"),
    .bindingsDiffer(successor: "payables-2"), .isUnbound, .kidsDiffer(["a", "b"]),
    .successorInUse("payables-2", profiles: ["dev5"]),
  ]

  private static let tokens: [TokenFailure] =
    [
      .wrongUser(found: "a token whose sub is somebody else"), .noClientSecret(profile: "basic"), .noneInMemory,
      .wrongScope(found: "a token without scope"), .withoutLife(found: "a token without a usable exp"),
      .clockTooFar(offsetMs: -10_800_000, retryAfterMs: 9000), .clockTooFar(offsetMs: 2_000_000, retryAfterMs: 1),
    ]
    + [true, false].map { isPaused in
      let limit = RateLimit(perSecond: 10, perMinute: 250)
      return .heldBack(.init(queued: 300, limit: limit, retryAfterMs: 45_001, isPaused: isPaused))
    }
    + [ClientAuthentication.clientAssertion, .clientSecretBasic].flatMap { authentication in
      let kinds: [(TokenFailure.Refusal.Kind, status: Int)] = [
        (.invalidClient, 401), (.clientInactive, 401), (.invalidGrant, 400), (.invalidScope, 400),
        (.unauthorizedClient, 400), (.assertionRejected, 400), (.assertionRejected, 500), (.clockSkew, 400),
        (.rateLimited, 429), (.other, 400), (.other, 503),
      ]
      return kinds.flatMap { kind, status in
        var refusal = TokenFailure.Refusal(kind: kind, status: status, clientAuthentication: authentication)
        let ours = TokenFailure.refused(refusal)
        refusal.isOfUserToken = true
        return [ours, .refused(refusal)]
      }
    }

  private static let run = AgentRun(
    agent: "PAYABLES_TEAM",
    jobId: "job-1",
    state: .failed,
    startedAt: "2026-11-24T00:00:00Z",
    polls: 2
  )

  private static let unknownRuns = [nil, "job-1"].map { jobId in
    UnknownRun(agent: "PAYABLES_TEAM", jobId: jobId, conversationId: "conversation-1")
  }

  private static let fusions: [FusionFailure] = {
    let kinds: [(FusionFailure.Refusal.Kind, status: Int)] = [
      (.unauthorized, 401), (.agentForbidden, 403), (.forbidden, 403), (.notFound, 404), (.noCard, 404),
      (.noRegistry, 404), (.searchRefused, 400), (.notWaiting, 409), (.other, 409), (.other, 429),
      (.other, 503),
    ]
    let refusals = kinds.map { kind, status in
      FusionFailure.refused(FusionFailure.Refusal(kind: kind, status: status, what: "agent HR_TEAM"))
    }
    let states = AgentRun.State.allCases.map { state in
      var run = run
      run.state = state
      return FusionFailure.notWaiting(run: run)
    }
    return refusals + states + [.agentFailed(run: run)]
  }()

  private static let networks: [NetworkFailure] = [NetworkFailure.Party.identityDomain, .pod].flatMap { party in
    let transport: [HTTPFailure] =
      [true, false].flatMap { sent -> [HTTPFailure] in
        [
          .timedOut(phase: sent ? .response : .connect, requestSent: sent), .cancelled(requestSent: sent),
          .broken(found: "connection reset", requestSent: sent),
        ]
      } + [
        .unreachable(found: "connection refused"), .tlsFailed(found: "self-signed certificate"),
        .responseTooLarge(limit: 1 << 20), .invalidRequest(found: "a control character in a header"),
      ]
    let problems =
      transport.map(NetworkFailure.Problem.http) + [
        .unexpectedRedirect(status: 302), .malformed(found: "an answer that is not a JSON object"),
      ]
    return problems.map { NetworkFailure(party, server: "https://pod.fa.us6.oraclecloud.com", problem: $0) }
  }
}
