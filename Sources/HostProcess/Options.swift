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

  package enum Framing: String, Sendable, CaseIterable {
    case auto
    case headers
    case lines
  }

  package var action = Action.serve
  /// Methods that change keys, profiles, secrets or stores are allowed.
  package var isAdmin = false
  package var store = Store.secretService
  package var passphraseFile: String?
  package var configPath: String?
  package var policyPath: String?
  /// The directory that holds the audit.
  package var statePath: String?
  package var framing = Framing.auto
  package var logLevel = Log.Level.warn
  package var watchesParent = true

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
    if given[.help] != nil {
      action = .printHelp
    } else if given[.version] != nil {
      action = .printVersion
    }
    if passphraseFile != nil {
      guard case .file = store else {
        throw UsageError("--passphrase-file opens an encrypted file; give --store file:PATH with it")
      }
    }
  }

  private mutating func set(_ name: OptionName, _ option: GivenOption) throws(UsageError) {
    switch name {
    case .help, .version: break
    case .admin: isAdmin = true
    case .noParentWatch: watchesParent = false
    case .store: store = try Store(option)
    case .passphraseFile: passphraseFile = option.value
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
}

extension Options.Store {
  fileprivate init(_ option: GivenOption) throws(UsageError) {
    switch option.value {
    case "secret-service": self = .secretService
    case "memory": self = .memory
    case let value where value.hasPrefix("file:") && value != "file:": self = .file(String(value.dropFirst(5)))
    case let value:
      throw UsageError("\(option.source) is '\(shown(value))'; it must be secret-service, file:PATH or memory")
    }
  }
}
