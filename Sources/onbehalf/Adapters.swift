import CurlHTTP
import Delegation
import EncryptedFileStore
import HostProcess
import LocalFiles
import OpenSSLKeys

/// Which adapters the command line and the environment choose.
struct Adapters {
  let options: Options
  let environment: ProcessEnvironment
  let passphrase: EncryptedFileStore.Passphrase
  let audit: AuditLog

  init(options: Options, environment: ProcessEnvironment, passphrase: @escaping EncryptedFileStore.Passphrase, log: Log)
  {
    self.options = options
    self.environment = environment
    self.passphrase = passphrase
    audit = AuditLog(
      Self.auditPlace(options, environment),
      host: ParentProcess(),
      digests: OpenSSLDigests(),
      wallClock: SystemWallClock()
    ) { log.error($0) }
  }

  static let version = "0.1.0"
  /// Profiles and policies are small; a larger file is a mistake.
  private static let maximumFileBytes = 4 << 20

  var ports: Ports {
    let stores = Stores(options: options, environment: environment, passphrase: passphrase)
    let network = CurlHTTPClient.Configuration(
      userAgent: "onbehalf/\(Self.version)",
      proxy: environment.proxy,
      noProxy: environment.noProxy
    )
    var ports = Ports(
      store: stores.own,
      keys: OpenSSLSigningKeys(),
      digests: OpenSSLDigests(),
      signatures: OpenSSLSignatureVerification(),
      http: CurlHTTPClient(network),
      probe: CurlConnectionProbe(network),
      profileFile: profileFile,
      policyFile: policyFile,
      audit: audit,
      auditArchive: AuditFiles(path: audit.path),
      wallClock: SystemWallClock(),
      clock: ContinuousClock(),
      random: SystemRandomness()
    )
    ports.stores = stores
    return ports
  }

  /// `--config`, else the user's own. Without either there are only the profiles of `initialize`.
  private var profileFile: any GuardedFile {
    if let path = options.configPath {
      return LocalFile(path: path, maximumBytes: Self.maximumFileBytes, mode: .private)
    }
    // XDG Base Directory Specification: a missing ~/.config is made, too.
    let path = "\(configHome)/onbehalf/config.json"
    return LocalFile(path: path, maximumBytes: Self.maximumFileBytes, mode: .private, createdDirectories: 2)
  }

  private var policyFile: (any GuardedFile)? {
    options.policyPath.map {
      LocalFile(path: $0, maximumBytes: Self.maximumFileBytes, mode: .readableByOthers)
    }
  }

  private var configHome: String { Self.home("XDG_CONFIG_HOME", else: ".config", environment) }

  /// `--state`, else what systemd made for the unit (systemd.exec(5): several are separated by colons), else the user's
  /// own.
  private static func auditPlace(_ options: Options, _ environment: ProcessEnvironment) -> AuditPlace {
    if let path = options.statePath { return AuditPlace(path: path) }
    if let paths = environment.kept["STATE_DIRECTORY"], let first = paths.split(separator: ":").first {
      return AuditPlace(path: String(first))
    }
    // XDG Base Directory Specification: a missing ~/.local/state is made, too.
    let path = "\(home("XDG_STATE_HOME", else: ".local/state", environment))/onbehalf"
    return AuditPlace(path: path, createdDirectories: 3)
  }

  /// XDG Base Directory Specification: a relative path is ignored.
  private static func home(_ variable: String, else folder: String, _ environment: ProcessEnvironment) -> String {
    if let path = environment.kept[variable], path.utf8.first == UInt8(ascii: "/") { return path }
    return "\(environment.kept["HOME"] ?? "/nonexistent")/\(folder)"
  }
}
