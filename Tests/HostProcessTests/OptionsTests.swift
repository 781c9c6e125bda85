import HostProcess
import Testing

@Suite struct OptionsTests {
  private func options(_ line: String, _ environment: [String: String] = [:]) throws -> Options {
    try Options(arguments: line.split(separator: " ").map(String.init), environment: environment)
  }

  private func expected(_ change: (inout Options) -> Void) -> Options {
    var options = Options()
    change(&options)
    return options
  }

  @Test func defaults() throws {
    let options = try options("")
    #expect(options.action == .serve && options.store == .secretService && options.framing == .auto)
    #expect(!options.isAdmin && options.watchesParent && options.logLevel == .warn)
  }

  /// Names alone: a path may say who somebody is.
  @Test(arguments: [
    ("", []), ("--store secret-service --framing auto --log-level warn", []),
    ("--store memory --admin", ["--admin", "--store"]),
    (
      "--store file:/s --passphrase-file /p --config /c --policy /r",
      [
        "--config", "--passphrase-file", "--policy", "--store",
      ]
    ),
    (
      "--store file:/s --passphrase-fd 3 --state /t --framing lines --log-level debug --no-parent-watch",
      [
        "--framing", "--log-level", "--no-parent-watch", "--passphrase-fd", "--state", "--store",
      ]
    ),
    ("--mcp --profile dev --subject ann --agents A_*", ["--agents", "--mcp", "--profile", "--subject"]),
    (
      "--mcp --profile dev --subject ann --agents A --allow-resume --max-runs-per-minute 3",
      ["--agents", "--allow-resume", "--max-runs-per-minute", "--mcp", "--profile", "--subject"]
    ),
  ]) func whatIsInEffectIsNamed(line: String, names: [String]) throws {
    #expect(try options(line).inEffect == names)
  }

  @Test func everyOption() throws {
    let all = """
      --admin --store file:/s --passphrase-file /p --config /c --policy /r --framing lines --log-level debug \
      --no-parent-watch
      """
    let expected = expected {
      $0.isAdmin = true
      $0.store = .file("/s")
      $0.passphrase = .file("/p")
      $0.configPath = "/c"
      $0.policyPath = "/r"
      $0.framing = .lines
      $0.logLevel = .debug
      $0.watchesParent = false
    }
    #expect(try options(all) == expected)
    let withEquals = """
      --log-level=debug --admin --no-parent-watch --store=file:/s --passphrase-file=/p --config=/c --policy=/r \
      --framing=lines
      """
    #expect(try options(withEquals) == expected)
  }

  @Test(arguments: [
    ("--help", Options.Action.printHelp), ("--version", .printVersion), ("--version --admin --help", .printHelp),
  ]) func actions(line: String, action: Options.Action) throws {
    #expect(try options(line).action == action)
  }

  @Test func theEnvironmentStandsInForWhatIsAbsent() throws {
    let environment = ["ONBEHALF_STORE": "memory", "ONBEHALF_CONFIG": "/e"]
    #expect(try options("", environment).store == .memory)
    #expect(try options("", environment).configPath == "/e")
    #expect(try options("--store secret-service --config=/c", environment).store == .secretService)
    #expect(try options("--store secret-service --config=/c", environment).configPath == "/c")
    #expect(try options("", ["ONBEHALF_STORE": "", "ONBEHALF_CONFIG": ""]) == Options())
  }

  @Test func aModelIsHeldToOneUserAndSomeAgents() throws {
    let line = "--mcp --profile dev --subject ann --agents A_*,B --allow-resume --max-runs-per-minute 3 --framing lines"
    let expected = Options.MCP(
      profile: "dev",
      subject: "ann",
      agents: ["A_*", "B"],
      allowsResume: true,
      maximumRunsPerMinute: 3
    )
    #expect(try options(line).mcp == expected)
    #expect(try options("--mcp --profile dev --subject ann --agents A").mcp?.maximumRunsPerMinute == 10)
  }

  @Test func aPassphraseMayComeFromADescriptor() throws {
    #expect(try options("--store file:/s --passphrase-fd 3").passphrase == .descriptor(3))
  }

  @Test func valuesMayHoldEqualsSigns() throws {
    #expect(try options("--config=/a=b").configPath == "/a=b")
    #expect(try options("--config=--odd").configPath == "--odd")
  }

