/// The requests of one call, made by the code that sends them. A mark stands where a credential or an answer goes.
struct ExportedRequests {
  /// What is not known before the requests are sent, or must not be written down.
  enum Blank: String, CaseIterable {
    case userAssertion
    /// The user's own ID token, which is the assertion then.
    case userToken
    case clientAssertion
    case clientSecret
    case accessToken
    case jobId

    /// As Postman writes a variable. It cannot be a credential, an identifier of the pod or part of an agent's code.
    var mark: String { "{{\(rawValue)}}" }
  }

  let profile: Profile
  let subject: Subject
  let scope: String
  let domain: Origin
  let fusion: Origin
  /// Credentials that whoever runs it has to give, in the order of the form.
  let blanks: [Blank]
  let fields: [(name: String, value: String)]
  let token: HTTPRequest
  /// What the pod is asked; nil for a token alone.
  let run: Run?

  struct Run {
    let agent: String
    let invoke: HTTPRequest
    let status: HTTPRequest
  }

  init(
    _ permit: Authorization.Permit,
    scope: String,
    _ invocation: AgentInvocation?,
    deadline: ContinuousClock.Instant
  ) throws(Failure) {
    profile = permit.profile
    subject = permit.grant.subject
    self.scope = scope
    domain = try profile.identityDomain
    fusion = try profile.fusion
    let user: Blank = if case .userToken = permit.grant { .userToken } else { .userAssertion }
    let client: (blank: Blank, credentials: TokenRequest.Client) =
      switch profile.clientAuthentication {
      case .clientAssertion: (.clientAssertion, .assertion(Blank.clientAssertion.mark))
      case .clientSecretBasic: (.clientSecret, .basic(Blank.clientSecret.mark))
      }
    blanks = [user, client.blank]
    let request = TokenRequest(assertion: user.mark, client: client.credentials, scope: scope)
    fields = request.fields(of: profile)
    token = request.http(to: domain, profile: profile, deadline: deadline)
    guard let invocation else {
      run = nil
      return
    }
    let ticket = UserRequests.Ticket(profile: profile, origin: fusion, token: Blank.accessToken.mark)
    let requests = AgentRequest(ticket: ticket, deadline: deadline)
    run = Run(
      agent: invocation.agent,
      invoke: try requests.invoke(invocation),
      status: requests.status(
        agent: invocation.agent,
        jobId: Blank.jobId.mark,
        invocationMode: invocation.invocationMode
      )
    )
  }
}

extension HTTPRequest {
  /// But the one that holds a credential.
  var plainHeaders: [(name: String, value: String)] { headers.filter { $0.name != "Authorization" } }
}
