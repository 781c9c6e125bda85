extension Options {
  /// `--mcp` and what goes with it: for whom an MCP host may run which agents.
  package struct MCP: Sendable, Equatable {
    package static let standardRunsPerMinute = 10

    package let profile: String
    package let subject: String
    /// Patterns, as in a policy.
    package let agents: [String]
    package let allowsResume: Bool
    package let maximumRunsPerMinute: Int

    package init(
      profile: String,
      subject: String,
      agents: [String],
      allowsResume: Bool = false,
      maximumRunsPerMinute: Int = standardRunsPerMinute
    ) {
      self.profile = profile
      self.subject = subject
      self.agents = agents
      self.allowsResume = allowsResume
      self.maximumRunsPerMinute = maximumRunsPerMinute
    }
  }
}

extension Options.MCP {
  /// nil without `--mcp`.
  init?(_ given: [OptionName: GivenOption]) throws(UsageError) {
    guard given[.mcp] != nil else {
      let lonely = given.keys.filter(\.isOfMCP).map(\.rawValue).min()
      if let lonely { throw UsageError("\(lonely) goes with --mcp, which is not given") }
      return nil
    }
    guard given[.admin] == nil else {
      throw UsageError("--mcp and --admin exclude each other: a model must not change keys")
    }
    if let framing = given[.framing], framing.value == Options.Framing.headers.rawValue {
      throw UsageError("--mcp is one message per line; leave --framing out")
    }
    guard let profile = given[.profile], let subject = given[.subject], let agents = given[.agents] else {
      throw UsageError("--mcp needs --profile, --subject and --agents: for whom which agents may be run")
    }
    self.init(
      profile: profile.value,
      subject: subject.value,
      agents: try agents.patterns(),
      allowsResume: given[.allowResume] != nil,
      maximumRunsPerMinute: try given[.maximumRunsPerMinute]?.number(1...1000) ?? Self.standardRunsPerMinute
    )
  }
}

extension GivenOption {
  fileprivate func patterns() throws(UsageError) -> [String] {
    let patterns = value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard patterns.allSatisfy({ !$0.isEmpty }) else {
      throw UsageError("\(source) is '\(shown(value))'; between two commas must stand a pattern, such as PAYABLES_*")
    }
    return patterns
  }

  fileprivate func number(_ range: ClosedRange<Int>) throws(UsageError) -> Int {
    guard let number = Int(value), range.contains(number), "\(number)" == value else {
      throw UsageError(
        "\(source) is '\(shown(value))'; it must be a number from \(range.lowerBound) to \(range.upperBound)"
      )
    }
    return number
  }
}
