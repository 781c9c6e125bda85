/// What the command line and the environment ask for.
package struct Options: Sendable, Equatable {
  package enum Action: Sendable, Equatable {
    case serve
    case printHelp
    case printVersion
  }

  package enum Store: Sendable, Equatable {
    case secretService
    case file(String)
    case memory
  }

  /// Where the passphrase of a file store comes from.
  package enum Passphrase: Sendable, Equatable {
    case file(String)
    /// Inherited, and read once.
    case descriptor(Int32)
  }

  package enum Framing: String, Sendable, CaseIterable {
    case auto
    case headers
    case lines
  }

  package var action = Action.serve
  /// Methods that change keys, profiles, secrets or stores are allowed.
  package var isAdmin = false
  package var store = Store.secretService
  package var passphrase: Passphrase?
  package var configPath: String?
  package var policyPath: String?
  /// The directory that holds the audit.
  package var statePath: String?
  package var framing = Framing.auto
  package var logLevel = Log.Level.warn
  package var watchesParent = true
  /// Serve an MCP host instead of a JSON-RPC client.
  package var mcp: MCP?

  package init() {}

  /// Reads `arguments`, the program's name not among them; `ONBEHALF_STORE`, `ONBEHALF_CONFIG` and `ONBEHALF_STATE` stand
  /// in for options that are absent. `--help` and `--version` win over whatever else is valid.
  package init(arguments: [String], environment: [String: String]) throws(UsageError) {
    var given = try Self.split(arguments)
    let variables: [(String, OptionName)] = [
      ("ONBEHALF_STORE", .store), ("ONBEHALF_CONFIG", .config), ("ONBEHALF_STATE", .state),
    ]
    for (variable, name) in variables {
      guard given[name] == nil, let value = environment[variable], !value.isEmpty else { continue }
      given[name] = GivenOption(source: variable, value: value)
    }
    for (name, option) in given { try set(name, option) }
    mcp = try MCP(given)
    if given[.help] != nil {
      action = .printHelp
    } else if given[.version] != nil {
      action = .printVersion
    }
    let sources = [OptionName.passphraseFile, .passphraseDescriptor].filter { given[$0] != nil }
    guard sources.count < 2 else { throw UsageError("--passphrase-file and --passphrase-fd exclude each other") }
    if let source = sources.first {
      guard case .file = store else {
        throw UsageError("\(source.rawValue) opens an encrypted file; give --store file:PATH with it")
      }
    }
  }

  /// The names of those that are not as they would be without; no value, for a path may hold somebody's name.
  package var inEffect: [String] {
    let standard = Options()
    let changed: [(OptionName, Bool)] = [
      (.admin, isAdmin), (.store, store != standard.store), (.config, configPath != nil), (.policy, policyPath != nil),
      (.state, statePath != nil), (.framing, framing != standard.framing), (.logLevel, logLevel != standard.logLevel),
      (.noParentWatch, !watchesParent), (.mcp, mcp != nil), (.profile, mcp != nil), (.subject, mcp != nil),
      (.agents, mcp != nil), (.allowResume, mcp?.allowsResume == true),
      (.maximumRunsPerMinute, mcp.map { $0.maximumRunsPerMinute != MCP.standardRunsPerMinute } ?? false),
    ]
    let source: [OptionName] =
      switch passphrase {
      case .file: [.passphraseFile]
      case .descriptor: [.passphraseDescriptor]
      case nil: []
      }
    return (changed.filter(\.1).map(\.0) + source).map(\.rawValue).sorted()
  }

  private mutating func set(_ name: OptionName, _ option: GivenOption) throws(UsageError) {
    switch name {
    case .help, .version: break
    // Read together, for none stands alone.
    case .mcp, .profile, .subject, .agents, .allowResume, .maximumRunsPerMinute: break
    case .admin: isAdmin = true
    case .noParentWatch: watchesParent = false
    case .store: store = try Store(option)
    case .passphraseFile: passphrase = .file(option.value)
    case .passphraseDescriptor: passphrase = .descriptor(try option.descriptor())
    case .config: configPath = option.value
    case .policy: policyPath = option.value
    case .state: statePath = option.value
    case .framing: framing = try option.choice()
    case .logLevel: logLevel = try option.choice()
    }
  }

  private static func split(_ arguments: [String]) throws(UsageError) -> [OptionName: GivenOption] {
    var given: [OptionName: GivenOption] = [:]
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = try OptionName(written: String(parts[0]))
      var value = parts.count > 1 ? String(parts[1]) : nil
      if name.values == nil {
        guard value == nil else { throw UsageError("\(name.rawValue) takes no value") }
      } else if value == nil, rest.first?.hasPrefix("--") == false {
        value = rest.popFirst()
      }
      if let values = name.values, value?.isEmpty ?? true {
        throw UsageError("\(name.rawValue) needs a value: \(values)")
      }
      guard given.updateValue(GivenOption(source: name.rawValue, value: value ?? ""), forKey: name) == nil else {
        throw UsageError("\(name.rawValue) is given twice")
      }
    }
    return given
  }
}

/// Why the command line cannot be followed: one plain sentence, without a final period.
package struct UsageError: Error, Equatable, CustomStringConvertible {
  package let description: String

  init(_ description: String) { self.description = description }
}

/// An option's value and who gave it: the option itself or a variable.
struct GivenOption {
  let source: String
  let value: String

  func choice<Choice: RawRepresentable<String> & CaseIterable>() throws(UsageError) -> Choice {
    guard let choice = Choice(rawValue: value) else {
      let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw UsageError("\(source) is '\(shown(value))'; it must be one of \(choices)")
    }
    return choice
  }

  /// Not one of the standard streams, which carry the protocol and the log.
  func descriptor() throws(UsageError) -> Int32 {
    guard let number = Int32(value), number > 2, "\(number)" == value else {
      throw UsageError("\(source) is '\(shown(value))'; it must be the number of an open descriptor, 3 or more")
    }
    return number
  }
}

extension Options.Store {
  /// nil for what names no store.
  package init?(named name: String) {
    switch name {
    case "secret-service": self = .secretService
    case "memory": self = .memory
    case let name where name.hasPrefix("file:") && name != "file:": self = .file(String(name.dropFirst(5)))
    default: return nil
    }
  }

  fileprivate init(_ option: GivenOption) throws(UsageError) {
    guard let store = Options.Store(named: option.value) else {
      throw UsageError("\(option.source) is '\(shown(option.value))'; it must be secret-service, file:PATH or memory")
    }
    self = store
  }
}