  @Test(arguments: [
    ("--admim", "there is no option '--admim'; did you mean --admin?"),
    ("--logLevel debug", "there is no option '--logLevel'; did you mean --log-level?"),
    ("--mpc", "there is no option '--mpc'; did you mean --mcp?"),
    ("--mcp", "--mcp needs --profile, --subject and --agents: for whom which agents may be run"),
    (
      "--mcp --profile dev --subject ann",
      "--mcp needs --profile, --subject and --agents: for whom which agents may be run"
    ),
    ("--subject ann", "--subject goes with --mcp, which is not given"),
    ("--allow-resume", "--allow-resume goes with --mcp, which is not given"),
    (
      "--mcp --profile dev --subject ann --agents A --admin",
      "--mcp and --admin exclude each other: a model must not change keys"
    ),
    (
      "--mcp --profile dev --subject ann --agents A --framing headers",
      "--mcp is one message per line; leave --framing out"
    ),
    (
      "--mcp --profile dev --subject ann --agents A,,B",
      "--agents is 'A,,B'; between two commas must stand a pattern, such as PAYABLES_*"
    ),
    (
      "--mcp --profile dev --subject ann --agents A --max-runs-per-minute 0",
      "--max-runs-per-minute is '0'; it must be a number from 1 to 1000"
    ),
    ("--something-else", "there is no option '--something-else'; see --help"),
    ("-h", "there is no option '-h'; did you mean --help?"),
    ("serve", "there is no argument 'serve'; onbehalf takes options only, see --help"),
    ("--admin=yes", "--admin takes no value"),
    ("--admin --admin", "--admin is given twice"),
    ("--store memory --store=memory", "--store is given twice"),
    ("--store", "--store needs a value: secret-service, file:PATH or memory"),
    ("--store --admin", "--store needs a value: secret-service, file:PATH or memory"),
    ("--config=", "--config needs a value: a path"),
    ("--store disk", "--store is 'disk'; it must be secret-service, file:PATH or memory"),
    ("--store file:", "--store is 'file:'; it must be secret-service, file:PATH or memory"),
    ("--framing xml", "--framing is 'xml'; it must be one of auto, headers, lines"),
    ("--log-level=Debug", "--log-level is 'Debug'; it must be one of error, warn, info, debug"),
    ("--passphrase-file /p", "--passphrase-file opens an encrypted file; give --store file:PATH with it"),
    ("--passphrase-fd 3", "--passphrase-fd opens an encrypted file; give --store file:PATH with it"),
    (
      "--store file:/s --passphrase-file /p --passphrase-fd 3",
      "--passphrase-file and --passphrase-fd exclude each other"
    ),
    (
      "--store file:/s --passphrase-fd 2",
      "--passphrase-fd is '2'; it must be the number of an open descriptor, 3 or more"
    ),
    (
      "--store file:/s --passphrase-fd 03",
      "--passphrase-fd is '03'; it must be the number of an open descriptor, 3 or more"
    ),
    (
      "--store file:/s --passphrase-fd=99999999999",
      "--passphrase-fd is '99999999999'; it must be the number of an open descriptor, 3 or more"
    ),
    ("\u{1B}[31m", "there is no argument '?[31m'; onbehalf takes options only, see --help"),
  ]) func mistakes(line: String, sentence: String) {
    let error = #expect(throws: UsageError.self) { try options(line) }
    #expect(error?.description == sentence)
  }

  @Test func aMistakeInAVariableNamesIt() {
    let error = #expect(throws: UsageError.self) { try options("", ["ONBEHALF_STORE": "disk"]) }
    #expect(error?.description == "ONBEHALF_STORE is 'disk'; it must be secret-service, file:PATH or memory")
  }

  @Test(arguments: [
    "--admin", "--store", "--passphrase-file", "--passphrase-fd", "--config", "--policy", "--framing", "--log-level",
    "--no-parent-watch",
    "--mcp", "--profile", "--subject", "--agents", "--allow-resume", "--max-runs-per-minute", "--version", "--help",
    "ONBEHALF_STORE", "ONBEHALF_CONFIG", "CREDENTIALS_DIRECTORY",
  ]) func helpNames(_ word: String) {
    #expect(Options.helpText.contains(word))
  }
}
