/// Everything that can go wrong in the domain. Methods/Errors maps each case to one kind of protocol/errors.json.
package enum Failure: Error, Sendable, Equatable {
  case params(ParamsFailure)
  case profile(ProfileFailure)
  case policy(PolicyFailure)
  case store(StoreFailure, store: String)
  case file(FileFailure, path: String)
  case key(KeyringFailure)
  case token(TokenFailure)
  case fusion(FusionFailure)
  case network(NetworkFailure)
  /// A row of the audit could not be written, so nothing was done; or the audit could not be read.
  case audit(FileFailure, path: String)
  /// A step failed after the run had begun; the run may go on at the pod, where `run` finds it.
  indirect case duringRun(AgentRun, Failure)
  /// The request that starts a run, or lets one go on, failed in a way that leaves open whether the pod has acted.
  indirect case startUnknown(UnknownRun, Failure)
  /// The caller left or the deadline passed; the server has answered or will.
  case abandoned
}

/// A parameter that has the right type and a wrong value.
package struct ParamsFailure: Error, Sendable, Equatable {
  package let field: String
  package let problem: String

  package init(_ field: String, _ problem: String) {
    self.field = field
    self.problem = problem
  }
}

package enum ProfileFailure: Error, Sendable, Equatable {
  /// `name` is nil when none was given and there is no default.
  case notFound(name: String?, known: [String])
  /// `field` is a path such as `policy.subjects.allow[0]`.
  case invalid(profile: String, field: String, problem: String)
}

package enum PolicyFailure: Error, Sendable, Equatable {
  case subjectDenied(rule: Rule)
  case scopeDenied(scope: String, rule: Rule)
  case agentDenied(agent: String, rule: Rule)
  /// `path` begins with the method.
  case pathDenied(path: String, rule: Rule)
  case rawCredentialsDenied(profile: String, rule: Rule)
  /// A profile of the session would take tokens where no saved profile does.
  case originDenied(profile: String, origin: String, rule: Rule)
  /// `to` is nil for a key that no saved profile has bound yet: it signs for nobody.
  case keyBound(alias: String, to: KeyBinding?, asked: KeyBinding)
  case adminRequired(method: String)
  /// The job or conversation was seen with another user. It is not said with whom.
  case runDenied(what: String)
  /// `lock` was called: nothing is signed and no token is used until the process is started again.
  case locked
  case profileDisabled(String)
  /// The policy file cannot be used, so everything is denied.
  case unusable(found: String)
}

package enum KeyringFailure: Error, Sendable, Equatable {
  case notFound(alias: String)
  case exists(alias: String)
  /// The store has something else under that name.
  case occupied(SecretItem, store: String)
  /// The stored item or the given key cannot be used.
  case material(KeyFailure, alias: String)
  case certificateExpired(alias: String, notAfter: UnixTime)
  case rotation(RotationConflict, alias: String)
  /// The identity domain refused a token that the successor, not in use yet, signed for.
  case successorRefused(successor: String, TokenFailure.Refusal)
  /// The profile names no key and the call needs one.
  case noneNamed(profile: String)
}

