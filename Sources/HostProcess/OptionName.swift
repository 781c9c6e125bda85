/// The options there are.
enum OptionName: String, CaseIterable {
  case admin = "--admin"
  case store = "--store"
  case passphraseFile = "--passphrase-file"
  case passphraseDescriptor = "--passphrase-fd"
  case config = "--config"
  case policy = "--policy"
  case state = "--state"
  case framing = "--framing"
  case logLevel = "--log-level"
  case noParentWatch = "--no-parent-watch"
  case version = "--version"
  case help = "--help"
  case mcp = "--mcp"
  case profile = "--profile"
  case subject = "--subject"
  case agents = "--agents"
  case allowResume = "--allow-resume"
  case maximumRunsPerMinute = "--max-runs-per-minute"

  /// What may stand after it; nil when nothing may.
  var values: String? {
    switch self {
    case .admin, .noParentWatch, .mcp, .allowResume, .version, .help: nil
    case .store: "secret-service, file:PATH or memory"
    case .passphraseFile, .config, .policy, .state: "a path"
    case .passphraseDescriptor: "the number of an open descriptor, 3 or more"
    case .profile: "the name of a saved profile"
    case .subject: "a user name"
    case .agents: "patterns of agent codes, separated by commas"
    case .maximumRunsPerMinute: "a number from 1 to 1000"
    case .framing: Options.Framing.allCases.map(\.rawValue).joined(separator: ", ")
    case .logLevel: Log.Level.allCases.map(\.rawValue).joined(separator: ", ")
    }
  }

  /// Whether it says something of `--mcp`, and nothing without it.
  var isOfMCP: Bool {
    switch self {
    case .profile, .subject, .agents, .allowResume, .maximumRunsPerMinute: true
    case .admin, .store, .passphraseFile, .passphraseDescriptor, .config, .policy, .state, .framing, .logLevel,
      .noParentWatch, .mcp, .version, .help:
      false
    }
  }

  init(written: String) throws(UsageError) {
    if let name = OptionName(rawValue: written) {
      self = name
      return
    }
    guard written.hasPrefix("-") else {
      throw UsageError("there is no argument '\(shown(written))'; onbehalf takes options only, see --help")
    }
    let nearest = Self.allCases
      .map { (name: $0.rawValue, distance: editDistance(written, $0.rawValue)) }
      .min { $0.distance < $1.distance }
    let advice = nearest.flatMap { $0.distance <= 4 ? "did you mean \($0.name)?" : nil } ?? "see --help"
    throw UsageError("there is no option '\(shown(written))'; \(advice)")
  }
}

/// A word of the command line inside a sentence: one line, at most 60 characters.
func shown(_ word: String) -> String {
  let scalars = word.unicodeScalars.prefix(60).map { $0.properties.generalCategory == .control ? "?" : $0 }
  return String(String.UnicodeScalarView(scalars))
}

/// How many characters must be added, removed or replaced (Levenshtein), for short words.
private func editDistance(_ left: String, _ right: String) -> Int {
  let (left, right) = (Array(left.utf8.prefix(60)), Array(right.utf8))
  var previous = Array(0...right.count)
  for (row, byte) in left.enumerated() {
    var current = [row + 1]
    for (column, other) in right.enumerated() {
      let replaced = previous[column] + (byte == other ? 0 : 1)
      current.append(min(replaced, previous[column + 1] + 1, current[column] + 1))
    }
    previous = current
  }
  return previous[right.count]
}