/// A refusal or a wrong answer of the identity domain's token endpoint.
package enum TokenFailure: Error, Sendable, Equatable {
  case refused(Refusal)
  /// The token that came back is not shown to be the user who was asked for.
  case wrongUser(found: String)
  /// The token that came back does not open what was asked for, or says no more than it does.
  case wrongScope(found: String)
  /// The token that came back has ended, or does not say when it does.
  case withoutLife(found: String)
  case noClientSecret(profile: String)
  /// There is nothing to inspect.
  case noneInMemory
  /// The domain's clock minus ours is more than is corrected, so nothing was signed.
  case clockTooFar(offsetMs: Int64, retryAfterMs: Int)
  /// Our own limit: the turn would have come after the deadline. Nothing was sent.
  case heldBack(HeldBack)

  package struct HeldBack: Sendable, Equatable {
    /// How many wait.
    package let queued: Int
    /// As it is now.
    package let limit: RateLimit
    /// When it could be its turn.
    package let retryAfterMs: Int
    /// The domain has asked for a pause, which goes on.
    package let isPaused: Bool
  }

  package struct Refusal: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
      case invalidClient
      case clientInactive
      case invalidGrant
      case invalidScope
      case unauthorizedClient
      case assertionRejected
      /// It may be due to the times of what we signed: the answer's date contradicts the clock that dated it.
      case clockSkew
      case rateLimited
      case other
    }

    package var kind: Kind
    package var status: Int
    /// `error` of RFC 6749 section 5.2, when there was one.
    package var error: String?
    /// `error_description`, masked where it could hold a credential.
    package var description: String?
    package var ecid: String?
    package var retryAfterMs: Int?
    /// The domain's clock minus ours, when the answer carried a date.
    package var clockOffsetMs: Int64?
    package var clientAuthentication: ClientAuthentication
    /// What was refused may be the user's own token.
    package var isOfUserToken = false
    /// How long ago the domain said so, when it was not asked again.
    package var rememberedSeconds: Int?

    package init(kind: Kind, status: Int, clientAuthentication: ClientAuthentication) {
      self.kind = kind
      self.status = status
      self.clientAuthentication = clientAuthentication
    }
  }
}

/// A refusal or a failure of the Fusion pod.
package enum FusionFailure: Error, Sendable, Equatable {
  case refused(Refusal)
  /// The run itself ended in an error; `run` is the AgentRun.
  case agentFailed(run: AgentRun)
  /// Nobody is asked anything any more; `run` is as it is now. Nothing was sent.
  case notWaiting(run: AgentRun)

  package struct Refusal: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
      case unauthorized
      /// The same of a resource that is no agent.
      case resourceUnauthorized
      /// `FAI-40300`: not published, or the user has no role for it.
      case agentForbidden
      case forbidden
      case notFound
      /// No agent of that code has a card, or the pod has no cards.
      case noCard
      /// The pod has no registry.
      case noRegistry
      /// The registry takes no such search.
      case searchRefused
      /// 409 to an answer for a node: assumed to mean that the run does not wait for one.
      case notWaiting
      case other
    }

    package var kind: Kind
    package var status: Int
    /// Such as `FAI-40300`.
    package var code: String?
    package var ecid: String?
    package var retryAfterMs: Int?
    /// What was asked for: `agent PAYABLES_TEAM`, `job 17`.
    package var what: String

    /// Whether the same may go better a moment later.
    package var passes: Bool { status == 408 || status == 429 || status >= 500 }

    package init(kind: Kind, status: Int, what: String) {
      self.kind = kind
      self.status = status
      self.what = what
    }
  }
}

/// No usable answer from a server.
package struct NetworkFailure: Error, Sendable, Equatable {
  package enum Problem: Sendable, Equatable {
    case http(HTTPFailure)
    case unexpectedRedirect(status: Int)
    /// A 2xx answer that is not what the interface promises.
    case malformed(found: String)
  }

  /// Whose answer it would have been.
  package enum Party: Sendable, Equatable {
    case identityDomain
    case pod
  }

  /// What was wrong with an answer, before it is known whose it was.
  package struct Malformed: Error { package let found: String }

  package let party: Party
  /// Its origin.
  package let server: String
  package let problem: Problem
  /// Whether the request may be sent again whatever has become of it.
  package let isRepeatable: Bool

  /// - Parameter isRepeatable: an exchange is; a run of an agent that may have been started is not.
  package init(_ party: Party, server: String, problem: Problem, isRepeatable: Bool? = nil) {
    self.party = party
    self.server = server
    self.problem = problem
    self.isRepeatable = isRepeatable ?? (party == .identityDomain)
  }
}
